package people

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"amparo/internal/record"
)

// PersonParams name the person of a question.
type PersonParams struct {
	Person string `json:"person"`
}

var show = record.NewQuery("person.show", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p PersonParams) (any, error) { return showPerson(a, p) })

func showPerson(a *record.Ask, p PersonParams) (Shown, error) {
	id, row, err := asked(a, p.Person)
	if err != nil {
		return Shown{}, err
	}
	briefs, err := Briefs(a.Context, a, []record.ID{id}, a.Now)
	if err != nil {
		return Shown{}, err
	}
	members, err := memberNames(a.Context, a)
	if err != nil {
		return Shown{}, err
	}
	sites, err := siteNames(a.Context, a)
	if err != nil {
		return Shown{}, err
	}
	w, err := wishesOf(a.Context, a, row, a.Now)
	if err != nil {
		return Shown{}, err
	}
	s := Shown{Brief: briefs[0], Given: row.given, Surname1: row.surname1, Surname2: row.surname2, Gender: row.gender, AgeTold: row.age,
		AgeOn: row.ageOn, Languages: row.languages, Direction: row.direction, Spoken: row.spoken, Written: row.written, Aliases: row.aliases, Intention: row.intention, Motives: row.motives,
		Phone: row.phone, Note: row.note, Consent: w.Given, Refused: w.Refused, Travels: w.MayTravel(),
		RegisteredBy: row.by, ByName: members[row.by]}
	if s.Priorities, err = priorities(a.Context, a, row, members); err != nil {
		return Shown{}, err
	}
	if !row.at.IsZero() {
		s.Registered = &Seen{At: row.at, Site: row.site, SiteName: sites[row.site]}
	}
	if s.RivalFields, err = rivalFields(a, id, members, sites); err != nil {
		return Shown{}, err
	}
	return s, showLinked(a, &s, members)
}

// showLinked adds what the other records of the same person say, and where they were met.
func showLinked(a *record.Ask, s *Shown, members map[record.ID]string) error {
	var err error
	if s.Linked, err = linkedRecords(a, s.ID, members); err != nil {
		return err
	}
	cluster, cards, met := []record.ID{s.ID}, map[record.ID]string{s.ID: s.Card}, map[record.ID]bool{}
	homes := []*Seen{s.Registered}
	for _, l := range s.Linked {
		a.Opened(l.ID)
		cluster, cards[l.ID], homes = append(cluster, l.ID), l.Card, append(homes, l.LastSeen)
		if l.LastSeen != nil && (s.LastSeen == nil || l.LastSeen.At.After(s.LastSeen.At)) {
			s.LastSeen = l.LastSeen
		}
	}
	for _, seen := range homes {
		if seen != nil && !seen.Site.IsZero() {
			met[seen.Site] = true
		}
	}
	err = inChunks(cluster, func(marks string, args []any) error {
		return a.Select(a.Context, "SELECT _site FROM identity.visit WHERE person IN ("+marks+")", args, func(r record.Row) error {
			s.Visits++
			if site := r.ID(0); !site.IsZero() {
				met[site] = true
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("read visits: %w", err)
	}
	s.Sites = len(met)
	if s.Travels {
		if s.Travels, err = linkedTravel(a.Context, a, cluster, a.Now); err != nil {
			return err
		}
	}
	s.LinkedFields, err = linkedFields(a, cluster, cards, members)
	return err
}

// asked resolves a person of a question and reads their row.
func asked(a *record.Ask, person string) (record.ID, stored, error) {
	id, err := a.Ref("person", person)
	if err != nil {
		return id, stored{}, err
	}
	row, err := readPerson(a.Context, a, id)
	if err == nil && row.id.IsZero() {
		err = record.Refuse("person", "unknown_id", "field", "person")
	}
	return id, row, err
}

// Someone resolves the person whom a field of a question names, and reads them; it refuses at that field when they are not here.
func Someone(a *record.Ask, field, text string) (record.ID, Brief, error) {
	id, err := a.Ref(field, text)
	if err != nil {
		return id, Brief{}, err
	}
	briefs, err := Briefs(a.Context, a, []record.ID{id}, a.Now)
	if err == nil && len(briefs) == 0 {
		err = record.Refuse(field, "unknown_id", "field", field)
	}
	if err != nil {
		return id, Brief{}, err
	}
	return id, briefs[0], nil
}

// rivalFields reads the fields that hold several values, each with who said it.
func rivalFields(a *record.Ask, id record.ID, members, sites map[record.ID]string) ([]RivalField, error) {
	state, err := record.ReadState(a.Context, a, Person, id)
	if err != nil {
		return nil, err
	}
	out := []RivalField{}
	for _, f := range Person.Fields {
		rivals := state.Rivals(f)
		if len(rivals) == 0 {
			continue
		}
		field := RivalField{Field: f.Name}
		for _, st := range rivals {
			field.Values = append(field.Values, RivalValue{Value: st.Value, By: st.By, ByName: members[st.By], Site: st.Site, SiteName: sites[st.Site],
				At: When(st.At, int64(st.Zone)), Recorded: recordedAt(st.Rec>>16, When(st.At, int64(st.Zone))), Says: hex.EncodeToString(st.Ref[:]), Rec: st.Rec})
		}
		out = append(out, field)
	}
	return out, nil
}

// memberNames reads what the people who work here are called.
func memberNames(ctx context.Context, r record.Reader) (map[record.ID]string, error) {
	names := map[record.ID]string{}
	err := r.Select(ctx, "SELECT member, name FROM field.member", nil, func(row record.Row) error {
		names[row.ID(0)] = row.Text(1)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	return names, nil
}

// recordedAt is an instant of unix milliseconds, in the zone of another.
func recordedAt(ms int64, like time.Time) time.Time { return time.UnixMilli(ms).In(like.Location()) }
