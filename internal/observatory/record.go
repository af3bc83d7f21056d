package observatory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"time"

	"amparo/internal/record"
)

var public = []record.Compartment{record.Public}

// SourceData is what `source.add` takes.
type SourceData struct {
	Source    string `json:"source" jsonschema:"description=short name of our own such as cbp"`
	Publisher string `json:"publisher"`
	Title     string `json:"title"`
	URL       string `json:"url,omitempty"`
	Licence   string `json:"licence,omitempty"`
	Note      string `json:"note,omitempty"`
}

// SeriesData describes a series.
type SeriesData struct {
	ID          string `json:"id"`
	Title       string `json:"title" jsonschema:"description=key of the catalogue or the title itself"`
	Unit        string `json:"unit"`
	Geography   string `json:"geography,omitempty"`
	Source      string `json:"source"`
	FiscalStart int    `json:"fiscal_start" jsonschema:"description=month in which the publisher's fiscal year begins"`
	Importer    string `json:"importer,omitempty"`
	SHA256      string `json:"sha256,omitempty" jsonschema:"description=of the file"`
	Retrieved   string `json:"retrieved,omitempty" jsonschema:"description=date on which the file was fetched"`
	Revision    string `json:"revision,omitempty" jsonschema:"description=what this file changes; for the reader"`
}

// RecordData is what `series.record` takes: a series, its source, and all months of one file.
type RecordData struct {
	Source SourceData  `json:"source"`
	Series SeriesData  `json:"series"`
	Blocks []BlockData `json:"blocks"`
	DryRun bool        `json:"dry_run,omitempty" jsonschema:"description=count what would change and write nothing"`
}

// BlockData is one month as EncodeBlock writes it; in base64 in JSON.
type BlockData struct {
	Month string `json:"month"`
	Rows  []byte `json:"rows"`
}

// Imported is the answer to `series.record` and to an import. Counts are rows of the file.
type Imported struct {
	Series []ImportedSeries `json:"series"`
	Difference
	Months      []string    `json:"months"`                // the calendar months that the file changes
	Unpublished int         `json:"unpublished,omitempty"` // rows of months still to come, left out
	DryRun      bool        `json:"dry_run,omitempty"`
	Rejected    []Rejection `json:"rejected"`
	More        int         `json:"more,omitempty"` // rejected lines that are not listed
}

// ImportedSeries says how many rows of a file belong to a series.
type ImportedSeries struct {
	ID   string `json:"id"`
	Rows int    `json:"rows"`
}

var units = []string{"events", "persons", "cases"}

