package people

import (
	"slices"
	"time"

	"amparo/internal/place"
	"amparo/internal/record"
)

// Registered is the result of person.register.
type Registered struct {
	ID        record.ID `json:"id"`
	Person    record.ID `json:"person"` // the same id, under the name by which later actions ask for it
	Card      string    `json:"card"`
	Suggest   []string  `json:"suggest,omitempty"`  // groups to ask about; nothing is set by itself
	Child     bool      `json:"child,omitempty"`    // alone, or with nobody of their own: the child path begins at once
	Ask       bool      `json:"ask,omitempty"`      // a child, and nobody said with whom they travel: it must be asked
	Private   bool      `json:"private,omitempty"`  // of a survivor only that they want to talk in private was kept: the member does not open more
	Household record.ID `json:"household,omitzero"` // to which they belong now
}

var register = record.NewAction("person.register", []record.Compartment{record.Identity, record.Survivor, record.FieldWork}, func(c *record.Change, d RegisterData) (any, error) {
	return Enrol(c, d)
})

// Enrol registers a person in the change of an action: who they are, their card, what they agreed to, the groups they stand in, and
// with whom they travel. Either all of it is said or a refusal names the field.
func Enrol(c *record.Change, d RegisterData) (Registered, error) {
	var none Registered
	fields, err := d.check(c.Now)
	if err != nil {
		return none, err
	}
	if !hasName(fields) {
		return none, record.Refuse("given", "name_required")
	}
	said, err := d.priorities()
	if err != nil {
		return none, err
	}
	if d.Age != nil {
		fields["age_on"] = c.At.Format(time.DateOnly)
	}
	id, err := c.Create(Person, fields)
	if err != nil {
		return none, err
	}
	out := Registered{ID: id, Person: id}
	if out.Card, err = firstCard(c, d.Card); err != nil {
		return none, err
	}
	groups, private, err := sayGroups(c, id, set(fields["groups"]), said, false)
	if err != nil {
		return none, err
	}
	if _, err := c.Set(Person, id, record.Fields{"card": out.Card, "groups": groups}); err != nil {
		return none, err
	}
	age, _ := Age(text(fields["birth"]), d.Age, d.AgeAbout, text(fields["age_on"]), c.At)
	if err := countRegistration(c, fields, age); err != nil {
		return none, err
	}
	if d.With != "" {
		if out.Household, err = d.accompany(c, id); err != nil {
			return none, err
		}
	}
	if err := markDifferent(c, id, d.Different); err != nil {
		return none, err
	}
	if !MayTravel(set(fields["consent"]), nil) {
		c.Hold(id)
	}
	minor := Minor(age, d.AgeBand)
	out.Private, out.Suggest = private, suggest(minor, groups)
	out.Child = ChildAlone(age, d.AgeBand, groups)
	if out.Child {
		if err := beginChildPath(c, id); err != nil {
			return none, err
		}
	}
	out.Ask = minor && !out.Child && d.With == "" && !slices.Contains(groups, "family_with_children")
	return out, nil
}

// firstCard is the card a person is registered with: the printed one that is handed to them, or one drawn now.
func firstCard(c *record.Change, printed string) (string, error) {
	if printed != "" {
		return TakeCard(c, printed)
	}
	return newCard(c.Context, c)
}

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
		"site": c.Site, "day": site.DayOf(c.At), "sex": or(text(fields["sex"]), "unknown"), "age_band": CountedBand(age, text(fields["age_band"])),
		"nationality": OneNationality(set(fields["nationality"])), "direction": or(text(fields["direction"]), "unknown"),
	})
}

// Minor reports somebody younger than 18 by their age, or by what was told of it where the age is not known.
func Minor(age *int, band string) bool {
	if age != nil {
		return *age < 18
	}
	return band == Child || band == "0_4" || band == "5_11" || band == "12_17"
}

// ChildGroups are those of a child who is without their parents.
var ChildGroups = []string{"unaccompanied_child", "separated_child"}

// ChildAlone reports a child without their parents. Where the age is not known the group decides: whoever may be a child is taken for
// one (Ley de Migración, art. 3 XVI).
func ChildAlone(age *int, band string, groups []string) bool {
	grown := age != nil && *age >= 18 || age == nil && band != "" && !Minor(nil, band)
	return !grown && slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(ChildGroups, g) })
}

// childPath is how package child begins the path of a child without their parents; nil in a program without it.
var childPath func(c *record.Change, person record.ID) error

// ChildPath declares what begins in the change that says that a child is without their parents: package child does, before any
// node runs.
func ChildPath(f func(c *record.Change, person record.ID) error) { childPath = f }

func beginChildPath(c *record.Change, person record.ID) error {
	if childPath == nil {
		return nil
	}
	return childPath(c, person)
}

// suggest names groups worth asking about. A child is never marked as alone by a program: somebody must ask.
func suggest(minor bool, groups []string) []string {
	if !minor || slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(ChildGroups, g) || g == "family_with_children" }) {
		return nil
	}
	return []string{"unaccompanied_child"}
}

// company is how package family says that somebody is with another; nil in a program without it.
var company func(c *record.Change, person, with record.ID, kind, role string) (household record.ID, err error)

// Accompany declares how it is said that a person is with another: package family does, before any node runs.
func Accompany(f func(c *record.Change, person, with record.ID, kind, role string) (household record.ID, err error)) {
	company = f
}

// accompany says with whom the person travels.
func (d *RegisterData) accompany(c *record.Change, person record.ID) (record.ID, error) {
	if company == nil {
		return record.ID{}, record.Refuse("with", "unknown_field", "field", "with")
	}
	with, err := Known(c, "with", d.With)
	if err != nil {
		return record.ID{}, err
	}
	return company(c, person, with, d.WithAs, d.Role)
}
