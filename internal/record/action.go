package record

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Verb is what a role must allow.
type Verb string

const (
	Read       Verb = "read"
	Write      Verb = "write"
	Share      Verb = "share"
	Erase      Verb = "erase"
	Administer Verb = "administer"
)

// Request is one line of work: what a page posts and `amparo apply` reads.
type Request struct {
	Action string          `json:"action"`
	ID     string          `json:"id,omitempty"`   // optional client id: the same id again changes nothing
	At     time.Time       `json:"at,omitzero"`    // when it happened; now when absent
	Site   string          `json:"site,omitempty"` // where; the device's own site when absent
	Data   json.RawMessage `json:"data,omitempty"`
}

// Result is the answer to a Request.
type Result struct {
	OK     bool     `json:"ok"`
	Action string   `json:"action"`
	ID     string   `json:"id,omitempty"`     // the client id when one was given, otherwise the record's
	Commit string   `json:"commit,omitempty"` // writer/seq; empty when nothing had to be written
	Result any      `json:"result,omitempty"`
	Error  *Problem `json:"error,omitempty"`
}

// ResultAs reads what an action answered through its JSON form: the promise is the names, not a Go type.
func ResultAs[T any](r Result) (out T, err error) {
	raw, err := json.Marshal(r.Result)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return out, fmt.Errorf("result of %s: %w", r.Action, err)
	}
	return out, nil
}

// Problem is a refusal as the person reads it.
type Problem struct {
	Code    string `json:"code"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// Action is one thing that can be done: validated once, authorised once, written as one commit.
type Action struct {
	Name  string
	In    []Compartment // what it may write to
	Verb  Verb
	Input reflect.Type // of its data, for the schema
	// Anyone lets every role use it, within the compartments that the role opens.
	Anyone bool
	Run    func(*Change, json.RawMessage) (any, error)
	// Steps is instead of Run: other actions do it.
	Steps func(c *Change, name func(step int) string, data json.RawMessage) (*Steps, error)
}

// NewAction declares an action whose data is T: a struct with json tags. Unknown fields and wrong types are refused
// before do is called.
func NewAction[T any](name string, in []Compartment, do func(*Change, T) (any, error)) Action {
	return Action{Name: name, In: in, Verb: Write, Input: reflect.TypeFor[T](),
		Run: func(c *Change, raw json.RawMessage) (any, error) {
			var data T
			if err := Strict(raw, &data); err != nil {
				return nil, err
			}
			return do(c, data)
		}}
}

// Strict decodes JSON and refuses what does not fit, naming the field. Nothing given is an empty object.
func Strict(raw []byte, into any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = []byte("{}")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			return Refuse("", "bad_json", "reason", "more than one value")
		}
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		code := "wrong_type"
		switch wrong.Type.Kind() {
		case reflect.Int, reflect.Int64, reflect.Float64:
			code = "not_a_number"
		}
		return Refuse(wrong.Field, code, "field", wrong.Field, "got", wrong.Value).Because(err)
	}
	if name, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		name = strings.Trim(name, `"`)
		return Refuse(name, "unknown_field", "field", name).Because(err)
	}
	return Refuse("", "bad_json", "reason", err.Error()).Because(err)
}

// Change is what an action works with: it reads, and says facts. The node turns what was said into one commit.
type Change struct {
	Reader
	Context context.Context
	Now     time.Time
	At      time.Time // when it happened, in the zone where it happened
	Site    ID        // where; zero when the device has no site and none was given
	Member  ID        // who acts
	Lang    string
	// Workspace is the same on every machine of an organisation and on no other's; zero where there is none, in tests.
	Workspace ID
	Engine    any                    // the session that runs it, for the engine's own actions
	MayIn     func(Compartment) bool // what the member's roles let them write; nil: whatever they open

	// Keep seals the bytes of a file of a compartment and keeps them on this device; what it gives belongs in the field Kind.File.
	// Nil where no files are kept.
	Keep func(in Compartment, content []byte) ([]byte, error)

	newID   func(number int) ID
	resolve func(string) (ID, bool)
	facts   []Fact
	travel  []travel
	tell    []ID
}

