package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/observatory"
	"amparo/internal/report"
	"amparo/internal/sheet"
)

// SeriesPage shows a public series: a sentence that says the finding, the chart, the table beside it, unit, source and
// method, a file to download and an address that stays.
type SeriesPage struct {
	Shell
	None                  bool
	Heading               string
	Choices               Field // which series, when there are several
	By                    Field
	Filters               []Field
	From, To              Field
	Finding               string
	Chart                 template.HTML
	ByLabel, Unit         string
	Rows                  []SumLine
	More                  int // rows beyond the page, in the file
	Total                 string
	Counted               string
	Gaps, Rivals          string
	Source                observatory.Publisher
	SourceLinked          bool
	Notes                 []string
	File, FileSize, Fixed string
}

// SumLine is one line of the table. Value is also drawn as a bar, for categories.
type SumLine struct {
	Label, Value string
	Amount, Of   int64
	Share        string
}

// seriesKeys are what a reader can tell a series apart by and filter it by, in the order of the page.
var seriesKeys = []string{observatory.KeyFiscalYear, observatory.KeyMonth, observatory.KeyRegion, observatory.KeyNationality, observatory.KeyDemographic, observatory.KeyAuthority}

// mostRows bounds the table on the page; the file has them all.
const mostRows = 60

// question is what the address asks of a series.
type question struct {
	series, by, from, to string
	where                []string // KEY=VALUE
}

// asked reads the question from the address. Unknown keys are left out: an old link still answers.
func (c *call) asked(all []observatory.ListedSeries) (question, observatory.ListedSeries) {
	v := c.r.URL.Query()
	one := all[0]
	for _, s := range all {
		if s.ID == v.Get("series") {
			one = s
		}
	}
	q := question{series: one.ID, by: v.Get("by"), from: v.Get("from"), to: v.Get("to")}
	if !slices.Contains(one.Keys, q.by) {
		q.by = observatory.KeyFiscalYear
	}
	for _, key := range one.Keys {
		if value := v.Get(key); value != "" {
			q.where = append(q.where, key+"="+value)
		}
	}
	return q, one
}

func (q question) params(by string) map[string][]string {
	p := map[string][]string{"series": {q.series}, "by": {by}, "where": q.where}
	if q.from != "" {
		p["from"] = []string{q.from}
	}
	if q.to != "" {
		p["to"] = []string{q.to}
	}
	return p
}

// address is the page's or the file's own, always in the same order, so that the same question has one link.
func (q question) address(path string) string {
	v := url.Values{"series": {q.series}, "by": {q.by}}
	for _, w := range q.where {
		key, value, _ := strings.Cut(w, "=")
		v.Set(key, value)
	}
	if q.from != "" {
		v.Set("from", q.from)
	}
	if q.to != "" {
		v.Set("to", q.to)
	}
	return path + "?" + v.Encode()
}

func seriesPage(c *call) error {
	listed, err := ask[observatory.Listed](c, "series.list")
	if err != nil {
		return err
	}
	p := SeriesPage{Shell: c.shell("series.title"), None: len(listed.Series) == 0}
	if p.None {
		return c.show(http.StatusOK, "series.html", p)
	}
	q, one := c.asked(listed.Series)
	answer, err := askAll[observatory.Answer](c, "series", q.params(q.by))
	if err != nil {
		return err
	}
	p.Heading, p.Unit, p.ByLabel = answer.Series.Title, observatory.UnitLabel(c.lang, answer.Unit), observatory.KeyLabel(c.lang, q.by)
	if err := c.seriesForm(&p, q, one, listed.Series); err != nil {
		return err
	}
	p.Total, p.Counted = lang.Number(c.lang, answer.Total), c.T("series.counted", "n", answer.Counted)
	p.Source, p.SourceLinked = answer.Source, strings.HasPrefix(answer.Source.URL, "https://")
	if q.by == observatory.KeyFiscalYear || slices.ContainsFunc(q.where, func(w string) bool { return strings.HasPrefix(w, observatory.KeyFiscalYear+"=") }) {
		p.Notes = append(p.Notes, c.T("series.fiscal_year_hint"))
	}
	if answer.From != "" {
		p.Notes = append(p.Notes, c.T("series.covers", "from", lang.PartialDate(c.lang, answer.From), "to", lang.PartialDate(c.lang, answer.To)))
	}
	for i, f := range answer.Series.Files {
		if i == 0 && f.Retrieved != "" {
			p.Notes = append(p.Notes, c.T("series.retrieved", "date", lang.PartialDate(c.lang, f.Retrieved)))
		}
		if i == 0 && f.Revision != "" {
			p.Notes = append(p.Notes, c.T("series.revision", "revision", f.Revision))
		}
	}
	if len(answer.Missing) > 0 {
		p.Gaps = c.T("series.gaps", "months", c.monthList(answer.Missing))
	}
	if len(answer.Rivals)+len(answer.Broken) > 0 {
		p.Rivals = c.T("series.doubt", "months", c.monthList(append(answer.Rivals, answer.Broken...)))
	}
	p.Fixed = q.address("/series")
	p.File = q.address("/series.csv")
	body, err := c.csv(q, answer)
	if err != nil {
		return err
	}
	p.FileSize = lang.FileSize(c.lang, int64(len(body)))
	c.seriesRows(&p, q, answer)
	if timed(q.by) && len(answer.Rows) > 1 {
		if p.Chart, err = c.chart(p, q, answer); err != nil {
			return err
		}
	}
	return c.show(http.StatusOK, "series.html", p)
}

