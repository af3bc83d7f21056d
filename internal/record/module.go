package record

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Module is what a domain package hands to the node.
type Module struct {
	Name    string
	Kinds   []*Kind
	Actions []Action
	Queries []Query
	// Anyone lets every role use all actions and queries of the module, within the compartments that the role opens. What the
	// roles' own table names needs it not.
	Anyone bool
	// Travels says whether what is written about a person may leave this machine now. One module of a workspace says it; the
	// engine asks before anything sealed about the person is handed on, and holds back what may not go. What hides a person
	// (Kind.Hides) goes all the same: it is what takes a record back elsewhere.
	Travels func(ctx context.Context, r Reader, person ID, now time.Time) (bool, error)
	// Tend completes what is due by itself, after unlocking and after every arrival: what an action could say only in the
	// compartments of who ran it, and others hold the rest. It says nothing when nothing is due.
	Tend func(*Change) error
}

// Registry is all modules together, checked: every number and name is there once.
type Registry struct {
	kinds   map[uint16]*Kind
	byName  map[string]*Kind
	actions map[string]Action
	queries map[string]Query
	travels func(context.Context, Reader, ID, time.Time) (bool, error)
	tend    []func(*Change) error
}

// NewRegistry joins modules. It fails when two of them use one number or name.
func NewRegistry(modules ...Module) (*Registry, error) {
	r := &Registry{map[uint16]*Kind{}, map[string]*Kind{}, map[string]Action{}, map[string]Query{}, nil, nil}
	for _, m := range modules {
		for _, k := range m.Kinds {
			if err := k.check(); err != nil {
				return nil, fmt.Errorf("module %s: %w", m.Name, err)
			}
			if other := r.kinds[k.Number]; other != nil {
				return nil, fmt.Errorf("module %s: kind %s has the number %d of %s", m.Name, k.Name, k.Number, other.Name)
			}
			if r.byName[k.Name] != nil {
				return nil, fmt.Errorf("module %s: kind %s is there twice", m.Name, k.Name)
			}
			r.kinds[k.Number], r.byName[k.Name] = k, k
		}
		for _, a := range m.Actions {
			if _, twice := r.actions[a.Name]; twice || a.Name == "" {
				return nil, fmt.Errorf("module %s: action %q is there twice or has no name", m.Name, a.Name)
			}
			a.Anyone = a.Anyone || m.Anyone
			r.actions[a.Name] = a
		}
		for _, q := range m.Queries {
			if _, twice := r.queries[q.Name]; twice || q.Name == "" {
				return nil, fmt.Errorf("module %s: query %q is there twice or has no name", m.Name, q.Name)
			}
			q.Anyone = q.Anyone || m.Anyone
			r.queries[q.Name] = q
		}
		if m.Tend != nil {
			r.tend = append(r.tend, m.Tend)
		}
		if m.Travels != nil {
			if r.travels != nil {
				return nil, fmt.Errorf("module %s: another module says already whose records may travel", m.Name)
			}
			r.travels = m.Travels
		}
	}
	return r, nil
}

// Kind finds a kind by its number in the journal; nil when this version does not know it.
func (r *Registry) Kind(number uint16) *Kind { return r.kinds[number] }

// KindNamed finds a kind by name; nil when unknown.
func (r *Registry) KindNamed(name string) *Kind { return r.byName[name] }

// Kinds lists all kinds by number.
func (r *Registry) Kinds() []*Kind {
	return sorted(r.kinds, func(k *Kind) int { return int(k.Number) })
}

// Action finds an action by name.
func (r *Registry) Action(name string) (Action, bool) { a, ok := r.actions[name]; return a, ok }

// Actions lists all actions by name.
func (r *Registry) Actions() []Action {
	return sorted(r.actions, func(a Action) string { return a.Name })
}

// Query finds a query by name.
func (r *Registry) Query(name string) (Query, bool) { q, ok := r.queries[name]; return q, ok }

// Queries lists all queries by name.
func (r *Registry) Queries() []Query {
	return sorted(r.queries, func(q Query) string { return q.Name })
}

// Travels reports whether what is written about a person may leave this machine now; always, when no module has a say.
func (r *Registry) Travels(ctx context.Context, reader Reader, person ID, now time.Time) (bool, error) {
	if r.travels == nil {
		return true, nil
	}
	return r.travels(ctx, reader, person, now)
}

// Tend lets every module say what is due by itself.
func (r *Registry) Tend(c *Change) error {
	for _, tend := range r.tend {
		if err := tend(c); err != nil {
			return err
		}
	}
	return nil
}

func sorted[K comparable, V any, O cmp.Ordered](m map[K]V, by func(V) O) []V {
	out := make([]V, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b V) int { return cmp.Compare(by(a), by(b)) })
	return out
}
