package intake

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"amparo/internal/lang"
	"amparo/internal/people/typed"
	"amparo/internal/record"
	"amparo/internal/sheet"
)

// Most is how many rows a list may have: whole lists are taken in one piece.
const Most = 20_000

// A List is a table of people, read.
type List struct {
	Header   []string
	Rows     []*Row
	Rejected []Rejection

	tag lang.Tag
}

// A Row is one person of the list.
type Row struct {
	Line    int
	Request record.Request // person.register
	Cells   []string

	columns map[string]int // of each field: the column where it begins
	bad     bool
}

// A Rejection is one thing in a list that was not understood or not taken.
type Rejection struct {
	Line   int    `json:"line"`             // counted from 1, the header included
	Column int    `json:"column,omitempty"` // where the cell begins, in bytes from the start of its line, counted from 1; 0: the whole line
	Field  string `json:"field"`            // of person.register; empty: the whole line
	Code   string `json:"code"`
	Value  string `json:"value,omitempty"` // what is written there, shortened
	Reason string `json:"reason"`          // in the reader's language
}

// Read reads a list. A refusal is about the file as a whole; rows that are not understood are in Rejected, all that is wrong with
// them at once.
func Read(from io.Reader, tag lang.Tag, now time.Time) (*List, error) {
	table, err := sheet.Read(from)
	var bad *sheet.Fault
	switch {
	case errors.Is(err, sheet.ErrEmpty):
		return nil, record.Refuse("file", "list_empty")
	case errors.Is(err, sheet.ErrLarge):
		return nil, record.Refuse("file", "list_large", "size", lang.FileSize(tag, sheet.Largest))
	case errors.Is(err, sheet.ErrBytes), errors.As(err, &bad):
		return nil, record.Refuse("file", "list_no_table").Because(err)
	case err != nil:
		return nil, fmt.Errorf("read a list: %w", err)
	}
	fields, err := understand(table.Header)
	if err != nil {
		return nil, err
	}
	l := &List{Header: table.Header, tag: tag}
	seen := map[string]int{}
	for {
		cells, err := table.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.As(err, &bad) {
			l.Rows = append(l.Rows, &Row{Line: bad.Line, Cells: cells.Cells, bad: true})
			l.reject(Rejection{Line: bad.Line, Column: bad.Column, Code: bad.Code})
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read a list: %w", err)
		}
		if len(l.Rows) == Most {
			return nil, record.Refuse("file", "list_long", "n", Most)
		}
		if err := l.row(cells, fields, now, seen); err != nil {
			return nil, err
		}
	}
	if len(l.Rows) == 0 {
		return nil, record.Refuse("file", "list_empty")
	}
	return l, nil
}

// understand finds the field of each column; "" for one that is left out.
func understand(header []string) ([]string, error) {
	fields := make([]string, len(header))
	var unknown []string
	for i, head := range header {
		name, leave := fieldOf(head)
		switch {
		case leave:
		case name == "":
			unknown = append(unknown, shorten(head))
		case slices.Contains(fields, name):
			return nil, record.Refuse("file", "list_twice", "column", shorten(head))
		default:
			fields[i] = name
		}
	}
	if i := slices.Index(fields, "given"); i >= 0 && plain(header[i]) != "given" && !slices.Contains(fields, "surname1") && !slices.Contains(fields, surnames) {
		fields[i] = fullName // a list with nothing but «Nombre» has the whole name there
	}
	known := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(fields, n) })
	}
	switch {
	case !known("given", "surname1", surnames, "nickname", fullName):
		return nil, record.Refuse("file", "list_no_name")
	case len(unknown) > 0: // to leave a column out is to lose what it says: whoever brings the list decides it
		return nil, record.Refuse("file", "list_columns", "columns", strings.Join(unknown, ", "))
	case known(fullName) && known("given", "surname1", "surname2", surnames), known(surnames) && known("surname1", "surname2"):
		return nil, record.Refuse("file", "list_twice", "column", shorten(header[max(slices.Index(fields, fullName), slices.Index(fields, surnames))]))
	}
	return fields, nil
}

