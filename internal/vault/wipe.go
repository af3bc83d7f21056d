package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"amparo/internal/journal"
)

func (k *Keep) viewsPath(id journal.MemberID) string {
	return filepath.Join(k.dir, id.String()+".views")
}

// Why a member's keys were wiped from a device.
const (
	GoneLease    = "lease"    // nobody who administers was heard of in time
	GoneRevoked  = "revoked"  // an administrator revoked the member
	GoneReplaced = "replaced" // the member came back with new keys
)

// Gone says that a member's keys were wiped here: what the unlock page tells who comes back.
type Gone struct {
	ID    journal.MemberID `json:"-"`
	Label string           `json:"label"`
	Why   string           `json:"why"`
	At    time.Time        `json:"at"`
}

// Wipe removes a member's keys from this device and leaves a note of why. The files are overwritten first; whether the disk
// keeps old blocks all the same is not in our hands. A member who is not here is no error.
func (k *Keep) Wipe(id journal.MemberID, why string, at time.Time) error {
	f, err := k.read(id)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	note, _ := json.Marshal(Gone{Label: f.Label, Why: why, At: at.UTC().Truncate(time.Second)}) // a damaged file has no label and goes all the same
	path := filepath.Join(k.dir, id.String()+".gone")
	if _, told := os.Stat(path); told == nil && err != nil { // it was cut off in the middle before: the note is there
		err = nil
	} else {
		err = WriteFile(path, note)
	}
	for _, path := range []string{k.path(id), k.WriterPath(id), k.viewsPath(id), filepath.Join(k.dir, id.String()+".passkeys")} {
		err = errors.Join(err, shred(path))
	}
	return err
}

func shred(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wipe %s: %w", filepath.Base(path), err)
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write(make([]byte, info.Size()))
	}
	err = errors.Join(err, f.Sync(), f.Close(), os.Remove(path))
	if err != nil {
		return fmt.Errorf("wipe %s: %w", filepath.Base(path), err)
	}
	return nil
}

// GoneMembers lists whose keys were wiped here, the latest first.
func (k *Keep) GoneMembers() ([]Gone, error) {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	var out []Gone
	for _, e := range entries {
		name, isNote := strings.CutSuffix(e.Name(), ".gone")
		g := Gone{}
		if !isNote || g.ID.Parse(name) != nil {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(k.dir, e.Name()))
		if err != nil || json.Unmarshal(raw, &g) != nil {
			continue // a note, nothing more
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b Gone) int { return b.At.Compare(a.At) })
	return out, nil
}
