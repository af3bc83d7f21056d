package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"amparo/internal/lang"
	"amparo/internal/place"
	"amparo/internal/record"
)

// call is one request with who asks, in which language and from which site.
type call struct {
	*Server
	w       http.ResponseWriter // nil once an answer has been given by admit
	r       *http.Request
	route   Route
	session *session // nil when nobody has unlocked
	desk    Desk
	lang    lang.Tag
}

// T is a text in the reader's language.
func (c *call) T(key string, args ...any) string { return lang.T(c.lang, key, args...) }

// readersLang is what the reader chose, otherwise what the browser prefers.
func (c *call) readersLang() lang.Tag {
	if tag, ok := c.turned(); ok {
		return tag
	}
	if tag, ok := lang.Parse(cookie(c.r, "l")); ok {
		return tag
	}
	return lang.Match(c.r.Header.Get("Accept-Language"))
}

// turned reports a page about a person that is shown in the person's language, as its address says.
func (c *call) turned() (lang.Tag, bool) {
	if !strings.HasPrefix(c.route.Pattern, "/people/{id}/") {
		return "", false
	}
	return lang.Parse(c.r.URL.Query().Get("lang"))
}

// admit finds the session and refuses what the route does not allow.
func (c *call) admit() error {
	token := cookie(c.r, "s")
	if c.route.Need == Bearer {
		if given, found := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer "); found {
			token = given
		}
	}
	c.session = c.sessions.find(token, c.r.Header.Get("X-Quiet") == "")
	if c.session != nil && c.session.free && c.route.Need != Bearer { // a program's session shows no pages
		c.session = nil
	}
	if c.session != nil {
		c.desk = c.session.desk
	}
	if c.route.Need == Anyone {
		return nil
	}
	if c.session == nil {
		return ErrLocked
	}
	if c.route.Need == Session && !c.may(c.route.Pattern) || c.route.In != nil && !c.opensAny(c.route.In...) {
		return errNotYours
	}
	if c.route.Need == Session && c.r.Method == http.MethodPost {
		return c.sameMember()
	}
	return nil
}

func (c *call) opensAny(in ...record.Compartment) bool {
	for _, one := range in {
		if c.desk.Opens(one) {
			return true
		}
	}
	return false
}

// ask runs a query and gives its answer as the type the domain package declares for it.
func ask[T any](c *call, name string, params ...string) (T, error) {
	given := map[string][]string{}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			given[params[i]] = append(given[params[i]], params[i+1])
		}
	}
	return askAll[T](c, name, given)
}

func askAll[T any](c *call, name string, params map[string][]string) (T, error) {
	var none T
	answer, err := c.desk.Query(c.r.Context(), c.lang, name, params)
	if err != nil {
		return none, err
	}
	switch answer := answer.(type) {
	case T:
		return answer, nil
	case *T:
		if answer != nil {
			return *answer, nil
		}
	}
	return none, fmt.Errorf("web: query %s answers %T, the page expects %T", name, answer, none)
}

// apply runs an action from a form. at is when it happened; zero means now, at the clock of the site.
func (c *call) apply(action, id string, at time.Time, data any) (record.Result, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return record.Result{}, fmt.Errorf("web: data of %s: %w", action, err)
	}
	return c.desk.Apply(c.r.Context(), c.lang, c.request(action, id, at, raw)), nil
}

// request is what is asked of the desk: at the member's site, now at its clock unless it is said when.
func (c *call) request(action, id string, at time.Time, raw json.RawMessage) record.Request {
	r := record.Request{Action: action, ID: id, At: at, Data: raw}
	if site := c.siteID(); !site.IsZero() {
		r.Site = site.String()
		if at.IsZero() {
			r.At = c.now().In(c.zone())
		}
	}
	return r
}

func (c *call) siteID() record.ID {
	if c.session == nil {
		return record.ID{}
	}
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.session.site
}

// sites lists the places where the organisation works.
func (c *call) sites() ([]place.SiteBrief, error) {
	answer, err := ask[place.Sites](c, "site.list")
	if err != nil {
		return nil, err
	}
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	for _, s := range answer.Sites {
		c.session.places[s.ID] = s.Name
	}
	if len(answer.Sites) == 1 && c.session.site.IsZero() { // nothing to choose
		c.session.site = answer.Sites[0].ID
	}
	return answer.Sites, nil
}

// nameOfSite is what a site is called; a dash when it is not known here.
func (c *call) nameOfSite(id record.ID) string {
	sites, err := c.sites()
	if err == nil {
		for _, s := range sites {
			if s.ID == id {
				return s.Name
			}
		}
	}
	return "—"
}

// siteName is the name of where the member works; empty when not chosen.
func (c *call) siteName() string {
	if c.session == nil {
		return ""
	}
	c.session.mu.Lock()
	site := c.session.site
	name, known := c.session.places[site]
	c.session.mu.Unlock()
	if known || site.IsZero() {
		return name
	}
	if _, err := c.sites(); err != nil {
		return ""
	}
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	if _, known := c.session.places[site]; !known {
		c.session.places[site] = "" // asked once; not known here
	}
	return c.session.places[site]
}

// zone is the clock of the site where the member works; the machine's own when it is not known.
func (c *call) zone() *time.Location {
	sites, err := c.sites()
	if err != nil {
		return time.Local
	}
	for _, s := range sites {
		if s.ID == c.siteID() {
			if zone, err := time.LoadLocation(s.Zone); err == nil && s.Zone != "" {
				return zone
			}
		}
	}
	return time.Local
}

func (c *call) now() time.Time { return c.config.Now() }

// to sends the reader on after a post.
func (c *call) to(address string) error {
	http.Redirect(c.w, c.r, address, http.StatusSeeOther)
	return nil
}

var packers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return z
}}

// show renders a page. Nothing is sent unless all of it could be made.
func (c *call) show(status int, name string, page any) error {
	var b bytes.Buffer
	if err := pages().ExecuteTemplate(&b, name, page); err != nil {
		return fmt.Errorf("web: page %s: %w", name, err)
	}
	body := b.Bytes()
	if c.session != nil {
		body = signed(body, c.session.member)
	}
	return c.send(status, "text/html; charset=utf-8", body)
}

func (c *call) send(status int, kind string, body []byte) error {
	h := c.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Vary", "Accept-Encoding, Cookie")
	if len(body) > smallest && takesGzip(c.r) {
		var b bytes.Buffer
		z, ok := packers.Get().(*gzip.Writer)
		if !ok {
			return errors.New("web: the pool of packers holds something else")
		}
		z.Reset(&b)
		_, err := z.Write(body)
		if err = errors.Join(err, z.Close()); err != nil {
			return fmt.Errorf("web: compress: %w", err)
		}
		packers.Put(z)
		h.Set("Content-Encoding", "gzip")
		body = b.Bytes()
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(body) // the reader may have gone; what was saved stays saved
	}
	return nil
}

// local keeps a way back on this server: anything else becomes the start page.
func local(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(address, "//") ||
		strings.ContainsAny(address, "\\\r\n") {
		return "/"
	}
	return address
}
