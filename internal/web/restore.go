package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// Restorer is a House that begins again from a backup, where no workspace is yet.
type Restorer interface {
	// Restore fails with ErrFounded, or refuses.
	Restore(ctx context.Context, passphrase string, from io.Reader) (Restored, error)
}

// Restored is what a backup brought.
type Restored struct {
	Name    string // of who made it
	Made    time.Time
	Commits int
	Sound   bool // nothing was wrong in it
}

// RestorePage takes a backup.
type RestorePage struct {
	Shell
	Form
	Phrase Field
	Fault  string // beside the file
	Done   string
	Flawed bool
}

func restorePage(c *call) error {
	house, can := c.config.House.(Restorer)
	switch {
	case !can:
		return errNothingHere
	case c.config.House.Founded():
		return c.to("/")
	}
	f := &form{call: c, Form: Form{ID: "form", Action: "/restore"}, typed: map[string][]string{}}
	p := RestorePage{}
	if c.r.Method == http.MethodPost {
		boxes, file, err := c.upload("file")
		if err != nil {
			return err
		}
		if f.submitted = !c.switchLang(boxes.Get("_lang")); f.submitted {
			if err := c.restored(house, boxes.Get("passphrase"), file, f, &p); err != nil {
				return err
			}
		}
	}
	p.Phrase = f.field("passphrase", label("restore.passphrase"), kind("password"))
	p.Shell, p.Form = c.shell("restore.title"), f.close()
	p.Form.Kept = c.T("restore.again") // neither a file nor a passphrase is written back
	status := f.status()
	if p.Fault != "" {
		status = http.StatusUnprocessableEntity
	}
	p.Faulty = status != http.StatusOK
	return c.show(status, "restore.html", p)
}

func (c *call) restored(house Restorer, phrase string, file io.Reader, f *form, p *RestorePage) error {
	if phrase == "" {
		f.missing("passphrase")
	}
	if file == nil {
		p.Fault = c.T("carry.no_file")
	}
	if phrase == "" || file == nil {
		return nil
	}
	done, err := house.Restore(c.r.Context(), phrase, file)
	var refusal *record.Refusal
	switch {
	case errors.Is(err, ErrPassphrase):
		f.wrong("passphrase", c.T("refuse.wrong_passphrase"))
	case errors.As(err, &refusal):
		p.Fault = refused(c.lang, refusal)
	case err != nil:
		return err
	default:
		p.Done, p.Flawed = c.T("restore.done", "n", done.Commits, "name", done.Name, "when", lang.DateTime(c.lang, done.Made.In(time.Local))), !done.Sound
	}
	return nil
}
