package web

import (
	"context"
	"errors"
	"io"
	"net/http"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// Keeper is a Desk that makes a backup of its device: one file, under the member's passphrase.
type Keeper interface {
	// BackUp fails with ErrPassphrase.
	BackUp(ctx context.Context, passphrase string, to io.Writer) error
	// CheckFile says with nothing but the file whether a backup or a bundle is whole. It refuses when it is not.
	CheckFile(from io.Reader) (CheckedFile, error)
}

// CheckedFile is a file that is whole.
type CheckedFile struct {
	Bytes  int64
	Backup bool // otherwise a bundle
}

// BackupPage makes a backup, and checks a file.
type BackupPage struct {
	Shell
	Form
	Phrase  Field
	Fault   string // beside the file to check
	Checked string
	Carries bool
}

func (c *call) keeper() (Keeper, error) {
	desk, can := c.desk.(Keeper)
	if !can {
		return nil, errNothingHere
	}
	return desk, nil
}

func backupPage(c *call) error {
	desk, err := c.keeper()
	if err != nil {
		return err
	}
	f, err := c.form("/backup", nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		if err := c.own(f.typed.Get("passphrase")); err != nil { // the wrong ones are counted
			if err := f.wrongPassphrase("passphrase", err); err != nil {
				return err
			}
		}
	}
	if f.ready() {
		d := &download{c: c, name: c.fileName("backup.file")}
		return d.end(desk.BackUp(c.r.Context(), f.typed.Get("passphrase"), d))
	}
	return c.backupShow(f, "", "")
}

func (c *call) backupShow(f *form, fault, checked string) error {
	p := BackupPage{Shell: c.shell("backup.title"), Fault: fault, Checked: checked}
	p.Phrase = f.field("passphrase", label("me.before"), kind("password"))
	_, p.Carries = c.desk.(Carrier)
	p.Form = f.close()
	p.Form.Kept = c.T("error.kept_saved") // a passphrase is never written back
	status := f.status()
	if fault != "" {
		status = http.StatusUnprocessableEntity
	}
	p.Faulty = status != http.StatusOK
	return c.show(status, "backup.html", p)
}

func backupCheck(c *call) error {
	desk, err := c.keeper()
	if err != nil {
		return err
	}
	_, file, err := c.upload("file")
	if err != nil {
		return err
	}
	f := &form{call: c, Form: Form{ID: "form", Action: "/backup"}, typed: map[string][]string{}}
	if file == nil {
		return c.backupShow(f, c.T("carry.no_file"), "")
	}
	about, err := desk.CheckFile(file)
	var refusal *record.Refusal
	if errors.As(err, &refusal) {
		fault := refused(c.lang, refusal)
		if refusal.Code == cutShort { // nothing of it was kept: it was only looked at
			fault = c.T("backup.cut")
		}
		return c.backupShow(f, fault, "")
	}
	if err != nil {
		return err
	}
	kind := "cmd.verify.bundle"
	if about.Backup {
		kind = "cmd.verify.backup"
	}
	return c.backupShow(f, "", c.T("cmd.verify.whole", "size", lang.FileSize(c.lang, about.Bytes), "kind", c.T(kind)))
}
