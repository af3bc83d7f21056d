package observatory

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"amparo/internal/record"
)

// A Table is all blocks of one series, in order of months.
type Table struct {
	Blocks      []*Block
	FiscalStart time.Month // the month in which the publisher's fiscal year begins
}

// A Question asks a table for a sum. Conditions on different keys must all hold; values of one condition are alternatives.
type Question struct {
	Where    []Condition
	By       []string // keys to tell the sums apart by, in this order
	From, To Month    // calendar months, both included; zero: no bound
}

// A Condition keeps the rows whose key has one of the values.
type Condition struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
}

// A Sum is one line of an answer: the codes of the keys asked for, and how many.
type Sum struct {
	Keys  []string
	Codes []string
	Value int64
}

// MarshalJSON writes {"fiscal_year":2023,"region":"southwest","value":2475669}: years as numbers, all else as text.
func (s Sum) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, key := range s.Keys {
		code := any(s.Codes[i])
		if n, err := strconv.Atoi(s.Codes[i]); err == nil && (key == KeyFiscalYear || key == KeyYear) {
			code = n
		}
		text, err := json.Marshal(code)
		if err != nil {
			return nil, err
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		out = append(append(append(append(out, name...), ':'), text...), ',')
	}
	out = append(out, `"value":`...)
	return append(strconv.AppendInt(out, s.Value, 10), '}'), nil
}

// Code is the sum's code under a key; empty when it was not asked for.
func (s Sum) Code(key string) string {
	if i := slices.Index(s.Keys, key); i >= 0 {
		return s.Codes[i]
	}
	return ""
}

