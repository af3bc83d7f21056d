package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"amparo/internal/attachment"
	"amparo/internal/exchange"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/web"
)

// attach keeps files about a person, or without one about the site.
func attach(ctx context.Context, c *call) error {
	fs := newFlags("attach")
	var w who
	w.flags(fs)
	person, in, what := fs.String("person", "", ""), fs.String("in", "", ""), fs.String("what", "other", "")
	site, note := fs.String("site", "", ""), fs.String("note", "", "")
	plain, err := c.flags(fs, 2, -1)
	if err != nil {
		return err
	}
	if *in == "" && *person == "" {
		*in = record.FieldWork.String()
	}
	s, closing, err := c.unlock(ctx, plain[0], w)
	if err != nil {
		return err
	}
	defer closing()
	refusals := 0
	for _, path := range plain[1:] {
		content, err := readWhole(path)
		if err != nil {
			return spoken{lang.T(c.lang, "cmd.cannot_read", "file", path)}
		}
		data, err := json.Marshal(attachment.AddData{Person: *person, Compartment: *in, What: *what, Name: filepath.Base(path), Note: *note, Content: base64.StdEncoding.EncodeToString(content)})
		if err != nil {
			return fmt.Errorf("attach: %w", err)
		}
		r := s.Apply(ctx, c.lang, record.Request{Action: "attachment.add", Site: *site, Data: data})
		switch {
		case c.json:
			err = writeJSON(c.Stdout, r, "")
		case r.OK:
			_, err = fmt.Fprintln(c.Stdout, lang.T(c.lang, "files.done", "name", filepath.Base(path)))
		default:
			_, err = fmt.Fprintf(c.Stderr, "%s: %s\n", path, r.Error.Message)
		}
		if err != nil {
			return err
		}
		if !r.OK {
			refusals++
		}
	}
	if refusals > 0 {
		return spoken{lang.T(c.lang, "cmd.apply.refused", "n", refusals)}
	}
	return closing()
}

// readWhole reads a file, and of one that is too large as much as shows it.
func readWhole(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, attachment.MaxSize+1))
}

// files says what of files there is to move and how much may be, changes that, and hands one out.
func files(ctx context.Context, c *call) error {
	fs := newFlags("files")
	var w who
	w.flags(fs)
	exchange, day := fs.String("per-exchange", "", ""), fs.String("per-day", "", "")
	person, get, out := fs.String("person", "", ""), fs.String("get", "", ""), fs.String("out", "", "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	if (*get == "") != (*out == "") {
		return usagef("--get ID --out FILE")
	}
	if *get != "" {
		return c.handOut(ctx, dirs[0], w, *person, *get, *out)
	}
	reg, err := registry()
	if err != nil {
		return err
	}
	n, err := node.Open(dirs[0], reg, c.options())
	if err != nil {
		return err
	}
	defer n.Close()
	if *exchange+*day != "" {
		b, err := n.FileBudget()
		if err != nil {
			return err
		}
		for _, one := range []struct {
			text string
			to   *int64
		}{{*exchange, &b.Exchange}, {*day, &b.Day}} {
			if err := budget(one.text, one.to); err != nil {
				return err
			}
		}
		if err := n.SetFileBudget(b); err != nil {
			return err
		}
	}
	count, err := n.Files()
	if err != nil {
		return err
	}
	if c.json {
		return c.print(count)
	}
	limit := func(n int64) string {
		if n == 0 {
			return lang.T(c.lang, "cmd.files.no_limit")
		}
		return lang.FileSize(c.lang, n)
	}
	for _, line := range [][2]string{
		{"files.to_come", lang.FileSize(c.lang, count.Coming.Bytes)}, {"files.to_go", lang.FileSize(c.lang, count.Going.Bytes)}, {"files.held", lang.FileSize(c.lang, count.Held.Bytes)},
		{"files.today", lang.FileSize(c.lang, count.Today)}, {"cmd.files.per_exchange", limit(count.Budget.Exchange)}, {"cmd.files.per_day", limit(count.Budget.Day)},
	} {
		fmt.Fprintf(c.Stdout, "%s: %s\n", lang.T(c.lang, line[0]), line[1])
	}
	return nil
}

// budget reads a size, or that there is no limit; nothing changes nothing.
func budget(text string, to *int64) error {
	if text == "" {
		return nil
	}
	if text == "none" {
		*to = 0
		return nil
	}
	n, ok := parseSize(text)
	if !ok {
		return usagef("%s: 500KB, 20MB, none", text)
	}
	*to = n
	return nil
}

// handOut writes a file to the disk, as it was given, under the name that is asked for. It replaces nothing.
func (c *call) handOut(ctx context.Context, dir string, w who, person, id, out string) error {
	s, closing, err := c.unlock(ctx, dir, w)
	if err != nil {
		return err
	}
	defer closing()
	params := map[string][]string{"attachment": {id}}
	if person != "" {
		params["person"] = []string{person}
	}
	answer, err := s.Query(ctx, c.lang, "attachment.content", params)
	if err != nil {
		return err
	}
	got, ok := answer.(attachment.Content)
	if !ok {
		return fmt.Errorf("files: attachment.content answers %T", answer)
	}
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return spoken{lang.T(c.lang, "cmd.cannot_write", "file", out)}
	}
	_, err = f.Write(got.Content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(spoken{lang.T(c.lang, "cmd.cannot_write", "file", out)}, os.Remove(out))
	}
	fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.files.got", "file", out, "name", got.FileName, "size", lang.FileSize(c.lang, got.File.Size)))
	return closing()
}

// sayFiles says what an exchange did with files.
func (c *call) sayFiles(sum exchange.ChunkSummary) {
	if size := sum.BytesOut + sum.BytesIn; sum.Sent+sum.Received > 0 && !c.json {
		said := lang.T(c.lang, "cmd.exchange.files", "sent", sum.Sent, "received", sum.Received, "size", lang.FileSize(c.lang, size))
		if size == 0 { // in a bundle they are counted with the rest
			said = lang.T(c.lang, "cmd.exchange.files_carried", "sent", sum.Sent, "received", sum.Received)
		}
		fmt.Fprintln(c.Stdout, said)
	}
	if sum.Full {
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.exchange.files_full"))
	}
	if sum.Spent || sum.Broken != nil {
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.exchange.files_later"))
	}
}

// Files counts what there is to move (web.FileMover).
func (d *desk) Files() (web.FilesCount, error) {
	c, err := d.session.Node().Files()
	if err != nil {
		return web.FilesCount{}, asWeb(err)
	}
	return web.FilesCount{Coming: c.Coming.Bytes, Going: c.Going.Bytes, Held: c.Held.Bytes, Exchange: c.Budget.Exchange, Day: c.Budget.Day, Today: c.Today}, nil
}

// SetFileBudget says how much of files may be moved (web.FileMover).
func (d *desk) SetFileBudget(exchange, day int64) error {
	if err := d.session.Node().SetFileBudget(node.Budget{Exchange: exchange, Day: day}); err != nil {
		return asWeb(err)
	}
	return nil
}
