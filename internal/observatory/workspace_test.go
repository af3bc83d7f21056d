package observatory_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/lang"
	"amparo/internal/observatory"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
)

const header = "Fiscal Year,Month Grouping,Month (abbv),Land Border Region,State,Demographic,Citizenship,Title of Authority,Encounter Count\n"

// A workspace is real views and real projection, with the journal kept as a list in memory.
type workspace struct {
	t        *testing.T
	registry *record.Registry
	views    *store.Views
	writer   journal.WriterID
	now      time.Time
	commits  []store.Opened
	arrival  int64
}

func open(t *testing.T, writer byte) *workspace {
	t.Helper()
	registry, err := record.NewRegistry(observatory.Module)
	if err != nil {
		t.Fatal(err)
	}
	views, err := store.OpenViews(t.TempDir(), registry, map[record.Compartment]seal.ViewKey{record.Public: {1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := views.Close(); err != nil {
			t.Error(err)
		}
	})
	return &workspace{t: t, registry: registry, views: views, writer: journal.WriterID{writer}, now: time.Date(2026, 3, 1, 12, int(writer), 0, 0, time.UTC)}
}

// apply runs one action as one commit. Nothing to say is no commit.
func (w *workspace) apply(r record.Request) record.Result {
	w.t.Helper()
	action, ok := w.registry.Action(r.Action)
	if !ok {
		w.t.Fatalf("no action %s", r.Action)
	}
	w.now = w.now.Add(time.Minute)
	seq := uint64(len(w.commits) + 1)
	change := record.NewChange(record.Change{Reader: w.views, Context: w.t.Context(), Now: w.now, At: w.now, Member: record.ID{w.writer[0]}, Lang: "en"},
		func(n int) record.ID { return record.ID(journal.FactID(w.writer, seq, [8]byte{}, n)) }, func(string) (record.ID, bool) { return record.ID{}, false })
	out, err := action.Run(change, r.Data)
	if err != nil {
		return record.Result{Action: r.Action, Error: &record.Problem{Message: err.Error()}}
	}
	result := record.Result{OK: true, Action: r.Action, Result: out}
	if len(change.Facts()) == 0 {
		return result
	}
	body := journal.Body{}
	for i, f := range change.Facts() {
		fact := journal.Fact{N: uint32(i), Kind: f.Kind.Number, Entity: f.Entity[:], Creates: f.Creates, Values: f.Values, Replaces: map[uint8][][]byte{}}
		for number, refs := range f.Replaces {
			for _, ref := range refs {
				fact.Replaces[number] = append(fact.Replaces[number], ref[:])
			}
		}
		body.Facts = append(body.Facts, fact)
	}
	commit := store.Opened{In: record.Public, Writer: w.writer, Seq: seq, Time: journal.TimeOf(w.now), By: record.ID{w.writer[0]}, Body: body}
	w.commits = append(w.commits, commit)
	w.receive(commit)
	return result
}

// receive projects a commit of this workspace or of another one.
func (w *workspace) receive(commit store.Opened) {
	w.t.Helper()
	w.arrival++
	commit.Arrival = w.arrival
	odd, err := w.views.Project([]store.Opened{commit}, w.arrival)
	if err != nil || len(odd) > 0 {
		w.t.Fatalf("project: %v %v", err, odd)
	}
	if err := w.views.Flush(); err != nil {
		w.t.Fatal(err)
	}
}

// query asks as the command line does: all parameters are text.
func (w *workspace) query(name string, params map[string][]string) (any, error) {
	w.t.Helper()
	query, ok := w.registry.Query(name)
	if !ok {
		w.t.Fatalf("no query %s", name)
	}
	ask := record.NewAsk(record.Ask{Reader: w.views, Context: w.t.Context(), Now: w.now, Lang: "es"}, func(string) (record.ID, bool) { return record.ID{}, false },
		func(_ string, _ []record.Compartment, build func() (any, error)) (any, error) { return build() })
	return query.Run(ask, params)
}

func (w *workspace) series(params map[string][]string) observatory.Answer {
	w.t.Helper()
	out, err := w.query("series", params)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.(observatory.Answer)
}

func (w *workspace) load(p *observatory.Parsed, dryRun bool) observatory.Imported {
	w.t.Helper()
	request, err := observatory.Request(p, dryRun)
	if err != nil {
		w.t.Fatal(err)
	}
	result := w.apply(request)
	if !result.OK {
		w.t.Fatal(result.Error.Message)
	}
	return result.Result.(observatory.Imported)
}

func importer(t *testing.T) observatory.Importer {
	t.Helper()
	im, ok := observatory.ImporterNamed("cbp-encounters")
	if !ok {
		t.Fatal("no importer cbp-encounters")
	}
	return im
}

// fromJournal is an apply whose results are plain JSON, as they are after a restart.
func fromJournal(t *testing.T, apply func(record.Request) record.Result) func(record.Request) record.Result {
	return func(r record.Request) record.Result {
		result := apply(r)
		data, err := json.Marshal(result.Result)
		if err != nil {
			t.Fatal(err)
		}
		result.Result = json.RawMessage(data)
		return result
	}
}

func TestImportOfTheShippedFile(t *testing.T) {
	w := open(t, 1)
	dry, err := observatory.Import(importer(t), observatory.Encounters(), true, lang.ES, w.apply)
	if err != nil || dry.Added != 42532 || len(dry.Months) != 48 || !dry.DryRun || len(w.commits) != 0 {
		t.Fatalf("dry run: %+v, %d commits, %v", dry.Difference, len(w.commits), err)
	}
	if list, err := w.query("series.list", nil); err != nil || len(list.(observatory.Listed).Series) != 0 {
		t.Fatalf("a dry run left something: %+v %v", list, err)
	}
	first, err := observatory.Import(importer(t), observatory.Encounters(), false, lang.ES, fromJournal(t, w.apply))
	if err != nil || first.Difference != (observatory.Difference{Added: 42532}) || len(w.commits) != 1 {
		t.Fatalf("first: %+v, %d commits, %v", first.Difference, len(w.commits), err)
	}
	if len(first.Series) != 1 || first.Series[0] != (observatory.ImportedSeries{ID: "cbp-encounters", Rows: 42532}) {
		t.Errorf("%+v", first.Series)
	}
	again, err := observatory.Import(importer(t), observatory.Encounters(), false, lang.ES, w.apply)
	if err != nil || again.Difference != (observatory.Difference{Unchanged: 42532}) || len(again.Months) != 0 || len(w.commits) != 1 {
		t.Fatalf("again: %+v, %d commits, %v", again.Difference, len(w.commits), err)
	}
	data, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	var promised map[string]any
	if err := json.Unmarshal(data, &promised); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"series", "added", "changed", "unchanged", "rejected"} {
		if promised[key] == nil {
			t.Errorf("%s is promised and missing or null in %s", key, data)
		}
	}
}

