package store

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

var (
	// ErrInUse reports that another process has the folder open.
	ErrInUse = errors.New("another process has this folder open")
	// ErrDamaged reports a file whose bytes are no longer what was written.
	ErrDamaged = errors.New("the file is damaged")
	// ErrViewDamaged reports a damaged view: nothing is lost, it is made anew from the journal.
	ErrViewDamaged = errors.New("a view is damaged")
	// ErrDiskFull reports that nothing more can be written; what was saved before stands.
	ErrDiskFull = errors.New("the disk is full")
)

// ofView tells a damaged view from a damaged journal.
func ofView(doing string, err error) error {
	if err = plain(doing, err); errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w: %w", ErrViewDamaged, err)
	}
	return err
}

// plain gives a database error the name callers ask for.
func plain(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED):
		return fmt.Errorf("%s: %w: %w", doing, ErrInUse, err)
	case errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.NOTADB):
		return fmt.Errorf("%s: %w: %w", doing, ErrDamaged, err)
	case errors.Is(err, sqlite3.FULL), errors.Is(err, sqlite3.IOERR_WRITE), errors.Is(err, sqlite3.IOERR_FSYNC):
		return fmt.Errorf("%s: %w: %w", doing, ErrDiskFull, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