// row reads one row and notes what is wrong with it.
func (l *List) row(cells sheet.Row, fields []string, now time.Time, seen map[string]int) error {
	r := &Row{Line: cells.Line, Cells: cells.Cells, columns: map[string]int{}}
	l.Rows = append(l.Rows, r)
	data := map[string]any{}
	before := len(l.Rejected)
	for i, name := range fields {
		text := strings.TrimSpace(cells.Cells[i])
		if name == "" || text == "" {
			continue
		}
		r.columns[name] = cells.Columns[i]
		wrong := func(code, value string) {
			l.reject(Rejection{Line: r.Line, Column: cells.Columns[i], Field: name, Code: code, Value: value})
		}
		if name == metOn {
			day, ok := typed.Understand(l.tag, text, now)
			at, err := time.ParseInLocation(time.DateOnly, day.Birth, now.Location())
			if !ok || err != nil {
				wrong("bad_date", text)
			} else {
				r.Request.At = at.Add(12 * time.Hour)
			}
			if r.Request.At.After(now) {
				r.Request.At = now
			}
			continue
		}
		l.cell(data, name, text, now, wrong)
	}
	if r.bad = len(l.Rejected) > before; r.bad {
		return nil
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("read a list: %w", err)
	}
	sum := sha256.Sum256(raw)
	name := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15])
	seen[name]++ // two rows that say the same are two people
	r.Request.Action, r.Request.ID, r.Request.Data = "person.register", "list-"+name+"-"+strconv.Itoa(seen[name]), raw
	return nil
}

// cell turns what stands in a cell into what person.register takes.
func (l *List) cell(data map[string]any, name, text string, now time.Time, wrong func(code, value string)) {
	several := func(codes, unknown []string) {
		for _, u := range unknown {
			wrong("not_known", u)
		}
		data[name] = codes
	}
	list, codes := codesOf(name)
	switch of := columns()[name]; {
	case name == fullName:
		for part, words := range split(text) {
			data[part] = words
		}
	case name == surnames:
		parts := joined(text)
		data["surname1"] = parts[0]
		if len(parts) > 1 {
			data["surname2"] = strings.Join(parts[1:], " ")
		}
	case name == "birth" || name == "age":
		born, ok := typed.Understand(l.tag, text, now)
		switch {
		case (!ok || born == typed.Born{}) && name == "age":
			wrong("bad_age", text)
		case !ok, born == typed.Born{}:
			wrong("bad_date", text)
		case born.Birth != "":
			data["birth"] = born.Birth
		default:
			if _, said := data["age"]; !said || name == "age" {
				data["age"] = *born.Age
			}
		}
		if born.About {
			data["age_about"] = true
		}
	case list == "country":
		several(typed.NamedCountries(l.tag, text))
	case list == "language":
		several(typed.NamedLanguages(l.tag, text))
	case codes != nil && of.Kind() == reflect.Slice:
		several(typed.NamedCodes(l.tag, list, codes, text))
	case codes != nil:
		code, ok := typed.NamedCode(l.tag, list, codes, text)
		if !ok {
			wrong("not_known", text)
		}
		data[name] = code
	case of.Kind() == reflect.Slice:
		data[name] = strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '|' })
	case of.Kind() == reflect.Bool:
		yes, ok := answers[typed.Plain(text)]
		if !ok {
			wrong("not_known", text)
		}
		data[name] = yes
	case of.Kind() == reflect.Pointer || of.Kind() == reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			wrong("not_a_number", text)
		}
		data[name] = n
	default:
		data[name] = text
	}
}

// answers are yes and no as they stand in cells.
var answers = map[string]bool{"si": true, "yes": true, "oui": true, "sim": true, "wi": true, "x": true, "1": true, "true": true, "s": true, "y": true,
	"no": false, "non": false, "nao": false, "0": false, "false": false, "n": false}

// split parts a whole name as registrars of the region write it: of three or more words the last two are surnames, of two the last.
func split(name string) map[string]string {
	parts := joined(name)
	switch n := len(parts); n {
	case 1:
		return map[string]string{"given": parts[0]}
	case 2:
		return map[string]string{"given": parts[0], "surname1": parts[1]}
	default:
		return map[string]string{"given": strings.Join(parts[:n-2], " "), "surname1": parts[n-2], "surname2": parts[n-1]}
	}
}

// joined parts a name into words; a particle belongs to the word after it: de la Cruz.
func joined(name string) (parts []string) {
	words := strings.Fields(name)
	for i, w := range words {
		if n := len(parts); n > 0 && particle(words[i-1]) {
			parts[n-1] += " " + w
		} else {
			parts = append(parts, w)
		}
	}
	return parts
}

func particle(word string) bool {
	return slices.Contains([]string{"de", "la", "las", "los", "del", "da", "do", "dos", "das", "san", "santa"}, strings.ToLower(word))
}

// reject notes a rejection and words it.
func (l *List) reject(r Rejection) {
	r.Value = shorten(r.Value)
	if r.Reason == "" {
		r.Reason = lang.T(l.tag, "refuse."+r.Code, "field", r.Field, "got", r.Value, "value", r.Value)
	}
	l.Rejected = append(l.Rejected, r)
}

// shorten keeps the start of what stands in a file, as far as it can be shown.
func shorten(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	return typed.Got(s)
}
