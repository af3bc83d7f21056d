package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/web"
	"amparo/internal/web/webtest"
)

const origin = "http://localhost:8460"

// browser keeps cookies like one.
type browser struct {
	t       *testing.T
	server  *web.Server
	house   *webtest.House
	cookies map[string]string
	header  http.Header
}

func open(t *testing.T, house *webtest.House) *browser {
	t.Helper()
	s := web.New(web.Config{House: house, Now: func() time.Time { return webtest.Now }, Version: "0.1.0"})
	t.Cleanup(s.Close)
	return &browser{t: t, server: s, house: house, cookies: map[string]string{"l8460": "es"}, header: http.Header{}}
}

func unlocked(t *testing.T, house *webtest.House) *browser {
	t.Helper()
	b := open(t, house)
	b.cookies["s8460"] = b.server.Adopt(&webtest.Desk{House: house, Who: webtest.Rosa})
	return b
}

func (b *browser) ask(method, path, kind, content string) *http.Response {
	b.t.Helper()
	r := httptest.NewRequest(method, origin+path, strings.NewReader(content))
	for name, values := range b.header {
		r.Header[name] = values
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	answer := w.Result()
	for _, c := range answer.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return answer
}

func (b *browser) get(path string) *http.Response { b.t.Helper(); return b.ask("GET", path, "", "") }

func (b *browser) post(path string, form url.Values) *http.Response {
	b.t.Helper()
	return b.ask("POST", path, "application/x-www-form-urlencoded", form.Encode())
}

func (b *browser) page(r *http.Response) string { b.t.Helper(); return string(body(b.t, r)) }

func get(t *testing.T, path string, header http.Header) *http.Response {
	t.Helper()
	b := open(t, &webtest.House{})
	b.header = header
	return b.get(path)
}

func assetAddresses(t *testing.T) []string {
	t.Helper()
	page := string(body(t, get(t, "/unlock", nil)))
	found := regexp.MustCompile(`/assets/[a-z]+\.[0-9a-f]+\.[a-z]+`).FindAllString(page, -1)
	if len(found) != 3 {
		t.Fatalf("assets of a page: %v", found)
	}
	return found
}

// Every address but the few that show nothing about anybody refuses without a session.
func TestNothingAnswersWithoutASession(t *testing.T) {
	public := map[string]bool{"GET /{$}": true, "GET /start": true, "POST /start": true, "POST /start/passphrase": true, "GET /unlock": true, "POST /unlock": true,
		"GET /awake": true, "POST /strength": true, "GET /join": true, "POST /join": true, "GET /recover": true, "POST /recover": true, "GET /restore": true, "POST /restore": true, "POST /unlock/passkey": true, "POST /leave": true, "GET /measures": true, "POST /language": true, "GET /about": true, "GET /health": true, "GET /assets/{name}": true,
		"GET /favicon.ico": true, "POST /api/v1/sessions": true}
	if len(web.Routes()) < 40 {
		t.Fatalf("the table holds %d routes", len(web.Routes()))
	}
	for _, route := range web.Routes() {
		name := route.Method + " " + route.Pattern
		if (route.Need == web.Anyone) != public[name] {
			t.Errorf("%s: public is %v, the list here says %v", name, route.Need == web.Anyone, public[name])
		}
		if route.Need == web.Anyone {
			continue
		}
		house := &webtest.House{}
		b := open(t, house)
		b.cookies["s8460"] = "bm90IGEgdG9rZW4"
		path := strings.NewReplacer("{id}", webtest.Maria.ID.String(), "{service}", "medical", "{name}", "person.show").Replace(route.Pattern)
		r := b.ask(route.Method, path, "application/x-www-form-urlencoded", "given=Ana&total=3")
		page := b.page(r)
		switch {
		case strings.HasPrefix(path, "/api/"):
			if r.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: %d", name, r.StatusCode)
			}
		case r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Location"), "/unlock"):
			t.Errorf("%s: %d to %q", name, r.StatusCode, r.Header.Get("Location"))
		}
		if strings.Contains(page, "López") || len(house.Applied) > 0 {
			t.Errorf("%s: something was shown or done", name)
		}
	}
}

// A route that names compartments refuses whoever opens none of them.
func TestRoutesKeepToCompartments(t *testing.T) {
	for _, route := range web.Routes() {
		if route.In == nil {
			continue
		}
		b := unlocked(t, &webtest.House{Shuts: record.Compartments()})
		path := strings.NewReplacer("{id}", webtest.Maria.ID.String(), "{service}", "medical").Replace(route.Pattern)
		if r := b.ask(route.Method, path, "application/x-www-form-urlencoded", ""); r.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %d, want 403", route.Method, route.Pattern, r.StatusCode)
		}
	}
}

