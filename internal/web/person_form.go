package web

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/place"
)

// PersonForm is the dense sheet on which a person is registered or changed.
type PersonForm struct {
	Given, Surname1, Surname2, Nickname Field
	Birth, Nationality, Languages       Field
	Sex, Gender, Direction, Groups      Field
	Phone, Note, Consent                Field
	Countries, Tongues                  []lang.Choice
	More                                bool // the rarer boxes hold something
}

// groups are what to look after, in the order of the sheet.
var groups = []string{"unaccompanied_child", "separated_child", "family_with_children", "woman_alone", "pregnant", "lactating", "older",
	"disability", "chronic_illness", "lgbtiq", "survivor_violence"}

func (f *form) personForm() PersonForm {
	p := PersonForm{Countries: lang.Countries(f.lang), Tongues: lang.Languages(f.lang), More: f.value("phone")+f.value("note")+f.value("gender") != ""}
	p.Given = f.field("given", focus())
	p.Surname1 = f.field("surname1")
	p.Surname2 = f.field("surname2")
	p.Nickname = f.field("nickname")
	p.Birth = f.field("birth", label("person.birth"), hint("register.birth_hint"), echo("/understand"))
	p.Nationality = f.field("nationality", hint("person.nationality.hint"), list("countries"))
	p.Languages = f.field("languages", list("tongues"))
	p.Sex = f.field("sex", codes("sex", "f", "m", "x", "unknown"))
	p.Direction = f.field("direction", codes("direction", "north", "south", "staying", "unknown"))
	p.Groups = f.field("groups", hint("register.groups_hint"), codes("group", groups...))
	p.Gender = f.field("gender")
	p.Phone = f.field("phone", hint("register.phone_hint"), func(_ *form, d *Field) { d.Mode, d.Class, d.Max = "tel", "w6", 30 })
	p.Note = f.field("note", rows(2))
	p.Consent = f.field("consent", label("register.consent"), codes("consent", "care", "sharing", "statistics"), hint("register.consent_hint"))
	return p
}

// personData is what the sheet says, as action data: field by field, so that an update sends only what changed. An
// empty box is null.
type personData map[string]json.RawMessage

func (d personData) set(name string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings, numbers and lists of strings always have a JSON form
	}
	d[name] = raw
}

func (d personData) text(name, value string) {
	if value == "" {
		d[name] = json.RawMessage("null")
		return
	}
	d.set(name, value)
}

// personData reads the sheet and notes what is wrong with it.
func (f *form) personData() personData {
	d := personData{}
	for _, name := range []string{"given", "surname1", "surname2", "nickname", "sex", "gender", "direction", "phone", "note"} {
		d.text(name, f.value(name))
	}
	born, ok := typed.Understand(f.lang, f.value("birth"), f.now())
	if !ok {
		f.wrong("birth", f.T("refuse.bad_date", "got", f.value("birth")))
	}
	d.text("birth", born.Birth)
	d["age"], d["age_about"] = json.RawMessage("null"), json.RawMessage("null")
	if born.Age != nil {
		d.set("age", *born.Age)
	}
	if born.About {
		d.set("age_about", true)
	}
	d.set("nationality", f.choose("nationality", typed.NamedCountries, "person.nationality.unknown"))
	d.set("languages", f.choose("languages", typed.NamedLanguages, "person.languages.unknown"))
	d.set("groups", f.values("groups"))
	d.set("consent", f.values("consent"))
	return d
}

// choose reads typed names or codes, separated by commas, and notes those that are not known.
func (f *form) choose(name string, read func(lang.Tag, string) (codes, unknown []string), unknown string) []string {
	codes, not := read(f.lang, f.value(name))
	for _, one := range not {
		f.wrong(name, f.T(unknown, "typed", one))
	}
	return codes
}

// sheet turns a person into what the boxes of the sheet hold.
func (c *call) sheet(p people.Shown) url.Values {
	v := url.Values{}
	for name, text := range map[string]string{"given": p.Given, "surname1": p.Surname1, "surname2": p.Surname2, "nickname": p.Nickname, "sex": p.Sex,
		"gender": p.Gender, "direction": p.Direction, "phone": p.Phone, "note": p.Note} {
		v.Set(name, text)
	}
	switch {
	case p.Birth != "":
		v.Set("birth", p.Birth)
	case p.AgeTold != nil && p.AgeAbout:
		v.Set("birth", "~"+strconv.Itoa(*p.AgeTold))
	case p.AgeTold != nil:
		v.Set("birth", strconv.Itoa(*p.AgeTold))
	}
	var from, tongues []string
	for _, code := range p.Nationality {
		from = append(from, lang.Country(c.lang, code))
	}
	for _, code := range p.Languages {
		tongues = append(tongues, lang.Language(c.lang, code))
	}
	v.Set("nationality", strings.Join(from, ", "))
	v.Set("languages", strings.Join(tongues, ", "))
	v["groups"], v["consent"] = p.Groups, p.Consent
	return v
}

// municipality finds the one that was meant: a code, or words that only one municipality answers to.
func municipality(text string) (string, bool) {
	if a, ok := place.Municipality(text); ok {
		return a.Code, true
	}
	found := place.SearchMunicipality(strings.ReplaceAll(text, ",", " "), 2)
	if len(found) == 0 {
		return "", false
	}
	if len(found) == 1 || plain(found[0].Name) == plain(text) && plain(found[1].Name) != plain(text) ||
		plain(found[0].Name+", "+found[0].StateName) == plain(text) {
		return found[0].Code, true
	}
	return "", false
}

// plain writes text without accents, in lower case.
func plain(text string) string { return typed.Plain(text) }
