package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/sample"
)

const (
	pageRounds   = 40
	pageTime     = 50   // ms of server time for a list of 200 rows, from the design of the pages
	pageWeight   = 12e3 // bytes, gzip, of a later page
	pageElements = 1500
)

// pages measures what a page costs the server and the line, with 200 rows behind it, against what the design of the pages
// allows and against the query that it shows.
func pages(ctx context.Context, o Options, r *Report) error {
	if o.Pages == nil {
		return fmt.Errorf("nobody serves the pages")
	}
	b, err := found(ctx, o, "node", cheap)
	if err != nil {
		return err
	}
	defer b.close()
	o.tell("pages: %d visits are written", o.N)
	day, err := b.fill(ctx, o.N)
	if err != nil {
		return err
	}
	handler, token, end := o.Pages(b.session)
	defer end()
	client := &visitor{handler: handler, token: token}
	date := day.at.Format(time.DateOnly)
	for _, p := range []struct {
		name, path, query string
		params            map[string][]string // of the query
	}{
		{"board", "/board?day=" + date, "site.board", map[string][]string{"site": {day.site.String()}, "day": {date}}},
		{"find", "/find", "person.find", map[string][]string{"q": {day.name}, "limit": {"12"}}},
		{"person", "/people/" + day.regular.String(), "person.timeline", map[string][]string{"person": {day.regular.String()}}},
		{"visit", "/people/" + day.regular.String() + "/visit", "", nil},
		{"headcount", "/headcount", "", nil},
		{"conflicts", "/conflicts", "conflicts", nil},
		{"pending", "/pending", "", nil},
	} {
		if err := client.measure(ctx, r, b, p.name, p.path, p.query, p.params); err != nil {
			return err
		}
	}
	return nil
}

func (v *visitor) measure(ctx context.Context, r *Report, b *bed, name, path, query string, params map[string][]string) error {
	var took, asked []float64
	var page *answer
	var posted url.Values
	if path == "/find" { // what is searched never stands in an address
		posted = url.Values{"q": params["q"]}
	}
	for range pageRounds {
		t, err := spent(func() (err error) { page, err = v.visit(ctx, path, posted); return err })
		if err != nil {
			return err
		}
		took = append(took, t*1e3)
		if query == "" {
			continue
		}
		t, err = spent(func() error { _, err := b.session.Query(ctx, lang.ES, query, params); return err })
		if err != nil {
			return err
		}
		asked = append(asked, t*1e3)
	}
	packed, err := gzipSize(page.body.Bytes())
	if err != nil {
		return err
	}
	r.against(name+": server time", median(took), "ms", "what the design allows", pageTime)
	if query != "" {
		r.against(name+": server time", median(took), "ms", "the query alone, "+query, median(asked))
	}
	r.against(name+": weight, gzip", packed, "bytes", "what the design allows", pageWeight)
	r.against(name+": elements", float64(elements(page.body.Bytes())), "elements", "what the design allows", pageElements)
	return nil
}

// busy is a site on a day with everything on it.
type busy struct {
	site, regular record.ID
	name          string // a first surname that many have
	at            time.Time
}

// fill writes n persons who wait or were seen at one site today, and one of them with n entries behind them.
func (b *bed) fill(ctx context.Context, n int) (busy, error) {
	now := time.Now().UTC().Truncate(time.Second)
	day := busy{at: now, name: "Hernández"}
	b.clock.Store(now.Unix())
	do := func(action string, data any) (record.ID, error) {
		raw, err := json.Marshal(data)
		if err != nil {
			return record.ID{}, err
		}
		request := record.Request{Action: action, At: now, Data: raw}
		if !day.site.IsZero() {
			request.Site = day.site.String()
		}
		result := b.session.Apply(ctx, lang.ES, request)
		if !result.OK {
			return record.ID{}, fmt.Errorf("%s was refused: %s", action, result.Error.Message)
		}
		return resultID(result)
	}
	var err error
	day.site, err = do("site.open", map[string]any{"name": "Albergue", "type": "shelter", "municipality": "07089", "services": []string{"medical", "mental_health", "social"}})
	if err != nil {
		return day, err
	}
	if err := b.node.SetSite(day.site); err != nil {
		return day, err
	}
	services := []string{"medical", "mental_health", "social"}
	for i, request := range sample.People(judgedSeed, n) {
		person, err := do(request.Action, request.Data)
		if err != nil {
			return day, err
		}
		if day.regular.IsZero() {
			day.regular = person
		}
		service := services[i%len(services)]
		if _, err = do("visit.open", map[string]any{"person": person, "service": service}); err != nil {
			return day, err
		}
		if i%3 != 0 {
			continue
		}
		if _, err = do("consultation.record", map[string]any{"person": person, "service": service, "reason": "revisión", "note": "Se revisa y se orienta. Regresa en una semana."}); err != nil {
			return day, err
		}
	}
	for i := range n / 2 {
		service := services[i%len(services)]
		if _, err := do("consultation.record", map[string]any{"person": day.regular, "service": service, "reason": "seguimiento", "note": "Sigue el tratamiento; sin cambios desde la última vez."}); err != nil {
			return day, err
		}
	}
	return day, ctx.Err()
}

// visitor asks a handler as a browser does, without a network.
type visitor struct {
	handler http.Handler
	token   string
}

type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header            { return a.header }
func (a *answer) WriteHeader(status int)         { a.status = status }
func (a *answer) Write(data []byte) (int, error) { return a.body.Write(data) }

func (v *visitor) visit(ctx context.Context, path string, posted url.Values) (*answer, error) {
	method, form := http.MethodGet, io.Reader(nil)
	if posted != nil {
		method, form = http.MethodPost, strings.NewReader(posted.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, form)
	if err != nil {
		return nil, err
	}
	if posted != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.RemoteAddr = "127.0.0.1:1"
	request.AddCookie(&http.Cookie{Name: "s", Value: v.token})
	request.AddCookie(&http.Cookie{Name: "l", Value: "es"})
	a := &answer{header: http.Header{}, status: http.StatusOK}
	v.handler.ServeHTTP(a, request)
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("%s answers %d", path, a.status)
	}
	return a, nil
}

func gzipSize(data []byte) (float64, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		return 0, err
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	return float64(out.Len()), nil
}

// elements counts opening tags.
func elements(page []byte) (n int) {
	for i := range len(page) - 1 {
		if c := page[i+1] | 0x20; page[i] == '<' && c >= 'a' && c <= 'z' {
			n++
		}
	}
	return n
}
