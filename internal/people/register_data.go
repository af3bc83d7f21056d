package people

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// RegisterData is what person.register takes. One part of the name is enough; everything else may be missing.
type RegisterData struct {
	Given       string         `json:"given,omitempty"`
	Surname1    string         `json:"surname1,omitempty"`
	Surname2    string         `json:"surname2,omitempty"`
	Nickname    string         `json:"nickname,omitempty"`
	Spoken      string         `json:"spoken,omitempty" jsonschema:"description=the name as they say it when it is written otherwise"`
	Written     string         `json:"written,omitempty" jsonschema:"description=the name in the script in which they write it"`
	Aliases     []string       `json:"aliases,omitempty" jsonschema:"description=other names they go by"`
	Sex         string         `json:"sex,omitempty" jsonschema:"enum=f,enum=m,enum=x,enum=unknown"`
	Gender      string         `json:"gender,omitempty" jsonschema:"description=in the person's own words"`
	Birth       string         `json:"birth,omitempty" jsonschema:"description=2004 or 2004-05 or 2004-05-17"`
	Age         *int           `json:"age,omitempty" jsonschema:"minimum=0,maximum=120"`
	AgeAbout    bool           `json:"age_about,omitempty"`
	AgeBand     string         `json:"age_band,omitempty" jsonschema:"enum=0_4,enum=5_11,enum=12_17,enum=18_24,enum=25_49,enum=50_59,enum=60_plus,enum=child,enum=adult,description=where neither birth nor age is known"`
	Nationality []string       `json:"nationality,omitempty" jsonschema:"description=ISO 3166-1 alpha-3 or STATELESS or UNKNOWN"`
	Languages   []string       `json:"languages,omitempty" jsonschema:"description=BCP 47"`
	Interpreter string         `json:"interpreter,omitempty" jsonschema:"description=BCP 47 of the language for which they need an interpreter; und when it is not known which"`
	Direction   string         `json:"direction,omitempty" jsonschema:"enum=north,enum=south,enum=staying,enum=returned,enum=unknown"`
	Intention   string         `json:"intention,omitempty" jsonschema:"enum=north,enum=south,enum=stay,enum=return,enum=undecided"`
	Motives     []string       `json:"motives,omitempty" jsonschema:"description=why they go or stay or return: codes of the list motive"`
	Groups      []string       `json:"groups,omitempty" jsonschema:"description=as they told themselves; priorities says more"`
	Priorities  []PriorityData `json:"priorities,omitempty" jsonschema:"description=groups with who saw it and why it may be written down"`
	Alone       bool           `json:"alone,omitempty" jsonschema:"description=travels with nobody: a child is then unaccompanied"`
	With        string         `json:"with,omitempty" jsonschema:"description=a person with whom they travel: they belong to that household from now on"`
	WithAs      string         `json:"with_as,omitempty" jsonschema:"description=travel when empty,enum=family,enum=travel,enum=other"`
	Role        string         `json:"role,omitempty" jsonschema:"description=what they are in that household,enum=head,enum=partner,enum=child,enum=parent,enum=sibling,enum=grandparent,enum=grandchild,enum=relative,enum=companion,enum=other"`
	Phone       string         `json:"phone,omitempty"`
	Note        string         `json:"note,omitempty"`
	Card        string         `json:"card,omitempty" jsonschema:"description=a printed card that is handed to them; one is drawn when empty"`
	Different   []string       `json:"different,omitempty" jsonschema:"description=records that were shown and are not this person"`
	Incomplete  bool           `json:"incomplete,omitempty" jsonschema:"description=the rest is still to be asked"`
	Consent     []string       `json:"consent,omitempty" jsonschema:"description=care and sharing and statistics; when anything is said and sharing is not among it the record stays at its site"`
}

// mostAliases bounds the other names of one person.
const mostAliases = 10

// check validates what is said and gives the fields to write, with all groups, those that stand elsewhere among them.
func (d *RegisterData) check(now time.Time) (record.Fields, error) {
	fields := record.Fields{}
	for _, t := range []struct {
		name, value string
		max         int
	}{
		{"given", d.Given, typed.Name}, {"surname1", d.Surname1, typed.Name}, {"surname2", d.Surname2, typed.Name},
		{"nickname", d.Nickname, typed.Name}, {"spoken", d.Spoken, 2 * typed.Name}, {"written", d.Written, 2 * typed.Name},
		{"gender", d.Gender, typed.Name}, {"phone", d.Phone, 40},
	} {
		v, err := typed.Line(t.name, t.value, t.max)
		if err != nil {
			return nil, err
		}
		if err := readable(t.name, v); err != nil {
			return nil, err
		}
		say(fields, t.name, v)
	}
	note, err := typed.Lines("note", d.Note, typed.Story)
	if err != nil {
		return nil, err
	}
	say(fields, "note", note)
	for _, t := range []struct {
		name, value string
		list        []string
	}{{"sex", d.Sex, Sexes}, {"direction", d.Direction, Directions}, {"intention", d.Intention, Intentions}, {"age_band", d.AgeBand, AgeBands}} {
		v, err := typed.Code(t.name, t.value, t.list)
		if err != nil {
			return nil, err
		}
		say(fields, t.name, v)
	}
	birth, err := typed.Past("birth", d.Birth, now)
	if err != nil {
		return nil, err
	}
	say(fields, "birth", birth)
	if err := typed.Whole("age", d.Age, 0, typed.MaxAge); err != nil {
		return nil, err
	}
	if d.Age != nil {
		fields["age"] = *d.Age
	}
	if d.AgeAbout {
		fields["age_about"] = true
	}
	if d.Incomplete {
		fields["incomplete"] = true
	}
	if fields["interpreter"], err = interpreter(d.Interpreter); err != nil {
		return nil, err
	}
	groups, err := d.allGroups(fields, now)
	if err != nil {
		return nil, err
	}
	for _, t := range []struct {
		name  string
		value []string
		check func(string, []string) ([]string, error)
	}{
		{"aliases", d.Aliases, aliases},
		{"nationality", d.Nationality, typed.Countries},
		{"languages", d.Languages, typed.Languages},
		{"motives", d.Motives, func(f string, v []string) ([]string, error) { return typed.Codes(f, v, Motives) }},
		{"groups", groups, func(f string, v []string) ([]string, error) { return typed.Codes(f, v, Groups) }},
		{"consent", d.Consent, func(f string, v []string) ([]string, error) { return typed.Codes(f, v, Purposes) }},
	} {
		v, err := t.check(t.name, t.value)
		if err != nil {
			return nil, err
		}
		if len(v) > 0 {
			fields[t.name] = v
		}
	}
	return fields, nil
}

