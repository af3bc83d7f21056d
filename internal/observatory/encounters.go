package observatory

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// EncountersID is the series that CBP's nationwide encounters fill.
const EncountersID = "cbp-encounters"

// cbpFiscalStart is when the fiscal year of the United States begins (31 U.S.C. § 1102).
const cbpFiscalStart = time.October

// encountersHeader is the first line of CBP's file by state, as published for fiscal years 2020 to 2023 and since.
var encountersHeader = []string{"Fiscal Year", "Month Grouping", "Month (abbv)", columnRegion, columnState, columnDemographic, columnCitizenship,
	columnAuthority, "Encounter Count"}

// encountersKeys are what its rows are told apart by within a month.
var encountersKeys = []string{KeyRegion, KeyState, KeyNationality, KeyDemographic, KeyAuthority}

// Columns of encountersHeader.
const (
	inFiscalYear = iota
	inGrouping
	inMonth
	inRegion
	inState
	inDemographic
	inCitizenship
	inAuthority
	inCount
)

// maxEncounters is more than any one row has ever held by four orders of magnitude.
const maxEncounters = 1_000_000_000

var cbpMonths = map[string]time.Month{"JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6, "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12}

// cbpReading is the state of one pass over a file.
type cbpReading struct {
	*Parsed
	csv       *csv.Reader
	months    map[Month]*builder
	remaining map[Month]cell // months that CBP marks as "Remaining", with the first place that does
	counted   map[Month]cell // of those, the months that have a count other than zero
	lastYear  int
}

// A cell is where something stands in the file.
type cell struct {
	line, column int
	value        string
}

// ReadEncounters reads CBP's own file of nationwide encounters by state: comma-separated, with or without a byte order mark, lines
// ending in LF or CRLF. Fiscal months become calendar months. It streams, so memory follows the number of rows and not the size of
// the file.
func ReadEncounters(from io.Reader) (*Parsed, error) { return readEncounters(newFingerprint(from)) }

func readEncounters(print *fingerprint) (*Parsed, error) {
	in := bufio.NewReaderSize(print, 1<<16)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\ufeff" {
		in.Discard(3)
	}
	r := &cbpReading{Parsed: &Parsed{}, csv: csv.NewReader(in), months: map[Month]*builder{}, remaining: map[Month]cell{}, counted: map[Month]cell{}}
	r.csv.FieldsPerRecord = -1
	r.csv.ReuseRecord = true

	ok, err := r.header()
	if err != nil {
		return nil, err
	}
	for ok {
		row, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			r.Rows++
			r.reject(Rejection{Line: broken.Line, Column: broken.Column, Code: "import_quotes"})
		case errors.Is(err, errTooLarge):
			r.reject(Rejection{Line: r.Rows + 2, Code: "too_large", args: []any{"max", "256 MB"}})
			ok = false
		case err != nil:
			return nil, err
		default:
			r.Rows++
			r.row(row)
		}
	}
	if ok && r.Rows == 0 {
		r.reject(Rejection{Line: 2, Code: "import_empty"})
	}
	r.dropUnpublished()
	r.finish(r.months)
	r.Source, r.Series = cbpSource, encountersSeries
	r.Series.SHA256 = print.String()
	return r.Parsed, nil
}

// header checks the first line and says of each column what is wrong with it.
func (r *cbpReading) header() (bool, error) {
	expected := strings.Join(encountersHeader, ", ")
	row, err := r.csv.Read()
	var broken *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		r.reject(Rejection{Line: 1, Code: "import_no_header", args: []any{"expected", expected}})
		return false, nil
	case errors.As(err, &broken):
		r.reject(Rejection{Line: broken.Line, Column: broken.Column, Code: "import_quotes"})
		return false, nil
	case err != nil:
		return false, err
	}
	if slices.Equal(row, encountersHeader) {
		return true, nil
	}
	for i, name := range row {
		if !slices.Contains(encountersHeader, name) {
			_, column := r.csv.FieldPos(i)
			r.reject(Rejection{Line: 1, Column: column, Field: shorten(name), Code: "import_column_unknown", Value: name, args: []any{"expected", expected}})
		}
	}
	for _, name := range encountersHeader {
		if !slices.Contains(row, name) {
			r.reject(Rejection{Line: 1, Field: name, Code: "import_column_missing", args: []any{"expected", expected}})
		}
	}
	if len(r.Rejected) == 0 {
		r.reject(Rejection{Line: 1, Code: "import_column_order", args: []any{"expected", expected}})
	}
	return false, nil
}

