package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"amparo/internal/lang"
	"amparo/internal/vault/shares"
)

// passphraseChange seals a member's keys on this device under another passphrase.
func passphraseChange(ctx context.Context, c *call) error {
	fs := newFlags("passphrase")
	var w who
	w.flags(fs)
	file := fs.String("new-passphrase-file", "", "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	var before []byte
	defer func() { clear(before) }()
	s, closing, err := c.unlockWith(ctx, dirs[0], w.as, func() (_ []byte, err error) { before, err = c.passphrase(w, w.as, false); return before, err })
	if err != nil {
		return err
	}
	defer closing()
	after, err := c.newPassphrase(*file)
	if err != nil {
		return err
	}
	defer clear(after)
	strength, err := s.ChangePassphrase(ctx, before, after)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.passphrase.done"), lang.T(c.lang, "passphrase."+string(strength)))
	return err
}

// newPassphrase reads it from a file or a terminal. It is not taken from the environment: the one of now comes from there.
func (c *call) newPassphrase(file string) ([]byte, error) {
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, spoken{lang.T(c.lang, "cmd.cannot_read", "file", file)}
		}
		return bytes.TrimRight(raw, "\r\n"), nil
	}
	if !c.Terminal {
		return nil, spoken{lang.T(c.lang, "cmd.passphrase.needs_file")}
	}
	fmt.Fprintln(c.Stderr, lang.T(c.lang, "passphrase.suggestion"), shares.Phrase(c.lang, suggestedWords))
	first, err := c.ask(lang.T(c.lang, "cmd.passphrase.ask"))
	if err != nil {
		return nil, err
	}
	second, err := c.ask(lang.T(c.lang, "cmd.ask_passphrase_again"))
	if err == nil && !bytes.Equal(first, second) {
		return nil, spoken{lang.T(c.lang, "cmd.passphrases_differ")}
	}
	return first, err
}
