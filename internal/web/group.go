package web

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/record"
	"amparo/internal/route"
)

// GroupPage registers those who arrive together: how many they are, and a line for each one or each family.
type GroupPage struct {
	Shell
	Form
	Counts                                             bool // the member may count
	Total, Women, Men, Girls, Boys, Mode               Field
	Nationality, Languages, Direction, Consent, Travel Field
	Lines                                              []GroupLine
	Countries, Tongues                                 []lang.Choice
	Rows                                               int
	When                                               When
}

// GroupLine is one line of the sheet.
type GroupLine struct {
	N                                                          int
	Given, Surname1, Surname2, Birth, Sex, Family, Size, Alone Field
}

const (
	firstLines = 12
	moreLines  = 15
	mostLines  = 60
)

func groupPage(c *call) error {
	if ok, err := c.sited(); !ok {
		return err
	}
	f, err := c.form("/group", url.Values{"rows": {strconv.Itoa(firstLines)}})
	if err != nil {
		return err
	}
	rows, err := strconv.Atoi(f.value("rows"))
	if err != nil || rows < 1 {
		rows = firstLines
	}
	rows = min(rows, mostLines)
	if f.typed.Has("_more") {
		f.submitted, rows = false, min(rows+moreLines, mostLines)
	}
	if f.submitted {
		data, of := f.group(rows)
		at := f.at()
		if f.ready() {
			r, err := c.apply("group.register", f.Client, at, data)
			if err != nil {
				return err
			}
			if r.OK {
				return f.arrived(r)
			}
			f.groupRefused(r, of)
		}
	}
	p := GroupPage{Shell: c.shell("group.title"), Counts: c.desk.MayDo("flow.count"), Rows: rows, Countries: lang.Countries(c.lang), Tongues: lang.Languages(c.lang)}
	p.Total = f.field("total", label("group.total"), digits(), focus())
	p.Women, p.Men, p.Girls, p.Boys = f.field("women", digits()), f.field("men", digits()), f.field("girls", digits()), f.field("boys", digits())
	p.Mode = f.field("mode", codes("flow_mode", route.Modes...))
	p.Direction = f.field("direction", codes("direction", people.Directions...))
	p.Nationality = f.field("nationality", hint("group.all_hint"), list("countries"))
	p.Languages = f.field("languages", hint("group.all_hint"), list("tongues"))
	p.Consent = f.field("consent", label("register.consent"), hint("group.consent_hint"), codes("consent", people.ToCare, people.Sharing, people.Statistics))
	p.Travel = f.field("together", label("group.together_label"), func(f *form, d *Field) {
		f.offer(d, []lang.Choice{{Code: "1", Name: f.T("group.together")}})
	})
	for i := range rows {
		p.Lines = append(p.Lines, f.groupLine(i))
	}
	p.When = f.when()
	p.Form, p.Shell.Form, p.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "group.html", p)
}

// cell names a box of a line.
func cell(name string, line int) string { return name + "-" + strconv.Itoa(line+1) }

func (f *form) groupLine(i int) GroupLine {
	box := func(name string, options ...with) Field {
		key := "field." + name
		switch name {
		case "birth":
			key = "group.age"
		case "size":
			key = "group.size"
		}
		return f.field(cell(name, i), append([]with{label(key)}, options...)...)
	}
	line := GroupLine{N: i + 1, Given: box("given"), Surname1: box("surname1"), Surname2: box("surname2"), Birth: box("birth"),
		Family: box("family", class("w3")), Size: box("size", digits())}
	line.Sex = box("sex", func(f *form, d *Field) {
		for _, code := range people.Sexes {
			d.Options = append(d.Options, Option{Value: code, Label: f.T("code.sex." + code), On: f.value(d.Name) == code})
		}
	})
	line.Alone = box("alone", func(f *form, d *Field) {
		d.Label = f.T("register.alone")
		f.offer(d, []lang.Choice{{Code: "1", Name: f.T("register.alone")}})
	})
	return line
}

