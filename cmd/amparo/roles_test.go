package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/attachment"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/observatory"
	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/place"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/vault"
	"amparo/internal/web"
)

// crew is a workspace on one laptop with a member of every role, and whoever founded it.
type crew struct {
	*testing.T
	node    *node.Node
	founder *node.Session
	members map[string]*node.Session // by role
	far     *node.Session            // a registrar on another laptop: what two write apart must be settled
	stick   string
	site    string
	n       int
}

var quick = node.Options{Cost: seal.Cost{Passes: 1, Memory: 64, Threads: 1}}

func newCrew(t *testing.T) *crew {
	t.Helper()
	reg, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Found(t.TempDir(), reg, node.Founding{Workspace: "Prueba", Member: "Ana", Passphrase: phrase, Lang: "es"}, quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	c := &crew{T: t, node: n, members: map[string]*node.Session{}, stick: filepath.Join(t.TempDir(), "stick")}
	c.founder = c.unlock(n, "Ana")
	for _, role := range vault.AllRoles() {
		inv, err := c.founder.Invite(t.Context(), node.Invite{Roles: []string{role}})
		if err != nil {
			t.Fatal(err)
		}
		req, err := n.JoinHere(inv, role, phrase)
		if err == nil {
			_, err = c.founder.Accept(t.Context(), req)
		}
		if err != nil {
			t.Fatal(err)
		}
		c.members[role] = c.unlock(n, role)
	}
	inv, err := c.founder.Invite(t.Context(), node.Invite{Roles: []string{"registrar"}})
	if err != nil {
		t.Fatal(err)
	}
	away, req, err := node.Join(filepath.Join(t.TempDir(), "far"), reg, inv, "Lejos", phrase, quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { away.Close() })
	if _, err := c.founder.Accept(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if _, err := c.founder.WriteBundle(t.Context(), c.stick); err != nil {
		t.Fatal(err)
	}
	if _, err := away.TakeBundleAs(t.Context(), "", []byte(phrase), c.stick, nil); err != nil {
		t.Fatal(err)
	}
	c.far = c.unlock(away, "Lejos")
	c.site = do[place.Opened](c, "site.open", map[string]any{"name": "Casa", "type": "shelter", "municipality": "07089", "services": []string{"medical"}}).Site.String()
	return c
}

func (c *crew) unlock(n *node.Node, name string) *node.Session {
	c.Helper()
	s, err := n.Unlock(c.Context(), name, []byte(phrase))
	if err != nil {
		c.Fatal(err)
	}
	return s
}

func (c *crew) apply(s *node.Session, action string, data any) record.Result {
	c.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		c.Fatal(err)
	}
	return s.Apply(c.Context(), lang.EN, record.Request{Action: action, Site: c.site, Data: raw})
}

// do is what the founder, who may everything, does.
func do[R any](c *crew, action string, data any) R {
	c.Helper()
	r := c.apply(c.founder, action, data)
	if !r.OK {
		c.Fatalf("%s %v refused: %+v", action, data, r.Error)
	}
	out, ok := r.Result.(R)
	if !ok {
		c.Fatalf("%s gives %T", action, r.Result)
	}
	return out
}

// somebody is a person of whom every compartment says something.
func (c *crew) somebody() string {
	c.Helper()
	c.n++
	person := do[people.Registered](c, "person.register", map[string]any{"given": fmt.Sprint("Ceiba", c.n), "surname1": "Marca"}).Person.String()
	for _, service := range []string{"medical", "mental_health", "social"} {
		do[any](c, "consultation.record", map[string]any{"person": person, "service": service, "note": "marca-" + service})
	}
	return person
}

// asked is the id of an erasing that somebody asked for and nobody has decided.
func (c *crew) asked() string {
	c.Helper()
	r := c.apply(c.members["registrar"], "person.erase", map[string]any{"person": c.somebody(), "compartments": []string{"identity"}, "reason": "mistake", "authority": "ella"})
	if !r.OK {
		c.Fatalf("asking for an erasing: %+v", r.Error)
	}
	return r.ID
}

// sought is a search to which somebody agreed.
func (c *crew) sought() string {
	c.Helper()
	return do[family.SoughtNow](c, "family.seek", m{"person": c.somebody(), "given": "Ana", "relation": "child", "consent": "given", "language": "es", "medium": "spoken", "understood": true,
		"services": []string{"cicr"}, "share": []string{"sought"}}).ID.String()
}

// rivals is a person of whose name two wrote different things apart.
func (c *crew) rivals() string {
	c.Helper()
	person := c.somebody()
	carry := func(from, to *node.Session) {
		if _, err := from.WriteBundle(c.Context(), c.stick); err != nil {
			c.Fatal(err)
		}
		if _, err := to.ReadBundle(c.Context(), c.stick); err != nil {
			c.Fatal(err)
		}
	}
	carry(c.founder, c.far)
	do[any](c, "person.update", map[string]any{"person": person, "given": "Uno"})
	if r := c.apply(c.far, "person.update", map[string]any{"person": person, "given": "Dos"}); !r.OK {
		c.Fatalf("%+v", r.Error)
	}
	carry(c.far, c.founder)
	return person
}

// file is one about a person, or about the site.
func (c *crew) file(person, in string) m {
	data := m{"compartment": in, "what": "other", "name": "marca-" + in + ".txt", "content": base64.StdEncoding.EncodeToString([]byte("marca-" + in))}
	if person != "" {
		data["person"] = person
	}
	return data
}

// deed is one way to do an action: its data, and every compartment that it must be allowed to write, by hand.
type deed struct {
	writes []record.Compartment
	data   func(*crew) any
	other  string // what is refused with besides not_allowed: of a record that one holds no key of not even its being there is told
}

type m = map[string]any

func in(c ...record.Compartment) []record.Compartment { return c }

// deeds say of every action how it is done. A consultation is one of three.
var deeds = map[string][]deed{
	"child.step": {{in(record.Identity), func(c *crew) any {
		return m{"person": c.somebody(), "step": "notice", "step_state": "done", "told_to": "procuraduria"}
	}, ""}},
	"child.company": {{in(record.Identity), func(c *crew) any { return m{"person": c.somebody(), "company": "alone"} }, ""}},
	"group.register": {{in(record.Identity), func(c *crew) any {
		return m{"people": []m{{"given": "Ceiba", "family": "a"}, {"given": "Ceibo", "family": "a"}}}
	}, ""}},
	"site.open":       {{in(record.FieldWork), func(c *crew) any { return m{"name": fmt.Sprint("Sitio", c.n), "type": "shelter"} }, ""}},
	"person.priority": {{in(record.Identity), func(c *crew) any { return m{"person": c.somebody(), "group": "pregnant", "identified": "staff"} }, ""}},
	"site.count":      {{in(record.FieldWork), func(*crew) any { return m{"total": 12, "method": "count"} }, ""}},
	"flow.count":      {{in(), func(*crew) any { return m{"direction": "north", "mode": "foot", "total": 5} }, ""}},
	"source.add": {{in(record.Public), func(c *crew) any {
		c.n++
		return m{"source": fmt.Sprint("fuente-", c.n), "title": "Fuente", "publisher": "Uno", "url": "https://example.org/a"}
	}, ""}},
	"series.record": {{in(record.Public), func(c *crew) any {
		c.n++
		month, err := observatory.ParseMonth("2025-01")
		if err != nil {
			c.Fatal(err)
		}
		rows, err := observatory.EncodeBlock(&observatory.Block{Month: month, Keys: []string{"region"}, Words: [][]string{{"southwest"}}, Codes: [][]uint16{{0}}, Counts: []int64{int64(c.n)}})
		if err != nil {
			c.Fatal(err)
		}
		return observatory.RecordData{Source: observatory.SourceData{Source: "fuente", Publisher: "Uno", Title: "Fuente"},
			Series: observatory.SeriesData{ID: "serie", Title: "Serie", Unit: "events", Source: "fuente", FiscalStart: 10},
			Blocks: []observatory.BlockData{{Month: "2025-01", Rows: rows}}}
	}, ""}},

	"person.register":  {{in(record.Identity), func(*crew) any { return m{"given": "Nueva", "consent": []string{"statistics"}} }, ""}},
	"person.update":    {{in(record.Identity), func(c *crew) any { return m{"person": c.somebody(), "given": "Otra"} }, ""}},
	"person.card":      {{in(record.Identity), func(c *crew) any { return m{"person": c.somebody(), "new": true} }, ""}},
	"person.link":      {{in(record.Identity), func(c *crew) any { return m{"person": c.somebody(), "other": c.somebody(), "reason": "said_it"} }, ""}},
	"person.different": {{in(record.Identity), func(c *crew) any { return m{"person": c.somebody(), "other": c.somebody()} }, ""}},
	"person.unlink": {{in(record.Identity), func(c *crew) any {
		one, two := c.somebody(), c.somebody()
		do[any](c, "person.link", m{"person": one, "other": two, "reason": "said_it"})
		return m{"person": one, "other": two}
	}, ""}},
	"person.consent": {{in(record.Identity), func(c *crew) any {
		return m{"person": c.somebody(), "purpose": "statistics", "answer": "refused"}
	}, ""}},
	"person.restrict": {
		{in(record.Identity), func(c *crew) any {
			return m{"person": c.somebody(), "compartments": []string{"identity"}, "reason": "x", "authority": "y"}
		}, ""},
		{in(record.Care), func(c *crew) any {
			return m{"person": c.somebody(), "compartments": []string{"care"}, "reason": "x", "authority": "y"}
		}, ""},
		{in(record.Law, record.Identity), func(c *crew) any {
			return m{"person": c.somebody(), "compartments": []string{"law", "identity"}, "reason": "x", "authority": "y"}
		}, ""},
	},
	"retention.hold": {
		{in(record.Identity), func(c *crew) any {
			return m{"person": c.somebody(), "compartment": "identity", "until": time.Now().AddDate(1, 0, 0).Format(time.DateOnly), "reason": "x"}
		}, ""},
		{in(record.Mind), func(c *crew) any {
			return m{"person": c.somebody(), "compartment": "mind", "until": time.Now().AddDate(1, 0, 0).Format(time.DateOnly), "reason": "x"}
		}, ""},
	},
	"person.erase": {
		{in(record.Identity), func(c *crew) any {
			return m{"person": c.somebody(), "compartments": []string{"identity"}, "reason": "mistake", "authority": "ella"}
		}, ""},
		{in(record.Care), func(c *crew) any {
			return m{"person": c.somebody(), "compartments": []string{"care"}, "reason": "mistake", "authority": "ella"}
		}, ""},
	},
	"erasure.confirm": {{in(record.FieldWork), func(c *crew) any { return m{"erasure": c.asked()} }, ""}},
	"erasure.refuse":  {{in(record.FieldWork), func(c *crew) any { return m{"erasure": c.asked(), "reason": "sigue aquí"} }, ""}},
	"person.glass": {{in(), func(c *crew) any {
		person := c.somebody()
		do[any](c, "person.restrict", m{"person": person, "reason": "x", "authority": "y"})
		return m{"person": person, "reason": "urgente"}
	}, ""}},
	"glass.review": {{in(), func(c *crew) any {
		person := c.somebody()
		do[any](c, "person.restrict", m{"person": person, "reason": "x", "authority": "y"})
		return m{"glass": do[node.Glass](c, "person.glass", m{"person": person, "reason": "urgente"}).ID, "finding": "justified"}
	}, ""}},

	"journey.record": {{in(record.Identity), func(c *crew) any {
		return m{"person": c.somebody(), "what": "stay", "place": "07", "ended": "2025"}
	}, ""}},
	"household.form": {{in(record.Identity), func(c *crew) any {
		return m{"members": []m{{"person": c.somebody()}, {"person": c.somebody(), "role": "child"}}}
	}, ""}},
	"household.join": {{in(record.Identity), func(c *crew) any { return m{"person": c.somebody(), "with": c.somebody()} }, ""}},
	"household.leave": {{in(record.Identity), func(c *crew) any {
		person := c.somebody()
		return m{"person": person, "household": do[family.Formed](c, "household.form", m{"members": []m{{"person": person}}}).ID, "why": "separated"}
	}, ""}},
	"family.seek":   {{in(record.Identity), func(c *crew) any { return m{"person": c.somebody(), "given": "Ana", "relation": "child"} }, ""}},
	"family.answer": {{in(record.Identity), func(c *crew) any { return m{"seek": c.sought(), "candidate": c.somebody(), "verdict": "same"} }, "unknown_id"}},
	"family.close":  {{in(record.Identity), func(c *crew) any { return m{"seek": c.sought(), "why": "together"} }, "unknown_id"}},
	"family.hand":   {{in(record.Identity), func(c *crew) any { return m{"seek": c.sought(), "service": "cicr"} }, "unknown_id"}},
	"person.relate": {{in(record.Identity), func(c *crew) any { return m{"person": c.somebody(), "other": c.somebody(), "relation": "parent"} }, ""}},

	"visit.open": {{in(record.Identity), func(c *crew) any { return m{"person": c.somebody(), "service": "nursing"} }, ""}},
	"visit.close": {{in(record.Identity), func(c *crew) any {
		r := c.apply(c.founder, "visit.open", m{"person": c.somebody(), "service": "nursing"})
		return m{"visit": r.ID, "outcome": "seen"}
	}, ""}},
	"consultation.record": {
		{in(record.Identity, record.Care), func(c *crew) any { return m{"person": c.somebody(), "service": "medical", "note": "x"} }, ""},
		{in(record.Identity, record.Mind), func(c *crew) any { return m{"person": c.somebody(), "service": "mental_health", "note": "x"} }, ""},
		{in(record.Identity, record.Law), func(c *crew) any { return m{"person": c.somebody(), "service": "social", "note": "x"} }, ""},
	},
	"attachment.add": {
		{in(record.Identity), func(c *crew) any { return c.file(c.somebody(), "identity") }, ""},
		{in(record.Care), func(c *crew) any { return c.file(c.somebody(), "care") }, ""},
		{in(record.Mind), func(c *crew) any { return c.file(c.somebody(), "mind") }, ""},
		{in(record.Survivor), func(c *crew) any { return c.file(c.somebody(), "survivor") }, ""},
		{in(record.Law), func(c *crew) any { return c.file(c.somebody(), "law") }, ""},
		{in(record.FieldWork), func(c *crew) any { return c.file("", "field") }, ""},
	},
	"attachment.remove": {
		{in(record.Identity), func(c *crew) any {
			return m{"attachment": do[attachment.Added](c, "attachment.add", c.file(c.somebody(), "identity")).ID, "reason": "x"}
		}, "unknown_id"},
		{in(record.Law), func(c *crew) any {
			return m{"attachment": do[attachment.Added](c, "attachment.add", c.file(c.somebody(), "law")).ID, "reason": "x"}
		}, "unknown_id"},
	},
	"conflict.settle": {{in(record.Identity), func(c *crew) any {
		return m{"record": c.rivals(), "kind": "person", "field": "given", "value": "Dos"}
	}, "unknown_id"}},
	"conflict.reopen": {{in(record.Identity), func(c *crew) any {
		id := c.rivals()
		do[any](c, "conflict.settle", m{"record": id, "kind": "person", "field": "given", "value": "Dos"})
		return m{"record": id, "kind": "person", "field": "given", "values": []string{"Uno"}}
	}, "unknown_id"}},
}

// Every action, tried by a member of every role with data that is taken when the role allows it.
func TestEveryActionForEveryRole(t *testing.T) {
	c := newCrew(t)
	for _, a := range c.node.Registry().Actions() {
		if _, listed := deeds[a.Name]; !listed {
			t.Errorf("action %s is tried by nobody", a.Name)
		}
		for i, d := range deeds[a.Name] {
			t.Run(fmt.Sprint(a.Name, i), func(t *testing.T) {
				for _, role := range vault.AllRoles() {
					c.try(t, role, a, d)
				}
			})
		}
	}
}

func (c *crew) try(t *testing.T, role string, a record.Action, d deed) {
	t.Helper()
	rights, s := vault.RightsOf([]string{role}), c.members[role]
	want := rights.Action(a.Name)
	for _, one := range d.writes {
		want = want && rights.May(record.Write, one) && (a.Verb != record.Erase || rights.May(record.Erase, one))
	}
	data := d.data(c)
	before, err := s.Status()
	if err != nil {
		t.Fatal(err)
	}
	r := c.apply(s, a.Name, data)
	after, err := s.Status()
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case want && !r.OK:
		t.Errorf("%s: refused with %s at %q: %s", role, r.Error.Code, r.Error.Field, r.Error.Message)
	case !want && r.OK:
		t.Errorf("%s: taken", role)
	case !want && r.Error.Code != "not_allowed" && r.Error.Code != d.other:
		t.Errorf("%s: refused with %s, want not_allowed", role, r.Error.Code)
	case !want && (after.Commits != before.Commits || r.Commit != ""):
		t.Errorf("%s: refused, and %d commits were written", role, after.Commits-before.Commits)
	case want && after.Commits == before.Commits:
		t.Errorf("%s: taken, and nothing was written", role)
	}
}

