package web

import (
	"bytes"
	"strings"

	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// RegisterPage is one dense sheet: it is filled forty times a day.
type RegisterPage struct {
	Shell
	Form
	PersonForm
	When  When
	Alike []HitLine // people already here who may be the same; asked once before saving
}

// alikeFrom is the score from which somebody already here is shown before a new record is opened.
const alikeFrom = 6

func registerPage(c *call) error {
	if ok, err := c.sited(); !ok {
		return err
	}
	if c.r.Method == "GET" && c.session.draft("/register") == nil {
		return c.to("/find") // search first
	}
	f, err := c.form("/register", nil)
	if err != nil {
		return err
	}
	if f.typed.Has("_look") { // from the search, with what was searched
		f.submitted = false
	}
	var alike []HitLine
	if f.submitted {
		data := f.personData()
		for name, v := range data { // nothing known is nothing said
			if bytes.Equal(v, []byte("null")) || bytes.Equal(v, []byte("[]")) {
				delete(data, name)
			}
		}
		at := f.at()
		if f.ready() && f.value("_other") == "" {
			if alike, err = c.alike(f); err != nil {
				return err
			}
		}
		if f.ready() && len(alike) == 0 {
			r, err := c.apply("person.register", f.Client, at, data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				made, err := result[struct {
					Person record.ID `json:"person"`
					Card   string    `json:"card"`
				}](r)
				if err != nil {
					return err
				}
				address := "/people/" + made.Person.String()
				n := notice{Text: c.T("register.done", "card", cardNumber(made.Card)), Link: address + "/edit", Label: c.T("register.correct")}
				if f.typed.Get("next") == "visit" {
					address += "/visit"
				}
				return f.done(address, n)
			}
		}
	}
	p := RegisterPage{Shell: c.shell("register.title"), PersonForm: f.personForm(), When: f.when(), Alike: alike}
	p.Form, p.Shell.Form, p.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "register.html", p)
}

// alike finds people already here who may be the one being registered.
func (c *call) alike(f *form) ([]HitLine, error) {
	q := strings.Join(strings.Fields(f.value("given")+" "+f.value("surname1")+" "+f.value("surname2")+" "+f.value("nickname")), " ")
	if q == "" {
		return nil, nil
	}
	if born, ok := typed.Understand(c.lang, f.value("birth"), c.now()); ok && len(born.Birth) >= 4 {
		q += " " + born.Birth[:4]
	}
	found, err := ask[people.Found](c, "person.find", "q", q, "limit", "4")
	if err != nil {
		return nil, err
	}
	var out []HitLine
	for _, h := range found.Hits {
		if h.Score >= alikeFrom {
			out = append(out, c.hit(h))
		}
	}
	return out, nil
}
