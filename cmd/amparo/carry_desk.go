package main

import (
	"context"
	"io"

	"amparo/internal/exchange"
	"amparo/internal/node"
	"amparo/internal/web"
)

// WriteBundle writes a file to carry (web.Carrier).
func (d *desk) WriteBundle(ctx context.Context, to io.Writer, lacking bool) error {
	o := node.Outgoing{}
	if lacking {
		o.Since = node.SinceRelay
	}
	if _, err := d.session.WriteBundleTo(ctx, to, o); err != nil {
		return asWeb(err)
	}
	return nil
}

// ReadBundle takes in a file (web.Carrier).
func (d *desk) ReadBundle(ctx context.Context, from io.Reader) (web.Exchanged, error) {
	sum, err := d.session.ReadBundleFrom(ctx, from)
	out := web.Exchanged{Received: int(sum.Received), Bytes: sum.BytesIn}
	if err != nil {
		return out, asWeb(err)
	}
	return out, nil
}

// BackUp writes a backup (web.Keeper).
func (d *desk) BackUp(ctx context.Context, passphrase string, to io.Writer) error {
	phrase := []byte(passphrase)
	defer clear(phrase)
	if _, err := d.session.BackUpTo(ctx, phrase, to); err != nil {
		return asWeb(err)
	}
	return nil
}

// CheckFile says whether a file is whole (web.Keeper).
func (d *desk) CheckFile(from io.Reader) (web.CheckedFile, error) {
	about, err := exchange.CheckFile(from)
	if err != nil {
		return web.CheckedFile{}, asWeb(err)
	}
	return web.CheckedFile{Bytes: about.Bytes, Backup: about.Backup}, nil
}

// Restore begins again from a backup (web.Restorer).
func (h *house) Restore(ctx context.Context, passphrase string, from io.Reader) (web.Restored, error) {
	if h.Founded() {
		return web.Restored{}, web.ErrFounded
	}
	phrase := []byte(passphrase)
	defer clear(phrase)
	done, err := node.Restore(ctx, from, h.dir, h.registry, phrase, h.options, nil) // not under the lock: a file may come slowly
	if err != nil {
		return web.Restored{}, asWeb(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.node, err = node.Open(h.dir, h.registry, h.options); err != nil {
		return web.Restored{}, asWeb(err)
	}
	return web.Restored{Name: done.Name, Made: done.Made, Commits: done.Health.Commits, Sound: done.Health.OK}, nil
}
