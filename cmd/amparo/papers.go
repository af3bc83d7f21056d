package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/vault/shares"
)

// sharing is what init and recover are told about recovery shares.
type sharing struct {
	out  string
	n, k int
}

const (
	usualShares    = 5
	usualThreshold = 3
)

func (s *sharing) flags(fs *flag.FlagSet) {
	fs.StringVar(&s.out, "recovery-out", "", "")
	fs.IntVar(&s.n, "shares", 0, "")
	fs.IntVar(&s.k, "threshold", 0, "")
}

// settle fills in what was not said.
func (s *sharing) settle() error {
	if s.out == "" {
		if s.n != 0 || s.k != 0 {
			return usagef("--recovery-out")
		}
		return nil
	}
	if s.n == 0 {
		s.n = max(usualShares, s.k)
	}
	if s.k == 0 {
		s.k = min(usualThreshold, s.n)
	}
	return shares.CheckNumbers(s.k, s.n)
}

// papers are files in the making: one with all sheets, and one for each. None was there before.
type papers struct {
	files []*os.File
	paths []string
}

// papers makes the files first: shares that were made and could not be written would be lost.
func (c *call) papers(s sharing) (*papers, error) {
	p := &papers{}
	extension := filepath.Ext(s.out)
	for i := range s.n + 1 {
		path := s.out
		if i > 0 {
			path = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(s.out, extension), i, extension)
		}
		f, err := c.create(path)
		if err != nil {
			return nil, errors.Join(err, p.remove())
		}
		p.files, p.paths = append(p.files, f), append(p.paths, path)
	}
	return p, nil
}

func (p *papers) remove() (err error) {
	for i, f := range p.files {
		f.Close()
		err = errors.Join(err, os.Remove(p.paths[i]))
	}
	return err
}

// write prints all shares into the first file and each into its own, as a web page when the name says so.
func (p *papers) write(tag lang.Tag, list []shares.Share) error {
	pages, err := shares.Pages(tag, list, time.Now())
	if err != nil {
		return err
	}
	printed := func(pages []shares.Page) ([]byte, error) { return shares.Text(pages), nil }
	if ending := strings.ToLower(filepath.Ext(p.paths[0])); ending == ".html" || ending == ".htm" {
		printed = shares.HTML
	}
	for i, f := range p.files {
		some := pages
		if i > 0 {
			some = pages[i-1 : i]
		}
		raw, err := printed(some)
		if err == nil {
			_, err = f.Write(raw)
		}
		clear(raw)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("write shares: %w", err)
		}
	}
	return nil
}

// makeShares makes a set and writes it into files that are there already.
func (c *call) makeShares(ctx context.Context, s *node.Session, what sharing, into *papers, tag lang.Tag) error {
	list, err := s.MakeShares(ctx, what.n, what.k)
	if err != nil {
		return errors.Join(err, into.remove())
	}
	defer func() {
		for i := range list {
			list[i].Wipe()
		}
	}()
	if err := into.write(tag, list); err != nil {
		return errors.Join(err, into.remove())
	}
	_, err = fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.recover.printed", "n", what.n, "need", what.k, "file", what.out))
	return err
}
