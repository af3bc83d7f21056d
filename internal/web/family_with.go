package web

import (
	"net/url"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/record"
)

// FamilyWithPage says with whom a person is, or what somebody is to them: first who, then what.
type FamilyWithPage struct {
	Shell
	Form
	Banner Banner
	Title  string
	Hint   string
	Who    Field
	Chosen Field // those who may be meant
	Kind   Field
	Role   Field
	Known  Field
	Relate bool
	New    bool   // a family or a group is formed or joined: its kind is asked
	Fresh  string // where somebody who is not registered yet is registered with them; empty: not the member's
	Back   string
}

// pickPerson finds who is meant by what was typed: one of those offered, or those of whom the words speak. It gives the chosen id; empty
// when somebody has to choose first.
func (f *form) pickPerson(not record.ID, among []people.Brief) (chosen string, offered Field, err error) {
	chosen = f.value("chosen")
	typed := f.value("who")
	list := []lang.Choice{}
	add := func(b people.Brief) {
		if b.ID == not {
			return
		}
		words := []string{f.nameOf(b)}
		if age := f.age(b); age != "" {
			words = append(words, age)
		}
		if b.Card != "" {
			words = append(words, "#"+cardNumber(b.Card))
		}
		list = append(list, lang.Choice{Code: b.ID.String(), Name: strings.Join(words, " · ")})
	}
	if len([]rune(typed)) >= 2 && (chosen == "" || f.value("was") != typed) {
		found, err := ask[people.Found](f.call, "person.find", "q", typed, "limit", "6")
		if err != nil {
			return "", Field{}, err
		}
		for _, h := range found.Hits {
			add(h.Person)
		}
	} else {
		for _, b := range among {
			add(b)
		}
		if chosen != "" {
			shown, err := ask[people.Shown](f.call, "person.show", "person", chosen)
			if err != nil {
				return "", Field{}, err
			}
			if among == nil || !hasChoice(list, chosen) {
				add(shown.Brief)
			}
		}
	}
	if !hasChoice(list, chosen) {
		chosen = ""
	}
	if chosen == "" && len(list) == 1 && typed != "" { // only one answers to the words: still to be looked at, and saved with the next press
		f.typed.Set("chosen", list[0].Code)
	}
	if f.submitted && chosen == "" {
		switch {
		case typed == "" && len(list) == 0:
			f.missing("who")
		case len(list) == 0:
			f.wrong("who", f.T("family.nobody", "typed", typed))
		case typed != "" && f.value("was") != typed: // just searched: now one of them is chosen
			f.submitted = false
		default:
			f.wrong("chosen", f.T("family.choose"))
		}
	}
	offered = f.field("chosen", label("family.which"), func(f *form, d *Field) { f.offer(d, list) })
	return chosen, offered, nil
}

func hasChoice(list []lang.Choice, code string) bool {
	for _, one := range list {
		if one.Code == code && code != "" {
			return true
		}
	}
	return false
}

// familyForm begins a form about a person's family.
func (c *call) familyForm(tail string, start url.Values) (family.Shown, *form, error) {
	shown, err := ask[family.Shown](c, "family.show", "person", c.r.PathValue("id"))
	if err != nil {
		return shown, nil, err
	}
	f, err := c.form("/people/"+shown.Person.ID.String()+"/family"+tail, start)
	if err == nil {
		f.Draft = "" // who belongs to whom is not left behind on a machine
	}
	return shown, f, err
}

func familyWithPage(c *call) error {
	household := c.r.URL.Query().Get("household")
	tail := "/with"
	if household != "" {
		tail += "?household=" + url.QueryEscape(household)
	}
	shown, f, err := c.familyForm(tail, url.Values{"kind": {"travel"}})
	if err != nil {
		return err
	}
	page := FamilyWithPage{Shell: c.shell("family.is_with"), Banner: c.banner(shown.Person), Title: c.T("family.is_with"), Hint: c.T("family.with_hint"), New: household == "",
		Back: "/people/" + shown.Person.ID.String() + "/family"}
	if household != "" {
		page.Title, page.Hint = c.T("family.add_somebody"), ""
	}
	if c.may("/register") {
		page.Fresh = "/register?with=" + shown.Person.ID.String()
	}
	page.Who = f.field("who", label("family.who"), hint("family.who_hint"), kind("search"), focus())
	chosen, offered, err := f.pickPerson(shown.Person.ID, nil)
	if err != nil {
		return err
	}
	if f.ready() {
		data := family.JoinData{Person: shown.Person.ID.String(), With: chosen, Kind: f.value("kind"), Role: f.value("role")}
		if household != "" {
			data = family.JoinData{Person: chosen, Household: household, Role: f.value("role")}
		}
		r, err := c.apply("household.join", f.Client, time.Time{}, data)
		if err != nil {
			return err
		}
		if !f.refuse(r) {
			return f.done(page.Back, notice{Text: c.T("family.saved")})
		}
	}
	page.Chosen = offered
	page.Kind = f.field("kind", label("field.household_kind"), codes("household_kind", family.HouseholdKinds...))
	page.Role = f.field("role", label("field.household_role"), codes("household_role", family.Roles...))
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "family_with.html", page)
}

func familyRelatePage(c *call) error {
	start := url.Values{"known_by": {"said_it"}}
	if other := c.r.URL.Query().Get("other"); other != "" {
		start.Set("chosen", other)
	}
	shown, f, err := c.familyForm("/relate", start)
	if err != nil {
		return err
	}
	page := FamilyWithPage{Shell: c.shell("family.is_family_of"), Banner: c.banner(shown.Person), Title: c.T("family.is_family_of"), Relate: true,
		Back: "/people/" + shown.Person.ID.String() + "/family"}
	related := map[record.ID]string{}
	for _, r := range shown.Relations {
		related[r.Other.ID] = r.Relation
		if f.value("chosen") == r.Other.ID.String() && !f.submitted {
			f.typed.Set("relation", r.Relation)
			f.typed.Set("known_by", r.KnownBy)
		}
	}
	among := []people.Brief{} // with whom they are, and of whom nobody has said yet what they are
	for _, h := range shown.Households {
		for _, m := range h.Members {
			if h.Current && m.Until == "" && m.Person.ID != shown.Person.ID && related[m.Person.ID] == "" {
				among = append(among, m.Person)
			}
		}
	}
	page.Who = f.field("who", label("family.who"), hint("family.who_hint"), kind("search"), focus())
	chosen, offered, err := f.pickPerson(shown.Person.ID, among)
	if err != nil {
		return err
	}
	if f.submitted && f.value("relation") == "" && !f.typed.Has("_mistaken") {
		f.missing("relation")
	}
	if f.ready() {
		data := family.RelateData{Person: shown.Person.ID.String(), Other: chosen, Relation: f.value("relation"), KnownBy: f.value("known_by")}
		if f.typed.Has("_mistaken") {
			data.Relation, data.KnownBy = "", ""
		}
		r, err := c.apply("person.relate", f.Client, time.Time{}, data)
		if err != nil {
			return err
		}
		if !f.refuse(r) {
			return f.done(page.Back, notice{Text: c.T("family.saved")})
		}
	}
	page.Chosen = offered
	page.Kind = f.field("relation", label("family.relation_is"), codes("relation", family.Relations...))
	page.Known = f.field("known_by", codes("relation_known", family.KnownBys...))
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "family_with.html", page)
}
