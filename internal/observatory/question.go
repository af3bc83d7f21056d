package observatory

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/sheet"
)

// SeriesParams is what the query `series` takes.
type SeriesParams struct {
	Series string   `json:"series"`
	Where  []string `json:"where"` // KEY=VALUE; several in one text are told apart by ";" or "&"
	By     []string `json:"by"`    // keys; several in one text have commas between them
	From   string   `json:"from"`  // calendar month, "2022-10"
	To     string   `json:"to"`
}

// About describes a series in an answer.
type About struct {
	ID          string `json:"id"`
	Title       string `json:"title"` // in the reader's language
	Unit        string `json:"unit"`
	Geography   string `json:"geography,omitempty"`
	FiscalStart int    `json:"fiscal_start"` // month in which the publisher's fiscal year begins
	Rows        int    `json:"rows"`         // in all months
	From        string `json:"from,omitempty"`
	To          string `json:"to,omitempty"`
	Files       []File `json:"files"` // that changed something, the latest first
}

// File is a file that was read into a series.
type File struct {
	SHA256    string   `json:"sha256,omitempty"`
	Importer  string   `json:"importer,omitempty"`
	Imported  string   `json:"imported"` // RFC 3339
	Retrieved string   `json:"retrieved,omitempty"`
	Revision  string   `json:"revision,omitempty"`
	Months    []string `json:"months"` // that it changed
	Difference
}

// Publisher describes a source in an answer.
type Publisher struct {
	ID        string `json:"id"`
	Publisher string `json:"publisher"`
	Title     string `json:"title"`
	URL       string `json:"url,omitempty"`
	Licence   string `json:"licence,omitempty"`
	Note      string `json:"note,omitempty"`
}

// Answer is what the query `series` gives.
type Answer struct {
	Series  About       `json:"series"`
	Unit    string      `json:"unit"`
	Source  Publisher   `json:"source"`
	Where   []Condition `json:"where"`
	By      []string    `json:"by"`
	From    string      `json:"from"` // first and last month that the sums cover; empty: none
	To      string      `json:"to"`
	Missing []string    `json:"missing"` // months between them for which nothing is held: gaps, not zeros
	Broken  []string    `json:"broken"`  // months whose rows came from elsewhere and cannot be read; import the file again
	Rivals  []string    `json:"rivals"`  // months for which two sites recorded different rows; the later ones are summed
	Rows    []Sum       `json:"rows"`
	Total   int64       `json:"total"`
	Counted int         `json:"counted"` // how many of the publisher's rows the total is the sum of
}

// Listed is what the query `series.list` gives.
type Listed struct {
	Series []ListedSeries `json:"series"`
}

// ListedSeries is a series, its source, and what it can be asked by.
type ListedSeries struct {
	About
	Source Publisher `json:"source"`
	Keys   []string  `json:"keys"`
}

// A shelf is one series as a session keeps it in memory.
type shelf struct {
	about  About
	source Publisher
	table  Table
	rivals []Month
	broken []Month
}

var seriesAsk = record.NewQuery("series", public, func(a *record.Ask, p SeriesParams) (any, error) {
	all, err := shelves(a)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(s *shelf) bool { return s.about.ID == p.Series })
	switch {
	case i < 0 && len(all) == 0:
		return nil, record.Refuse("series", "series_none")
	case i < 0:
		ids := make([]string, len(all))
		for i, s := range all {
			ids[i] = s.about.ID
		}
		return nil, record.Refuse("series", "series_unknown", "value", shorten(p.Series), "known", strings.Join(ids, ", "))
	}
	return all[i].answer(p, lang.Tag(a.Lang))
})

var seriesList = record.NewQuery("series.list", public, func(a *record.Ask, _ struct{}) (any, error) {
	all, err := shelves(a)
	if err != nil {
		return nil, err
	}
	out := Listed{Series: []ListedSeries{}}
	for _, s := range all {
		out.Series = append(out.Series, ListedSeries{About: s.describe(lang.Tag(a.Lang)), Source: s.source, Keys: s.table.Keys()})
	}
	return out, nil
})