// seen are the words of each compartment, and who holds them.
var seen = map[string]record.Compartment{"marca-identity": record.Identity, "marca-care": record.Care, "marca-mind": record.Mind, "marca-law": record.Law, "Marca": record.Identity, "marca-medical": record.Care, "marca-mental_health": record.Mind, "marca-social": record.Law}

// Every query, asked by a member of every role: who may not is refused, and no answer holds a word of a compartment that is
// not the role's.
func TestEveryQueryForEveryRole(t *testing.T) {
	c := newCrew(t)
	person := c.somebody()
	sketch := do[attachment.Added](c, "attachment.add", c.file("", "field")).ID.String()
	for _, one := range []string{"identity", "care", "mind", "law"} {
		do[attachment.Added](c, "attachment.add", c.file(person, one))
	}
	params := map[string]url.Values{
		"attachment.list": {"person": {person}}, "attachment.content": {"attachment": {sketch}},
		"person.find": {"q": {"Marca"}}, "child.path": {"person": {person}}, "child.list": nil, "group.incomplete": nil, "person.duplicates": nil, "person.compare": {"person": {person}, "other": {c.somebody()}}, "person.alike": {"given": {"Ceiba"}, "surname1": {"Marca"}}, "family.show": {"person": {person}}, "family.proposals": nil, "family.proposal": {"seek": {c.sought()}, "candidate": {person}}, "card.read": {"code": {people.CheckedCard(1)}}, "card.blank": nil, "person.cards": {"person": {person}}, "person.show": {"person": {person}}, "person.timeline": {"person": {person}}, "person.copy": {"person": {person}},
		"journey.show": {"person": {person}}, "person.history": {"person": {person}}, "person.consents": {"person": {person}}, "person.restrictions": {"person": {person}}, "person.readers": {"person": {person}},
		"access": {"person": {person}}, "site.board": {"site": {c.site}}, "conflicts": nil, "pending": nil, "devices": nil, "audit": nil, "erasures": nil, "retention": nil,
		"site.list": nil, "flows": nil, "series.list": nil, "series": nil,
	}
	for _, q := range c.node.Registry().Queries() {
		given, listed := params[q.Name]
		if !listed {
			t.Errorf("query %s is asked by nobody", q.Name)
		}
		for _, role := range vault.AllRoles() {
			rights := vault.RightsOf([]string{role})
			answer, err := c.members[role].Query(t.Context(), lang.EN, q.Name, given)
			if q.Name == "series" && rights.Query(q.Name) {
				if code := node.AsRefusal(err).Code; code != "series_none" {
					t.Errorf("%s, %s: %v", q.Name, role, err)
				}
				continue
			}
			switch {
			case rights.Query(q.Name) && err != nil:
				t.Errorf("%s, %s: %v", q.Name, role, err)
			case !rights.Query(q.Name) && err == nil:
				t.Errorf("%s answers %s", q.Name, role)
			case !rights.Query(q.Name) && node.AsRefusal(err).Code != "not_allowed":
				t.Errorf("%s, %s: %v, want not_allowed", q.Name, role, err)
			}
			raw, err := json.Marshal(answer)
			if err != nil {
				t.Fatal(err)
			}
			for word, in := range seen {
				if strings.Contains(string(raw), word) && !rights.May(record.Read, in) {
					t.Errorf("%s tells %s what stands in %s", q.Name, role, in)
				}
			}
			if q.Name == "person.timeline" && rights.Query(q.Name) && role != "auditor" {
				for word, in := range seen {
					if rights.May(record.Read, in) && !strings.Contains(string(raw), word) {
						t.Errorf("%s does not tell %s what stands in %s", q.Name, role, in)
					}
				}
			}
		}
	}
}

