package vault

import (
	"errors"

	"amparo/internal/journal"
	"amparo/internal/seal"
	"amparo/internal/vault/shares"
)

// RecoveryMember is the key-holder that a recovery seed stands for in a workspace, with a new writer: the same seed gives the
// same member on every machine and for ever, so nothing of it needs to be kept. It has no keys of compartments before Receive.
func RecoveryMember(w journal.WorkspaceID, seed shares.Seed) (*Member, error) {
	sign, receiver, err := seal.RecoveryKeys(seed, w.String())
	if err != nil {
		return nil, err
	}
	m := &Member{Workspace: w, Label: Recovery, Sign: sign, Receiver: receiver}
	m.ID = m.Keys().Member()
	return m, m.NewWriter()
}

// Forget removes every file of a member and leaves no note: of one who was here only for the length of a command, or whose
// admission came to nothing.
func (k *Keep) Forget(id journal.MemberID) error {
	return errors.Join(shred(k.path(id)), shred(k.WriterPath(id)), shred(k.viewsPath(id)))
}
