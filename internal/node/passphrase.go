package node

import (
	"context"

	"amparo/internal/vault"
)

// ChangePassphrase seals the member's keys on this device under another passphrase. The one before must be given again: whoever
// finds a page open must not shut its member out. It fails with vault.ErrPassphrase, or refuses a passphrase that is easy to
// guess. Other devices and other sessions of the member stay as they are.
func (s *Session) ChangePassphrase(ctx context.Context, before, after []byte) (vault.Strength, error) {
	strength, err := s.JudgePassphrase(ctx, string(after))
	if err != nil {
		return "", err
	}
	end, err := s.use()
	if err != nil {
		return "", err
	}
	defer end()
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	member, err := s.node.keep.Unlock(s.member.ID, before)
	if err != nil {
		return "", err
	}
	defer member.Wipe()
	return strength, s.node.keep.Reseal(member, after)
}

// JudgePassphrase says how hard a new passphrase of this member would be to guess, and refuses one that is not.
func (s *Session) JudgePassphrase(ctx context.Context, phrase string) (vault.Strength, error) {
	workspace, err := s.Word(ctx, "SELECT name FROM field.workspace WHERE key = 'workspace'")
	if err != nil {
		return "", err
	}
	return vault.JudgePassphrase(phrase, s.member.Label, workspace)
}