func TestKnownAnswers(t *testing.T) {
	w := open(t, 1)
	if _, err := observatory.Import(importer(t), observatory.Encounters(), false, lang.ES, w.apply); err != nil {
		t.Fatal(err)
	}
	for _, known := range observatory.KnownAnswers {
		a := w.series(map[string][]string{"series": {"cbp-encounters"}, "where": known.Where})
		if a.Total != known.Want || len(a.Rows) != 1 || a.Rows[0].Value != known.Want {
			t.Errorf("%s: %d, want %d", known.ID, a.Total, known.Want)
		}
		if a.Unit != "events" || a.Series.Unit != "events" || a.Source.Publisher != "U.S. Customs and Border Protection" {
			t.Errorf("%s: unit %q, source %+v", known.ID, a.Unit, a.Source)
		}
	}
	a := w.series(map[string][]string{"series": {"cbp-encounters"}, "by": {"fiscal_year,region"}})
	if a.From != "2019-10" || a.To != "2023-09" || len(a.Missing)+len(a.Rivals)+len(a.Broken) != 0 || len(a.Rows) != 12 || a.Counted != 42532 {
		t.Errorf("%s to %s, %v %v %v, %d rows of %d", a.From, a.To, a.Missing, a.Rivals, a.Broken, len(a.Rows), a.Counted)
	}
	if a.Series.Title != "Encuentros de CBP en Estados Unidos" || len(a.Series.Files) != 1 || a.Series.Files[0].Imported != "2026-03-01T12:02:00Z" ||
		a.Series.Files[0].SHA256 != "5b8fbc01f91f1d5d22091357fdb28e9ab5d91b6d4e1211ceafff32399f3803d0" || len(a.Series.Files[0].Months) != 48 {
		t.Errorf("%q, files %+v", a.Series.Title, a.Series.Files)
	}
	for _, p := range []map[string][]string{{"series": {"cbp"}}, {}, {"series": {"cbp-encounters"}, "group": {"region"}}} {
		if _, err := w.query("series", p); err == nil {
			t.Errorf("%v: answered", p)
		}
	}
}

