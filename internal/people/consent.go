package people

import (
	"slices"
	"strings"
	"time"

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// Consent is that a person was asked, in which language and how, and what they said: the evidence behind what their record
// says of their wishes. One line can be about several purposes asked together.
var Consent = About(&record.Kind{Number: 20, Name: "consent", In: record.Identity, Form: record.Happening, Subject: "person", Brief: true, Fields: []record.Field{
	{Number: 1, Name: "person", Type: record.Ref, Index: true},
	{Number: 2, Name: "purposes", Type: record.Set, Codes: "consent"},
	{Number: 3, Name: "answer", Type: record.Code, Codes: "consent_answer"},
	{Number: 4, Name: "to_whom", Type: record.Text},                         // the organisation, for a referral
	{Number: 5, Name: "language", Type: record.Code, Codes: "language"},     // in which it was explained
	{Number: 6, Name: "medium", Type: record.Code, Codes: "consent_medium"}, // how the person said it
	{Number: 7, Name: "explained_by", Type: record.Text},
	{Number: 8, Name: "interpreter", Type: record.Text},
	{Number: 9, Name: "understood", Type: record.Bool}, // the person said in their own words what they agree to
	{Number: 10, Name: "assent", Type: record.Bool},    // the child's own yes
	{Number: 11, Name: "representative", Type: record.Text},
	{Number: 12, Name: "witness", Type: record.Text},
	{Number: 13, Name: "until", Type: record.Date},
	{Number: 14, Name: "note", Type: record.Text},
	{Number: 15, Name: "classes", Type: record.Set, Codes: "data_class"}, // which data it is about; all when empty
}})

// What a person can answer.
const (
	Given     = "given"
	Refused   = "refused"
	Withdrawn = "withdrawn"
)

// Code lists of a consent.
var (
	ConsentAnswers = []string{Given, Refused, Withdrawn}
	ConsentMediums = []string{"spoken", "written", "thumbprint", "witnessed"}
)

// ConsentData is what person.consent takes. A yes needs the language in which it was explained, how it was said, and that it was
// understood; a no needs nothing.
type ConsentData struct {
	Person         string   `json:"person"`
	Purposes       []string `json:"purposes,omitempty" jsonschema:"description=care and sharing and referral and statistics and testimony"`
	Purpose        string   `json:"purpose,omitempty" jsonschema:"description=one purpose; the same as a list of one,enum=care,enum=sharing,enum=referral,enum=statistics,enum=testimony"`
	Answer         string   `json:"answer" jsonschema:"enum=given,enum=refused,enum=withdrawn"`
	To             string   `json:"to,omitempty" jsonschema:"description=the organisation; needed to agree to a referral"`
	Language       string   `json:"language,omitempty" jsonschema:"description=BCP 47: in which it was explained; needed for a yes"`
	Medium         string   `json:"medium,omitempty" jsonschema:"description=how it was said; needed for a yes,enum=spoken,enum=written,enum=thumbprint,enum=witnessed"`
	ExplainedBy    string   `json:"explained_by,omitempty"`
	Interpreter    string   `json:"interpreter,omitempty"`
	Understood     bool     `json:"understood,omitempty" jsonschema:"description=the person said it back in their own words; needed for a yes"`
	Assent         bool     `json:"assent,omitempty" jsonschema:"description=the child's own yes; needed under 18"`
	Representative string   `json:"representative,omitempty"`
	Witness        string   `json:"witness,omitempty"`
	Until          string   `json:"until,omitempty" jsonschema:"description=last day on which a yes counts as 2026-05-17"`
	Classes        []string `json:"classes,omitempty" jsonschema:"description=compartments it is about; all when empty"`
	Note           string   `json:"note,omitempty"`
}

// Consented is the result of person.consent: what stands afterwards.
type Consented struct {
	ID      record.ID `json:"id"`
	Consent record.ID `json:"consent"` // the same id, under the name by which later actions ask for it
	Person  record.ID `json:"person"`
	Wishes
	Travels bool `json:"travels"` // the record may leave the site
	Counted bool `json:"counted"` // an anonymous line may be written
}

var giveConsent = record.NewAction("person.consent", Sealed, func(c *record.Change, d ConsentData) (any, error) {
	id, err := Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	p, err := readPerson(c.Context, c, id)
	if err != nil {
		return nil, err
	}
	fields, err := d.check(c, p)
	if err != nil {
		return nil, err
	}
	fields["person"] = id
	said, err := answers(c.Context, c, id)
	if err != nil {
		return nil, err
	}
	before := standing(p.consent, p.refused, p.referralTo, said, c.Now)
	happening, err := c.Happen(Consent, fields)
	if err != nil {
		return nil, err
	}
	now := answer{set(fields["purposes"]), d.Answer, text(fields["to_whom"]), text(fields["until"]), c.At.Unix()}
	p.answered(now, said)
	if _, err := c.Set(Person, id, record.Fields{"consent": p.consent, "refused": p.refused, "referral_to": p.referralTo}); err != nil {
		return nil, err
	}
	after := standing(p.consent, p.refused, p.referralTo, inOrder(said, now), c.Now)
	if err := follow(c, p, before, after); err != nil {
		return nil, err
	}
	out := Consented{ID: happening, Consent: happening, Person: id, Wishes: after}
	if out.Travels, err = mayWith(c, id, after); err != nil {
		return nil, err
	}
	no, err := linkedRefused(c.Context, c, id, Statistics, c.Now)
	out.Counted = after.MayBeCounted() && !no
	return out, err
})

// check validates what was said and gives the fields to write.
func (d *ConsentData) check(c *record.Change, p stored) (record.Fields, error) {
	fields := record.Fields{}
	purposes := d.Purposes
	if d.Purpose != "" {
		purposes = append(slices.Clone(purposes), d.Purpose)
	}
	purposes, err := typed.Codes("purposes", purposes, Purposes)
	if err != nil {
		return nil, err
	}
	if len(purposes) == 0 {
		return nil, record.Refuse("purposes", "required", "field", "purposes")
	}
	fields["purposes"] = purposes
	for _, t := range []struct {
		name, value string
		list        []string
	}{{"answer", d.Answer, ConsentAnswers}, {"medium", d.Medium, ConsentMediums}} {
		v, err := typed.Code(t.name, t.value, t.list)
		if err != nil {
			return nil, err
		}
		say(fields, t.name, v)
	}
	for _, t := range []struct{ name, field, value string }{
		{"to", "to_whom", d.To}, {"explained_by", "explained_by", d.ExplainedBy}, {"interpreter", "interpreter", d.Interpreter},
		{"representative", "representative", d.Representative}, {"witness", "witness", d.Witness},
	} {
		v, err := typed.Line(t.name, t.value, typed.Name)
		if err != nil {
			return nil, err
		}
		say(fields, t.field, v)
	}
	if d.Language = strings.TrimSpace(d.Language); d.Language != "" {
		tags, err := typed.Languages("language", []string{d.Language})
		if err != nil {
			return nil, err
		}
		fields["language"] = tags[0]
	}
	until, err := typed.Coming("until", d.Until, c.At)
	if err != nil {
		return nil, err
	}
	say(fields, "until", until)
	note, err := typed.Lines("note", d.Note, 2000)
	if err != nil {
		return nil, err
	}
	say(fields, "note", note)
	classes, err := typed.Codes("classes", d.Classes, sealedNames)
	if err != nil {
		return nil, err
	}
	if len(classes) > 0 {
		fields["classes"] = classes
	}
	if d.Understood {
		fields["understood"] = true
	}
	if d.Assent {
		fields["assent"] = true
	}
	return fields, d.complete(c, p, fields)
}

// complete refuses a yes that would not be one: unexplained, not understood, or a child's without the child.
func (d *ConsentData) complete(c *record.Change, p stored, fields record.Fields) error {
	if d.Answer == "" {
		return record.Refuse("answer", "required", "field", "answer")
	}
	if d.Answer != Given {
		if fields["until"] != nil {
			return record.Refuse("until", "until_needs_yes")
		}
		return nil
	}
	for _, name := range []string{"language", "medium"} {
		if fields[name] == nil {
			return record.Refuse(name, "required", "field", name)
		}
	}
	if slices.Contains(set(fields["purposes"]), Referral) && fields["to_whom"] == nil {
		return record.Refuse("to", "referral_needs_name")
	}
	if d.Medium == "witnessed" && fields["witness"] == nil {
		return record.Refuse("witness", "required", "field", "witness")
	}
	if !d.Understood {
		return record.Refuse("understood", "not_understood")
	}
	if p.minor(c.At) && !d.Assent {
		return record.Refuse("assent", "child_assent")
	}
	return nil
}

// minor reports somebody under 18 as far as is known: by age, or because they were marked as a child who is alone.
func (p *stored) minor(on time.Time) bool {
	age, _ := Age(p.birth, p.age, p.ageAbout, p.ageOn, on)
	if age != nil || p.ageBand != "" {
		return Minor(age, p.ageBand)
	}
	return slices.Contains(p.groups, "unaccompanied_child") || slices.Contains(p.groups, "separated_child")
}

// answered brings the record's own lists in step with an answer. Where the person answered later already, as somebody wrote down
// before, that later answer stands.
func (p *stored) answered(a answer, earlier []answer) {
	for i, key := range a.keys() {
		if slices.ContainsFunc(earlier, func(e answer) bool { return e.at > a.at && slices.Contains(e.keys(), key) }) {
			continue
		}
		purpose := a.purposes[i]
		if a.said == Given {
			p.consent, p.refused = with(p.consent, purpose), without(p.refused, purpose)
			if purpose == Referral {
				p.referralTo = with(p.referralTo, a.to)
			}
			continue
		}
		if purpose == Referral {
			if a.to == "" {
				p.referralTo = []string{}
			} else if p.referralTo = without(p.referralTo, a.to); len(p.referralTo) > 0 {
				continue // a no to one organisation is none to the others
			}
		}
		p.consent, p.refused = without(p.consent, purpose), with(p.refused, purpose)
	}
}

// agreedTo brings the lists in step with a whole list of what the person agrees to: what is not in it any more was taken back.
func (p *stored) agreedTo(consent []string) {
	for _, purpose := range p.consent {
		if !slices.Contains(consent, purpose) {
			p.refused = with(p.refused, purpose)
		}
	}
	for _, purpose := range consent {
		p.refused = without(p.refused, purpose)
	}
	if !slices.Contains(consent, Referral) {
		p.referralTo = []string{}
	}
	p.consent = consent
}

// inOrder adds an answer where it belongs in time.
func inOrder(said []answer, a answer) []answer {
	at := len(said)
	for at > 0 && said[at-1].at > a.at {
		at--
	}
	return slices.Insert(slices.Clone(said), at, a)
}

// follow makes a change of wishes felt: a record that may no longer leave is held here and hidden at other sites, one that
// may again is released.
func follow(c *record.Change, p stored, before, after Wishes) error {
	if err := followOwn(c, p, before, after); err != nil {
		return err
	}
	return followLinked(c, p.id, after)
}

func followOwn(c *record.Change, p stored, before, after Wishes) error {
	limits, err := limitsOn(c.Context, c, record.Identity, p.id)
	if err != nil {
		return err
	}
	takenBack := limits != nil && slices.Contains(limits.Why, Unshared)
	if after.MayTravel() {
		if before.MayTravel() && !takenBack {
			return nil
		}
		c.Release(p.id)
		return unhide(c, p.id, Unshared)
	}
	c.Hold(p.id)
	if !before.MayTravel() || takenBack {
		return nil
	}
	// Copies of it may be elsewhere already.
	home := p.site
	if home.IsZero() {
		home = c.Site
	}
	if home != c.Site { // its home goes on sharing and counting until it hears of this
		c.Tell(p.id)
	}
	return hide(c, p.id, mine(c), record.Fields{"home": home}, Unshared)
}

func with(set []string, word string) []string {
	if slices.Contains(set, word) {
		return set
	}
	out := append(slices.Clone(set), word)
	slices.Sort(out)
	return out
}

func without(set []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(set), func(s string) bool { return s == word })
}