// Every address, asked for by a member of every role over HTTP, as a browser or a program would.
func TestEveryAddressForEveryRole(t *testing.T) {
	c := newCrew(t)
	person := c.somebody()
	h := &house{dir: c.node.Dir(), registry: c.node.Registry(), node: c.node, name: "Prueba"}
	server := web.New(web.Config{House: h})
	t.Cleanup(server.Close)
	ask := func(method, path, token, kind, body string) *http.Response {
		r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost:8460"+path, strings.NewReader(body))
		if kind == "" {
			r.AddCookie(&http.Cookie{Name: "s8460", Value: token})
			kind = "application/x-www-form-urlencoded"
		} else {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Result()
	}
	tried := 0
	for _, role := range vault.AllRoles() {
		rights := vault.RightsOf([]string{role})
		token := server.Adopt(&desk{session: c.members[role]})
		for _, route := range web.Routes() {
			if route.Need != web.Session || slices.Contains([]string{"/lock", "/start/done"}, route.Pattern) {
				continue
			}
			if _, _, _, listed := route.Uses(); !listed {
				t.Errorf("%s: no word of who may use it", route.Pattern)
			}
			for _, path := range paths(route.Pattern, person) {
				want := mayUse(rights, route)
				if service := strings.TrimPrefix(path, "/people/"+person+"/consultation/"); service != path {
					want = want && rights.May(record.Write, map[string]record.Compartment{"medical": record.Care, "mental_health": record.Mind, "social": record.Law}[service])
				}
				got := ask(route.Method, path, token, "", "").StatusCode
				tried++
				switch {
				case got == http.StatusForbidden && want:
					t.Errorf("%s %s is shut to %s", route.Method, path, role)
				case got != http.StatusForbidden && !want:
					t.Errorf("%s %s answers %s with %d, want 403", route.Method, path, role, got)
				case got >= 500:
					t.Errorf("%s %s, %s: %d", route.Method, path, role, got)
				}
			}
		}
		for _, q := range c.node.Registry().Queries() {
			got := ask("GET", "/api/v1/queries/"+q.Name+"?person="+person, token, "application/json", "").StatusCode
			if (got == http.StatusForbidden) == rights.Query(q.Name) || got >= 500 {
				t.Errorf("GET /api/v1/queries/%s, %s: %d", q.Name, role, got)
			}
		}
		for _, a := range c.node.Registry().Actions() { // without data: who may is told what is missing, who may not learns nothing
			got := ask("POST", "/api/v1/actions", token, "application/json", `{"action":"`+a.Name+`","data":{}}`).StatusCode
			if (got == http.StatusForbidden) == rights.Action(a.Name) || got >= 500 {
				t.Errorf("POST /api/v1/actions %s, %s: %d", a.Name, role, got)
			}
		}
		for _, page := range []string{"/board", "/keys", "/sites", "/find", "/people/" + person, "/people/" + person + "/access", "/people/" + person + "/rights", "/people/" + person + "/history", "/people/" + person + "/journey", "/access", "/audit", "/conflicts"} { // what is offered can be used
			for _, address := range offered(t, ask("GET", page, token, "", "")) {
				if address == page {
					continue // to show it again is no offer
				}
				if got := ask("GET", address, token, "", "").StatusCode; got == http.StatusForbidden {
					t.Errorf("%s offers %s the address %s, which answers 403", page, role, address)
				}
			}
		}
	}
	if tried < 400 {
		t.Errorf("only %d requests were tried", tried)
	}
}

// paths fills in the names of a pattern.
func paths(pattern, person string) []string {
	pattern = strings.ReplaceAll(pattern, "{id}", person)
	pattern = strings.ReplaceAll(pattern, "{part}", "identity")
	pattern = strings.ReplaceAll(pattern, "{file}", person) // which is none
	if !strings.Contains(pattern, "{service}") {
		return []string{pattern}
	}
	var out []string
	for _, service := range []string{"medical", "mental_health", "social"} {
		out = append(out, strings.ReplaceAll(pattern, "{service}", service))
	}
	return out
}

// offered are the addresses that a page links to on this machine.
func offered(t *testing.T, r *http.Response) (out []string) {
	t.Helper()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(raw), ` href="`)[1:] {
		address, _, _ := strings.Cut(part, `"`)
		if strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "/assets/") && !slices.Contains(out, address) {
			out = append(out, address)
		}
	}
	return out
}
