package record

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Query is a named read.
type Query struct {
	Name  string
	In    []Compartment // what it can show; one a member may not open is simply absent
	Input reflect.Type  // of its parameters, for the schema
	About string        // the parameter that names the person whose record it opens: who asks is then noted; empty: none
	Why   string        // what is noted as the reason, a code of the list access_why; empty: opened
	// Anyone lets every role ask it; it shows what their compartments hold.
	Anyone bool
	Run    func(*Ask, map[string][]string) (any, error)
}

// NewQuery declares a query whose parameters are P: a struct with json tags whose fields are string, int, bool or
// []string. Parameters arrive as text and are refused when they do not fit.
func NewQuery[P any](name string, in []Compartment, do func(*Ask, P) (any, error)) Query {
	return Query{Name: name, In: in, Input: reflect.TypeFor[P](),
		Run: func(a *Ask, given map[string][]string) (any, error) {
			var params P
			if err := parameters(given, &params); err != nil {
				return nil, err
			}
			return do(a, params)
		}}
}

// Ask is what a query works with.
type Ask struct {
	Reader
	Context context.Context
	Now     time.Time
	Member  ID
	Site    ID // the device's own site; zero when it has none
	Lang    string
	// Workspace is the same on every machine of an organisation and on no other's; zero where there is none, in tests.
	Workspace ID
	Pending   func() (any, error) // what exists only on this machine: the engine's to know
	// Receipts tells of what is written about a person where else it is known to be; nil where nobody knows.
	Receipts func(person ID) (Receipts, error)
	// Files is nil where no files are kept.
	Files  Files
	Engine any // the session that asks, for the engine's own queries

	opened  []ID
	resolve func(string) (ID, bool)
	memo    func(key string, of []Compartment, build func() (any, error)) (any, error)
}

// NewAsk is for the node.
func NewAsk(a Ask, resolve func(string) (ID, bool), memo func(string, []Compartment, func() (any, error)) (any, error)) *Ask {
	a.resolve, a.memo = resolve, memo
	return &a
}

// Opened notes that the answer shows the record of one more person than the parameter About names: who asks is noted for them too.
func (a *Ask) Opened(person ID) { a.opened = append(a.opened, person) }

// AlsoOpened lists them, each once, in order.
func (a *Ask) AlsoOpened() (out []ID) {
	for _, id := range a.opened {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// Ref resolves a record's id or an earlier client id.
func (a *Ask) Ref(field, text string) (ID, error) {
	c := Change{resolve: a.resolve}
	return c.Ref(field, text)
}

// Memo keeps what build gave, in memory and for this session only, until one of the compartments changes.
func (a *Ask) Memo(key string, of []Compartment, build func() (any, error)) (any, error) {
	return a.memo(key, of, build)
}

// parameters turns text into the struct through its JSON form, so that actions and queries refuse alike.
func parameters(given map[string][]string, into any) error {
	t := reflect.TypeOf(into).Elem()
	out := map[string]any{}
	for name, values := range given {
		field, ok := parameter(t, name)
		if !ok {
			return Refuse(name, "unknown_field", "field", name)
		}
		if len(values) == 0 {
			continue
		}
		last := values[len(values)-1]
		switch field.Type.Kind() {
		case reflect.Slice:
			out[name] = values
		case reflect.Int, reflect.Int64, reflect.Float64:
			if last != "" {
				if !json.Valid([]byte(last)) {
					return Refuse(name, "not_a_number", "field", name, "got", last)
				}
				out[name] = json.RawMessage(last)
			}
		case reflect.Bool:
			out[name] = last == "true" || last == "1" || last == "on"
		default:
			out[name] = last
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return Refuse("", "bad_json", "reason", err.Error())
	}
	return Strict(raw, into)
}

func parameter(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		tag, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if tag == name {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}