var (
	shortName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	digest    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// sourceAdd records who publishes figures. The same source again changes only what differs.
var sourceAdd = record.NewAction("source.add", public, func(c *record.Change, d SourceData) (any, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	id, changed, err := c.Put(Source, d.fields())
	if err != nil {
		return nil, err
	}
	return struct {
		ID      record.ID `json:"id"`
		Source  string    `json:"source"`
		Changed []string  `json:"changed"`
	}{id, d.Source, orEmpty(changed)}, nil
})

func (d SourceData) check() error {
	switch {
	case !shortName.MatchString(d.Source):
		return record.Refuse("source", "short_name", "value", shorten(d.Source))
	case d.Publisher == "":
		return record.Refuse("publisher", "required", "field", "publisher")
	case d.Title == "":
		return record.Refuse("title", "required", "field", "title")
	}
	if d.URL != "" {
		if u, err := url.Parse(d.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return record.Refuse("url", "web_address", "value", shorten(d.URL))
		}
	}
	return nil
}

func (d SourceData) fields() record.Fields {
	return present(record.Fields{"source": d.Source, "publisher": d.Publisher, "title": d.Title, "url": d.URL, "licence": d.Licence, "note": d.Note})
}

func (d SeriesData) check() error {
	switch {
	case !shortName.MatchString(d.ID):
		return record.Refuse("series.id", "short_name", "value", shorten(d.ID))
	case d.Title == "":
		return record.Refuse("series.title", "required", "field", "title")
	case !slices.Contains(units, d.Unit):
		return record.Refuse("series.unit", "series_unit", "value", shorten(d.Unit))
	case d.FiscalStart < 1 || d.FiscalStart > 12:
		return record.Refuse("series.fiscal_start", "series_fiscal_start")
	case d.SHA256 != "" && !digest.MatchString(d.SHA256):
		return record.Refuse("series.sha256", "series_digest")
	}
	if d.Retrieved != "" {
		if _, err := time.Parse(time.DateOnly, d.Retrieved); err != nil {
			return record.Refuse("series.retrieved", "series_retrieved", "value", shorten(d.Retrieved))
		}
	}
	return nil
}

func (d SeriesData) fields() record.Fields {
	return present(record.Fields{"series": d.ID, "title": d.Title, "unit": d.Unit, "geography": d.Geography, "source": d.Source, "fiscal_start": d.FiscalStart})
}

// present leaves out what is empty, so that a file that does not say something does not clear what an earlier one said.
func present(f record.Fields) record.Fields {
	for name, v := range f {
		if v == "" {
			delete(f, name)
		}
	}
	return f
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// seriesRecord takes one file's worth of a series. Months that are held as given are left alone, so the same file twice writes nothing.
// Months that the file does not speak of stay as they are.
var seriesRecord = record.NewAction("series.record", public, func(c *record.Change, d RecordData) (any, error) {
	if err := d.Source.check(); err != nil {
		return nil, err
	}
	if err := d.Series.check(); err != nil {
		return nil, err
	}
	if d.Series.Source != d.Source.Source {
		return nil, record.Refuse("series.source", "series_source")
	}
	blocks, err := d.decode()
	if err != nil {
		return nil, err
	}
	held, err := holds(c, d.Series.ID)
	if err != nil {
		return nil, err
	}
	out := Imported{Months: []string{}, Rejected: []Rejection{}, DryRun: d.DryRun}
	rows := 0
	for i, b := range blocks {
		have := held[b.Month]
		if have.newer {
			return nil, record.Refuse("blocks", "format_newer", "month", b.Month.String())
		}
		diff := Compare(have.block, b)
		out.Difference.add(diff)
		rows += b.Rows()
		if diff.Same() && !have.rivals {
			continue
		}
		out.Months = append(out.Months, b.Month.String())
		if d.DryRun {
			continue
		}
		if _, _, err := c.Put(SeriesBlock, record.Fields{"series": d.Series.ID, "month": b.Month.String(), "rows": d.Blocks[i].Rows}); err != nil {
			return nil, err
		}
	}
	out.Series = []ImportedSeries{{d.Series.ID, rows}}
	if len(out.Months) == 0 || d.DryRun {
		return out, nil
	}
	if _, _, err := c.Put(Source, d.Source.fields()); err != nil {
		return nil, err
	}
	if _, _, err := c.Put(Series, d.Series.fields()); err != nil {
		return nil, err
	}
	if _, err := c.Happen(SeriesImport, present(record.Fields{"series": d.Series.ID, "importer": d.Series.Importer, "sha256": d.Series.SHA256,
		"retrieved": d.Series.Retrieved, "revision": d.Series.Revision, "months": out.Months,
		"added": out.Added, "changed": out.Changed, "unchanged": out.Unchanged, "removed": out.Removed})); err != nil {
		return nil, err
	}
	return out, nil
})

func (d RecordData) decode() ([]*Block, error) {
	if len(d.Blocks) == 0 {
		return nil, record.Refuse("blocks", "required", "field", "blocks")
	}
	var out []*Block
	for _, bd := range d.Blocks {
		m, err := ParseMonth(bd.Month)
		if err != nil {
			return nil, record.Refuse("blocks", "series_month", "value", shorten(bd.Month)).Because(err)
		}
		if len(out) > 0 && out[len(out)-1].Month >= m {
			return nil, record.Refuse("blocks", "series_month", "value", bd.Month)
		}
		b, err := DecodeBlock(m, bd.Rows)
		if err != nil {
			return nil, record.Refuse("blocks", "series_block", "month", bd.Month).Because(err)
		}
		out = append(out, b)
	}
	return out, nil
}

// A holding is what is known of one month.
type holding struct {
	month  Month
	block  *Block // nil: what is stored cannot be read
	rivals bool   // two sites recorded different rows; the later ones are shown
	newer  bool   // a later version of this program wrote it
}

// holds reads all months of a series. A month that came from elsewhere and cannot be read does not hide the others.
func holds(c *record.Change, series string) (map[Month]holding, error) {
	all, err := readHoldings(c.Context, c.Reader, series)
	if err != nil {
		return nil, err
	}
	out := map[Month]holding{}
	for _, h := range all {
		out[h.month] = h
	}
	return out, nil
}

func readHoldings(ctx context.Context, r record.Reader, series string) ([]holding, error) {
	var out []holding
	err := r.Select(ctx, `SELECT month, rows, _rivals FROM public.series_block WHERE series = ? ORDER BY month`, []any{series}, func(row record.Row) error {
		month, err := ParseMonth(row.Text(0))
		if err != nil {
			return nil // no month that a file could speak of
		}
		block, err := DecodeBlock(month, row.Blob(1))
		out = append(out, holding{month, block, row.Int(2) > 0, errors.Is(err, ErrBlockVersion)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read series %s: %w", series, err)
	}
	return out, nil
}

// Request is the one action that records what an importer read. It refuses a file of which anything was rejected.
func Request(p *Parsed, dryRun bool) (record.Request, error) {
	if len(p.Rejected) > 0 {
		return record.Request{}, record.Refuse("", "import_rejected", "n", len(p.Rejected)+p.More)
	}
	d := RecordData{Source: p.Source, Series: p.Series, DryRun: dryRun}
	for _, b := range p.Blocks {
		rows, err := EncodeBlock(b)
		if err != nil {
			return record.Request{}, fmt.Errorf("month %s: %w", b.Month, err)
		}
		d.Blocks = append(d.Blocks, BlockData{b.Month.String(), rows})
	}
	data, err := json.Marshal(d)
	if err != nil {
		return record.Request{}, err
	}
	return record.Request{Action: seriesRecord.Name, Data: data}, nil
}
