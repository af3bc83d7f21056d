package bench

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"amparo/internal/match"
	"amparo/internal/match/linkage"
)

// people is a table whose rows are records of people, read from CSV.
type peopleTable struct {
	records []linkage.Record
	truth   []string // who each record is of; empty when the table does not say
	columns []string // that are compared, as they were understood
}

// Columns by the names they have in tables, written as plainName writes them. What stands in none is compared as it is.
var (
	givenColumns   = []string{"given_name", "first_name", "given", "given1", "forename", "nombre", "nombres", "name_first", "fname", "prenom"}
	secondColumns  = []string{"given2", "middle_name", "second_name", "segundo_nombre"}
	surnameColumns = []string{"surname", "last_name", "surname1", "family_name", "apellido", "apellido1", "primer_apellido", "name_last", "lname", "nom"}
	motherColumns  = []string{"surname2", "apellido2", "segundo_apellido", "second_surname"}
	wholeColumns   = []string{"full_name", "name", "nombre_completo", "first_and_surname"}
	aliasColumns   = []string{"nickname", "alias", "apodo"}
	sexColumns     = []string{"sex", "gender", "sexo"}
	birthColumns   = []string{"date_of_birth", "dob", "birth_date", "birthdate", "birth", "fecha_nacimiento"}
	ageColumns     = []string{"age", "edad"}
	nationColumns  = []string{"nationality", "nacionalidad"}
	// What tells records apart or gives them away is never compared: numbers of documents, of rows, and the answer itself.
	leftOut = []string{"rec_id", "unique_id", "id", "record_id", "soc_sec_id", "ssn", "curp", "passport", "person_id", "cluster", "cluster_id", "entity_id", "culture"}
	truths  = []string{"cluster", "cluster_id", "entity_id", "person_id", "true_id", "rec_id", "id"}
)

// febrlID is how FEBRL numbers records: who stands in the middle.
var febrlID = regexp.MustCompile(`^rec-(\d+)-(org|dup-\d+)$`)

// asOfYear is the year in which ages that stand in a table without a date are taken to have been told.
const asOfYear = 2024

// readPeople reads a table of people: comma, semicolon or tab, with a line of names, gzipped or not. Columns are known by their
// names. truth names the column that says who a record is of; empty: it is looked for. only, when given, are the columns that are
// compared, by name.
func readPeople(r io.Reader, truth string, only []string) (peopleTable, error) {
	raw, err := plainText(r)
	if err != nil {
		return peopleTable{}, err
	}
	first, _, _ := bytes.Cut(raw, []byte("\n"))
	c := csv.NewReader(bytes.NewReader(raw))
	c.TrimLeadingSpace, c.LazyQuotes, c.FieldsPerRecord = true, true, -1
	for _, comma := range "\t;" {
		if bytes.ContainsRune(first, comma) {
			c.Comma = comma
		}
	}
	rows, err := c.ReadAll()
	if err != nil {
		return peopleTable{}, fmt.Errorf("a table of people: %w", err)
	}
	if len(rows) < 2 {
		return peopleTable{}, errors.New("a table of people needs a line of names and lines of people")
	}
	head := rows[0]
	for i := range head {
		head[i] = columnName(head[i])
	}
	at, err := truthColumn(head, truth)
	if err != nil {
		return peopleTable{}, err
	}
	t := peopleTable{records: make([]linkage.Record, len(rows)-1)}
	if at >= 0 {
		t.truth = make([]string, len(rows)-1)
		for i, row := range rows[1:] {
			t.truth[i] = valueAt(row, at)
			if m := febrlID.FindStringSubmatch(t.truth[i]); m != nil {
				t.truth[i] = m[1]
			}
		}
	}
	parted := slices.ContainsFunc(head, func(name string) bool { return slices.Contains(surnameColumns, name) })
	for i, name := range head {
		if i == at || slices.Contains(leftOut, name) || len(only) > 0 && !slices.Contains(only, name) || parted && slices.Contains(wholeColumns, name) {
			continue
		}
		t.columns = append(t.columns, name)
		for n, row := range rows[1:] {
			put(&t.records[n], name, valueAt(row, i))
		}
	}
	for n := range t.records {
		t.records[n].Key = match.Key{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	}
	return t, nil
}

func plainText(r io.Reader) ([]byte, error) {
	b := bufio.NewReader(r)
	var from io.Reader = b
	if magic, err := b.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		if from, err = gzip.NewReader(b); err != nil {
			return nil, fmt.Errorf("a table of people: %w", err)
		}
	}
	raw, err := io.ReadAll(from)
	if err != nil {
		return nil, fmt.Errorf("a table of people: %w", err)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(raw) {
		return nil, errors.New("a table of people is not in UTF-8")
	}
	return raw, nil
}

func columnName(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(strings.TrimSpace(text)), func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), "_")
}

func truthColumn(head []string, truth string) (int, error) {
	if truth != "" {
		at := slices.Index(head, columnName(truth))
		if at < 0 {
			return -1, fmt.Errorf("no column %q; there are %s", truth, strings.Join(head, ", "))
		}
		return at, nil
	}
	for _, name := range truths {
		if at := slices.Index(head, name); at >= 0 {
			return at, nil
		}
	}
	return -1, nil
}

func valueAt(row []string, i int) string {
	if i >= len(row) {
		return ""
	}
	switch v := strings.TrimSpace(row[i]); strings.ToLower(v) {
	case "nan", "n/a", "<na>":
		return ""
	default:
		return v
	}
}

// put says a value of a record by the name of its column.
func put(r *linkage.Record, name, v string) {
	if v == "" {
		return
	}
	is := func(list []string) bool { return slices.Contains(list, name) }
	switch {
	case is(givenColumns):
		r.Given = strings.TrimSpace(v + " " + r.Given)
	case is(secondColumns):
		r.Given = strings.TrimSpace(r.Given + " " + v)
	case is(surnameColumns):
		r.Surname1 = v
	case is(motherColumns):
		r.Surname2 = v
	case is(wholeColumns): // the last word is the surname where nothing says otherwise
		words := strings.Fields(v)
		r.Given, r.Surname1 = strings.Join(words[:len(words)-1], " "), words[len(words)-1]
	case is(aliasColumns):
		r.Also = append(r.Also, v)
	case is(sexColumns):
		r.Sex = v
	case is(birthColumns):
		r.Birth = v
	case is(ageColumns):
		if age, err := strconv.Atoi(v); err == nil && age >= 0 && age < 130 {
			r.Born = float64(asOfYear-age) + 0.5
		}
	case is(nationColumns):
		r.Nationality = append(r.Nationality, v)
	default:
		if r.More == nil {
			r.More = map[string]string{}
		}
		r.More[name] = v
	}
}
