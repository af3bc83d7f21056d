package vault

import (
	"errors"
	"fmt"
	"os"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// ForgetViewKeys makes ViewKeys draw new keys for a member's views of the compartments; with none named, for all: what a
// disk keeps of an old view then opens with no key that is left. The ring is not needed.
func (k *Keep) ForgetViewKeys(id journal.MemberID, of ...record.Compartment) error {
	path := k.viewsPath(id)
	if len(of) == 0 {
		return shred(path)
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	stored := map[uint8]viewKeyWire{}
	if err == nil {
		err = decode(raw, &stored)
	}
	switch {
	case errors.Is(err, ErrFile): // then all are drawn anew
		return shred(path)
	case err != nil:
		return fmt.Errorf("forget view keys: %w", err)
	}
	for _, c := range of {
		delete(stored, uint8(c))
	}
	if raw, err = encode(stored); err != nil {
		return fmt.Errorf("forget view keys: %w", err)
	}
	if err := shred(path); err != nil {
		return err
	}
	return WriteFile(path, raw)
}
