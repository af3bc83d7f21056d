package attachment

import (
	"fmt"
	"slices"
	"time"

	"amparo/internal/people"
	"amparo/internal/record"
)

// ListParams are those of attachment.list: one of the two.
type ListParams struct {
	Person string `json:"person,omitempty"`
	Site   string `json:"site,omitempty"`
}

// Listed is the answer to attachment.list: the files that the member may open, newest first.
type Listed struct {
	Files []File `json:"files"`
}

// File is what is said of a file.
type File struct {
	ID          record.ID          `json:"id"`
	Compartment record.Compartment `json:"compartment"`
	What        string             `json:"what"`
	Name        string             `json:"name"`
	Media       string             `json:"media"`
	Size        int64              `json:"size"`
	Note        string             `json:"note,omitempty"`
	At          time.Time          `json:"at"`
	Zone        int                `json:"zone"` // minutes east of UTC
	Site        record.ID          `json:"site"`
	By          record.ID          `json:"by"`
	ByName      string             `json:"by_name"`
	Removed     bool               `json:"removed,omitempty"` // taken back: the bytes are gone or going
	record.FileStanding
}

var list = func() record.Query {
	q := record.NewQuery("attachment.list", allIn(), func(a *record.Ask, p ListParams) (any, error) {
		column, whom, err := p.whom(a)
		if err != nil {
			return nil, err
		}
		out := Listed{Files: []File{}}
		for _, k := range kinds {
			if a.Opens(k.In) && (k.Subject != "") == (column == "person") {
				files, err := read(a, k, column, whom)
				if err != nil {
					return nil, err
				}
				out.Files = append(out.Files, files...)
			}
		}
		slices.SortStableFunc(out.Files, func(x, y File) int { return y.At.Compare(x.At) })
		return out, nil
	})
	q.About = "person"
	return q
}()

func (p *ListParams) whom(a *record.Ask) (column string, id record.ID, err error) {
	switch {
	case p.Person != "":
		id, err = a.Ref("person", p.Person)
		return "person", id, err
	case p.Site != "":
		id, err = a.Ref("site", p.Site)
		return "_site", id, err
	}
	return "", id, record.Refuse("person", "required", "field", "person")
}

func read(a *record.Ask, k *record.Kind, column string, of record.ID) (out []File, err error) {
	err = a.Select(a.Context, "SELECT id, what, name, media, size, note, _at, _zone, _site, _by, _corrected IS NOT NULL, (SELECT name FROM field.member WHERE member = t._by) FROM "+
		k.Table()+" AS t WHERE "+column+" = ? AND file IS NOT NULL", []any{of}, func(r record.Row) error {
		out = append(out, File{ID: r.ID(0), Compartment: k.In, What: r.Text(1), Name: r.Text(2), Media: r.Text(3), Size: r.Int(4), Note: r.Text(5),
			At: people.When(r.Int(6), r.Int(7)), Zone: int(r.Int(7)), Site: r.ID(8), By: r.ID(9), Removed: r.Bool(10), ByName: r.Text(11)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read files: %w", err)
	}
	for i := range out {
		if a.Files == nil || out[i].Removed {
			continue
		}
		if out[i].FileStanding, err = a.Files.Stands(out[i].ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ContentParams are those of attachment.content. A file about a person is asked for with the person: that it was opened is
// written down.
type ContentParams struct {
	Person     string `json:"person,omitempty"`
	Attachment string `json:"attachment"`
}

// Content is the answer to attachment.content: the bytes as they were given.
type Content struct {
	File     File   `json:"file"`
	FileName string `json:"file_name"` // to be kept under: its ending tells what the bytes are
	Content  []byte `json:"content"`   // base64 in JSON
}

// ForFile is noted as the reason of having opened a record (code list access_why).
const ForFile = "file"

var content = func() record.Query {
	q := record.NewQuery("attachment.content", allIn(), func(a *record.Ask, p ContentParams) (any, error) {
		id, err := a.Ref("attachment", p.Attachment)
		if err != nil {
			return nil, err
		}
		column, whom := "_site", record.ID{}
		if p.Person != "" {
			if whom, err = a.Ref("person", p.Person); err != nil {
				return nil, err
			}
			column = "person"
		}
		for _, k := range kinds {
			if !a.Opens(k.In) || (k.Subject != "") != (column == "person") {
				continue
			}
			var kept []byte
			var site record.ID
			if err := a.Select(a.Context, "SELECT file, "+column+" FROM "+k.Table()+" WHERE id = ? AND file IS NOT NULL", []any{id}, func(r record.Row) error {
				if site = r.ID(1); p.Person == "" || site == whom {
					kept = slices.Clone(r.Blob(0))
				}
				return nil
			}); err != nil {
				return nil, fmt.Errorf("read a file: %w", err)
			}
			if kept != nil {
				return open(a, k, column, site, id, kept)
			}
		}
		return nil, record.Refuse("attachment", "unknown_id", "field", "attachment")
	})
	q.About, q.Why = "person", ForFile
	return q
}()

func open(a *record.Ask, k *record.Kind, column string, of, id record.ID, kept []byte) (any, error) {
	files, err := read(a, k, column, of)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(files, func(f File) bool { return f.ID == id })
	switch {
	case at < 0:
		return nil, record.Refuse("attachment", "unknown_id", "field", "attachment")
	case files[at].Removed:
		return nil, record.Refuse("attachment", "file_removed")
	case a.Files == nil:
		return nil, fmt.Errorf("attachment.content: no files are kept here")
	}
	bytes, here, err := a.Files.Content(k.In, id, kept)
	if err != nil {
		return nil, fmt.Errorf("open a file: %w", err)
	}
	if !here {
		return nil, record.Refuse("attachment", "file_not_here", "here", files[at].Here, "all", files[at].Pieces)
	}
	return Content{File: files[at], FileName: FileName(files[at].Name, files[at].Media), Content: bytes}, nil
}
