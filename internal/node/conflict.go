package node

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// Conflicts is the answer of the query `conflicts`: every field that holds rival values, newest first.
type Conflicts struct {
	Conflicts []Conflict `json:"conflicts"`
}

// Conflict is one field of one record with the values that stand beside each other.
type Conflict struct {
	Record record.ID    `json:"record"`
	Kind   string       `json:"kind"`
	Title  string       `json:"title"` // what the record is called
	Field  string       `json:"field"`
	Codes  string       `json:"codes,omitempty"` // the code list of the values, for their labels
	Values []RivalValue `json:"values"`
}

// RivalValue is one of them: who said it, where and when.
type RivalValue struct {
	Value    any       `json:"value"`
	By       record.ID `json:"by"`
	ByName   string    `json:"by_name"`
	Site     record.ID `json:"site"`
	SiteName string    `json:"site_name"`
	At       time.Time `json:"at"`
	Recorded time.Time `json:"recorded"`
}

type conflictsParams struct {
	Record string `json:"record"` // only those of this record
}

type settleData struct {
	Record string          `json:"record"`
	Kind   string          `json:"kind"`
	Field  string          `json:"field"`
	Value  json.RawMessage `json:"value"`
}

// settled is the result of conflict.settle.
type settled struct {
	ID      record.ID `json:"id"`
	Changed []string  `json:"changed"`
}

// engine is the module of what belongs to no domain. modules are all the others: conflicts can stand in any of them.
func engine(modules []record.Module) record.Module {
	kinds := append([]*record.Kind{workspaceKind, memberKind, holdingKind, erasureKind, erasurePartsKind}, slices.Concat(accessModuleKinds(), carriedKinds)...)
	every := slices.Clone(kinds)
	for _, m := range modules {
		every = append(every, m.Kinds...)
	}
	return record.Module{Name: "engine", Kinds: kinds,
		Actions: append(erasing(), []record.Action{
			record.NewAction("conflict.settle", record.Compartments(), func(c *record.Change, d settleData) (any, error) { return settle(c, every, d) }),
			record.NewAction("person.glass", withField(), breakGlass),
			record.NewAction("glass.review", withField(), reviewGlass),
		}...),
		Queries: []record.Query{
			record.NewQuery("conflicts", record.Compartments(), func(a *record.Ask, p conflictsParams) (any, error) { return conflicts(a, every, p) }),
			record.NewQuery("pending", nil, func(a *record.Ask, _ struct{}) (any, error) { return a.Pending() }),
			record.NewQuery("access", withField(), askAccess),
			record.NewQuery("audit", withField(), askAudit),
			record.NewQuery("person.readers", withField(), askReaders),
			record.NewQuery("erasures", []record.Compartment{record.FieldWork}, askErasures),
		},
	}
}

func settle(c *record.Change, kinds []*record.Kind, d settleData) (any, error) {
	id, err := c.Ref("record", d.Record)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		if !k.Registers() || d.Kind != "" && k.Name != d.Kind {
			continue
		}
		state, err := c.State(k, id)
		if err != nil {
			return nil, err
		}
		f, known := k.Field(d.Field)
		if !known || len(state.Standing(f.Number)) == 0 {
			continue
		}
		if len(state.Rivals(f)) == 0 {
			return nil, record.Refuse("field", "already_settled", "field", d.Field)
		}
		if s, ok := c.Engine.(*Session); administered(k) && (!ok || !s.node.journal.Roll().Administers(s.member.ID)) {
			return nil, record.Refuse("", "not_allowed")
		}
		value, err := settledValue(f, d.Value)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(state.Rivals(f), func(st record.Standing) bool { return same(st.Value, value) }) {
			return nil, record.Refuse("value", "not_a_rival", "field", d.Field)
		}
		changed, err := c.Settle(k, id, d.Field, value)
		if err != nil {
			return nil, err
		}
		return settled{ID: id, Changed: changed}, nil
	}
	return nil, record.Refuse("record", "unknown_id", "field", "record")
}

// same compares a value that stands with one as an action gives it.
func same(stands, given any) bool {
	if id, ok := given.(record.ID); ok {
		given = id[:]
	}
	return record.Equal(stands, given)
}

// settledValue reads a value as its field's type.
func settledValue(f record.Field, raw json.RawMessage) (any, error) {
	wrong := func(err error) error {
		return record.Refuse("value", "wrong_type", "field", "value").Because(err)
	}
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	switch f.Type {
	case record.Int, record.Time:
		var v int64
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, wrong(err)
		}
		return v, nil
	case record.Bool:
		var v bool
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, wrong(err)
		}
		return v, nil
	case record.Ref:
		var v record.ID
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, wrong(err)
		}
		return v, nil
	case record.Text, record.Code, record.Date:
		var v string
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, wrong(err)
		}
		return v, nil
	}
	return nil, wrong(fmt.Errorf("a field of type %d holds no rivals that can be chosen", f.Type))
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
	out := Conflicts{Conflicts: []Conflict{}}
	for _, k := range kinds {
		if !k.Registers() || !a.Opens(k.In) {
			continue
		}
		type row struct {
			id    record.ID
			state *record.State
		}
		var rows []row
		err := a.Select(a.Context, "SELECT id, _state FROM "+k.Table()+" WHERE _rivals > 0"+only+" ORDER BY id", args, func(r record.Row) error {
			state, err := record.DecodeState(r.Blob(1))
			rows = append(rows, row{r.ID(0), state})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			for _, f := range k.Fields {
				if rivals := r.state.Rivals(f); len(rivals) > 0 {
					c := Conflict{Record: r.id, Kind: k.Name, Title: title(k, r.state), Field: f.Name, Codes: f.Codes}
					if c.Values, err = rivalValues(a.Context, a.Reader, rivals); err != nil {
						return nil, err
					}
					out.Conflicts = append(out.Conflicts, c)
				}
			}
		}
	}
	slices.SortStableFunc(out.Conflicts, func(x, y Conflict) int { return y.Values[0].Recorded.Compare(x.Values[0].Recorded) })
	return out, nil
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

func rivalValues(ctx context.Context, r record.Reader, standing []record.Standing) ([]RivalValue, error) {
	out := make([]RivalValue, len(standing))
	for i, st := range standing {
		value := st.Value
		if raw, ok := value.([]byte); ok && len(raw) == len(record.ID{}) {
			value = record.ID(raw)
		}
		out[i] = RivalValue{Value: value, By: st.By, Site: st.Site, At: time.Unix(st.At, 0).In(time.FixedZone("", int(st.Zone)*60)), Recorded: journal.Time(st.Rec).Wall()}
		if err := r.Select(ctx, "SELECT name FROM field.member WHERE member = ?", []any{st.By}, func(row record.Row) error {
			out[i].ByName = row.Text(0)
			return nil
		}); err != nil {
			return nil, err
		}
		if st.Site.IsZero() {
			continue
		}
		if err := r.Select(ctx, "SELECT name FROM field.site WHERE id = ?", []any{st.Site}, func(row record.Row) error {
			out[i].SiteName = row.Text(0)
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}
