package people

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"amparo/internal/record"
)

// Timeline is the answer to person.timeline: what happened to and with a person, newest first. What the member may not open is
// not there at all.
type Timeline struct {
	Person  Brief   `json:"person"`
	Entries []Entry `json:"entries"`
	Linked  []Brief `json:"linked"` // the other records of the same person, of which there are entries too
}

// Entry is one thing that happened. Of a person's own record there are two kinds of entries: person, when it was opened, and change,
// whose field "changed" lists what somebody wrote later.
type Entry struct {
	ID          record.ID          `json:"id"`
	Kind        string             `json:"kind"` // catalogue `kind.<kind>`; person is the registration
	Compartment record.Compartment `json:"compartment"`
	At          time.Time          `json:"at"`   // when it happened, at the clock of the place
	Zone        int                `json:"zone"` // minutes east of UTC where it happened
	Recorded    time.Time          `json:"recorded"`
	Site        record.ID          `json:"site"`
	SiteName    string             `json:"site_name"`
	By          record.ID          `json:"by"`
	ByName      string             `json:"by_name"`
	Fields      map[string]any     `json:"fields"`             // only those that say something; without the person
	Corrected   record.ID          `json:"corrected,omitzero"` // the later entry that corrects this one
	Corrects    record.ID          `json:"corrects,omitzero"`  // the earlier entry that this one corrects
	Kept        *record.Receipt    `json:"kept,omitempty"`     // where else than on this machine it is
	Record      record.ID          `json:"record,omitzero"`    // the linked record in which it stands; absent: the one asked for
	RecordCard  string             `json:"record_card,omitempty"`
}

var timeline = record.NewQuery("person.timeline", record.Compartments(), func(a *record.Ask, p PersonParams) (any, error) {
	t, err := tellTimeline(a, p)
	if err != nil {
		return nil, err
	}
	return t, receipts(a, t.Person.ID, t.Entries)
})

// tellTimeline joins what the records of one person say. Each entry stays in the record in which it was written, and says in which.

func tellTimeline(a *record.Ask, p PersonParams) (Timeline, error) {
	id, row, err := asked(a, p.Person)
	if err != nil {
		return Timeline{}, err
	}
	briefs, err := Briefs(a.Context, a, []record.ID{id}, a.Now)
	if err != nil {
		return Timeline{}, err
	}
	t := Timeline{Person: briefs[0], Entries: []Entry{}, Linked: []Brief{}}
	if t.Entries, err = entriesOf(a, row); err != nil {
		return Timeline{}, err
	}
	linked, err := linkedBriefs(a, id)
	if err != nil {
		return Timeline{}, err
	}
	for _, other := range linked {
		a.Opened(other.ID)
		row, err := readPerson(a.Context, a, other.ID)
		if err != nil {
			return Timeline{}, err
		}
		entries, err := entriesOf(a, row)
		if err != nil {
			return Timeline{}, err
		}
		for _, e := range entries {
			if e.Kind == Link.Name { // said under both: the record asked for has it already, or it is between the others
				continue
			}
			e.Record, e.RecordCard = other.ID, other.Card
			t.Entries = append(t.Entries, e)
		}
		t.Linked = append(t.Linked, other)
	}
	if err := nameEntries(a, t.Entries); err != nil {
		return Timeline{}, err
	}
	slices.SortStableFunc(t.Entries, func(x, y Entry) int {
		if c := y.At.Compare(x.At); c != 0 {
			return c
		}
		if c := y.Recorded.Compare(x.Recorded); c != 0 {
			return c
		}
		if c := cmp.Compare(rank(x.Kind), rank(y.Kind)); c != 0 {
			return c
		}
		return bytes.Compare(x.ID[:], y.ID[:])
	})
	return t, nil
}

// entriesOf reads everything that stands in one record.
func entriesOf(a *record.Ask, row stored) ([]Entry, error) {
	out := []Entry{}
	for _, c := range record.Compartments() {
		if !a.Opens(c) {
			continue
		}
		kinds, err := kindsIn(a, c, row.id)
		if err != nil {
			return nil, err
		}
		for _, k := range kinds {
			read := happenings
			if k == Link {
				read = linkEntries
			}
			entries, err := read(a, k, row.id)
			if err != nil {
				return nil, err
			}
			out = append(out, entries...)
		}
	}
	out, err := withoutHidden(a, out)
	if err != nil {
		return nil, err
	}
	own, err := ownEntries(a, row)
	return append(out, own...), err
}

// rank puts what followed from what, in one and the same second, above it: the consultation above its visit above the registration.
func rank(kind string) int {
	switch kind {
	case Person.Name:
		return 3
	case "change":
		return 2
	case "visit":
		return 1
	}
	return 0
}