func timed(key string) bool {
	return key == observatory.KeyFiscalYear || key == observatory.KeyYear || key == observatory.KeyMonth
}

// sumLabel is the name of what a line sums.
func (c *call) sumLabel(key, code string) string {
	if key == observatory.KeyMonth {
		return lang.PartialDate(c.lang, code)
	}
	return observatory.Label(c.lang, key, code)
}

// seriesForm is the row of filters: each key with the values it takes.
func (c *call) seriesForm(p *SeriesPage, q question, one observatory.ListedSeries, all []observatory.ListedSeries) error {
	choose := func(name, label, on string, options []lang.Choice) Field {
		d := Field{Name: name, ID: name, Label: label}
		for _, o := range options {
			d.Options = append(d.Options, Option{Value: o.Code, Label: o.Name, On: o.Code == on})
		}
		return d
	}
	var series, by []lang.Choice
	for _, s := range all {
		series = append(series, lang.Choice{Code: s.ID, Name: s.Title})
	}
	for _, key := range seriesKeys {
		if slices.Contains(one.Keys, key) {
			by = append(by, lang.Choice{Code: key, Name: observatory.KeyLabel(c.lang, key)})
		}
	}
	p.Choices, p.By = choose("series", c.T("series.choose"), q.series, series), choose("by", c.T("series.by"), q.by, by)
	for _, key := range seriesKeys {
		if key == observatory.KeyMonth || !slices.Contains(one.Keys, key) {
			continue
		}
		values, err := askAll[observatory.Answer](c, "series", map[string][]string{"series": {q.series}, "by": {key}})
		if err != nil {
			return err
		}
		on := ""
		for _, w := range q.where {
			if value, found := strings.CutPrefix(w, key+"="); found {
				on = value
			}
		}
		var options []lang.Choice
		for _, sum := range values.Rows {
			options = append(options, lang.Choice{Code: sum.Codes[0], Name: c.sumLabel(key, sum.Codes[0])})
		}
		if !timed(key) {
			slices.SortStableFunc(options, func(a, b lang.Choice) int { return strings.Compare(plain(a.Name), plain(b.Name)) })
		}
		p.Filters = append(p.Filters, choose(key, observatory.KeyLabel(c.lang, key), on, options))
	}
	p.From = Field{Name: "from", ID: "from", Label: c.fieldLabel("from"), Value: q.from, Type: "text", Max: 7, Class: "w6", Hint: c.T("series.month_hint")}
	p.To = Field{Name: "to", ID: "to", Label: c.fieldLabel("to"), Value: q.to, Type: "text", Max: 7, Class: "w6", Hint: c.T("series.month_hint")}
	return nil
}

// seriesRows fills the table and the sentence that says the finding. Categories stand with the largest first.
func (c *call) seriesRows(p *SeriesPage, q question, answer observatory.Answer) {
	rows := slices.Clone(answer.Rows)
	if !timed(q.by) {
		slices.SortStableFunc(rows, func(a, b observatory.Sum) int { return int(min(1, max(-1, b.Value-a.Value))) })
	}
	var top observatory.Sum
	for i, r := range rows {
		if i == 0 || r.Value > top.Value {
			top = r
		}
	}
	if q.by == observatory.KeyMonth && len(rows) > mostRows { // the latest months; the chart and the file have all
		p.More = len(rows) - mostRows
		rows = rows[p.More:]
	} else if len(rows) > mostRows {
		p.More = len(rows) - mostRows
		rows = rows[:mostRows]
	}
	for _, r := range rows {
		line := SumLine{Label: c.sumLabel(q.by, r.Codes[0]), Value: lang.Number(c.lang, r.Value), Amount: r.Value, Of: top.Value}
		if answer.Total > 0 && !timed(q.by) {
			line.Share = lang.Decimal(c.lang, 100*float64(r.Value)/float64(answer.Total), 1) + " %"
		}
		p.Rows = append(p.Rows, line)
	}
	switch {
	case len(answer.Rows) == 0:
	case timed(q.by):
		p.Finding = c.T("series.finding.highest", "value", lang.Number(c.lang, top.Value), "unit", p.Unit, "when", c.whenLabel(q.by, top.Codes[0]))
	default:
		p.Finding = c.T("series.finding.largest", "what", c.sumLabel(q.by, top.Codes[0]), "share", lang.Decimal(c.lang, 100*float64(top.Value)/float64(max(1, answer.Total)), 0),
			"total", p.Total, "unit", p.Unit)
	}
}

