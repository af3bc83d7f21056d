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

// cutShort is the refusal of what did not arrive whole.
const cutShort = "truncated"

// Carrier is a Desk whose commits travel on a stick: as a file that only the team can open.
type Carrier interface {
	// WriteBundle writes everything, or only what the relay is not known to have.
	WriteBundle(ctx context.Context, to io.Writer, lacking bool) error
	// ReadBundle takes in a file. What came whole is kept also when it refuses.
	ReadBundle(ctx context.Context, from io.Reader) (Exchanged, error)
}

// CarryPage writes a file to carry away, and reads one that somebody brought.
type CarryPage struct {
	Shell
	Form
	What    Field
	Read    bool   // a file was read, and Fault says what was wrong with it
	Fault   string // beside the file
	Backups bool
}

func (c *call) carrier() (Carrier, error) {
	desk, can := c.desk.(Carrier)
	if !can {
		return nil, errNothingHere
	}
	return desk, nil
}

func carryPage(c *call) error {
	if _, err := c.carrier(); err != nil {
		return err
	}
	return c.carryShow("")
}

func (c *call) carryShow(fault string) error {
	f := &form{call: c, Form: Form{ID: "form", Action: "/carry"}, typed: map[string][]string{"what": {"all"}}}
	p := CarryPage{Shell: c.shell("carry.title"), Fault: fault}
	p.What = f.field("what", label("carry.what"), func(f *form, d *Field) {
		f.offer(d, []lang.Choice{{Code: "all", Name: f.T("carry.all")}, {Code: "lacking", Name: f.T("carry.lacking")}})
	})
	_, p.Backups = c.desk.(Keeper)
	p.Form, p.Faulty = f.Form, fault != ""
	status := http.StatusOK
	if fault != "" {
		status = http.StatusUnprocessableEntity
	}
	return c.show(status, "carry.html", p)
}

// fileName is what a file that leaves is called: the day and the format, nothing of the organisation.
func (c *call) fileName(key string) string {
	return c.T(key) + "-" + c.now().In(c.zone()).Format(time.DateOnly) + ".age"
}

func carryWrite(c *call) error {
	desk, err := c.carrier()
	if err != nil {
		return err
	}
	d := &download{c: c, name: c.fileName("carry.file")}
	return d.end(desk.WriteBundle(c.r.Context(), d, c.r.PostForm.Get("what") == "lacking"))
}

func carryRead(c *call) error {
	desk, err := c.carrier()
	if err != nil {
		return err
	}
	_, file, err := c.upload("file")
	if err != nil {
		return err
	}
	if file == nil {
		return c.carryShow(c.T("carry.no_file"))
	}
	done, err := desk.ReadBundle(c.r.Context(), file)
	var refusal *record.Refusal
	if errors.As(err, &refusal) {
		fault := refused(c.lang, refusal)
		if refusal.Code == cutShort { // what to do is not to go on, as on a network, but to copy again
			fault = c.T("carry.cut")
		}
		return c.carryShow(fault)
	}
	if err != nil {
		return err
	}
	said := c.T("carry.read", "n", done.Received)
	if done.Received == 0 {
		said = c.T("carry.read_nothing")
	}
	c.session.say(notice{Text: said})
	return c.to("/carry")
}