// travel is what an action learned of a person's wish.
type travel struct {
	person ID
	may    bool
}

// NewChange is for the node: newID names the fact of that number in the coming commit, resolve finds what a client id
// created.
func NewChange(c Change, newID func(int) ID, resolve func(string) (ID, bool)) *Change {
	c.newID, c.resolve = newID, resolve
	return &c
}

// Facts is what was said, in order.
func (c *Change) Facts() []Fact { return c.facts }

// Writes reports whether the member may write in a compartment: an action that touches several leaves out the others.
func (c *Change) Writes(in Compartment) bool { return c.Opens(in) && (c.MayIn == nil || c.MayIn(in)) }

// Hold notes that what is written about a person must not leave this machine from now on. The last word on a person stands.
func (c *Change) Hold(person ID) { c.travel = append(c.travel, travel{person, false}) }

// Release notes that what was held back of a person may leave this machine. The last word on a person stands.
func (c *Change) Release(person ID) { c.travel = append(c.travel, travel{person, true}) }

// Tell notes that what this very change says of a person must reach the other sites although their record may not: that they
// took something back, said far from the site that acts on it.
func (c *Change) Tell(person ID) { c.tell = append(c.tell, person) }

// Told lists the persons of whom Tell was said.
func (c *Change) Told() []ID { return c.tell }

// Held lists the persons of whom Hold was the last word, each once, in the order in which they were first named.
func (c *Change) Held() []ID { return c.travelling(false) }

// Released lists the persons of whom Release was the last word, each once, in the order in which they were first named.
func (c *Change) Released() []ID { return c.travelling(true) }

func (c *Change) travelling(may bool) []ID {
	last, order := map[ID]bool{}, []ID{}
	for _, t := range c.travel {
		if _, named := last[t.person]; !named {
			order = append(order, t.person)
		}
		last[t.person] = t.may
	}
	return slices.DeleteFunc(order, func(id ID) bool { return last[id] != may })
}

// Ref resolves the id of a record, given as its written form or as an earlier client id. field is named in the
// refusal.
func (c *Change) Ref(field, text string) (ID, error) {
	if text == "" {
		return ID{}, Refuse(field, "required", "field", field)
	}
	if id, ok := c.resolve(text); ok {
		return id, nil
	}
	id, err := ParseID(text)
	if err != nil {
		return ID{}, Refuse(field, "unknown_id", "field", field).Because(err)
	}
	return id, nil
}

// Exists reports whether the record is known to the member.
func (c *Change) Exists(k *Kind, id ID) (bool, error) {
	found := false
	err := c.Select(c.Context, "SELECT 1 FROM "+k.Table()+" WHERE id = ?", []any{id}, func(Row) error {
		found = true
		return nil
	})
	return found, err
}

// RequireSite refuses when it is not known where this happens.
func (c *Change) RequireSite() error {
	if c.Site.IsZero() {
		return Refuse("site", "no_site")
	}
	return nil
}

// Create says a new record of an Entity kind and gives its id. Nil values are left out.
func (c *Change) Create(k *Kind, fields Fields) (ID, error) {
	if k.Form != Entity {
		return ID{}, fmt.Errorf("create: %s is not an entity", k.Name)
	}
	return c.say(k, fields, ID{})
}

// Happen says that something happened and gives its id.
func (c *Change) Happen(k *Kind, fields Fields) (ID, error) {
	if k.Form != Happening {
		return ID{}, fmt.Errorf("happen: %s is not a happening", k.Name)
	}
	return c.say(k, fields, ID{})
}

// Correct says again something that happened; the earlier one stays readable and is marked as corrected.
func (c *Change) Correct(k *Kind, earlier ID, fields Fields) (ID, error) {
	if k.Form != Happening || earlier.IsZero() {
		return ID{}, fmt.Errorf("correct: %s is not a happening, or nothing is named", k.Name)
	}
	return c.say(k, fields, earlier)
}