func (c *call) whenLabel(key, code string) string {
	if key == observatory.KeyFiscalYear {
		return c.T("series.fiscal_year", "year", code)
	}
	return c.sumLabel(key, code)
}

func (c *call) chart(p SeriesPage, q question, answer observatory.Answer) (template.HTML, error) {
	start := time.Month(answer.Series.FiscalStart)
	chart := report.Chart{ID: "series", Title: p.Finding, Unit: p.Unit, Shape: report.Bars, Step: 12, NoData: c.T("series.no_data"),
		Source: c.T("series.source") + ": " + answer.Source.Publisher,
		Number: func(n int64) string { return lang.Number(c.lang, n) }}
	points := make([]report.Point, 0, len(answer.Rows))
	for _, r := range answer.Rows {
		at, err := period(q.by, r.Codes[0], start)
		if err != nil {
			return "", err
		}
		points = append(points, report.Point{At: at, Value: r.Value})
	}
	slices.SortFunc(points, func(a, b report.Point) int { return int(a.At - b.At) })
	chart.From, chart.To = points[0].At, points[len(points)-1].At
	chart.Series = []report.Series{{Name: p.Heading, Points: points}}
	name := func(m report.Month) string {
		switch {
		case q.by == observatory.KeyMonth:
			return lang.T(c.lang, fmt.Sprintf("month_short.%02d", int(m.Month()))) + " " + strconv.Itoa(m.Year())
		case q.by == observatory.KeyFiscalYear && start > time.January:
			return strconv.Itoa(m.Year() + 1)
		}
		return strconv.Itoa(m.Year())
	}
	if q.by == observatory.KeyMonth {
		chart.Shape, chart.Step = report.Lines, 1
	}
	chart.Period = name
	top := points[0]
	for _, one := range points {
		if one.Value > top.Value {
			top = one
		}
	}
	chart.Description = c.T("series.chart_desc", "title", p.Heading, "from", name(chart.From), "to", name(chart.To), "max", lang.Number(c.lang, top.Value), "when", name(top.At))
	return report.TimeChart(chart)
}

// period is the first month of the period that a code names.
func period(key, code string, fiscalStart time.Month) (report.Month, error) {
	if key == observatory.KeyMonth {
		return report.ParseMonth(code)
	}
	year, err := strconv.Atoi(code)
	if err != nil {
		return 0, fmt.Errorf("web: year %q of a series: %w", code, err)
	}
	if key == observatory.KeyFiscalYear && fiscalStart > time.January {
		return report.MonthOf(year-1, fiscalStart), nil
	}
	return report.MonthOf(year, time.January), nil
}

func (c *call) monthList(months []string) string {
	names := make([]string, 0, len(months))
	for i, m := range months {
		if i == 12 {
			names = append(names, "…")
			break
		}
		names = append(names, lang.PartialDate(c.lang, m))
	}
	return lang.List(c.lang, names)
}

// seriesFile is the table as a file: codes and words, unit and source on every line, so that a line torn out still says
// what it is.
func seriesFile(c *call) error {
	listed, err := ask[observatory.Listed](c, "series.list")
	if err != nil {
		return err
	}
	if len(listed.Series) == 0 {
		return errNothingHere
	}
	q, _ := c.asked(listed.Series)
	answer, err := askAll[observatory.Answer](c, "series", q.params(q.by))
	if err != nil {
		return err
	}
	body, err := c.csv(q, answer)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(q)+`"`)
	return c.send(http.StatusOK, "text/csv; charset=utf-8", body)
}

func fileName(q question) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, strings.ToLower(q.series+"-"+q.by))
	return clean + ".csv"
}

func (c *call) csv(q question, answer observatory.Answer) ([]byte, error) {
	var b bytes.Buffer
	w := sheet.NewWriter(&b)
	rows := [][]string{{q.by, "label", "value", "unit", "series", "where", "source"}}
	where := strings.Join(q.where, "; ")
	for _, r := range answer.Rows {
		rows = append(rows, []string{r.Codes[0], c.sumLabel(q.by, r.Codes[0]), strconv.FormatInt(r.Value, 10), answer.Unit, answer.Series.ID, where, answer.Source.Publisher})
	}
	for _, row := range rows {
		if err := w.Write(row...); err != nil {
			return nil, fmt.Errorf("web: table of %s: %w", q.series, err)
		}
	}
	if err := w.Flush(); err != nil {
		return nil, fmt.Errorf("web: table of %s: %w", q.series, err)
	}
	return b.Bytes(), nil
}