// shelves gives all series with their rows, by id. Decoding happens once a session and again when something public changed.
func shelves(a *record.Ask) ([]*shelf, error) {
	v, err := a.Memo("observatory", public, func() (any, error) { return readShelves(a) })
	if err != nil {
		return nil, err
	}
	return v.([]*shelf), nil
}

func readShelves(a *record.Ask) ([]*shelf, error) {
	sources := map[string]Publisher{}
	err := a.Select(a.Context, `SELECT source, publisher, title, url, licence, note FROM public.source`, nil, func(r record.Row) error {
		sources[r.Text(0)] = Publisher{r.Text(0), r.Text(1), r.Text(2), r.Text(3), r.Text(4), r.Text(5)}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read sources: %w", err)
	}
	var all []*shelf
	err = a.Select(a.Context, `SELECT series, title, unit, geography, source, fiscal_start FROM public.series ORDER BY series`, nil, func(r record.Row) error {
		s := &shelf{about: About{ID: r.Text(0), Title: r.Text(1), Unit: r.Text(2), Geography: r.Text(3), FiscalStart: int(r.Int(5)), Files: []File{}}}
		s.source = sources[r.Text(4)]
		s.source.ID = r.Text(4)
		s.table.FiscalStart = time.Month(s.about.FiscalStart)
		all = append(all, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read series: %w", err)
	}
	if err := readFiles(a, all); err != nil {
		return nil, err
	}
	for _, s := range all {
		held, err := readHoldings(a.Context, a.Reader, s.about.ID)
		if err != nil {
			return nil, err
		}
		for _, h := range held {
			if h.block == nil {
				s.broken = append(s.broken, h.month)
				continue
			}
			s.table.Blocks = append(s.table.Blocks, h.block)
			s.about.Rows += h.block.Rows()
			if h.rivals {
				s.rivals = append(s.rivals, h.month)
			}
		}
		if n := len(s.table.Blocks); n > 0 {
			s.about.From, s.about.To = s.table.Blocks[0].Month.String(), s.table.Blocks[n-1].Month.String()
		}
	}
	return all, nil
}

func readFiles(a *record.Ask, all []*shelf) error {
	err := a.Select(a.Context, `SELECT series, sha256, importer, _at, _zone, retrieved, revision, months, added, changed, unchanged, removed
		FROM public.series_import WHERE _corrected IS NULL ORDER BY _at DESC, id`, nil, func(r record.Row) error {
		i := slices.IndexFunc(all, func(s *shelf) bool { return s.about.ID == r.Text(0) })
		if i < 0 {
			return nil
		}
		when := time.Unix(r.Int(3), 0).In(time.FixedZone("", int(r.Int(4))*60))
		all[i].about.Files = append(all[i].about.Files, File{SHA256: r.Text(1), Importer: r.Text(2), Imported: when.Format(time.RFC3339), Retrieved: r.Text(5),
			Revision: r.Text(6), Months: orEmpty(r.Set(7)), Difference: Difference{int(r.Int(8)), int(r.Int(9)), int(r.Int(10)), int(r.Int(11))}})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read imports: %w", err)
	}
	return nil
}

// describe is the series with its title in the reader's language.
func (s *shelf) describe(tag lang.Tag) About {
	about := s.about
	if about.Title == encountersTitle {
		about.Title = lang.T(tag, encountersTitle)
	}
	return about
}

func (s *shelf) answer(p SeriesParams, tag lang.Tag) (any, error) {
	q, err := s.table.question(p)
	if err != nil {
		return nil, err
	}
	sums, rows := s.table.Answer(q)
	out := Answer{Series: s.describe(tag), Unit: s.about.Unit, Source: s.source, Where: orEmpty(q.Where), By: orEmpty(q.By), Rows: orEmpty(sums), Counted: rows,
		Missing: []string{}, Rivals: []string{}, Broken: []string{}}
	for _, sum := range sums {
		out.Total += sum.Value
	}
	covered := s.table.covered(q)
	if n := len(covered); n > 0 {
		out.From, out.To = covered[0].String(), covered[n-1].String()
		for _, m := range s.table.Missing() {
			if m > covered[0] && m < covered[n-1] && s.table.timeFits(m, q) {
				out.Missing = append(out.Missing, m.String())
			}
		}
	}
	for _, m := range s.broken {
		if s.table.timeFits(m, q) {
			out.Broken = append(out.Broken, m.String())
		}
	}
	for _, m := range s.rivals {
		if slices.Contains(covered, m) {
			out.Rivals = append(out.Rivals, m.String())
		}
	}
	return out, nil
}

// covered lists the months held that the question's bounds and its conditions on time let through.
func (t *Table) covered(q Question) []Month {
	var out []Month
	for _, b := range t.Blocks {
		if t.timeFits(b.Month, q) {
			out = append(out, b.Month)
		}
	}
	return out
}

func (t *Table) timeFits(m Month, q Question) bool {
	if q.From != 0 && m < q.From || q.To != 0 && m > q.To {
		return false
	}
	return !slices.ContainsFunc(q.Where, func(c Condition) bool {
		code, ok := t.timeCode(m, c.Key)
		return ok && !slices.Contains(c.Values, code)
	})
}

// question reads the parameters of the query against what the table holds.
func (t *Table) question(p SeriesParams) (Question, error) {
	var q Question
	for _, text := range p.Where {
		for _, one := range splitWhere(text) {
			c, err := t.condition(one)
			if err != nil {
				return q, err
			}
			// Two values of one key can never both hold, so they are meant as alternatives.
			if i := slices.IndexFunc(q.Where, func(o Condition) bool { return o.Key == c.Key }); i >= 0 {
				q.Where[i].Values = slices.Compact(slices.Sorted(slices.Values(append(q.Where[i].Values, c.Values...))))
				continue
			}
			q.Where = append(q.Where, c)
		}
	}
	for _, text := range p.By {
		for name := range strings.SplitSeq(text, ",") {
			if strings.TrimSpace(name) == "" {
				continue
			}
			key, err := t.key("by", name)
			if err != nil {
				return q, err
			}
			if !slices.Contains(q.By, key) {
				q.By = append(q.By, key)
			}
		}
	}
	for _, bound := range []struct {
		field, text string
		month       *Month
	}{{"from", p.From, &q.From}, {"to", p.To, &q.To}} {
		if bound.text == "" {
			continue
		}
		m, err := ParseMonth(bound.text)
		if err != nil {
			return q, record.Refuse(bound.field, "series_month", "value", shorten(bound.text)).Because(err)
		}
		*bound.month = m
	}
	if q.From != 0 && q.To != 0 && q.From > q.To {
		return q, record.Refuse("to", "series_bounds", "from", q.From.String(), "to", q.To.String())
	}
	return q, nil
}

// splitWhere parts several conditions in one text at ";", "&", and at a comma that a new KEY= follows.
func splitWhere(text string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ';' || r == '&' }) {
		first := true
		for piece := range strings.SplitSeq(part, ",") {
			if first || strings.Contains(piece, "=") {
				out = append(out, strings.TrimSpace(piece))
			} else {
				out[len(out)-1] += "," + piece
			}
			first = false
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// WriteCSV writes the sums with their codes, one line each, unit and source beside every figure so that a line torn out of the file
// still says what it counts.
func (a *Answer) WriteCSV(w io.Writer) error {
	out := sheet.NewWriter(w)
	if err := out.Write(append(slices.Clone(a.By), "value", "unit", "source")...); err != nil {
		return err
	}
	for _, sum := range a.Rows {
		if err := out.Write(append(slices.Clone(sum.Codes), strconv.FormatInt(sum.Value, 10), a.Unit, a.Source.Publisher)...); err != nil {
			return err
		}
	}
	return out.Flush()
}