func TestARevisionReplacesTheMonthsThatDiffer(t *testing.T) {
	w := open(t, 1)
	oct, nov := "2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1\n2023,FYTD,OCT,Other,TX,FMUA,HAITI,Title 8,2\n", "2023,FYTD,NOV,Other,TX,FMUA,CUBA,Title 8,10\n"
	w.load(parsed(t, header+oct+nov), false)

	revised := "2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,5\n2023,FYTD,OCT,Other,TX,FMUA,PERU,Title 8,7\n"
	dec := "2023,FYTD,DEC,Other,TX,FMUA,CUBA,Title 8,100\n"
	want := observatory.Difference{Added: 2, Changed: 1, Removed: 1}
	if dry := w.load(parsed(t, header+revised+dec), true); dry.Difference != want || len(w.commits) != 1 {
		t.Errorf("dry run: %+v, %d commits", dry.Difference, len(w.commits))
	}
	got := w.load(parsed(t, header+revised+dec), false)
	if got.Difference != want || len(got.Months) != 2 || len(w.commits) != 2 {
		t.Errorf("%+v, months %v", got.Difference, got.Months)
	}
	blocks := 0
	for _, f := range w.commits[1].Body.Facts {
		if f.Kind == observatory.SeriesBlock.Number {
			blocks++
		}
	}
	if blocks != 2 {
		t.Errorf("%d months written; only October and December differ", blocks)
	}
	a := w.series(map[string][]string{"series": {"cbp-encounters"}, "by": {"month"}})
	if len(a.Rows) != 3 || a.Rows[0].Value != 12 || a.Rows[1].Value != 10 || a.Rows[2].Value != 100 {
		t.Errorf("%+v", a.Rows)
	}
	if len(a.Missing)+len(a.Rivals) != 0 {
		t.Errorf("missing %v, rivals %v", a.Missing, a.Rivals)
	}
	if f := a.Series.Files; len(f) != 2 || f[0].Difference != want || f[1].Difference != (observatory.Difference{Added: 3}) {
		t.Errorf("files, latest first: %+v", f)
	}
}

func parsed(t *testing.T, text string) *observatory.Parsed {
	t.Helper()
	p, err := observatory.ReadEncounters(strings.NewReader(text))
	if err != nil || len(p.Rejected) > 0 {
		t.Fatal(err, p.Rejected)
	}
	return p
}

func TestTwoSitesImport(t *testing.T) {
	same := header + "2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1\n"
	here, there := open(t, 1), open(t, 2)
	here.load(parsed(t, same), false)
	there.load(parsed(t, same+"2023,FYTD,NOV,Other,TX,FMUA,CUBA,Title 8,2\n"), false)
	here.receive(there.commits[0])
	there.receive(here.commits[0])
	for _, w := range []*workspace{here, there} {
		if a := w.series(map[string][]string{"series": {"cbp-encounters"}}); a.Total != 3 || len(a.Rivals) != 0 {
			t.Errorf("total %d, rivals %v: the same month twice is one month", a.Total, a.Rivals)
		}
	}

	here.load(parsed(t, header+"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,50\n"), false)
	there.load(parsed(t, header+"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,60\n"), false)
	here.receive(there.commits[1])
	there.receive(here.commits[1])
	for _, w := range []*workspace{here, there} {
		a := w.series(map[string][]string{"series": {"cbp-encounters"}})
		if a.Total != 62 || len(a.Rivals) != 1 || a.Rivals[0] != "2022-10" {
			t.Errorf("total %d, rivals %v: the later one is shown and the doubt is said", a.Total, a.Rivals)
		}
	}
	here.load(parsed(t, header+"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,60\n"), false) // importing again settles it
	if a := here.series(map[string][]string{"series": {"cbp-encounters"}}); a.Total != 62 || len(a.Rivals) != 0 {
		t.Errorf("total %d, rivals %v", a.Total, a.Rivals)
	}
}

func TestABlockThatCannotBeReadHidesNothingElse(t *testing.T) {
	text := header + "2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1\n2023,FYTD,NOV,Other,TX,FMUA,CUBA,Title 8,2\n"
	for name, tt := range map[string]struct {
		rows    []byte
		refused bool
	}{"damaged": {[]byte("not rows"), false}, "of a later version": {[]byte{0x84, 0x02, 0x00, 0x80, 0x40}, true}} {
		w, other := open(t, 1), open(t, 2)
		w.load(parsed(t, text), false)
		other.load(parsed(t, text), false)
		for i := range other.commits[0].Body.Facts {
			if f := &other.commits[0].Body.Facts[i]; f.Kind == observatory.SeriesBlock.Number && f.Values[2] == "2022-11" {
				f.Values[3] = tt.rows
			}
		}
		w.receive(other.commits[0])
		a := w.series(map[string][]string{"series": {"cbp-encounters"}})
		if a.Total != 1 || len(a.Broken) != 1 || a.Broken[0] != "2022-11" {
			t.Errorf("%s: total %d, broken %v", name, a.Total, a.Broken)
		}
		request, err := observatory.Request(parsed(t, text), false)
		if err != nil {
			t.Fatal(err)
		}
		if result := w.apply(request); result.OK == tt.refused {
			t.Errorf("%s: importing again: %+v", name, result.Error)
		}
		if a := w.series(map[string][]string{"series": {"cbp-encounters"}}); !tt.refused && a.Total != 3 {
			t.Errorf("%s: after importing again %d", name, a.Total)
		}
	}
}

