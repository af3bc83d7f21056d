package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"amparo/internal/attachment"
	"amparo/internal/care"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/observatory"
	"amparo/internal/people"
	"amparo/internal/people/child"
	"amparo/internal/people/family"
	"amparo/internal/people/journey"
	"amparo/internal/place"
	"amparo/internal/record"
	"amparo/internal/route"
)

// registry joins what the domain packages declare: the one place that knows them all.
func registry() (*record.Registry, error) { return node.Registry(modules()...) }

func modules() []record.Module {
	return []record.Module{people.Module, family.Module, journey.Module, child.Module, place.Module, care.Module, route.Module, attachment.Module, observatory.Module}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// who is the member a command acts as, and where the passphrase comes from: never from an argument.
type who struct {
	as   string
	file string
}

func (w *who) flags(fs *flag.FlagSet) {
	fs.StringVar(&w.as, "as", "", "")
	fs.StringVar(&w.file, "passphrase-file", "", "")
}

// passphrase asks only a terminal.
func (c *call) passphrase(w who, name string, twice bool) ([]byte, error) {
	if w.file != "" {
		raw, err := os.ReadFile(w.file)
		if err != nil {
			return nil, spoken{lang.T(c.lang, "cmd.cannot_read", "file", w.file)}
		}
		return bytes.TrimRight(raw, "\r\n"), nil
	}
	if given := c.Getenv("AMPARO_PASSPHRASE"); given != "" {
		return []byte(given), nil
	}
	if !c.Terminal {
		return nil, spoken{lang.T(c.lang, "cmd.no_passphrase")}
	}
	first, err := c.ask(lang.T(c.lang, "cmd.ask_passphrase", "name", name))
	if err != nil || !twice {
		return first, err
	}
	second, err := c.ask(lang.T(c.lang, "cmd.ask_passphrase_again"))
	if err == nil && !bytes.Equal(first, second) {
		return nil, spoken{lang.T(c.lang, "cmd.passphrases_differ")}
	}
	return first, err
}

func (c *call) ask(question string) ([]byte, error) {
	fmt.Fprint(c.Stderr, question+" ")
	defer fmt.Fprintln(c.Stderr)
	return term.ReadPassword(int(os.Stdin.Fd()))
}

// unlock opens a folder and a member in it. close ends both.
func (c *call) unlock(ctx context.Context, dir string, w who) (s *node.Session, close func() error, err error) {
	var pass []byte
	defer func() { clear(pass) }()
	return c.unlockWith(ctx, dir, w.as, func() (_ []byte, err error) { pass, err = c.passphrase(w, w.as, false); return pass, err })
}

// unlockWith asks for the passphrase once the folder is open: nobody types one for a folder that is not there. The bytes are
// whoever's who gave them.
func (c *call) unlockWith(ctx context.Context, dir, as string, ask func() ([]byte, error)) (s *node.Session, close func() error, err error) {
	reg, err := registry()
	if err != nil {
		return nil, nil, err
	}
	n, err := node.Open(dir, reg, c.options())
	if err != nil {
		return nil, nil, err
	}
	pass, err := ask()
	if err == nil {
		s, err = n.Unlock(ctx, as, pass)
	}
	if err != nil {
		n.Close()
		return nil, nil, err
	}
	return s, n.Close, nil
}

// input is a file by name, or stdin for none and "-".
func (c *call) input(name string) (io.ReadCloser, error) {
	if name == "" || name == "-" {
		return io.NopCloser(c.Stdin), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, spoken{lang.T(c.lang, "cmd.cannot_read", "file", name)}
	}
	return f, nil
}