func TestHeaders(t *testing.T) {
	b := unlocked(t, &webtest.House{})
	for _, path := range []string{"/board", "/unlock", "/nowhere", "/api/v1/openapi.json", assetAddresses(t)[0]} {
		h := b.get(path).Header
		for name, part := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "geolocation=()"} {
			if !strings.Contains(h.Get(name), part) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		policy := h.Get("Content-Security-Policy")
		for _, wanted := range []string{"script-src 'self'", "style-src 'self'", "img-src 'self' data:", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "connect-src 'self'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, wanted) {
				t.Errorf("%s: the policy lacks %q", path, wanted)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy allows what is unsafe", path)
		}
		want := "no-store"
		if strings.HasPrefix(path, "/assets/") {
			want = "public, max-age=31536000, immutable"
		}
		if got := h.Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", path, got, want)
		}
	}
}

// A page elsewhere can neither post here nor point its own name at this machine.
func TestStrangersAreRefused(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	b.header = http.Header{"Origin": {"https://elsewhere.example"}, "Sec-Fetch-Site": {"cross-site"}}
	if r := b.post("/headcount", url.Values{"total": {"9"}, "method": {"count"}}); r.StatusCode != http.StatusForbidden || len(house.Applied) > 0 {
		t.Errorf("a foreign post: %d, %d actions", r.StatusCode, len(house.Applied))
	}
	r := httptest.NewRequest("GET", "http://rebound.example/unlock", nil)
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	if w.Code != http.StatusMisdirectedRequest || strings.Contains(w.Body.String(), "Rosa") {
		t.Errorf("another name for this machine: %d", w.Code)
	}
	for _, host := range []string{"localhost:8460", "127.0.0.1:1", "[::1]:8460", "cuaderno.localhost"} {
		r := httptest.NewRequest("GET", "http://"+host+"/health", nil)
		w := httptest.NewRecorder()
		b.server.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", host, w.Code)
		}
	}
}

func TestCookieIsStrict(t *testing.T) {
	b := open(t, &webtest.House{})
	r := b.post("/unlock", url.Values{"member": {webtest.Rosa.ID.String()}, "passphrase": {webtest.Passphrase}})
	if r.StatusCode != http.StatusSeeOther {
		t.Fatalf("unlock: %d", r.StatusCode)
	}
	for _, c := range r.Cookies() {
		if c.Name == "s8460" && (!c.HttpOnly || c.SameSite != http.SameSiteStrictMode || len(c.Value) < 40) {
			t.Errorf("session cookie: %v", c)
		}
	}
	if r := b.get("/board"); r.StatusCode != http.StatusOK {
		t.Errorf("board after unlocking: %d", r.StatusCode)
	}
}

func TestGuessingIsSlowed(t *testing.T) {
	b := open(t, &webtest.House{})
	wrong := url.Values{"member": {webtest.Rosa.ID.String()}, "passphrase": {"no"}}
	for range 5 {
		if page := b.page(b.post("/unlock", wrong)); !strings.Contains(page, lang.T(lang.ES, "refuse.wrong_passphrase")) {
			t.Fatal("a wrong passphrase is not told")
		}
	}
	right := url.Values{"member": {webtest.Rosa.ID.String()}, "passphrase": {webtest.Passphrase}}
	if r := b.post("/unlock", right); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the sixth try at once: %d", r.StatusCode)
	}
	other := url.Values{"member": {webtest.Julio.ID.String()}, "passphrase": {webtest.Passphrase}}
	if r := b.post("/unlock", other); r.StatusCode != http.StatusSeeOther {
		t.Errorf("another member has to wait too: %d", r.StatusCode)
	}
}

// After the quick exit nothing here admits to being locked, except the first address, and the keys are gone.
func TestQuickExit(t *testing.T) {
	house := &webtest.House{}
	b := open(t, house)
	desk := &webtest.Desk{House: house, Who: webtest.Rosa}
	b.cookies["s8460"] = b.server.Adopt(desk)
	r := b.post("/leave", nil)
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/measures" || !desk.Locked() {
		t.Fatalf("leave: %d to %q, locked %v", r.StatusCode, r.Header.Get("Location"), desk.Locked())
	}
	if r := b.get("/people/" + webtest.Maria.ID.String()); r.Header.Get("Location") != "/measures" {
		t.Errorf("back after leaving: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	if page := b.page(b.get("/measures")); strings.Contains(page, "Rosa") || strings.Contains(page, "href=\"/unlock") {
		t.Error("the harmless page leads back")
	}
	if r := b.get("/"); r.Header.Get("Location") != "/unlock" {
		t.Errorf("the first address: %q", r.Header.Get("Location"))
	}
}