func TestNothingOfARejectedFileIsRecorded(t *testing.T) {
	w := open(t, 1)
	text := header +
		"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1\n2023,FYTD,NOV,Other,TX,FMUA,ATLANTIS,Title 8,1\n"
	out, err := observatory.Import(importer(t), strings.NewReader(text), false, lang.ES, w.apply)
	if !errors.Is(err, observatory.ErrRejected) || len(out.Rejected) != 1 || out.Rejected[0].Line != 3 || out.Rejected[0].Field != "Citizenship" {
		t.Errorf("%+v, %v", out, err)
	}
	if out.Rejected[0].Reason != "«ATLANTIS» no está en la lista de nacionalidades de la fuente. No se adivina ni se suma a OTHER." {
		t.Errorf("%s", out.Rejected[0].Reason)
	}
	if len(w.commits) != 0 {
		t.Error("something was recorded")
	}
}

func TestActionsRefuse(t *testing.T) {
	w := open(t, 1)
	good, err := observatory.Request(parsed(t, header+
		"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1\n"), false)
	if err != nil {
		t.Fatal(err)
	}
	spoil := func(change func(*observatory.RecordData)) record.Request {
		var d observatory.RecordData
		if err := json.Unmarshal(good.Data, &d); err != nil {
			t.Fatal(err)
		}
		change(&d)
		data, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		return record.Request{Action: good.Action, Data: data}
	}
	source := func(data string) record.Request {
		return record.Request{Action: "source.add", Data: json.RawMessage(data)}
	}
	for name, r := range map[string]record.Request{
		"rows damaged":       spoil(func(d *observatory.RecordData) { d.Blocks[0].Rows[3] ^= 0xff }),
		"rows missing":       spoil(func(d *observatory.RecordData) { d.Blocks[0].Rows = nil }),
		"no months":          spoil(func(d *observatory.RecordData) { d.Blocks = nil }),
		"month twice":        spoil(func(d *observatory.RecordData) { d.Blocks = append(d.Blocks, d.Blocks[0]) }),
		"month wrong":        spoil(func(d *observatory.RecordData) { d.Blocks[0].Month = "October" }),
		"unit unknown":       spoil(func(d *observatory.RecordData) { d.Series.Unit = "people" }),
		"unit missing":       spoil(func(d *observatory.RecordData) { d.Series.Unit = "" }),
		"id wrong":           spoil(func(d *observatory.RecordData) { d.Series.ID = "CBP Encounters" }),
		"fiscal start wrong": spoil(func(d *observatory.RecordData) { d.Series.FiscalStart = 13 }),
		"digest wrong":       spoil(func(d *observatory.RecordData) { d.Series.SHA256 = "abc" }),
		"date wrong":         spoil(func(d *observatory.RecordData) { d.Series.Retrieved = "yesterday" }),
		"another source":     spoil(func(d *observatory.RecordData) { d.Source.Source = "ice" }),
		"source unnamed":     source(`{"source":"","publisher":"P","title":"T"}`),
		"no publisher":       source(`{"source":"p","title":"T"}`),
		"script as address":  source(`{"source":"p","publisher":"P","title":"T","url":"javascript:alert(1)"}`),
		"unknown field":      source(`{"source":"p","publisher":"P","title":"T","colour":"red"}`),
	} {
		if result := w.apply(r); result.OK {
			t.Errorf("%s: taken", name)
		}
	}
	if len(w.commits) != 0 {
		t.Fatalf("%d commits of refused actions", len(w.commits))
	}
	add := source(`{"source":"comar","publisher":"COMAR","title":"Estadística","url":"https://www.gob.mx/comar"}`)
	if r := w.apply(add); !r.OK || len(w.commits) != 1 {
		t.Errorf("%+v", r.Error)
	}
	if r := w.apply(add); !r.OK || len(w.commits) != 1 {
		t.Errorf("the same source again: %d commits", len(w.commits))
	}
}
