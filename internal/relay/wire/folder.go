package wire

import (
	"errors"
	"os"
)

// SyncFolder makes new names in a folder durable; where folders cannot be synced (Windows) the system does it by itself.
func SyncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return nil
	}
	err = f.Sync()
	if errors.Is(err, os.ErrInvalid) || errors.Is(err, os.ErrPermission) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// Closed forgives that a file was closed already.
func Closed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
