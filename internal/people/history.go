package people

import (
	"context"
	"fmt"
	"slices"
	"time"

	"amparo/internal/record"
)

// History is the answer to person.history: every value that was ever said of each field, who said it, where and when, and what
// was put right. It follows from the kinds alone, so a kind that is added later is in it.
type History struct {
	Person      Brief          `json:"person"`
	Fields      []FieldHistory `json:"fields"`      // of who the person is, as the kind orders them; then of other records that changed
	Corrections []Correction   `json:"corrections"` // entries of the timeline that were put right, newest first
	Linked      []Brief        `json:"linked"`      // the other records of the same person, whose history is here too
}

// FieldHistory is one field of one record.
type FieldHistory struct {
	Kind        string             `json:"kind"`
	Compartment record.Compartment `json:"compartment"`
	Record      record.ID          `json:"record"`
	Person      record.ID          `json:"person"`        // the linked record in which it stands
	Key         map[string]any     `json:"key,omitempty"` // of a kind with several records a person: which
	Field       string             `json:"field"`
	Rivals      bool               `json:"rivals"` // several values stand, and nobody has chosen yet
	Values      []PastValue        `json:"values"` // latest first
}

// PastValue is what somebody said.
type PastValue struct {
	Value any `json:"value"` // null: nothing is known any more
	Author
	Until *Author `json:"until"` // who wrote otherwise, and when; null while it stands
}

// Author is who wrote something, where and when.
type Author struct {
	By       record.ID `json:"by"`
	ByName   string    `json:"by_name"`
	Site     record.ID `json:"site"`
	SiteName string    `json:"site_name"`
	At       time.Time `json:"at"`       // when it happened, at the clock of the place
	Recorded time.Time `json:"recorded"` // when it was written down
}

// Correction is an entry that was put right, and what it says now.
type Correction struct {
	Was Entry `json:"was"`
	Is  Entry `json:"is"` // without an id when it is not known here
}

var history = record.NewQuery("person.history", record.Compartments(), func(a *record.Ask, p PersonParams) (any, error) {
	told, err := tellTimeline(a, p)
	if err != nil {
		return nil, err
	}
	h := History{Person: told.Person, Linked: told.Linked, Corrections: []Correction{}}
	if h.Fields, err = histories(a, told.Person.ID, told.Linked); err != nil {
		return nil, err
	}
	entries := map[record.ID]Entry{}
	for _, e := range told.Entries {
		entries[e.ID] = e
	}
	for _, e := range told.Entries {
		if !e.Corrected.IsZero() {
			h.Corrections = append(h.Corrections, Correction{e, entries[e.Corrected]})
		}
	}
	return h, nil
})

// histories reads what was ever said in the records of one person.
func histories(a *record.Ask, person record.ID, linked []Brief) ([]FieldHistory, error) {
	sites, members, err := Names(a.Context, a)
	if err != nil {
		return nil, err
	}
	named := func(said record.Said) Author {
		at := When(said.At, int64(said.Zone))
		return Author{By: said.By, ByName: members[said.By], Site: said.Site, SiteName: sites[said.Site], At: at, Recorded: recordedAt(said.Rec>>16, at)}
	}
	out, err := fieldHistories(a, person, named)
	for _, other := range linked {
		if err != nil {
			break
		}
		var more []FieldHistory
		more, err = fieldHistories(a, other.ID, named)
		out = append(out, more...)
	}
	return out, err
}

// fieldHistories reads what was ever said in the records about one person. Of who the person is, every field that was ever said is
// there; of other records those of which something else was said before.
func fieldHistories(a *record.Ask, person record.ID, named func(record.Said) Author) ([]FieldHistory, error) {
	out := []FieldHistory{}
	kinds, err := historical(a, person)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		of := k.Subject
		if k.IsPerson {
			of = "id"
		}
		err := eachState(a.Context, a, k, of, person, func(id record.ID, state *record.State) {
			for _, f := range k.Fields {
				if f.Type == record.Ref || f.Type == record.Blob || slices.Contains(k.Key, f.Name) {
					continue
				}
				said := state.Sayings(f)
				if len(said) == 0 || !k.IsPerson && !slices.ContainsFunc(said, func(s record.Saying) bool { return s.Until != nil }) {
					continue
				}
				one := FieldHistory{Kind: k.Name, Compartment: k.In, Record: id, Person: person, Key: keyOf(k, state), Field: f.Name, Rivals: len(state.Rivals(f)) > 0}
				for _, s := range said {
					v := PastValue{Value: discreet(a, k, f, s.Value), Author: named(s.Said)}
					if s.Until != nil {
						by := named(*s.Until)
						v.Until = &by
					}
					one.Values = append(one.Values, v)
				}
				out = append(out, one)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("read the history: %w", err)
		}
	}
	return out, nil
}

// historical are the kinds of which something is known about the person and whose records change: who the person is first. What is
// said between two persons has a page of its own, which knows whether the other may be named.
func historical(a *record.Ask, person record.ID) ([]*record.Kind, error) {
	out := []*record.Kind{Person}
	for _, c := range record.Compartments() {
		if !a.Opens(c) {
			continue
		}
		kinds, err := kindsIn(a, c, person)
		if err != nil {
			return nil, err
		}
		for _, k := range kinds {
			if k.Registers() && !slices.ContainsFunc(k.Key, func(name string) bool { f, _ := k.Field(name); return f.Type == record.Ref && name != k.Subject }) {
				out = append(out, k)
			}
		}
	}
	return out, nil
}

// keyOf says which of several records of a kind this is, as far as its key says it in words.
func keyOf(k *record.Kind, state *record.State) map[string]any {
	var out map[string]any
	for _, name := range k.Key {
		f, _ := k.Field(name)
		if v := state.Value(f); f.Type != record.Ref && v != nil {
			if out == nil {
				out = map[string]any{}
			}
			out[name] = v
		}
	}
	return out
}

// eachState reads the records of a kind that belong to a person, in the order of their ids.
func eachState(ctx context.Context, r record.Reader, k *record.Kind, of string, person record.ID, each func(record.ID, *record.State)) error {
	return r.Select(ctx, "SELECT id, _state FROM "+k.Table()+" WHERE "+of+" = ? ORDER BY id", []any{person}, func(row record.Row) error {
		state, err := record.DecodeState(row.Blob(1))
		if err == nil {
			each(row.ID(0), state)
		}
		return err
	})
}

// discreet hides in old values what an earlier version of the program wrote of survivors, from who does not open that compartment.
func discreet(r record.Reader, k *record.Kind, f record.Field, value any) any {
	words, isSet := value.([]string)
	if !k.IsPerson || f.Name != "groups" || !isSet || r.Opens(record.Survivor) {
		return value
	}
	words = slices.Clone(words)
	for i, w := range words {
		if w == SurvivorGroup {
			words[i] = PrivateTalk
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}
