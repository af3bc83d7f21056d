package family

import (
	"slices"
	"strings"
	"time"

	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// SeekData is what family.seek takes: who looks for whom, how they were parted, and what the one who looks agrees to. With seek it says
// a search anew: what is left out then is no longer known.
type SeekData struct {
	Person string `json:"person" jsonschema:"description=who looks for somebody"`
	Seek   string `json:"seek,omitempty" jsonschema:"description=a search that is said anew"`
	Sought string `json:"sought,omitempty" jsonschema:"description=a person who is registered when it is known who; otherwise the name as it is remembered"`

	Given       string   `json:"given,omitempty"`
	Surname1    string   `json:"surname1,omitempty"`
	Surname2    string   `json:"surname2,omitempty"`
	Nickname    string   `json:"nickname,omitempty"`
	Sex         string   `json:"sex,omitempty" jsonschema:"enum=f,enum=m,enum=x,enum=unknown"`
	Birth       string   `json:"birth,omitempty" jsonschema:"description=2004 or 2004-05 or 2004-05-17"`
	Age         *int     `json:"age,omitempty" jsonschema:"minimum=0,maximum=120"`
	AgeAbout    bool     `json:"age_about,omitempty"`
	Nationality []string `json:"nationality,omitempty" jsonschema:"description=ISO 3166-1 alpha-3 or STATELESS or UNKNOWN"`
	Relation    string   `json:"relation" jsonschema:"description=what they are to the one who looks for them,enum=partner,enum=parent,enum=child,enum=sibling,enum=grandparent,enum=grandchild,enum=uncle_aunt,enum=nephew_niece,enum=cousin,enum=guardian,enum=ward,enum=in_law,enum=relative,enum=companion,enum=other"`

	Where string   `json:"where,omitempty" jsonschema:"description=where they were parted: a municipality as 07089 or a state as 07 or a country as GTM"`
	When  string   `json:"when,omitempty" jsonschema:"description=when they were parted: 2026 or 2026-02 or 2026-02-11"`
	How   []string `json:"how,omitempty" jsonschema:"description=detention deportation transfer kidnapping raid transport crowd illness left_behind sent_ahead agreed other unknown"`
	ByWho string   `json:"by,omitempty" jsonschema:"enum=authority_mx,enum=authority_us,enum=authority_other,enum=armed_group,enum=smuggler,enum=family,enum=nobody,enum=other,enum=unknown"`

	Consent    string   `json:"consent,omitempty" jsonschema:"description=to be looked for here: without a yes nobody is proposed,enum=given,enum=refused,enum=withdrawn"`
	Language   string   `json:"language,omitempty" jsonschema:"description=BCP 47: in which it was explained; needed for a yes"`
	Medium     string   `json:"medium,omitempty" jsonschema:"description=how it was said; needed for a yes,enum=spoken,enum=written,enum=thumbprint,enum=witnessed"`
	Understood bool     `json:"understood,omitempty" jsonschema:"description=the person said it back in their own words; needed for a yes"`
	Assent     bool     `json:"assent,omitempty" jsonschema:"description=the child's own yes; needed under 18"`
	Contact    string   `json:"contact,omitempty" jsonschema:"description=what may be said of them to the person found; nothing when empty,enum=name,enum=relation,enum=nothing"`
	Services   []string `json:"services,omitempty" jsonschema:"description=to whom the request may be handed over: cruz_roja cicr busqueda procuraduria other"`
	Share      []string `json:"share,omitempty" jsonschema:"description=what of it may be handed over: name age_sex nationality sought circumstances site"`
}

// SoughtNow is the result of family.seek and family.close.
type SoughtNow struct {
	ID       record.ID `json:"id"`
	Seek     record.ID `json:"seek"` // the same id, under the name by which later actions ask for it
	Person   record.ID `json:"person"`
	State    string    `json:"state"`    // open, found, closed
	Proposes bool      `json:"proposes"` // it is open and agreed to: who may be meant is proposed wherever they are registered
}

var seek = record.NewAction("family.seek", []record.Compartment{record.Identity}, func(c *record.Change, d SeekData) (any, error) {
	person, err := people.Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	fields, err := d.check(c, person)
	if err != nil {
		return nil, err
	}
	proposes := d.Consent == people.Given
	if d.Seek == "" {
		fields["person"], fields["search_state"] = person, Open
		for name, v := range fields {
			if v == nil {
				delete(fields, name)
			}
		}
		id, err := c.Create(Sought, fields)
		return SoughtNow{id, id, person, Open, proposes}, err
	}
	now, err := readSeek(c, d.Seek, "seek")
	if err != nil {
		return nil, err
	}
	if now.Person != person {
		return nil, record.Refuse("seek", "unknown_id", "field", "seek")
	}
	if d.Age != nil && now.Age != nil && *now.Age == *d.Age && now.AgeOn != "" {
		delete(fields, "age_on") // told again as it stands: the day it was first told is the better one
	}
	_, err = c.Set(Sought, now.ID, fields)
	return SoughtNow{now.ID, now.ID, person, now.State, proposes && now.State == Open}, err
})

// check validates what is said and gives every field that a search has, nil for what is not known.
func (d *SeekData) check(c *record.Change, person record.ID) (record.Fields, error) {
	fields := record.Fields{}
	say := func(name, value string) {
		fields[name] = nil
		if value != "" {
			fields[name] = value
		}
	}
	named := false
	for _, t := range []struct{ name, value string }{{"given", d.Given}, {"surname1", d.Surname1}, {"surname2", d.Surname2}, {"nickname", d.Nickname}} {
		v, err := typed.Line(t.name, t.value, typed.Name)
		if err != nil {
			return nil, err
		}
		say(t.name, v)
		named = named || strings.Trim(v, " .,-_*?¿!'\"/\\") != ""
	}
	fields["sought"] = nil
	if d.Sought != "" {
		sought, err := people.Known(c, "sought", d.Sought)
		if err != nil {
			return nil, err
		}
		if sought == person {
			return nil, record.Refuse("sought", "same_person")
		}
		fields["sought"], named = sought, true
	}
	if !named {
		return nil, record.Refuse("given", "sought_needs_name")
	}
	for _, t := range []struct {
		field, name, value string
		list               []string
	}{{"sex", "sex", d.Sex, people.Sexes}, {"relation", "relation", d.Relation, Relations}, {"by", "separated_by", d.ByWho, Bys}, {"consent", "tracing", d.Consent, people.ConsentAnswers},
		{"medium", "medium", d.Medium, people.ConsentMediums}, {"contact", "contact", d.Contact, Contacts}} {
		v, err := typed.Code(t.field, t.value, t.list)
		if err != nil {
			return nil, err
		}
		say(t.name, v)
	}
	if d.Relation == "" {
		return nil, record.Refuse("relation", "required", "field", "relation")
	}
	if err := d.born(c, fields, say); err != nil {
		return nil, err
	}
	where, err := place.Coarse("where", d.Where)
	if err != nil {
		return nil, err
	}
	say("separated_in", where)
	when, err := typed.Past("when", d.When, c.Now)
	if err != nil {
		return nil, err
	}
	say("separated_on", when)
	for _, t := range []struct {
		field, name string
		value, list []string
	}{{"how", "separated_how", d.How, Hows}, {"services", "services", d.Services, Services}, {"share", "share", d.Share, Shares}} {
		if fields[t.name], err = typed.Codes(t.field, t.value, t.list); err != nil {
			return nil, err
		}
	}
	return fields, d.agreed(c, person, fields)
}

// born checks the age and the nationality.
func (d *SeekData) born(c *record.Change, fields record.Fields, say func(name, value string)) error {
	birth, err := typed.Past("birth", d.Birth, c.Now)
	if err != nil {
		return err
	}
	say("birth", birth)
	if err := typed.Whole("age", d.Age, 0, typed.MaxAge); err != nil {
		return err
	}
	fields["age"], fields["age_about"], fields["age_on"] = nil, nil, nil
	if d.Age != nil {
		fields["age"], fields["age_on"] = *d.Age, c.At.Format(time.DateOnly)
		if d.AgeAbout {
			fields["age_about"] = true
		}
	}
	fields["nationality"], err = typed.Countries("nationality", d.Nationality)
	return err
}

// agreed refuses a yes that would not be one, and a request that may go where nothing of it may.
func (d *SeekData) agreed(c *record.Change, person record.ID, fields record.Fields) error {
	fields["language"], fields["understood"], fields["assent"] = nil, nil, nil
	if d.Language = strings.TrimSpace(d.Language); d.Language != "" {
		tags, err := typed.Languages("language", []string{d.Language})
		if err != nil {
			return err
		}
		fields["language"] = tags[0]
	}
	if d.Understood {
		fields["understood"] = true
	}
	if d.Assent {
		fields["assent"] = true
	}
	if d.Consent != people.Given {
		return nil
	}
	for _, name := range []string{"language", "medium"} {
		if fields[name] == nil {
			return record.Refuse(name, "required", "field", name)
		}
	}
	if !d.Understood {
		return record.Refuse("understood", "not_understood")
	}
	them, err := people.Together(c.Context, c, person)
	if err != nil {
		return err
	}
	child, err := isMinor(c.Context, c, them, c.At)
	if err != nil {
		return err
	}
	if child && !d.Assent {
		return record.Refuse("assent", "child_assent")
	}
	return nil
}

// CloseData is what family.close takes.
type CloseData struct {
	Seek   string `json:"seek"`
	Why    string `json:"why,omitempty" jsonschema:"description=needed to end it,enum=together,enum=in_contact,enum=withdrawn,enum=mistaken,enum=died,enum=other"`
	Reopen bool   `json:"reopen,omitempty"`
}

var closeSeek = record.NewAction("family.close", []record.Compartment{record.Identity}, func(c *record.Change, d CloseData) (any, error) {
	now, err := readSeek(c, d.Seek, "seek")
	if err != nil {
		return nil, err
	}
	why, err := typed.Code("why", d.Why, Whys)
	if err != nil {
		return nil, err
	}
	state := Closed
	fields := record.Fields{"search_state": Closed, "closed_why": why}
	switch {
	case d.Reopen:
		state, fields = Open, record.Fields{"search_state": Open, "closed_why": nil}
	case why == "":
		return nil, record.Refuse("why", "required", "field", "why")
	case why == "withdrawn":
		fields["tracing"] = people.Withdrawn
	}
	_, err = c.Set(Sought, now.ID, fields)
	return SoughtNow{now.ID, now.ID, now.Person, state, state == Open && now.Consent == people.Given}, err
})

// HandData is what family.hand takes: that the request was given to a service, on paper or in person.
type HandData struct {
	Seek    string `json:"seek"`
	Service string `json:"service" jsonschema:"enum=cruz_roja,enum=cicr,enum=busqueda,enum=procuraduria,enum=other"`
}

var handOver = record.NewAction("family.hand", []record.Compartment{record.Identity}, func(c *record.Change, d HandData) (any, error) {
	now, err := readSeek(c, d.Seek, "seek")
	if err != nil {
		return nil, err
	}
	service, err := typed.OneOf("service", d.Service, Services)
	if err != nil {
		return nil, err
	}
	if !now.MayHandTo(service) {
		return nil, record.Refuse("service", "not_agreed_to_service")
	}
	_, err = c.Set(Sought, now.ID, record.Fields{"handed_to": append(slices.Clone(now.HandedTo), service), "handed_on": c.At.Format(time.DateOnly)})
	return SoughtNow{now.ID, now.ID, now.Person, now.State, now.State == Open}, err
})
