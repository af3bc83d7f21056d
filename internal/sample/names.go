package sample

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:embed data/names.tsv.gz
var packedNames []byte

// weighted is a list of names, commonest first, that is drawn from with Zipf's frequencies.
type weighted struct {
	names []string
	upTo  []float64 // running sum of weights
}

// newWeighted gives the name of rank r (from 0) the weight 1/(r+flat). A greater flat makes the first names less dominant.
func newWeighted(names []string, flat float64) weighted {
	w := weighted{names: names, upTo: make([]float64, len(names))}
	sum := 0.0
	for r := range names {
		sum += 1 / (float64(r) + flat)
		w.upTo[r] = sum
	}
	return w
}

func (w weighted) draw(r *rand.Rand) string {
	x := r.Float64() * w.upTo[len(w.upTo)-1]
	i, _ := slices.BinarySearchFunc(w.upTo, x, func(sum, x float64) int {
		if sum <= x {
			return -1
		}
		return 1
	})
	return w.names[min(i, len(w.names)-1)]
}

// nameBook holds the lists by origin: a country's alpha-3 code, or a people whose surnames differ from the country's.
type nameBook struct {
	given    map[string]map[string]weighted // by country, then f or m
	surnames map[string]weighted            // by country or people
}

// names reads the embedded lists once. They are part of the program: lists that do not check are a broken build.
var names = sync.OnceValue(func() *nameBook {
	z, err := gzip.NewReader(bytes.NewReader(packedNames))
	if err != nil {
		panic("sample: names: " + err.Error())
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		panic("sample: names: " + err.Error())
	}
	b, err := parseNames(string(raw))
	if err != nil {
		panic("sample: names: " + err.Error())
	}
	return b
})

// parseNames reads lines of origin, f (women's given names), m (men's) or s (surnames), and names parted by bars. The
// origin "tail" holds rarer surnames that follow every Spanish-speaking country's own.
func parseNames(text string) (*nameBook, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("not UTF-8")
	}
	lists := map[string][]string{}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 3 || cells[0] == "" || !slices.Contains([]string{"f", "m", "s"}, cells[1]) {
			return nil, fmt.Errorf("line %d: want origin, f|m|s and names", i+1)
		}
		key := cells[0] + " " + cells[1]
		if lists[key] != nil {
			return nil, fmt.Errorf("line %d: %s is there twice", i+1, key)
		}
		list := strings.Split(cells[2], "|")
		seen := map[string]bool{}
		for _, n := range list {
			if err := checkName(n); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			if seen[n] {
				return nil, fmt.Errorf("line %d: %q is there twice", i+1, n)
			}
			seen[n] = true
		}
		lists[key] = list
	}
	b := &nameBook{given: map[string]map[string]weighted{}, surnames: map[string]weighted{}}
	tail := lists["tail s"]
	for key, list := range lists {
		origin, kind, _ := strings.Cut(key, " ")
		switch {
		case origin == "tail":
		case kind == "s":
			if country := len(origin) == 3; country && origin != "HTI" {
				own := map[string]bool{}
				for _, n := range list {
					own[n] = true
				}
				for _, n := range tail {
					if !own[n] {
						list = append(list, n)
					}
				}
			}
			b.surnames[origin] = newWeighted(list, 2.5)
		default:
			if b.given[origin] == nil {
				b.given[origin] = map[string]weighted{}
			}
			b.given[origin][kind] = newWeighted(list, 4)
		}
	}
	for _, o := range origins {
		if len(b.given[o.country]) != 2 || len(b.surnames[o.surnames].names) == 0 {
			return nil, fmt.Errorf("no names for %s %s", o.country, o.surnames)
		}
	}
	return b, nil
}

func checkName(n string) error {
	if n == "" || strings.TrimSpace(n) != n {
		return fmt.Errorf("%q is no name", n)
	}
	for _, r := range n {
		if !unicode.IsLetter(r) && !strings.ContainsRune(" '-", r) {
			return fmt.Errorf("%q holds %q", n, r)
		}
	}
	return nil
}

// origin is where somebody comes from, as far as names and languages go.
type origin struct {
	country   string // alpha-3
	surnames  string // list of surnames: the country or a people
	language  string // BCP 47, first language
	share     float64
	oneFamily bool // one surname, as in Haiti
}

// origins is the mix of the route: those of 2022 to 2025 in Mexico's south and along its northern border.
var origins = []origin{
	{country: "HND", surnames: "HND", language: "es", share: 21},
	{country: "HND", surnames: "garifuna", language: "cab", share: 1.6},
	{country: "HND", surnames: "miskito", language: "miq", share: 0.6},
	{country: "VEN", surnames: "VEN", language: "es", share: 17},
	{country: "VEN", surnames: "wayuu", language: "guc", share: 0.6},
	{country: "GTM", surnames: "GTM", language: "es", share: 9},
	{country: "GTM", surnames: "maya", language: "mam", share: 2},
	{country: "GTM", surnames: "maya", language: "quc", share: 1.6},
	{country: "GTM", surnames: "maya", language: "kek", share: 1.4},
	{country: "SLV", surnames: "SLV", language: "es", share: 10},
	{country: "HTI", surnames: "HTI", language: "ht", share: 10, oneFamily: true},
	{country: "CUB", surnames: "CUB", language: "es", share: 8},
	{country: "NIC", surnames: "NIC", language: "es", share: 5},
	{country: "NIC", surnames: "miskito", language: "miq", share: 0.5},
	{country: "ECU", surnames: "ECU", language: "es", share: 4},
	{country: "ECU", surnames: "kichwa", language: "qu", share: 1.5},
	{country: "COL", surnames: "COL", language: "es", share: 4},
	{country: "MEX", surnames: "MEX", language: "es", share: 2.5},
	{country: "MEX", surnames: "chiapas", language: "tzo", share: 0.8},
}

var originUpTo = func() []float64 {
	sums, sum := make([]float64, len(origins)), 0.0
	for i, o := range origins {
		sum += o.share
		sums[i] = sum
	}
	return sums
}()

func drawOrigin(r *rand.Rand) origin {
	x := r.Float64() * originUpTo[len(originUpTo)-1]
	for i, sum := range originUpTo {
		if x < sum {
			return origins[i]
		}
	}
	return origins[len(origins)-1]
}

// givenName draws one given name, or two as is usual in Spanish-speaking countries.
func (b *nameBook) givenName(r *rand.Rand, o origin, sex string) string {
	if sex != "f" && sex != "m" {
		sex = []string{"f", "m"}[r.IntN(2)]
	}
	list := b.given[o.country][sex]
	first := list.draw(r)
	two := 0.5
	if o.oneFamily {
		two = 0.12
	}
	if strings.ContainsAny(first, " -") || r.Float64() >= two {
		return first
	}
	for range 4 {
		if second := list.draw(r); second != first && !strings.ContainsAny(second, " -") && !(first != "María" && second == "María") {
			return first + " " + second
		}
	}
	return first
}

func (b *nameBook) surname(r *rand.Rand, o origin) string { return b.surnames[o.surnames].draw(r) }

// bell is a bell curve around mean, at least low and at most high, in whole numbers.
func bell(r *rand.Rand, mean, deviation float64, low, high int) int {
	return min(max(int(math.Round(r.NormFloat64()*deviation+mean)), low), high)
}
