package node

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"amparo/internal/record"
)

type settleData struct {
	Record string          `json:"record"`
	Kind   string          `json:"kind"`
	Field  string          `json:"field"`
	Value  json.RawMessage `json:"value,omitempty"`
	Says   string          `json:"says,omitempty"` // instead of the value: which saying stands, as the query conflicts names it
}

// settled is the result of conflict.settle.
type settled struct {
	ID      record.ID `json:"id"`
	Changed []string  `json:"changed"`
	Value   any       `json:"value"` // what stands now
	Undo    *undoing  `json:"undo,omitempty"`
}

// undoing is the action that puts the values beside each other again.
type undoing struct {
	Action string     `json:"action"`
	At     time.Time  `json:"at"`
	Site   string     `json:"site,omitempty"`
	Data   reopenData `json:"data"`
}

type reopenData struct {
	Record string            `json:"record"`
	Kind   string            `json:"kind"`
	Field  string            `json:"field"`
	Values []json.RawMessage `json:"values"` // what is said again beside what stands
	// Mirrored is the same of the other person, of what is said under both of two.
	Mirrored *reopenOther `json:"mirrored,omitempty"`
}

type reopenOther struct {
	Record string            `json:"record"`
	Kind   string            `json:"kind"`
	Field  string            `json:"field"`
	Values []json.RawMessage `json:"values"`
}

type reopened struct {
	ID      record.ID `json:"id"`
	Changed []string  `json:"changed"`
}

// register finds the field of a record that an action names, with what stands of it. Of what only administrators say, nobody
// else settles or opens anything.
func register(c *record.Change, kinds []*record.Kind, named, kind, field string) (k *record.Kind, f record.Field, id record.ID, state *record.State, err error) {
	if id, err = c.Ref("record", named); err != nil {
		return k, f, id, state, err
	}
	for _, k = range kinds {
		if !k.Registers() || k.Weighed || kind != "" && k.Name != kind {
			continue
		}
		if state, err = c.State(k, id); err != nil {
			return k, f, id, state, err
		}
		known := false
		if f, known = k.Field(field); !known || len(state.Standing(f.Number)) == 0 {
			continue
		}
		if administered(k) {
			s, ok := c.Engine.(*Session)
			if !ok {
				return k, f, id, state, errNoEngine
			}
			err = s.mustAdminister()
		}
		return k, f, id, state, err
	}
	return k, f, id, state, record.Refuse("record", "unknown_id", "field", "record")
}

func settle(c *record.Change, kinds []*record.Kind, d settleData) (any, error) {
	k, f, id, state, err := register(c, kinds, d.Record, d.Kind, d.Field)
	if err != nil {
		return nil, err
	}
	rivals := state.Rivals(f)
	if len(rivals) == 0 {
		return nil, record.Refuse("field", "already_settled", "field", d.Field)
	}
	stands, err := chosen(f, rivals, d)
	if err != nil {
		return nil, err
	}
	undo, err := undoOf(c, k, f, id, rivals, stands)
	if err != nil {
		return nil, err
	}
	changed, err := c.Settle(k, id, d.Field, asGiven(f, stands.Value))
	if err != nil {
		return nil, err
	}
	if undo.Data.Mirrored, err = settleMirrored(c, k, f, state, stands); err != nil {
		return nil, err
	}
	return settled{ID: id, Changed: changed, Value: asGiven(f, stands.Value), Undo: undo}, nil
}

// settleMirrored settles under the other of two persons what was settled under the one: what the same change said there stands. It
// gives what did not stand there; nil where nothing was to be settled.
func settleMirrored(c *record.Change, k *record.Kind, f record.Field, state *record.State, stands record.Standing) (*reopenOther, error) {
	id, twice, err := k.Mirrored(state)
	if err != nil || !twice {
		return nil, err
	}
	other, err := c.State(k, id)
	if err != nil {
		return nil, err
	}
	rivals := other.Rivals(f)
	at := slices.IndexFunc(rivals, func(st record.Standing) bool { return st.Rec == stands.Rec && st.By == stands.By })
	if at < 0 {
		return nil, nil
	}
	undo, err := undoOf(c, k, f, id, rivals, rivals[at])
	if err != nil {
		return nil, err
	}
	_, err = c.Settle(k, id, f.Name, asGiven(f, rivals[at].Value))
	return &reopenOther{undo.Data.Record, undo.Data.Kind, undo.Data.Field, undo.Data.Values}, err
}

// chosen is the rival that an action names, by its value or by its saying.
func chosen(f record.Field, rivals []record.Standing, d settleData) (record.Standing, error) {
	none := record.Refuse("value", "not_a_rival", "field", d.Field)
	if d.Says != "" {
		for _, st := range rivals {
			if hex.EncodeToString(st.Ref[:]) == d.Says {
				return st, nil
			}
		}
		return record.Standing{}, none
	}
	value, err := settledValue(f, d.Value)
	if err != nil {
		return record.Standing{}, err
	}
	for _, st := range rivals {
		if same(st.Value, value) {
			return st, nil
		}
	}
	return record.Standing{}, none
}

// undoOf says again what did not stand, where and when the latest of it happened. It is who undoes that says it: the journal
// keeps who said it first.
func undoOf(c *record.Change, k *record.Kind, f record.Field, id record.ID, rivals []record.Standing, stands record.Standing) (*undoing, error) {
	u := &undoing{Action: "conflict.reopen", Data: reopenData{Record: id.String(), Kind: k.Name, Field: f.Name}}
	for _, st := range rivals {
		if st.Ref == stands.Ref {
			continue
		}
		raw, err := json.Marshal(asGiven(f, st.Value))
		if err != nil {
			return nil, fmt.Errorf("settle: %w", err)
		}
		if u.Data.Values = append(u.Data.Values, raw); !u.At.IsZero() {
			continue
		}
		u.At = happened(st)
		s, ok := c.Engine.(*Session)
		if !st.Site.IsZero() && (!ok || len(s.sites) == 0 || slices.Contains(s.sites, st.Site)) {
			u.Site = st.Site.String()
		}
	}
	return u, nil
}

// sayAgain says again, beside what stands, what was settled: whoever settles knows no better than the next.
func sayAgain(c *record.Change, kinds []*record.Kind, d reopenData) (any, error) {
	k, f, id, state, err := register(c, kinds, d.Record, d.Kind, d.Field)
	if err != nil {
		return nil, err
	}
	out := reopened{ID: id, Changed: []string{}}
	for _, raw := range d.Values {
		value, err := settledValue(f, raw)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(state.Standing(f.Number), func(st record.Standing) bool { return same(st.Value, value) }) {
			continue
		}
		if k.AboutPersons() && !slices.ContainsFunc(state.Sayings(f), func(said record.Saying) bool { return same(said.Value, value) }) {
			return nil, record.Refuse("values", "not_a_rival", "field", d.Field) // nobody ever said it: there are actions that check what is said
		}
		if err := c.Beside(k, id, f.Name, value); err != nil {
			return nil, err
		}
		out.Changed = []string{f.Name}
	}
	if d.Mirrored != nil {
		_, err = sayAgain(c, kinds, reopenData{Record: d.Mirrored.Record, Kind: d.Mirrored.Kind, Field: d.Mirrored.Field, Values: d.Mirrored.Values})
	}
	return out, err
}

// asGiven is a value that stands as an action gives it.
func asGiven(f record.Field, stands any) any {
	if raw, ok := stands.([]byte); ok && f.Type == record.Ref && len(raw) == len(record.ID{}) {
		return record.ID(raw)
	}
	return stands
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
	case record.Blob:
		var v []byte
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