// row checks one line and keeps it.
func (r *cbpReading) row(row []string) {
	line, _ := r.csv.FieldPos(0)
	if len(row) != len(encountersHeader) {
		r.reject(Rejection{Line: line, Code: "import_fields", args: []any{"got", len(row), "want", len(encountersHeader)}})
		return
	}
	good := true
	bad := func(i int, code string, args ...any) {
		at, column := r.csv.FieldPos(i)
		r.reject(Rejection{Line: at, Column: column, Field: encountersHeader[i], Code: code, Value: row[i], args: args})
		good = false
	}
	word := func(i int, words map[string]string, code string) string {
		w, known := words[row[i]]
		if !known {
			bad(i, code)
		}
		return w
	}

	// CBP writes "2026 (FYTD)" while a fiscal year is running.
	year, ok := parseCount(strings.TrimSuffix(row[inFiscalYear], " (FYTD)"))
	if !ok || year < 1900 || year > 2199 {
		bad(inFiscalYear, "import_fiscal_year")
	}
	if row[inGrouping] != "FYTD" && row[inGrouping] != "Remaining" {
		bad(inGrouping, "import_word")
	}
	month, known := cbpMonths[row[inMonth]]
	if !known {
		bad(inMonth, "import_word")
	}
	region := word(inRegion, cbpWords[columnRegion], "import_word")
	state := word(inState, states, "import_word")
	demographic := word(inDemographic, cbpWords[columnDemographic], "import_word")
	nationality := word(inCitizenship, cbpWords[columnCitizenship], "import_citizenship")
	authority := word(inAuthority, cbpWords[columnAuthority], "import_word")
	count, ok := parseCount(row[inCount])
	if !ok {
		bad(inCount, "import_count")
	}
	if !good {
		return
	}

	m := MonthInFiscalYear(int(year), month, cbpFiscalStart)
	if row[inGrouping] == "Remaining" {
		r.mark(m, line, row[inCount], count)
	}
	r.lastYear = max(r.lastYear, int(year))
	b := r.months[m]
	if b == nil {
		b = newBuilder(m, encountersKeys)
		r.months[m] = b
	}
	if !b.add(line, []string{region, state, nationality, demographic, authority}, count) {
		r.reject(Rejection{Line: line, Code: "import_too_many"})
	}
}

// mark notes a month that CBP calls "Remaining": one that, in the running fiscal year, has not yet happened.
func (r *cbpReading) mark(m Month, line int, text string, count int64) {
	_, column := r.csv.FieldPos(inCount)
	at := cell{line, column, text}
	if _, there := r.remaining[m]; !there {
		r.remaining[m] = at
	}
	if _, there := r.counted[m]; !there && count != 0 {
		r.counted[m] = at
	}
}

// dropUnpublished leaves out the months that are still to come. For earlier years "Remaining" only says that the month lies after the
// last one published this year; in the file's last fiscal year it is a place kept with zeros, and a zero for a month that has not
// happened is a gap, not a figure. A count there contradicts the mark, so it is refused.
func (r *cbpReading) dropUnpublished() {
	for _, m := range slices.Sorted(maps.Keys(r.remaining)) {
		if m.FiscalYear(cbpFiscalStart) != r.lastYear {
			continue
		}
		if at, counted := r.counted[m]; counted {
			r.reject(Rejection{Line: at.line, Column: at.column, Field: encountersHeader[inCount], Code: "import_remaining", Value: at.value})
			continue
		}
		r.Unpublished += len(r.months[m].count)
		delete(r.months, m)
	}
}

// parseCount reads digits and nothing else. A number with separators is not guessed at: "6,500" once became 6 elsewhere.
func parseCount(s string) (int64, bool) {
	if s == "" || len(s) > 10 {
		return 0, false
	}
	n := int64(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, n <= maxEncounters
}