// Count adds to a Tally. n is 1 when it is not among the fields.
func (c *Change) Count(k *Kind, fields Fields) error {
	if k.Form != Tally {
		return fmt.Errorf("count: %s is not a tally", k.Name)
	}
	if _, given := fields["n"]; !given {
		with := Fields{"n": 1}
		for name, v := range fields {
			with[name] = v
		}
		fields = with
	}
	_, err := c.say(k, fields, ID{})
	return err
}

func (c *Change) say(k *Kind, fields Fields, corrects ID) (ID, error) {
	values, err := k.Canonical(fields)
	if err != nil {
		return ID{}, err
	}
	for number, v := range values {
		if set, isSet := v.([]string); v == nil || isSet && len(set) == 0 {
			delete(values, number)
		}
	}
	id := c.newID(len(c.facts))
	c.facts = append(c.facts, Fact{Kind: k, ID: id, Entity: id, Creates: k.Form == Entity, Values: values, Corrects: corrects})
	return id, nil
}

// Put writes a Keyed record: the id follows from its key fields. Fields that differ from what stands replace it; it
// gives the names of the fields that changed, none when all was as given.
func (c *Change) Put(k *Kind, fields Fields) (ID, []string, error) {
	if k.Form != Keyed {
		return ID{}, nil, fmt.Errorf("put: %s is not keyed", k.Name)
	}
	values, err := k.Canonical(fields)
	if err != nil {
		return ID{}, nil, err
	}
	id, err := k.KeyID(values)
	if err != nil {
		return ID{}, nil, err
	}
	changed, err := c.set(k, id, fields, true)
	return id, changed, err
}

// Set changes fields of a record. Only those that differ are written; each replaces the values now standing. Nil
// clears. It gives the names of the fields that changed.
func (c *Change) Set(k *Kind, id ID, fields Fields) ([]string, error) {
	if !k.Registers() {
		return nil, fmt.Errorf("set: %s has no registers", k.Name)
	}
	return c.set(k, id, fields, false)
}

// Settle chooses between rival values: want replaces all that stand, even when it is one of them.
func (c *Change) Settle(k *Kind, id ID, field string, want any) ([]string, error) {
	f, known := k.Field(field)
	if !known || !k.Registers() {
		return nil, fmt.Errorf("settle: %s has no register %q", k.Name, field)
	}
	values, err := k.Canonical(Fields{field: want})
	if err != nil {
		return nil, err
	}
	state, err := c.State(k, id)
	if err != nil {
		return nil, err
	}
	fact := Fact{Kind: k, ID: c.newID(len(c.facts)), Entity: id, Values: values, Replaces: map[uint8][]FactRef{}}
	for _, st := range state.Standing(f.Number) {
		fact.Replaces[f.Number] = append(fact.Replaces[f.Number], st.Ref)
	}
	for _, name := range k.Key { // Keyed: the id is computed from its key, which travels with every fact
		kf, _ := k.Field(name)
		fact.Values[kf.Number] = state.Value(kf)
	}
	c.facts = append(c.facts, fact)
	return []string{field}, nil
}

// Beside says a value of a register beside what stands, and replaces nothing: it is a rival from then on.
func (c *Change) Beside(k *Kind, id ID, field string, value any) error {
	if _, known := k.Field(field); !known || !k.Registers() {
		return fmt.Errorf("beside: %s has no register %q", k.Name, field)
	}
	values, err := k.Canonical(Fields{field: value})
	if err != nil {
		return err
	}
	if len(k.Key) > 0 {
		state, err := c.State(k, id)
		if err != nil {
			return err
		}
		for _, name := range k.Key { // Keyed: the id is computed from its key, which travels with every fact
			kf, _ := k.Field(name)
			values[kf.Number] = state.Value(kf)
		}
	}
	c.facts = append(c.facts, Fact{Kind: k, ID: c.newID(len(c.facts)), Entity: id, Values: values})
	return nil
}

// State reads what is known of a record; empty when nothing is.
func (c *Change) State(k *Kind, id ID) (*State, error) { return ReadState(c.Context, c.Reader, k, id) }

