package webtest

import (
	"context"
	"io"
	"strings"
	"time"

	"amparo/internal/record"
	"amparo/internal/web"
)

// Stick is the contents of the one bundle that the made-up house takes.
const Stick = "un paquete entero"

// WriteBundle writes the one there is.
func (d *Desk) WriteBundle(_ context.Context, to io.Writer, _ bool) error {
	_, err := io.WriteString(to, Stick)
	return err
}

// cut refuses the beginning of it, in the words of the engine.
func cut(raw []byte) error {
	if len(raw) > 0 && len(raw) < len(Stick) && strings.HasPrefix(Stick, string(raw)) {
		return record.Refuse("", "truncated")
	}
	return nil
}

// ReadBundle takes it.
func (d *Desk) ReadBundle(_ context.Context, from io.Reader) (web.Exchanged, error) {
	raw, err := io.ReadAll(from)
	if err := cut(raw); err != nil {
		return web.Exchanged{}, err
	}
	if err != nil || string(raw) != Stick {
		return web.Exchanged{}, record.Refuse("", "not_a_bundle").Because(err)
	}
	return web.Exchanged{Received: 12, Bytes: int64(len(raw))}, nil
}

// BackUp writes the same.
func (d *Desk) BackUp(_ context.Context, passphrase string, to io.Writer) error {
	if passphrase != Passphrase {
		return web.ErrPassphrase
	}
	return d.WriteBundle(context.Background(), to, false)
}

// CheckFile finds it whole.
func (d *Desk) CheckFile(from io.Reader) (web.CheckedFile, error) {
	raw, err := io.ReadAll(from)
	if err := cut(raw); err != nil {
		return web.CheckedFile{}, err
	}
	if err != nil || string(raw) != Stick {
		return web.CheckedFile{}, record.Refuse("", "not_a_bundle").Because(err)
	}
	return web.CheckedFile{Bytes: int64(len(raw))}, nil
}

// Restore takes the one file there is.
func (h *House) Restore(_ context.Context, passphrase string, from io.Reader) (web.Restored, error) {
	raw, err := io.ReadAll(from)
	switch {
	case err != nil || string(raw) != Stick:
		return web.Restored{}, record.Refuse("", "not_a_backup").Because(err)
	case passphrase != Passphrase:
		return web.Restored{}, web.ErrPassphrase
	}
	h.Empty = false
	return web.Restored{Name: Rosa.Name, Made: Now.Add(-48 * time.Hour), Commits: 2140, Sound: true}, nil
}
