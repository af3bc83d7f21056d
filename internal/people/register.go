package people

import (
	"strings"
	"time"

	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// RegisterData is what person.register takes. One part of the name is enough; everything else may be missing.
type RegisterData struct {
	Given       string   `json:"given,omitempty"`
	Surname1    string   `json:"surname1,omitempty"`
	Surname2    string   `json:"surname2,omitempty"`
	Nickname    string   `json:"nickname,omitempty"`
	Sex         string   `json:"sex,omitempty" jsonschema:"enum=f,enum=m,enum=x,enum=unknown"`
	Gender      string   `json:"gender,omitempty" jsonschema:"description=in the person's own words"`
	Birth       string   `json:"birth,omitempty" jsonschema:"description=2004 or 2004-05 or 2004-05-17"`
	Age         *int     `json:"age,omitempty" jsonschema:"minimum=0,maximum=120"`
	AgeAbout    bool     `json:"age_about,omitempty"`
	Nationality []string `json:"nationality,omitempty" jsonschema:"description=ISO 3166-1 alpha-3 or STATELESS or UNKNOWN"`
	Languages   []string `json:"languages,omitempty" jsonschema:"description=BCP 47"`
	Direction   string   `json:"direction,omitempty" jsonschema:"enum=north,enum=south,enum=staying,enum=unknown"`
	Groups      []string `json:"groups,omitempty"`
	Phone       string   `json:"phone,omitempty"`
	Note        string   `json:"note,omitempty"`
	Consent     []string `json:"consent,omitempty" jsonschema:"description=care and sharing and statistics; when anything is said and sharing is not among it the record stays at its site"`
}

// Registered is the result of person.register.
type Registered struct {
	ID      record.ID `json:"id"`
	Person  record.ID `json:"person"` // the same id, under the name by which later actions ask for it
	Card    string    `json:"card"`
	Suggest []string  `json:"suggest,omitempty"` // groups to ask about; nothing is set by itself
}

var register = record.NewAction("person.register", []record.Compartment{record.Identity, record.FieldWork}, func(c *record.Change, d RegisterData) (any, error) {
	fields, err := d.check(c.Now)
	if err != nil {
		return nil, err
	}
	if !named(fields) {
		return nil, record.Refuse("given", "name_required")
	}
	if d.Age != nil {
		fields["age_on"] = c.At.Format(time.DateOnly)
	}
	id, err := c.Create(Person, fields)
	if err != nil {
		return nil, err
	}
	card, err := newCard(c.Context, c)
	if err != nil {
		return nil, err
	}
	if _, err := c.Set(Person, id, record.Fields{"card": card}); err != nil {
		return nil, err
	}
	age, _ := Age(text(fields["birth"]), d.Age, d.AgeAbout, text(fields["age_on"]), c.At)
	if err := countRegistration(c, fields, age); err != nil {
		return nil, err
	}
	if !MayTravel(set(fields["consent"]), nil) {
		c.Hold(id)
	}
	return Registered{ID: id, Person: id, Card: card, Suggest: suggest(age, set(fields["groups"]))}, nil
})

// check validates what is said and gives the fields to write.
func (d *RegisterData) check(now time.Time) (record.Fields, error) {
	fields := record.Fields{}
	for _, t := range []struct {
		name, value string
		max         int
	}{
		{"given", d.Given, typed.Name}, {"surname1", d.Surname1, typed.Name}, {"surname2", d.Surname2, typed.Name},
		{"nickname", d.Nickname, typed.Name}, {"gender", d.Gender, typed.Name}, {"phone", d.Phone, 40},
	} {
		v, err := typed.Line(t.name, t.value, t.max)
		if err != nil {
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
	}{{"sex", d.Sex, Sexes}, {"direction", d.Direction, Directions}} {
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
	for _, t := range []struct {
		name  string
		value []string
		check func(string, []string) ([]string, error)
	}{
		{"nationality", d.Nationality, typed.Countries},
		{"languages", d.Languages, typed.Languages},
		{"groups", d.Groups, func(f string, v []string) ([]string, error) { return typed.Codes(f, v, Groups) }},
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

// named reports fields that hold a name made of letters or digits, not of dots and dashes.
func named(fields record.Fields) bool {
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

// countRegistration adds the anonymous line, when the person agreed and it is known where this is.
func countRegistration(c *record.Change, fields record.Fields, age *int) error {
	if c.Site.IsZero() || !MayBeCounted(set(fields["consent"]), nil) {
		return nil
	}
	site, _, err := place.Find(c.Context, c, c.Site)
	if err != nil {
		return err
	}
	return c.Count(Registration, record.Fields{
		"site": c.Site, "day": site.DayOf(c.At), "sex": or(text(fields["sex"]), "unknown"), "age_band": AgeBand(age),
		"nationality": OneNationality(set(fields["nationality"])), "direction": or(text(fields["direction"]), "unknown"),
	})
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// suggest names groups worth asking about. A child is never marked as alone by a program: somebody must ask.
func suggest(age *int, groups []string) []string {
	if age == nil || *age >= 18 {
		return nil
	}
	for _, g := range groups {
		if g == "unaccompanied_child" || g == "separated_child" || g == "family_with_children" {
			return nil
		}
	}
	return []string{"unaccompanied_child"}
}
