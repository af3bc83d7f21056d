package people

import (
	"slices"
	"time"

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// UpdateData is what person.update takes: the person, and the fields that change. Null clears a field; what is not sent stays.
type UpdateData struct {
	Person      string                `json:"person"`
	Given       typed.Patch[string]   `json:"given,omitzero"`
	Surname1    typed.Patch[string]   `json:"surname1,omitzero"`
	Surname2    typed.Patch[string]   `json:"surname2,omitzero"`
	Nickname    typed.Patch[string]   `json:"nickname,omitzero"`
	Spoken      typed.Patch[string]   `json:"spoken,omitzero"`
	Written     typed.Patch[string]   `json:"written,omitzero"`
	Aliases     typed.Patch[[]string] `json:"aliases,omitzero"`
	Sex         typed.Patch[string]   `json:"sex,omitzero"`
	Gender      typed.Patch[string]   `json:"gender,omitzero"`
	Birth       typed.Patch[string]   `json:"birth,omitzero"`
	Age         typed.Patch[int]      `json:"age,omitzero"`
	AgeAbout    typed.Patch[bool]     `json:"age_about,omitzero"`
	AgeBand     typed.Patch[string]   `json:"age_band,omitzero"`
	Nationality typed.Patch[[]string] `json:"nationality,omitzero"`
	Languages   typed.Patch[[]string] `json:"languages,omitzero"`
	Interpreter typed.Patch[string]   `json:"interpreter,omitzero"`
	Direction   typed.Patch[string]   `json:"direction,omitzero"`
	Intention   typed.Patch[string]   `json:"intention,omitzero"`
	Motives     typed.Patch[[]string] `json:"motives,omitzero"`
	Groups      typed.Patch[[]string] `json:"groups,omitzero"`
	Phone       typed.Patch[string]   `json:"phone,omitzero"`
	Note        typed.Patch[string]   `json:"note,omitzero"`
	Incomplete  typed.Patch[bool]     `json:"incomplete,omitzero" jsonschema:"description=false when nothing is left to ask"`
	Consent     typed.Patch[[]string] `json:"consent,omitzero"`
}

// Updated is the result of person.update.
type Updated struct {
	ID      record.ID `json:"id"`
	Person  record.ID `json:"person"`
	Changed []string  `json:"changed"` // fields that were different before, sorted; empty when all was so already
	Suggest []string  `json:"suggest,omitempty"`
	Child   bool      `json:"child,omitempty"`   // alone, or with nobody of their own: the child path begins at once
	Private bool      `json:"private,omitempty"` // of a survivor only that they want to talk in private was kept: the member does not open more
}

var update = record.NewAction("person.update", []record.Compartment{record.Identity, record.Survivor}, func(c *record.Change, d UpdateData) (any, error) {
	id, err := Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	now, err := readPerson(c.Context, c, id)
	if err != nil {
		return nil, err
	}
	// Only what is said is checked: what a later version of the program wrote must not stand in the way.
	said := d.over(stored{})
	checked, err := said.check(c.Now)
	if err != nil {
		return nil, err
	}
	fields := record.Fields{}
	for name, said := range d.said() {
		if said {
			fields[name] = checked[name] // nil clears
		}
	}
	after := d.over(now)
	if !hasName(record.Fields{"given": after.Given, "surname1": after.Surname1, "surname2": after.Surname2, "nickname": after.Nickname}) {
		return nil, record.Refuse("given", "name_required")
	}
	out := Updated{ID: id, Person: id}
	if d.Groups.Said {
		if out.Private, err = setGroups(c, id, fields); err != nil {
			return nil, err
		}
	}
	if d.Incomplete.Said && !d.Incomplete.Or() || now.incomplete && !d.Incomplete.Said && after.Complete() {
		fields["incomplete"] = false
	}
	if d.Age.Said {
		fields["age_on"] = nil
		if d.Age.Value != nil {
			fields["age_on"] = c.At.Format(time.DateOnly)
			if now.age != nil && *now.age == *d.Age.Value && now.ageOn != "" {
				delete(fields, "age_on") // told again as it stands: the day it was first told is the better one
			}
		}
	}
	var before Wishes
	if d.Consent.Said {
		if before, err = wishesOf(c.Context, c, now, c.Now); err != nil {
			return nil, err
		}
		now.agreedTo(set(checked["consent"]))
		fields["refused"], fields["referral_to"] = now.refused, now.referralTo
	}
	changed, err := c.Set(Person, id, fields)
	if err != nil {
		return nil, err
	}
	if d.Consent.Said {
		wishes, err := wishesOf(c.Context, c, now, c.Now)
		if err != nil {
			return nil, err
		}
		if err := follow(c, now, before, wishes); err != nil {
			return nil, err
		}
	}
	for i, name := range changed {
		switch name { // as they were asked for
		case "age_on":
			changed[i] = "age"
		case "refused", "referral_to":
			changed[i] = "consent"
		}
	}
	slices.Sort(changed)
	out.Changed = slices.Compact(changed)
	if out.Changed == nil {
		out.Changed = []string{}
	}
	age, _ := Age(after.Birth, after.Age, after.AgeAbout, or(text(fields["age_on"]), now.ageOn), c.At)
	out.Suggest = suggest(Minor(age, after.AgeBand), after.Groups)
	out.Child = ChildAlone(age, after.AgeBand, after.Groups) && !ChildAlone(ageOf(now, c.At), now.ageBand, now.groups)
	if out.Child {
		if err := beginChildPath(c, id); err != nil {
			return nil, err
		}
	}
	return out, nil
})

// Complete reports that what is asked of everybody is known. What somebody agreed to is asked on its own page.
func (d *RegisterData) Complete() bool {
	return d.Sex != "" && (d.Birth != "" || d.Age != nil || d.AgeBand != "") && len(d.Nationality) > 0 && len(d.Languages) > 0
}

// setGroups writes where it belongs what a list of groups says, and leaves in fields what may stand in the person's own record.
func setGroups(c *record.Change, person record.ID, fields record.Fields) (private bool, err error) {
	groups := set(fields["groups"])
	if !slices.Contains(groups, SurvivorGroup) && c.Writes(record.Survivor) {
		if err := notSurvivor(c, person); err != nil {
			return false, err
		}
	}
	kept, private, err := sayGroups(c, person, groups, nil, false)
	if err != nil {
		return false, err
	}
	fields["groups"], err = withOld(c, person, kept)
	return private, err
}

func ageOf(p stored, on time.Time) *int {
	age, _ := Age(p.birth, p.age, p.ageAbout, p.ageOn, on)
	return age
}

// Known resolves the id of a person who is on this machine, or refuses naming the field.
func Known(c *record.Change, field, id string) (record.ID, error) {
	person, err := c.Ref(field, id)
	if err != nil {
		return person, err
	}
	there, err := c.Exists(Person, person)
	if err != nil {
		return person, err
	}
	if !there {
		return person, record.Refuse(field, "unknown_id", "field", field)
	}
	return person, nil
}

// said lists which fields are spoken of.
func (d *UpdateData) said() map[string]bool {
	return map[string]bool{
		"given": d.Given.Said, "surname1": d.Surname1.Said, "surname2": d.Surname2.Said, "nickname": d.Nickname.Said, "sex": d.Sex.Said,
		"gender": d.Gender.Said, "birth": d.Birth.Said, "age": d.Age.Said, "age_about": d.AgeAbout.Said, "nationality": d.Nationality.Said,
		"languages": d.Languages.Said, "direction": d.Direction.Said, "groups": d.Groups.Said, "phone": d.Phone.Said, "note": d.Note.Said,
		"consent": d.Consent.Said, "spoken": d.Spoken.Said, "written": d.Written.Said, "aliases": d.Aliases.Said, "age_band": d.AgeBand.Said,
		"interpreter": d.Interpreter.Said, "intention": d.Intention.Said, "motives": d.Motives.Said, "incomplete": d.Incomplete.Said,
	}
}

// over lays what is said over what stands.
func (d *UpdateData) over(now stored) RegisterData {
	pick := func(p typed.Patch[string], stands string) string {
		if p.Said {
			return p.Or()
		}
		return stands
	}
	list := func(p typed.Patch[[]string], stands []string) []string {
		if p.Said {
			return p.Or()
		}
		return stands
	}
	r := RegisterData{
		Given: pick(d.Given, now.given), Surname1: pick(d.Surname1, now.surname1), Surname2: pick(d.Surname2, now.surname2),
		Nickname: pick(d.Nickname, now.nickname), Sex: pick(d.Sex, now.sex), Gender: pick(d.Gender, now.gender), Birth: pick(d.Birth, now.birth),
		Age: now.age, AgeAbout: now.ageAbout, Nationality: list(d.Nationality, now.nationality), Languages: list(d.Languages, now.languages),
		Direction: pick(d.Direction, now.direction), Groups: list(d.Groups, now.groups), Phone: pick(d.Phone, now.phone),
		Note: pick(d.Note, now.note), Consent: list(d.Consent, now.consent),
		Spoken: pick(d.Spoken, now.spoken), Written: pick(d.Written, now.written), Aliases: list(d.Aliases, now.aliases),
		AgeBand: pick(d.AgeBand, now.ageBand), Interpreter: pick(d.Interpreter, now.interpreter), Intention: pick(d.Intention, now.intention),
		Motives: list(d.Motives, now.motives), Incomplete: now.incomplete,
	}
	if d.Age.Said {
		r.Age = d.Age.Value
	}
	if d.AgeAbout.Said {
		r.AgeAbout = d.AgeAbout.Or()
	}
	if d.Incomplete.Said {
		r.Incomplete = d.Incomplete.Or()
	}
	return r
}
