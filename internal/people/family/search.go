package family

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"amparo/internal/people"
	"amparo/internal/record"
)

// Seek is that somebody looks for somebody: whom, how they were parted, and what was agreed to.
type Seek struct {
	ID          record.ID `json:"id"`
	Person      record.ID `json:"person"`
	Sought      record.ID `json:"sought,omitzero"` // somebody registered, when it is known who
	Name        string    `json:"name"`            // as it is remembered
	Given       string    `json:"given"`
	Surname1    string    `json:"surname1"`
	Surname2    string    `json:"surname2"`
	Nickname    string    `json:"nickname"`
	Sex         string    `json:"sex"`
	Birth       string    `json:"birth"`
	Age         *int      `json:"age"` // as it was told on AgeOn
	AgeAbout    bool      `json:"age_about"`
	AgeOn       string    `json:"age_on"`
	Nationality []string  `json:"nationality"`
	Relation    string    `json:"relation"` // what they are to the one who looks for them
	Where       string    `json:"where"`    // municipality, state or country
	When        string    `json:"when"`     // day, month or year
	How         []string  `json:"how"`
	By          string    `json:"by"`
	Consent     string    `json:"consent"`  // given, refused, withdrawn; empty: not asked
	Language    string    `json:"language"` // BCP 47: in which it was explained
	Medium      string    `json:"medium"`
	Contact     string    `json:"contact"` // what may be said of them to who is found: name, relation, nothing
	Services    []string  `json:"services"`
	Share       []string  `json:"share"`
	State       string    `json:"state"` // open, found, closed
	ClosedWhy   string    `json:"closed_why"`
	HandedTo    []string  `json:"handed_to"`
	HandedOn    string    `json:"handed_on"`
	Since       time.Time `json:"since"` // when it was first said
	Rivals      int       `json:"rivals"`
}

// Proposes reports a search for which somebody is proposed: open, and agreed to.
func (s *Seek) Proposes() bool { return s.State == Open && s.Consent == people.Given }

// MayHandTo reports whether the request may be given to a service: with a yes to the search and to that service, and to some of what
// stands in it.
func (s *Seek) MayHandTo(service string) bool {
	return s.Consent == people.Given && slices.Contains(s.Services, service) && len(s.Share) > 0
}

// Somebody who is sought and is not shown here is left out, as everywhere.
const seekColumns = `s.id, s.person, (SELECT w.id FROM identity.person AS w WHERE w.id = s.sought), s.given, s.surname1, s.surname2, s.nickname, s.sex, s.birth, s.age, s.age_about, s.age_on, s.nationality, s.relation, s.separated_in,
	s.separated_on, s.separated_how, s.separated_by, s.tracing, s.language, s.medium, s.contact, s.services, s.share, s.search_state, s.closed_why, s.handed_to, s.handed_on, s._at, s._zone, s._rivals`

func scanSeek(r record.Row) Seek {
	s := Seek{ID: r.ID(0), Person: r.ID(1), Sought: r.ID(2), Given: r.Text(3), Surname1: r.Text(4), Surname2: r.Text(5), Nickname: r.Text(6), Sex: r.Text(7), Birth: r.Text(8),
		AgeAbout: r.Bool(10), AgeOn: r.Text(11), Nationality: list(r.Set(12)), Relation: r.Text(13), Where: r.Text(14), When: r.Text(15), How: list(r.Set(16)), By: r.Text(17),
		Consent: r.Text(18), Language: r.Text(19), Medium: r.Text(20), Contact: r.Text(21), Services: list(r.Set(22)), Share: list(r.Set(23)), State: r.Text(24), ClosedWhy: r.Text(25),
		HandedTo: list(r.Set(26)), HandedOn: r.Text(27), Rivals: int(r.Int(30))}
	if !r.Null(9) {
		age := int(r.Int(9))
		s.Age = &age
	}
	if !r.Null(28) {
		s.Since = people.When(r.Int(28), r.Int(29))
	}
	if s.Contact == "" {
		s.Contact = "nothing"
	}
	s.Name = strings.Join(strings.Fields(s.Given+" "+s.Surname1+" "+s.Surname2), " ")
	if s.Name == "" {
		s.Name = s.Nickname
	}
	return s
}

// list is never nil, so that JSON has [] and not null.
func list(set []string) []string {
	if set == nil {
		return []string{}
	}
	return set
}

// seeksOf reads searches whose seeker is here.
func seeksOf(ctx context.Context, r record.Reader, where string, args ...any) ([]Seek, error) {
	out := []Seek{}
	err := r.Select(ctx, "SELECT "+seekColumns+" FROM identity.family_sought AS s JOIN identity.person AS p ON p.id = s.person WHERE "+where+" ORDER BY s._rec, s.id", args, func(row record.Row) error {
		out = append(out, scanSeek(row))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who is sought: %w", err)
	}
	return out, nil
}

// readSeek resolves a search of an action.
func readSeek(c *record.Change, text, field string) (Seek, error) {
	id, err := c.Ref(field, text)
	if err != nil {
		return Seek{}, err
	}
	found, err := seeksOf(c.Context, c, "s.id = ?", id)
	if err == nil && len(found) == 0 {
		err = record.Refuse(field, "unknown_id", "field", field)
	}
	if err != nil {
		return Seek{}, err
	}
	return found[0], nil
}

// isMinor reports somebody under 18 as far as is known: by age, or because they were marked as a child who is alone, on whichever of
// their records.
func isMinor(ctx context.Context, r record.Reader, person []record.ID, on time.Time) (bool, error) {
	briefs, err := people.Briefs(ctx, r, person, on)
	return slices.ContainsFunc(briefs, Minor), err
}

// Minor reports somebody under 18 as far as is known.
func Minor(b people.Brief) bool {
	if b.Age != nil || b.AgeBand != "" {
		return people.Minor(b.Age, b.AgeBand)
	}
	return slices.Contains(b.Groups, "unaccompanied_child") || slices.Contains(b.Groups, "separated_child")
}
