package web

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"amparo/internal/attachment"
	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// FilesPage lists the files about a person, and takes one more.
type FilesPage struct {
	Shell
	Form
	Banner            Banner
	Files             []FileLine
	Adds              bool
	File              Field
	What, Compartment Field
	Note              Field
	Most              string // how large a file may be
	Back              string
	Exchange          bool // what has not arrived can be fetched now
}

// FileLine is one file.
type FileLine struct {
	Name, What, Who, When, Size, Note string
	Machine                           string
	Get                               string // where it is downloaded; empty: it was taken back, or is not the member's to open
	Standing                          string // what of it is here, when that is not all; or that only this device has it
	Removed                           bool
	Remove                            string // where it is taken back; empty: not by this member
	Client, Take, Why                 string
}

// filesOf reads what the member may open, newest first.
func (c *call) filesOf(p record.ID) ([]FileLine, error) {
	listed, err := ask[attachment.Listed](c, "attachment.list", "person", p.String())
	if err != nil {
		return nil, err
	}
	var out []FileLine
	for _, f := range listed.Files {
		out = append(out, c.fileLine("/people/"+p.String()+"/files/"+f.ID.String(), f))
	}
	return out, nil
}

func (c *call) fileLine(address string, f attachment.File) FileLine {
	at := f.At.In(time.FixedZone("", f.Zone*60))
	line := FileLine{Name: f.Name, What: c.coded("attachment_what", f.What), Who: c.T("files.who", "compartment", c.T("compartment."+f.Compartment.String())), Note: f.Note,
		When: lang.Date(c.lang, at) + " · " + orDash(f.ByName), Machine: at.Format(time.RFC3339), Size: lang.FileSize(c.lang, f.Size), Removed: f.Removed}
	if f.Removed {
		line.Standing = c.T("files.removed")
		return line
	}
	if c.may("/people/{id}/files/{file}") {
		line.Get = address // of what has not arrived too: to ask for it puts it first
	}
	switch {
	case f.Pieces == 0 || f.Here < f.Pieces:
		line.Standing = c.T("files.coming", "here", f.Here, "all", f.Pieces)
	case !f.Elsewhere:
		line.Standing = c.T("files.only_here")
	}
	if c.may("/people/{id}/files/{file}/remove") {
		line.Remove, line.Client, line.Take, line.Why = address+"/remove", newClient(), c.T("files.remove"), c.T("files.remove_why")
	}
	return line
}

func filesPage(c *call) error {
	p, err := ask[people.Shown](c, "person.show", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	back := "/people/" + p.ID.String()
	f, err := c.form(back+"/files/new", nil)
	if err != nil {
		return err
	}
	f.Draft = "" // a file is in no draft
	adds := c.may("/people/{id}/files/new")
	if f.submitted {
		name, content := f.upload("file")
		for _, one := range []string{"what", "compartment"} {
			if f.value(one) == "" {
				f.missing(one)
			}
		}
		if f.ready() {
			r, err := c.apply("attachment.add", f.Client, time.Time{}, attachment.AddData{Person: p.ID.String(), Compartment: f.value("compartment"), What: f.value("what"),
				Name: name, Note: f.value("note"), Content: base64.StdEncoding.EncodeToString(content)})
			if err != nil {
				return err
			}
			if r.Error != nil && (r.Error.Field == "content" || r.Error.Field == "name") {
				r.Error.Field = "file"
			}
			if !f.refuse(r) {
				return f.done(back+"/files", notice{Text: c.T("files.done", "name", name)})
			}
		}
	}
	page := FilesPage{Shell: c.shell("files.title"), Banner: c.banner(p.Brief), Adds: adds, Back: back, Most: c.T("files.most", "max", attachment.MaxSize>>20)}
	if page.Files, err = c.filesOf(p.ID); err != nil {
		return err
	}
	_, can := c.desk.(Exchanger)
	page.Exchange = can && slices.ContainsFunc(page.Files, func(f FileLine) bool { return f.Standing != "" && !f.Removed })
	page.File = f.field("file", label("files.choose"))
	page.What = f.field("what", codes("attachment_what", attachment.Whats...))
	page.Compartment = f.field("compartment", label("files.compartment"), hint("files.compartment_hint"), f.mayKeep())
	page.Note = f.field("note", label("files.note"))
	page.Form, page.Faulty = f.close(), len(f.Faults) > 0
	page.Form.Kept = c.T("files.again")
	if adds {
		page.Shell.Form = f.ID
	}
	return c.show(f.status(), "files.html", page)
}

// mayKeep offers the compartments in which the member works.
func (f *form) mayKeep() with {
	return func(f *form, d *Field) {
		var all []lang.Choice
		for _, in := range attachment.In(true) {
			if f.desk.Opens(in) {
				all = append(all, lang.Choice{Code: in.String(), Name: f.T("compartment." + in.String())})
			}
		}
		f.offer(d, all)
	}
}

// upload reads a file that came with a form. It is held in memory and never written to the disk as it is.
func (f *form) upload(field string) (name string, content []byte) {
	file, header, err := f.r.FormFile(field)
	if err != nil || header.Filename == "" {
		f.wrong(field, f.T("files.none_chosen"))
		return "", nil
	}
	defer file.Close()
	if header.Size > attachment.MaxSize {
		f.wrong(field, f.T("refuse.file_too_large", "max", attachment.MaxSize>>20))
		return "", nil
	}
	if content, err = io.ReadAll(io.LimitReader(file, attachment.MaxSize+1)); err != nil {
		f.wrong(field, f.T("refuse.not_base64"))
		return "", nil
	}
	return plainName(header.Filename), content
}

// plainName is what is kept of the name a file had: no folders, and no more than a line.
func plainName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if runes := []rune(name); len(runes) > 200 {
		name = string(runes[:200])
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name)
}

