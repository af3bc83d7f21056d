package node

import "amparo/internal/vault"

// Passkeys lists what the member has made on this device to show their pages again.
func (s *Session) Passkeys() (all []vault.Passkey, err error) {
	err = s.keeping(func() error { all, err = s.node.keep.Passkeys(s.member); return err })
	return all, err
}

// AddPasskey keeps one that has just been made. It fails with vault.ErrPasskey.
func (s *Session) AddPasskey(label string, q vault.PasskeyQuestion, a vault.PasskeyAnswer) error {
	return s.keeping(func() error { return s.node.keep.AddPasskey(s.member, label, q, a, s.now()) })
}

// RemovePasskey forgets one.
func (s *Session) RemovePasskey(id []byte) error {
	return s.keeping(func() error { return s.node.keep.RemovePasskey(s.member, id) })
}

// CheckPasskey accepts the answer of one of the member's passkeys, or fails with vault.ErrPasskey. Their keys are open all the
// while: it decides only whether pages are shown.
func (s *Session) CheckPasskey(q vault.PasskeyQuestion, a vault.PasskeyAnswer) error {
	return s.keeping(func() error { return s.node.keep.CheckPasskey(s.member, q, a) })
}

// keeping touches what the vault folder keeps for the member.
func (s *Session) keeping(do func() error) error {
	end, err := s.use()
	if err != nil {
		return err
	}
	defer end()
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	return do()
}