// kindsIn lists the kinds of which a compartment holds something about the person.
func kindsIn(a *record.Ask, c record.Compartment, person record.ID) ([]*record.Kind, error) {
	var kinds []*record.Kind
	err := a.Select(a.Context, "SELECT DISTINCT kind FROM "+c.String()+"._timeline WHERE subject = ? ORDER BY kind", []any{person}, func(r record.Row) error {
		if k := subjects[uint16(r.Int(0))]; k != nil {
			kinds = append(kinds, k)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the timeline: %w", err)
	}
	return kinds, nil
}

// happenings reads all of one kind about a person.
func happenings(a *record.Ask, k *record.Kind, person record.ID) ([]Entry, error) {
	columns := []string{"id", "_at", "_zone", "_rec", "_site", "_by", "NULL", "NULL"}
	if k.Form == record.Happening {
		columns[6] = "_corrected"
		columns[7] = "(SELECT earlier FROM " + k.In.String() + "._correction WHERE later = t.id)"
	}
	first := len(columns)
	for _, f := range k.Fields {
		columns = append(columns, f.Name)
	}
	var out []Entry
	err := a.Select(a.Context, "SELECT "+strings.Join(columns, ", ")+" FROM "+k.Table()+" AS t WHERE "+k.Subject+" = ? AND _at IS NOT NULL", []any{person}, func(r record.Row) error {
		e := Entry{ID: r.ID(0), Kind: k.Name, Compartment: k.In, At: When(r.Int(1), r.Int(2)), Zone: int(r.Int(2)), Site: r.ID(4), By: r.ID(5),
			Corrected: r.ID(6), Corrects: r.ID(7), Fields: map[string]any{}}
		e.Recorded = recordedAt(r.Int(3), e.At)
		for i, f := range k.Fields {
			if f.Name == k.Subject || f.Type == record.Blob || r.Null(first+i) {
				continue
			}
			if v := value(r, first+i, f.Type); v != nil {
				e.Fields[f.Name] = v
			}
		}
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the timeline: %s: %w", k.Name, err)
	}
	return out, nil
}

// value reads a column as JSON shows it; nil when it says nothing.
func value(r record.Row, column int, t record.Type) any {
	switch t {
	case record.Int:
		return r.Int(column)
	case record.Bool:
		return r.Bool(column)
	case record.Time:
		return time.Unix(r.Int(column), 0).UTC()
	case record.Ref:
		return r.ID(column)
	case record.Set:
		if set := r.Set(column); len(set) > 0 {
			return set
		}
		return nil
	}
	if s := r.Text(column); s != "" {
		return s
	}
	return nil
}

// ownEntries are the registration and the changes of the person's own record.
func ownEntries(a *record.Ask, p stored) ([]Entry, error) {
	var out []Entry
	read := func(r record.Row) Entry {
		e := Entry{ID: r.ID(0), Compartment: record.Identity, At: When(r.Int(1), r.Int(2)), Zone: int(r.Int(2)), Site: r.ID(4), By: r.ID(5), Fields: map[string]any{}}
		e.Recorded = recordedAt(r.Int(3), e.At)
		return e
	}
	err := a.Select(a.Context, "SELECT id, _at, _zone, _rec, _site, _by FROM identity.person WHERE id = ? AND _at IS NOT NULL", []any{p.id}, func(r record.Row) error {
		e := read(r)
		e.Kind, e.Fields["card"] = Person.Name, p.card
		if p.direction != "" {
			e.Fields["direction"] = p.direction
		}
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the registration: %w", err)
	}
	err = a.Select(a.Context, "SELECT id, _at, _zone, _rec, _site, _by, fields FROM identity._change WHERE entity = ?", []any{p.id}, func(r record.Row) error {
		e := read(r)
		e.Kind, e.Fields["changed"] = "change", r.Set(6)
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the changes: %w", err)
	}
	return out, nil
}

// nameEntries writes the names of sites and members.
func nameEntries(a *record.Ask, entries []Entry) error {
	sites, err := siteNames(a.Context, a)
	if err != nil {
		return err
	}
	members, err := memberNames(a.Context, a)
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].SiteName, entries[i].ByName = sites[entries[i].Site], members[entries[i].By]
	}
	return nil
}

// receipts says of each entry where else it is.
func receipts(a *record.Ask, person record.ID, entries []Entry) error {
	if a.Receipts == nil {
		return nil
	}
	kept := map[record.ID]record.Receipts{} // by record
	for i, e := range entries {
		whose := person
		if !e.Record.IsZero() {
			whose = e.Record
		}
		of, asked := kept[whose]
		if !asked {
			var err error
			if of, err = a.Receipts(whose); err != nil {
				return fmt.Errorf("read where entries are: %w", err)
			}
			kept[whose] = of
		}
		if r, known := of(e.Compartment, e.By, e.Recorded); known {
			entries[i].Kept = &r
		}
	}
	return nil
}
