package lang

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed data
var files embed.FS

// catalogue is one language's texts by key.
type catalogue map[string]message

// shelf is all five catalogues together with the marks on the Creole one.
type shelf struct {
	texts       map[Tag]catalogue
	unconfirmed []string
}

// shelved loads the embedded files once. They are checked by the tests, so a fault in them is a fault of the build.
var shelved = sync.OnceValue(func() *shelf {
	data, err := fs.Sub(files, "data")
	if err != nil {
		panic(err)
	}
	s, err := load(data)
	if err != nil {
		panic(fmt.Errorf("the catalogues that are built in are not sound: %w", err))
	}
	return s
})

// T is the text of a key in a language. args are alternating placeholder names and values; the value named "n" chooses
// the plural form. Whole numbers are written with the reader's grouping (pass a string for years, ids and turns), dates
// as Date writes them, and the value of {field} as the label of the field of that name. A key that is not there gives
// "[key]", a placeholder without a value stays as it is.
func T(tag Tag, key string, args ...any) string {
	tag = known(tag)
	m, ok := shelved().texts[tag][key]
	if !ok {
		return "[" + key + "]"
	}
	return m.write(tag, args)
}

// Has reports a key that every catalogue holds.
func Has(key string) bool { _, ok := shelved().texts[ES][key]; return ok }

// Keys lists all keys, sorted.
func Keys() []string { return slices.Sorted(maps.Keys(shelved().texts[ES])) }

// Unconfirmed lists the keys whose Haitian Creole text no speaker has confirmed, sorted.
func Unconfirmed() []string { return slices.Clone(shelved().unconfirmed) }

// load reads and checks the five catalogues. The error joins every fault, one a line, so that one run shows them all.
func load(dir fs.FS) (*shelf, error) {
	s := &shelf{texts: map[Tag]catalogue{}}
	var faults []error
	for _, tag := range tags {
		b, err := fs.ReadFile(dir, string(tag)+".json")
		if err != nil {
			return nil, err
		}
		if s.texts[tag], err = readCatalogue(b); err != nil {
			return nil, fmt.Errorf("%s.json: %w", tag, err)
		}
	}
	for _, tag := range tags {
		faults = append(faults, compare(tag, s.texts[tag], s.texts[ES])...)
	}
	b, err := fs.ReadFile(dir, "ht-unconfirmed.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &s.unconfirmed); err != nil {
		return nil, fmt.Errorf("ht-unconfirmed.json: %w", err)
	}
	for _, key := range s.unconfirmed {
		if _, ok := s.texts[HT][key]; !ok {
			faults = append(faults, fmt.Errorf("ht-unconfirmed.json: %s is no key", key))
		}
	}
	return s, errors.Join(faults...)
}

// readCatalogue reads one flat JSON object. Unlike encoding/json alone it refuses a key that is there twice.
func readCatalogue(b []byte) (catalogue, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.Join(errors.New("not a JSON object"), err)
	}
	c := catalogue{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if _, twice := c[key]; twice {
			return nil, fmt.Errorf("%s is there twice", key)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if c[key], err = readMessage(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errors.New("something follows the object")
	}
	return c, nil
}

// compare lists what a language has too much, too little or differently from the reference.
func compare(tag Tag, c, reference catalogue) []error {
	var faults []error
	fault := func(key, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s.json: %s: %s", tag, key, fmt.Sprintf(format, args...)))
	}
	needed := pluralForms(tag)
	for _, key := range slices.Sorted(maps.Keys(reference)) {
		want := reference[key]
		got, ok := c[key]
		if !ok {
			fault(key, "is missing")
			continue
		}
		if got.plural() != want.plural() {
			fault(key, "has plural forms in one language and not in the other")
			continue
		}
		if got.plural() && !slices.Equal(got.forms(), needed) {
			fault(key, "has the plural forms %v; the language has %v", got.forms(), needed)
		}
		for _, form := range got.forms() {
			have, need := got[form].names(), want["other"].names()
			if form == "one" && (tag == ES || tag == EN) && !slices.Contains(have, "n") {
				// "One" means exactly 1 there, so it may be spelt out. In French and Portuguese it means 0 as well.
				have = append(have, "n")
				slices.Sort(have)
			}
			if !slices.Equal(have, need) {
				fault(key, "(%s) has the placeholders {%s}, the Spanish text {%s}", form, strings.Join(have, "} {"), strings.Join(need, "} {"))
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c)) {
		if _, ok := reference[key]; !ok {
			fault(key, "is not in es.json")
		}
	}
	return faults
}
