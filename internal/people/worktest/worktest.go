// Package worktest is a real workspace on a temporary folder for the tests of the work: its actions and queries run through the node,
// the journal and the encrypted views, as they do for a person.
package worktest

import (
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"amparo/internal/attachment"
	"amparo/internal/care"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/people"
	"amparo/internal/people/child"
	"amparo/internal/people/family"
	"amparo/internal/people/journey"
	"amparo/internal/place"
	"amparo/internal/record"
	"amparo/internal/relay"
	"amparo/internal/route"
	"amparo/internal/seal"
)

// Bed is a workspace with one member, unlocked, and a clock that the test turns.
type Bed struct {
	*testing.T
	Session *node.Session
	Now     time.Time
	extra   []record.Module
}

// Noon is when tests begin: a Tuesday in Tapachula.
var Noon = time.Date(2026, time.March, 17, 12, 0, 0, 0, time.FixedZone("", -6*3600))

// New founds the workspace. extra are modules of a test's own: kinds that the work does not have yet.
func New(t *testing.T, extra ...record.Module) *Bed {
	t.Helper()
	b := &Bed{T: t, Now: Noon, extra: extra}
	n, err := node.Found(t.TempDir(), b.registry(), node.Founding{Workspace: "Prueba", Member: "Ana", Passphrase: passphrase, Lang: "es"}, b.options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if b.Session, err = n.Unlock(t.Context(), "", []byte(passphrase)); err != nil {
		t.Fatal(err)
	}
	return b
}

const passphrase = "una frase larga"

func (b *Bed) registry() *record.Registry {
	b.Helper()
	r, err := node.Registry(append([]record.Module{people.Module, family.Module, journey.Module, child.Module, place.Module, care.Module, route.Module, attachment.Module, probe}, b.extra...)...)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func (b *Bed) options() node.Options {
	return node.Options{Wall: func() time.Time { return b.Now }, Cost: seal.Cost{Passes: 1, Memory: 64, Threads: 1}}
}

// Relay starts one for beds to meet at.
func Relay(t *testing.T) (url string) {
	t.Helper()
	store, err := relay.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "relay.db"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(relay.New(relay.Config{Store: store}))
	t.Cleanup(func() { server.Close(); store.Close() })
	return server.URL
}

// Meet brings beds in step over a relay, in turn and twice, so that each has what all have.
func Meet(url string, beds ...*Bed) {
	for range 2 {
		for _, b := range beds {
			b.Helper()
			if _, err := b.Session.Exchange(b.Context(), url, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// Reopen locks the member and unlocks them again.
func (b *Bed) Reopen() {
	b.Helper()
	n := b.Session.Node()
	b.Session.Lock()
	s, err := n.Unlock(b.Context(), "", []byte(passphrase))
	if err != nil {
		b.Fatal(err)
	}
	b.Session = s
}

// Join makes another machine of the workspace, with one member who has these roles, at a site.
func (b *Bed) Join(url, name, site string, roles ...string) *Bed {
	b.Helper()
	other := &Bed{T: b.T, Now: b.Now, extra: b.extra}
	fail := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	inv, err := b.Session.Invite(b.Context(), node.Invite{Roles: roles})
	fail(err)
	n, request, err := node.Join(filepath.Join(b.TempDir(), "node"), other.registry(), inv, name, passphrase, other.options())
	fail(err)
	b.Cleanup(func() {
		if err := n.Close(); err != nil {
			b.Error(err)
		}
	})
	_, err = b.Session.Accept(b.Context(), request)
	fail(err)
	Meet(url, b)
	_, err = n.ExchangeAs(b.Context(), "", []byte(passphrase), url, nil)
	fail(err)
	other.Session, err = n.Unlock(b.Context(), "", []byte(passphrase))
	fail(err)
	if site != "" {
		other.Stand(site)
	}
	return other
}

// Apply runs an action at the clock of the bed. site may be empty.
func (b *Bed) Apply(action, site string, data any) record.Result {
	b.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		b.Fatal(err)
	}
	return b.Session.Apply(b.Context(), lang.ES, record.Request{Action: action, At: b.Now, Site: site, Data: raw})
}

// Do runs an action that must be taken, and gives its result as R.
func Do[R any](b *Bed, action, site string, data any) R {
	b.Helper()
	r := b.Apply(action, site, data)
	if !r.OK {
		b.Fatalf("%s %v refused: %+v", action, data, r.Error)
	}
	result, ok := r.Result.(R)
	if !ok {
		b.Fatalf("%s gives %T", action, r.Result)
	}
	return result
}

// Refused runs an action that must be refused with a code at a field.
func (b *Bed) Refused(action, site string, data any, field, code string) {
	b.Helper()
	r := b.Apply(action, site, data)
	switch {
	case r.OK:
		b.Errorf("%s %v was taken", action, data)
	case r.Error.Code != code || r.Error.Field != field:
		b.Errorf("%s %v is refused with %s at %q, want %s at %q (%s)", action, data, r.Error.Code, r.Error.Field, code, field, r.Error.Message)
	case r.Error.Message == "":
		b.Errorf("%s: no sentence for %s", action, code)
	}
}

// Ask runs a query that must answer, and gives its answer as A. params are name and value in turn.
func Ask[A any](b *Bed, query string, params ...string) A {
	b.Helper()
	given := map[string][]string{}
	for i := 0; i+1 < len(params); i += 2 {
		given[params[i]] = append(given[params[i]], params[i+1])
	}
	got, err := b.Session.Query(b.Context(), lang.ES, query, given)
	if err != nil {
		b.Fatalf("%s %v: %v", query, params, err)
	}
	answer, ok := got.(A)
	if !ok {
		b.Fatalf("%s answers %T", query, got)
	}
	return answer
}

// probe reads what no query of the work shows: the sums of count lines.
var probe = record.Module{Name: "worktest", Anyone: true, Actions: []record.Action{
	record.NewAction("worktest.group", []record.Compartment{record.Identity}, func(c *record.Change, p oldGroup) (any, error) {
		id, err := people.Known(c, "person", p.Person)
		if err != nil {
			return nil, err
		}
		return c.Set(people.Person, id, record.Fields{"groups": []string{p.Group}})
	}),
}, Queries: []record.Query{
	record.NewQuery("worktest.sum", record.Compartments(), func(a *record.Ask, p probeParams) (any, error) {
		total := 0
		err := a.Select(a.Context, "SELECT coalesce(sum(n), 0) FROM "+p.Table+" WHERE "+p.Where, nil, func(r record.Row) error {
			total = int(r.Int(0))
			return nil
		})
		return total, err
	}),
	record.NewQuery("worktest.travels", record.Compartments(), func(a *record.Ask, p people.PersonParams) (any, error) {
		id, err := a.Ref("person", p.Person)
		if err != nil {
			return nil, err
		}
		return people.Module.Travels(a.Context, a, id, a.Now)
	}),
}}

type probeParams struct {
	Table string `json:"table"`
	Where string `json:"where"`
}

type oldGroup struct {
	Person string `json:"person"`
	Group  string `json:"group"`
}

// OldGroup writes a person's groups as a version of the program did that knew no better place for some of them.
func (b *Bed) OldGroup(person, group string) {
	b.Helper()
	Do[[]string](b, "worktest.group", "", oldGroup{person, group})
}

// Sum adds up the lines of a tally that fulfil an SQL condition.
func (b *Bed) Sum(table, where string) int {
	b.Helper()
	return Ask[int](b, "worktest.sum", "table", table, "where", where)
}

// Travels asks whether a person's record may leave the machine.
func (b *Bed) Travels(person string) bool {
	b.Helper()
	return Ask[bool](b, "worktest.travels", "person", person)
}

// Stand says at which site the device of the bed stands.
func (b *Bed) Stand(site string) {
	b.Helper()
	id, err := record.ParseID(site)
	if err == nil {
		err = b.Session.Node().SetSite(id)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// Site opens a site and gives its id.
func (b *Bed) Site(name, municipality string) string {
	b.Helper()
	return Do[place.Opened](b, "site.open", "", map[string]any{"name": name, "type": "shelter", "municipality": municipality,
		"services": []string{"medical", "mental_health"}}).Site.String()
}