// fileGet hands a file out, to be kept and never to be shown: the browser is told what it is not, and runs nothing of it.
func fileGet(c *call) error {
	got, err := ask[attachment.Content](c, "attachment.content", "person", c.r.PathValue("id"), "attachment", c.r.PathValue("file"))
	var refusal *record.Refusal
	if errors.As(err, &refusal) && refusal.Code == "file_not_here" {
		c.session.say(notice{Text: refused(c.lang, refusal)})
		return c.to("/people/" + c.r.PathValue("id") + "/files")
	}
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": got.FileName}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Length", strconv.Itoa(len(got.Content)))
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(got.Content) // the reader may have gone
	}
	return nil
}

// fileRemove takes a file back.
func fileRemove(c *call) error {
	person, file := c.r.PathValue("id"), c.r.PathValue("file")
	if err := c.parse(); err != nil {
		return err
	}
	v := c.r.PostForm
	id := v.Get("_id")
	if !goodClient(id) {
		id = newClient()
	}
	r, err := c.apply("attachment.remove", id, time.Time{}, attachment.RemoveData{Attachment: file, Reason: strings.TrimSpace(v.Get("reason"))})
	if err != nil {
		return err
	}
	if !r.OK {
		return problemError{r}
	}
	c.session.say(notice{Text: c.T("files.removed_done")})
	return c.to(local("/people/" + person + "/files"))
}

// FileMover is a Desk that moves files between this device and others.
type FileMover interface {
	// Files counts what there is to move.
	Files() (FilesCount, error)
	// SetFileBudget says how many bytes of files an exchange and a day may move; 0: no limit. It fails with the refusal
	// out_of_range.
	SetFileBudget(exchange, day int64) error
}

// FilesCount is what there is to move of files, in bytes, and what this device may move.
type FilesCount struct {
	Coming, Going, Held  int64
	Exchange, Day, Today int64 // 0: no limit
}

// FilesMovedPage says what there is to move of files, and asks how much may be.
type FilesMovedPage struct {
	Shell
	Form
	Facts         []Fact
	Exchange, Day Field
}

func filesMovedPage(c *call) error {
	desk, can := c.desk.(FileMover)
	if !can {
		return errNothingHere
	}
	count, err := desk.Files()
	if err != nil {
		return err
	}
	f, err := c.form("/files", map[string][]string{"exchange": {megabytes(count.Exchange)}, "day": {megabytes(count.Day)}})
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		exchange, day := f.number("exchange"), f.number("day")
		if f.ready() {
			err := desk.SetFileBudget(bytesOf(exchange), bytesOf(day))
			var refusal *record.Refusal
			switch {
			case err == nil:
				return f.done("/files", notice{Text: c.T("files.budget_done")})
			case !errors.As(err, &refusal):
				return err
			}
			f.wrong(refusal.Field, refused(c.lang, refusal))
		}
	}
	page := FilesMovedPage{Shell: c.shell("files.moved_title")}
	for _, one := range []struct {
		label string
		bytes int64
	}{{"files.to_come", count.Coming}, {"files.to_go", count.Going}, {"files.held", count.Held}, {"files.today", count.Today}} {
		page.Facts = append(page.Facts, Fact{c.T(one.label), lang.FileSize(c.lang, one.bytes)})
	}
	page.Exchange = f.field("exchange", label("files.per_exchange"), digits())
	page.Day = f.field("day", label("files.per_day"), digits())
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "files_moved.html", page)
}

// megabytes and bytesOf are how a limit stands in its box; nothing: no limit.
func megabytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint((n + 1<<20 - 1) >> 20)
}

func bytesOf(mb *int) int64 {
	if mb == nil {
		return 0
	}
	return int64(*mb) << 20
}