// Keys lists the keys that the table's rows can be asked by.
func (t *Table) Keys() []string {
	out := []string{KeyFiscalYear, KeyYear, KeyMonth}
	for _, b := range t.Blocks {
		for _, k := range b.Keys {
			if !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	return out
}

// Values lists the codes that occur under a key, in ascending order.
func (t *Table) Values(key string) []string {
	seen := map[string]bool{}
	for _, b := range t.Blocks {
		if code, ok := t.timeCode(b.Month, key); ok {
			seen[code] = true
		} else if k := slices.Index(b.Keys, key); k >= 0 {
			for _, w := range b.Words[k] {
				seen[w] = true
			}
		}
	}
	out := make([]string, 0, len(seen))
	for code := range seen {
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

// Missing lists the months between the first and the last for which nothing is held: gaps, not zeros.
func (t *Table) Missing() []Month {
	var out []Month
	for i := 1; i < len(t.Blocks); i++ {
		for m := t.Blocks[i-1].Month + 1; m < t.Blocks[i].Month; m++ {
			out = append(out, m)
		}
	}
	return out
}

// timeCode is the code of a key that is read from the month.
func (t *Table) timeCode(m Month, key string) (string, bool) {
	switch key {
	case KeyMonth:
		return m.String(), true
	case KeyYear:
		return strconv.Itoa(m.Year()), true
	case KeyFiscalYear:
		return strconv.Itoa(m.FiscalYear(t.FiscalStart)), true
	}
	return "", false
}

// key finds a key by its name or another name for it, and refuses an unknown one with the list of known ones.
func (t *Table) key(field, name string) (string, error) {
	key := strings.ReplaceAll(fold(name), " ", "_")
	if other := aliases[key]; other != "" {
		key = other
	}
	if known := t.Keys(); !slices.Contains(known, key) {
		return "", record.Refuse(field, "series_key", "key", shorten(name), "known", strings.Join(known, ", "))
	}
	return key, nil
}

// value finds a code by itself or by the publisher's word for it. What does not occur in the table is refused: a country that the
// publisher counts under OTHER would otherwise read as zero.
func (t *Table) value(key, text string) (string, error) {
	known := t.Values(key)
	want := fold(text)
	if key == KeyFiscalYear {
		want = strings.TrimSpace(strings.TrimPrefix(want, "fy"))
	}
	for _, code := range known {
		if fold(code) == want {
			return code, nil
		}
	}
	if code := wordsOfKey[key][want]; code != "" && slices.Contains(known, code) {
		return code, nil
	}
	return "", record.Refuse("where", "series_value", "key", key, "value", shorten(text), "known", strings.Join(known, ", "))
}

// condition reads KEY=VALUE. VALUE may be several, with commas between them, or one of the publisher's words that itself holds a comma.
func (t *Table) condition(text string) (Condition, error) {
	name, rest, found := strings.Cut(text, "=")
	if !found {
		return Condition{}, record.Refuse("where", "series_where", "value", shorten(text))
	}
	key, err := t.key("where", name)
	if err != nil {
		return Condition{}, err
	}
	if code, err := t.value(key, rest); err == nil {
		return Condition{key, []string{code}}, nil
	}
	c := Condition{Key: key}
	for v := range strings.SplitSeq(rest, ",") {
		code, err := t.value(key, v)
		if err != nil {
			return Condition{}, err
		}
		c.Values = append(c.Values, code)
	}
	slices.Sort(c.Values)
	c.Values = slices.Compact(c.Values)
	return c, nil
}

// Answer sums what the question asks for. Sums come in ascending order of their codes. Asked by time alone, months that are held but
// have no row that fits are there with zero, because the publisher leaves out what it did not count; months that are not held are absent.
func (t *Table) Answer(q Question) (sums []Sum, rows int) {
	type group struct {
		codes []string
		value int64
	}
	groups := map[string]*group{}
	at := func(codes []string) *group {
		id := strings.Join(codes, "\x00")
		g := groups[id]
		if g == nil {
			g = &group{codes: slices.Clone(codes)}
			groups[id] = g
		}
		return g
	}
	timeOnly := len(q.By) == 0 || !slices.ContainsFunc(q.By, func(key string) bool { _, ok := t.timeCode(0, key); return !ok })
	if len(q.By) == 0 {
		at(nil)
	}

	codes := make([]string, len(q.By))
	for _, b := range t.Blocks {
		if q.From != 0 && b.Month < q.From || q.To != 0 && b.Month > q.To {
			continue
		}
		keep, ok := t.filter(b, q.Where)
		if !ok {
			continue
		}
		// Within a block the codes that vary are few: add up under a small number and name the sums afterwards.
		by := make([]int, 0, len(q.By))
		for i, key := range q.By {
			if code, ok := t.timeCode(b.Month, key); ok {
				codes[i] = code
			} else {
				by = append(by, i)
			}
		}
		if timeOnly {
			g := at(codes)
			for i := range b.Counts {
				if keep.has(b, i) {
					g.value += b.Counts[i]
					rows++
				}
			}
			continue
		}
		column := make([]int, len(by))
		for j, i := range by {
			column[j] = slices.Index(b.Keys, q.By[i])
		}
		cached := map[uint64]*group{}
		for i := range b.Counts {
			if !keep.has(b, i) {
				continue
			}
			small := uint64(0)
			for _, k := range column {
				if k >= 0 {
					small = small*uint64(len(b.Words[k])) + uint64(b.Codes[k][i])
				}
			}
			g := cached[small]
			if g == nil {
				for j, k := range column {
					codes[by[j]] = ""
					if k >= 0 {
						codes[by[j]] = b.Word(k, i)
					}
				}
				g = at(codes)
				cached[small] = g
			}
			g.value += b.Counts[i]
			rows++
		}
	}
	for _, g := range groups {
		sums = append(sums, Sum{Keys: q.By, Codes: g.codes, Value: g.value})
	}
	slices.SortFunc(sums, func(a, b Sum) int { return slices.CompareFunc(a.Codes, b.Codes, cmp.Compare[string]) })
	return sums, rows
}

// A filter says, for some keys of a block, which words are wanted.
type filter []struct {
	key  int
	want []bool
}

// filter prepares the conditions for one block; false when none of its rows can fit.
func (t *Table) filter(b *Block, where []Condition) (filter, bool) {
	var f filter
	for _, c := range where {
		if code, ok := t.timeCode(b.Month, c.Key); ok {
			if !slices.Contains(c.Values, code) {
				return nil, false
			}
			continue
		}
		k := slices.Index(b.Keys, c.Key)
		if k < 0 {
			return nil, false
		}
		want := make([]bool, len(b.Words[k]))
		for i, w := range b.Words[k] {
			want[i] = slices.Contains(c.Values, w)
		}
		f = append(f, struct {
			key  int
			want []bool
		}{k, want})
	}
	return f, true
}

func (f filter) has(b *Block, row int) bool {
	for _, c := range f {
		if !c.want[b.Codes[c.key][row]] {
			return false
		}
	}
	return true
}
