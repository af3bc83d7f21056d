package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"amparo/internal/web/webtest"
)

// apiCase is one request with what the answer must and must not hold.
type apiCase struct {
	name, method, path, body string
	anonymous                bool
	status                   int
	holds, lacks             []string
	actions                  int
}

func TestAPI(t *testing.T) {
	for _, c := range []apiCase{
		{name: "a token for a passphrase", method: "POST", path: "/api/v1/sessions", body: `{"member":"rosa elvira cruz","passphrase":"` + webtest.Passphrase + `"}`, anonymous: true,
			status: 201, holds: []string{`"token":"`, webtest.Rosa.ID.String()}, lacks: []string{webtest.Passphrase}},
		{name: "a wrong passphrase", method: "POST", path: "/api/v1/sessions", body: `{"member":"Rosa Elvira Cruz","passphrase":"no"}`, anonymous: true,
			status: 401, holds: []string{`"ok":false`, `"wrong_passphrase"`}, lacks: []string{"token"}},
		{name: "nobody of that name", method: "POST", path: "/api/v1/sessions", body: `{"member":"Nadie","passphrase":"no"}`, anonymous: true, status: 422, holds: []string{`"unknown_member"`}, lacks: []string{"Rosa"}},
		{name: "a field too many", method: "POST", path: "/api/v1/sessions", body: `{"member":"Rosa Elvira Cruz","pass":"no"}`, anonymous: true, status: 422, holds: []string{`"unknown_field"`}},
		{name: "no token", method: "GET", path: "/api/v1/queries/person.find?q=lopez", anonymous: true, status: 401, holds: []string{`"locked"`}, lacks: []string{"López"}},
		{name: "one action", method: "POST", path: "/api/v1/actions", body: `{"action":"site.count","id":"k1","data":{"total":3}}`, status: 200, holds: []string{`{"ok":true,"action":"site.count","id":"k1"`}, actions: 1},
		{name: "an array", method: "POST", path: "/api/v1/actions", body: ` [{"action":"site.count","data":{}},{"action":"flow.count","data":{}}]`, status: 200, holds: []string{`[{"ok":true`, `"flow.count"`}, actions: 2},
		{name: "one a line", method: "POST", path: "/api/v1/actions", body: "{\"action\":\"site.count\"}\n{\"action\":\"flow.count\"}\n", status: 200, holds: []string{"}\n{"}, actions: 2},
		{name: "a line cut short", method: "POST", path: "/api/v1/actions", body: "{\"action\":\"site.count\"}\n{\"action\":\"fl", status: 200, holds: []string{`"ok":true`, `"bad_json"`}, actions: 1},
		{name: "nothing", method: "POST", path: "/api/v1/actions", body: "  \n", status: 422, holds: []string{`"bad_json"`}},
		{name: "not JSON", method: "POST", path: "/api/v1/actions", body: "given=Ana", status: 422, holds: []string{`"bad_json"`}},
		{name: "a field that no action has", method: "POST", path: "/api/v1/actions", body: `{"acton":"site.count"}`, status: 422, holds: []string{`"unknown_field"`, `"field":"acton"`}},
		{name: "a query", method: "GET", path: "/api/v1/queries/person.find?q=lopez&limit=3", status: 200, holds: []string{`"hits":[`, "López"}},
		{name: "an unknown query", method: "GET", path: "/api/v1/queries/everything", status: 404, holds: []string{`"unknown_query"`}},
		{name: "an unknown address", method: "GET", path: "/api/v1/nowhere", status: 404, holds: []string{`"not_found"`}},
		{name: "the document", method: "GET", path: "/api/v1/openapi.json", status: 200, holds: []string{`"openapi":"3.1.0"`, "person.register", "/api/v1/queries/person.timeline", `"surname1"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			house := &webtest.House{}
			b := open(t, house)
			if !c.anonymous {
				b.header.Set("Authorization", "Bearer "+b.server.Adopt(&webtest.Desk{House: house, Who: webtest.Rosa}))
			}
			r := b.ask(c.method, c.path, "application/json", c.body)
			got := b.page(r)
			if r.StatusCode != c.status || len(house.Applied) != c.actions {
				t.Errorf("status %d, want %d; %d actions, want %d\n%s", r.StatusCode, c.status, len(house.Applied), c.actions, got)
			}
			for _, part := range c.holds {
				if !strings.Contains(got, part) {
					t.Errorf("the answer lacks %q:\n%.600s", part, got)
				}
			}
			for _, part := range c.lacks {
				if strings.Contains(got, part) {
					t.Errorf("the answer holds %q", part)
				}
			}
			if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json;") && !json.Valid([]byte(got)) {
				t.Errorf("not JSON: %s", got)
			}
		})
	}
}

// A program's token ends with its session.
func TestAPILocks(t *testing.T) {
	house := &webtest.House{}
	b := open(t, house)
	var opened struct {
		Token string `json:"token"`
	}
	r := b.ask("POST", "/api/v1/sessions", "application/json", `{"member":"`+webtest.Julio.ID.String()+`","passphrase":"`+webtest.Passphrase+`"}`)
	if err := json.Unmarshal(body(t, r), &opened); err != nil {
		t.Fatal(err)
	}
	b.header.Set("Authorization", "Bearer "+opened.Token)
	if r := b.get("/api/v1/queries/site.list"); r.StatusCode != http.StatusOK {
		t.Fatalf("with the token: %d", r.StatusCode)
	}
	if r := b.ask("DELETE", "/api/v1/sessions", "", ""); r.StatusCode != http.StatusNoContent {
		t.Fatalf("locking: %d", r.StatusCode)
	}
	if r := b.get("/api/v1/queries/site.list"); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("after locking: %d", r.StatusCode)
	}
}