// ReadState reads what is known of a record; empty when nothing is.
func ReadState(ctx context.Context, r Reader, k *Kind, id ID) (*State, error) {
	state := NewState()
	err := r.Select(ctx, "SELECT _state FROM "+k.Table()+" WHERE id = ?", []any{id}, func(row Row) error {
		var err error
		state, err = DecodeState(row.Blob(0))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", k.Name, err)
	}
	return state, nil
}

func (c *Change) set(k *Kind, id ID, fields Fields, creating bool) ([]string, error) {
	values, err := k.Canonical(fields)
	if err != nil {
		return nil, err
	}
	state, err := c.State(k, id)
	if err != nil {
		return nil, err
	}
	// What this very action said earlier about the record is said again as a whole: one fact about it is enough.
	at := slices.IndexFunc(c.facts, func(f Fact) bool { return f.Kind == k && f.Entity == id })
	var fact Fact
	if at >= 0 {
		fact = c.facts[at]
	} else {
		_, known := state.Created()
		fact = Fact{Kind: k, ID: c.newID(len(c.facts)), Entity: id, Creates: creating && !known, Values: map[uint8]any{}}
	}
	if fact.Replaces == nil {
		fact.Replaces = map[uint8][]FactRef{}
	}
	var changed []string
	for number, v := range values {
		f, _ := k.FieldNumbered(number)
		if slices.Contains(k.Key, f.Name) {
			continue
		}
		say, replaces := change(f, state, v)
		earlier, said := fact.Values[number]
		if said = said || fact.Replaces[number] != nil; said == (say != nil || replaces != nil) && Equal(earlier, say) && slices.Equal(fact.Replaces[number], replaces) {
			continue
		}
		delete(fact.Values, number)
		delete(fact.Replaces, number)
		if say != nil || replaces != nil && f.Type != Set {
			fact.Values[number] = say
		}
		if len(replaces) > 0 {
			fact.Replaces[number] = replaces
		}
		changed = append(changed, f.Name)
	}
	if at < 0 && len(changed) == 0 && !fact.Creates {
		return nil, nil
	}
	if err := sayKey(&fact, state, values); err != nil {
		return nil, err
	}
	if at >= 0 {
		c.facts[at] = fact
	} else {
		c.facts = append(c.facts, fact)
	}
	slices.Sort(changed)
	return changed, nil
}

// sayKey puts the key of a Keyed record into the fact: it travels with every one, since the id is computed from it.
func sayKey(fact *Fact, state *State, values map[uint8]any) error {
	if fact.Kind.Form != Keyed {
		return nil
	}
	for _, name := range fact.Kind.Key {
		f, _ := fact.Kind.Field(name)
		v, given := values[f.Number]
		if !given {
			v = state.Value(f)
		}
		fact.Values[f.Number] = v
		delete(fact.Replaces, f.Number)
		for _, st := range state.Standing(f.Number) {
			fact.Replaces[f.Number] = append(fact.Replaces[f.Number], st.Ref)
		}
	}
	id, err := fact.Kind.KeyID(fact.Values)
	if err != nil {
		return err
	}
	if id != fact.Entity {
		return fmt.Errorf("set: the key of a %s cannot change", fact.Kind.Name)
	}
	return nil
}

// change says what must be written so that the field shows want: the value to say (of a set, the words to add) and the
// facts (or words) it replaces; nil and nil when it already stands so.
func change(f Field, state *State, want any) (say any, replaces []FactRef) {
	standing := state.Standing(f.Number)
	if f.Type == Set {
		wanted, _ := want.([]string)
		have, add := []string{}, []string{}
		for _, st := range standing {
			set, _ := st.Value.([]string)
			have = append(have, set...)
			for _, e := range set {
				if !slices.Contains(wanted, e) {
					replaces = append(replaces, st.Ref.Element(e))
				}
			}
		}
		for _, e := range wanted {
			if !slices.Contains(have, e) {
				add = append(add, e)
			}
		}
		if len(add) == 0 {
			return nil, replaces
		}
		return add, replaces
	}
	if len(standing) == 0 && want == nil {
		return nil, nil
	}
	if len(standing) > 0 && !slices.ContainsFunc(standing, func(st Standing) bool { return !Equal(st.Value, want) }) {
		return nil, nil
	}
	for _, st := range standing {
		replaces = append(replaces, st.Ref)
	}
	return want, replaces
}
