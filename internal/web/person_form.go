package web

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// PersonForm is the dense sheet on which a person is registered or changed.
type PersonForm struct {
	Given, Surname1, Surname2, Nickname Field
	Birth, Nationality, Languages       Field
	Sex, Gender, Direction, Groups      Field
	Interpreter, Intention, Motives     Field
	Spoken, Written, Aliases            Field
	Phone, Note, Consent                Field
	Countries, Tongues                  []lang.Choice
	More                                bool // the rarer boxes hold something
	Hurried                             bool // taken up in a hurry
	Complete                            Field
}

// groups are what to look after, in the order of the sheet.
var groups = []string{"unaccompanied_child", "separated_child", "family_with_children", "woman_alone", "pregnant", "lactating", "older",
	"disability", "chronic_illness", "lgbtiq", people.PrivateTalk, people.SurvivorGroup}

// groupsOffered are those that the member may write down: of a survivor everybody else notes that they want to talk in private.
func (c *call) groupsOffered() []string {
	if c.desk.Opens(record.Survivor) {
		return groups
	}
	return slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return g == people.SurvivorGroup })
}

func (f *form) personForm() PersonForm {
	p := PersonForm{Countries: lang.Countries(f.lang), Tongues: lang.Languages(f.lang), More: slices.ContainsFunc(rarer, func(name string) bool { return f.value(name) != "" })}
	p.Given = f.field("given", focus())
	p.Surname1 = f.field("surname1")
	p.Surname2 = f.field("surname2")
	p.Nickname = f.field("nickname")
	p.Birth = f.field("birth", label("person.birth"), hint("register.birth_hint"), echo("/understand"))
	p.Nationality = f.field("nationality", hint("person.nationality.hint"), list("countries"))
	p.Languages = f.field("languages", list("tongues"))
	p.Interpreter = f.field("interpreter", hint("register.interpreter_hint"), list("tongues"))
	p.Sex = f.field("sex", codes("sex", "f", "m", "x", "unknown"))
	p.Direction = f.field("direction", codes("direction", people.Directions...))
	p.Groups = f.field("groups", hint("register.groups_hint"), codes("group", f.groupsOffered()...))
	p.Intention = f.field("intention", codes("intention", people.Intentions...))
	p.Motives = f.field("motives", codes("motive", people.Motives...))
	p.Spoken = f.field("spoken", hint("register.spoken_hint"))
	p.Written = f.field("written", hint("register.written_hint"))
	p.Aliases = f.field("aliases", hint("register.aliases_hint"))
	p.Gender = f.field("gender")
	p.Phone = f.field("phone", hint("register.phone_hint"), func(_ *form, d *Field) { d.Mode, d.Class, d.Max = "tel", "w6", 30 })
	p.Note = f.field("note", rows(2))
	if p.Hurried = f.value("incomplete") != ""; p.Hurried {
		p.Complete = f.field("complete", label("field.incomplete"), func(f *form, d *Field) {
			f.offer(d, []lang.Choice{{Code: "1", Name: f.T("incomplete.complete")}})
		})
	}
	p.Consent = f.field("consent", label("register.consent"), codes("consent", "care", "sharing", "statistics"), hint("register.consent_hint"))
	return p
}

// rarer are the boxes that are folded away until one of them holds something.
var rarer = []string{"spoken", "written", "aliases", "gender", "phone", "card", "intention", "motives", "note"}

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
	for _, name := range []string{"given", "surname1", "surname2", "nickname", "sex", "gender", "direction", "intention", "spoken", "written", "phone", "note"} {
		d.text(name, f.value(name))
	}
	born, ok := typed.Understand(f.lang, f.value("birth"), f.now())
	if !ok {
		f.wrong("birth", f.T("register.bad_birth", "got", f.value("birth")))
	}
	d.text("birth", born.Birth)
	d.text("age_band", born.Band)
	d["age"], d["age_about"] = json.RawMessage("null"), json.RawMessage("null")
	if born.Age != nil {
		d.set("age", *born.Age)
	}
	if born.About {
		d.set("age_about", true)
	}
	d.set("nationality", f.choose("nationality", typed.NamedCountries, "person.nationality.unknown"))
	d.set("languages", f.choose("languages", typed.NamedLanguages, "person.languages.unknown"))
	d.text("interpreter", f.interpreter())
	if f.value("complete") != "" {
		d.set("incomplete", false)
	}
	d.set("aliases", split(f.value("aliases")))
	d.set("motives", f.values("motives"))
	d.set("groups", f.values("groups"))
	d.set("consent", f.values("consent"))
	return d
}

// interpreter reads the language for which somebody needs one; a plain yes says that it is not known which.
func (f *form) interpreter() string {
	if text := plain(f.value("interpreter")); text == plain(f.T("app.yes")) || text == plain(f.T("person.interpreter.any")) {
		return anyLanguage
	}
	tongues := f.choose("interpreter", typed.NamedLanguages, "person.languages.unknown")
	switch len(tongues) {
	case 0:
		return ""
	case 1:
		return tongues[0]
	}
	f.wrong("interpreter", f.T("register.one_interpreter"))
	return ""
}

// anyLanguage stands for an interpreter whose language is not known.
const anyLanguage = "und"

// split reads names parted by commas.
func split(text string) []string {
	out := []string{}
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		if one = strings.TrimSpace(one); one != "" {
			out = append(out, one)
		}
	}
	return out
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
		"gender": p.Gender, "direction": p.Direction, "phone": p.Phone, "note": p.Note, "intention": p.Intention, "spoken": p.Spoken, "written": p.Written,
		"aliases": strings.Join(p.Aliases, ", "), "interpreter": c.tongue(p.Interpreter)} {
		v.Set(name, text)
	}
	if p.Incomplete {
		v.Set("incomplete", "1")
	}
	switch {
	case p.Birth != "":
		v.Set("birth", p.Birth)
	case p.AgeTold != nil && p.AgeAbout:
		v.Set("birth", "~"+strconv.Itoa(*p.AgeTold))
	case p.AgeTold != nil:
		v.Set("birth", strconv.Itoa(*p.AgeTold))
	case p.AgeBand != "":
		v.Set("birth", c.coded("age_band", p.AgeBand))
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
	v["groups"], v["consent"], v["motives"] = p.Groups, p.Consent, p.Motives
	return v
}

// tongue names the language for which an interpreter is needed.
func (c *call) tongue(code string) string {
	switch code {
	case "":
		return ""
	case anyLanguage:
		return c.T("person.interpreter.any")
	}
	return lang.Language(c.lang, code)
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