// allGroups are those told as a list, those told with more, and that of a child of whom it is said that they travel alone.
func (d *RegisterData) allGroups(fields record.Fields, now time.Time) ([]string, error) {
	groups := slices.Clone(d.Groups)
	for _, p := range d.Priorities {
		groups = append(groups, p.Group)
	}
	if !d.Alone {
		return groups, nil
	}
	if d.With != "" {
		return nil, record.Refuse("alone", "alone_with")
	}
	age, _ := Age(text(fields["birth"]), d.Age, d.AgeAbout, "", now)
	if Minor(age, text(fields["age_band"])) && !slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(ChildGroups, g) }) {
		groups = append(groups, "unaccompanied_child")
	}
	return groups, nil
}

// priorities checks what is said of groups; each group once, the last word counts.
func (d *RegisterData) priorities() ([]PriorityData, error) {
	var out []PriorityData
	for i, p := range d.Priorities {
		one, err := p.check()
		if err != nil {
			return nil, Within("priorities", i, err)
		}
		out = slices.DeleteFunc(out, func(o PriorityData) bool { return o.Group == one.Group })
		out = append(out, one)
	}
	return out, nil
}

// Within says of a refusal about one of a list where in the list it is: "priorities.0.group".
func Within(list string, i int, err error) error {
	var r *record.Refusal
	if !errors.As(err, &r) {
		return err
	}
	at := *r
	at.Field = strings.TrimSuffix(list+"."+strconv.Itoa(i)+"."+r.Field, ".")
	return &at
}

// Inside says of a refusal that it is about a field of another: "count.total".
func Inside(field string, err error) error {
	var r *record.Refusal
	if !errors.As(err, &r) {
		return err
	}
	at := *r
	at.Field = strings.TrimSuffix(field+"."+r.Field, ".")
	return &at
}

// readable refuses a name that is no writing at all: pictures stand for nobody, and are not found again.
func readable(field, value string) error {
	for _, r := range value {
		if picture(r) {
			return record.Refuse(field, "no_pictures", "field", field)
		}
	}
	return nil
}

// picture reports the blocks of Unicode that hold emoji and other pictures, and what joins or colours them.
func picture(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF || r >= 0x2B00 && r <= 0x2BFF || r == 0xFE0F || r == 0x20E3 || r >= 0xE0020 && r <= 0xE007F
}

// interpreter checks the language for which somebody needs one; nil when they need none.
func interpreter(tag string) (any, error) {
	tag = strings.TrimSpace(tag)
	switch tag {
	case "":
		return nil, nil
	case language.Und.String():
		return tag, nil
	}
	tags, err := typed.Languages("interpreter", []string{tag})
	if err != nil {
		return nil, err
	}
	return tags[0], nil
}

func aliases(field string, names []string) ([]string, error) {
	if len(names) > mostAliases {
		return nil, record.Refuse(field, "out_of_range", "field", field, "got", strconv.Itoa(len(names)), "low", "0", "high", strconv.Itoa(mostAliases))
	}
	var out []string
	for _, name := range names {
		v, err := typed.Line(field, name, typed.Name)
		if err != nil {
			return nil, err
		}
		if err := readable(field, v); err != nil {
			return nil, err
		}
		if v != "" {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// hasName reports fields that hold a name made of letters or digits, not of dots and dashes.
func hasName(fields record.Fields) bool {
	for _, name := range []string{"given", "surname1", "surname2", "nickname"} {
		if strings.TrimFunc(text(fields[name]), isMark) != "" {
			return true
		}
	}
	return false
}

func isMark(r rune) bool { return strings.ContainsRune(" .,-_*?¿!'\"/\\", r) }

func say(fields record.Fields, name, value string) {
	if value != "" {
		fields[name] = value
	}
}

func text(v any) string { s, _ := v.(string); return s }

func set(v any) []string { s, _ := v.([]string); return s }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