// group reads the sheet: what group.register takes, and of each of its lines in which line of the sheet it stands.
func (f *form) group(rows int) (data map[string]any, of []int) {
	data = map[string]any{}
	lines := []map[string]any{}
	for i := range rows {
		line := map[string]any{}
		for _, name := range []string{"given", "surname1", "surname2", "sex", "family"} {
			if v := f.value(cell(name, i)); v != "" {
				line[name] = v
			}
		}
		born, ok := typed.Understand(f.lang, f.value(cell("birth", i)), f.now())
		if !ok {
			f.wrong(cell("birth", i), f.T("group.line", "line", i+1, "says", f.T("register.bad_birth", "got", f.value(cell("birth", i)))))
		}
		if born.Birth != "" {
			line["birth"] = born.Birth
		}
		if born.Age != nil {
			line["age"] = *born.Age
		}
		if born.About {
			line["age_about"] = true
		}
		if born.Band != "" {
			line["age_band"] = born.Band
		}
		if n := f.number(cell("size", i)); n != nil {
			line["family_size"] = *n
		}
		if f.value(cell("alone", i)) != "" {
			line["alone"] = true
		}
		if len(line) > 0 {
			lines, of = append(lines, line), append(of, i)
		}
	}
	if len(lines) > 0 {
		data["people"] = lines
	}
	for name, list := range map[string][]string{"nationality": f.choose("nationality", typed.NamedCountries, "person.nationality.unknown"),
		"languages": f.choose("languages", typed.NamedLanguages, "person.languages.unknown"), "consent": f.values("consent")} {
		if len(list) > 0 {
			data[name] = list
		}
	}
	if v := f.value("direction"); v != "" {
		data["direction"] = v
	}
	if f.value("together") != "" {
		data["together"] = true
	}
	if count := f.headcount(); count != nil {
		data["count"] = count
	}
	if len(lines) == 0 && data["count"] == nil {
		f.wrong("total", f.T("refuse.group_empty"))
	}
	return data, of
}

// headcount is how many came without their names; nil when nobody said it.
func (f *form) headcount() map[string]any {
	count := map[string]any{}
	for _, name := range []string{"total", "women", "men", "girls", "boys"} {
		if n := f.number(name); n != nil {
			count[name] = *n
		}
	}
	if len(count) > 0 && f.value("mode") != "" {
		count["mode"] = f.value("mode")
	}
	if len(count) == 0 {
		return nil
	}
	return count
}

// ofLine takes apart the field of a refusal: people.3.birth.
var ofLine = regexp.MustCompile(`^people\.(\d+)\.(\w*)$`)

// groupRefused says beside the box what is wrong.
func (f *form) groupRefused(r record.Result, of []int) {
	if !f.refuse(r) {
		return
	}
	fault := &f.Faults[len(f.Faults)-1]
	fault.Field = strings.TrimPrefix(fault.Field, "count.")
	m := ofLine.FindStringSubmatch(fault.Field)
	if m == nil {
		return
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n >= len(of) {
		return
	}
	name := m[2]
	if name == "age" || name == "age_band" {
		name = "birth"
	} else if name == "family_size" {
		name = "size"
	}
	fault.Field = cell(name, of[n])
	if of[n] != n { // the sheet has empty lines before it; the sentence begins with the line
		fault.Text = strings.Replace(fault.Text, strconv.Itoa(n+1), strconv.Itoa(of[n]+1), 1)
	}
}

// grouped is what group.register answers.
type grouped struct {
	People     []registered `json:"people"`
	Incomplete int          `json:"incomplete"`
}

// arrived leads on from a group: to children who are alone, otherwise to who is to be completed, otherwise to the board.
func (f *form) arrived(r record.Result) error {
	made, err := record.ResultAs[grouped](r)
	if err != nil {
		return err
	}
	n := notice{Text: f.T("group.done", "n", len(made.People))}
	if len(made.People) == 0 {
		n.Text = f.T("group.counted")
	}
	to := "/board"
	switch {
	case slices.ContainsFunc(made.People, func(p registered) bool { return p.Child }) && f.may("/children"):
		to = "/children"
	case made.Incomplete > 0 && f.may("/incomplete"):
		to = "/incomplete"
	}
	return f.done(to, n)
}
