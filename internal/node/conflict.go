package node

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// Conflicts is the answer of the query `conflicts`: every field that holds rival values, newest first.
type Conflicts struct {
	Conflicts []Conflict `json:"conflicts"`
	Records   int        `json:"records"` // how many records hold them
}

// Conflict is one field of one record with the values that stand beside each other.
type Conflict struct {
	Record      record.ID          `json:"record"`
	Kind        string             `json:"kind"`
	Compartment record.Compartment `json:"compartment"`
	Title       string             `json:"title"`           // what the record is called
	Person      record.ID          `json:"person,omitzero"` // whose record it is
	Field       string             `json:"field"`
	Codes       string             `json:"codes,omitempty"` // the code list of the values, for their labels
	Values      []RivalValue       `json:"values"`          // latest first
}

// RivalValue is one of them: who said it, where and when.
type RivalValue struct {
	Value    any       `json:"value"`           // null of bytes: Bytes says how many
	Bytes    int       `json:"bytes,omitempty"` // of a value that nobody reads as a word
	Says     string    `json:"says"`            // names the saying, for conflict.settle: 16 hexadecimal digits
	By       record.ID `json:"by"`
	ByName   string    `json:"by_name"`
	Site     record.ID `json:"site"`
	SiteName string    `json:"site_name"`
	At       time.Time `json:"at"`       // when it happened, at the clock of the place
	Recorded time.Time `json:"recorded"` // when it was written down
}

type conflictsParams struct {
	Record string `json:"record"` // only those of this record
}

func conflicts(a *record.Ask, kinds []*record.Kind, p conflictsParams) (any, error) {
	only, args := "", []any(nil)
	if p.Record != "" {
		id, err := a.Ref("record", p.Record)
		if err != nil {
			return nil, err
		}
		only, args = " AND id = ?", []any{id}
	}
	out, records := Conflicts{Conflicts: []Conflict{}}, map[record.ID]bool{}
	for _, k := range rivalling(kinds, a) {
		type row struct {
			id    record.ID
			state *record.State
		}
		var rows []row
		err := a.Select(a.Context, "SELECT id, _state FROM "+rivalRows(k)+only+" ORDER BY id", args, func(r record.Row) error {
			state, err := record.DecodeState(r.Blob(1))
			rows = append(rows, row{r.ID(0), state})
			return err
		})
		if err != nil {
			return nil, err
		}
		listed := map[record.ID]bool{}
		for _, r := range rows {
			mirrored, twice, err := k.Mirrored(r.state)
			if err != nil {
				return nil, err
			}
			if listed[r.id] = true; twice && listed[mirrored] { // one thing, said under both of two persons
				continue
			}
			for _, f := range k.Fields {
				if rivals := r.state.Rivals(f); len(rivals) > 0 {
					records[r.id] = true
					c := Conflict{Record: r.id, Kind: k.Name, Compartment: k.In, Title: title(k, r.state), Person: subject(k, r.id, r.state), Field: f.Name, Codes: f.Codes}
					if c.Values, err = rivalValues(a.Context, a.Reader, f, rivals); err != nil {
						return nil, err
					}
					out.Conflicts = append(out.Conflicts, c)
				}
			}
		}
	}
	slices.SortStableFunc(out.Conflicts, func(x, y Conflict) int { return y.Values[0].Recorded.Compare(x.Values[0].Recorded) })
	out.Records = len(records)
	return out, nil
}

// rivalling are the kinds that can hold rival values and that who asks may read.
func rivalling(kinds []*record.Kind, r record.Reader) []*record.Kind {
	return slices.DeleteFunc(slices.Clone(kinds), func(k *record.Kind) bool { return !k.Registers() || k.Weighed || !r.Opens(k.In) })
}

// rivalRows is the SQL of the records of a kind that hold rival values. What is said under each of two persons is among them while both
// are shown: of whom nothing may be seen, nothing is to be settled.
func rivalRows(k *record.Kind) string {
	rows := k.Table() + " AS t WHERE t._rivals > 0"
	if n := len(k.Key); k.Twice && n > 1 {
		one, other := k.Key[n-2], k.Key[n-1]
		rows += " AND EXISTS (SELECT 1 FROM " + k.Table() + " AS o WHERE o." + one + " = t." + other + " AND o." + other + " = t." + one + ")"
	}
	return rows
}

// Rivals is how many records hold rival values that this member may see. It is kept until something is written, so that
// every page can say it.
func (s *Session) Rivals(ctx context.Context) (int, error) {
	end, err := s.use()
	if err != nil {
		return 0, err
	}
	defer end()
	var open []record.Compartment
	for _, c := range record.Compartments() {
		if s.views.Opens(c) {
			open = append(open, c)
		}
	}
	n, err := s.remember("rivals", open, func() (any, error) {
		n := 0
		for _, k := range rivalling(s.node.registry.Kinds(), s.views) {
			if err := s.views.Select(ctx, "SELECT count(*) FROM "+rivalRows(k), nil, func(r record.Row) error {
				if rows := int(r.Int(0)); k.Twice {
					n += (rows + 1) / 2
				} else {
					n += rows
				}
				return nil
			}); err != nil {
				return nil, err
			}
		}
		return n, nil
	})
	count, _ := n.(int)
	return count, err
}

// subject is the person whose record it is; zero when it is nobody's.
func subject(k *record.Kind, id record.ID, state *record.State) (whose record.ID) {
	if k.IsPerson {
		return id
	}
	if f, about := k.Field(k.Subject); about && k.Subject != "" {
		if raw, said := state.Value(f).([]byte); said && len(raw) == len(whose) {
			return record.ID(raw)
		}
	}
	return whose
}

// title is what a record is called: the values of its kind's title fields.
func title(k *record.Kind, state *record.State) string {
	var words []string
	for _, name := range k.Title {
		if f, ok := k.Field(name); ok {
			if text, ok := state.Value(f).(string); ok && text != "" {
				words = append(words, text)
			}
		}
	}
	return strings.Join(words, " ")
}

func rivalValues(ctx context.Context, r record.Reader, f record.Field, standing []record.Standing) ([]RivalValue, error) {
	out := make([]RivalValue, len(standing))
	for i, st := range standing {
		out[i] = RivalValue{Value: st.Value, Says: hex.EncodeToString(st.Ref[:]), By: st.By, Site: st.Site, At: happened(st), Recorded: journal.Time(st.Rec).Wall()}
		if raw, ok := st.Value.([]byte); ok {
			if out[i].Value, out[i].Bytes = nil, len(raw); f.Type == record.Ref && len(raw) == len(record.ID{}) {
				out[i].Value, out[i].Bytes = record.ID(raw), 0
			}
		}
		var err error
		if out[i].ByName, err = nameOf(ctx, r, "SELECT name FROM field.member WHERE member = ?", st.By); err != nil {
			return nil, err
		}
		if out[i].SiteName, err = nameOf(ctx, r, "SELECT name FROM field.site WHERE id = ?", st.Site); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// happened is when something happened, at the clock of the place.
func happened(st record.Standing) time.Time {
	return time.Unix(st.At, 0).In(time.FixedZone("", int(st.Zone)*60))
}

// nameOf is what a member or a site is called; empty when it is not known here.
func nameOf(ctx context.Context, r record.Reader, statement string, id record.ID) (name string, err error) {
	if id.IsZero() {
		return "", nil
	}
	err = r.Select(ctx, statement, []any{id}, func(row record.Row) error {
		name = row.Text(0)
		return nil
	})
	return name, err
}
