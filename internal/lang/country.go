package lang

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/collate"
)

// Choice is one line of a list to choose from.
type Choice struct {
	Code string // what is stored
	Name string // what the reader sees
}

// Codes that stand where a country cannot.
const (
	Stateless      = "STATELESS"
	UnknownCountry = "UNKNOWN"
)

// onRoute are the countries that most people on the route come from or pass, offered first.
var onRoute = []string{
	"BRA", "CHL", "COL", "CRI", "CUB", "DOM", "ECU", "GTM", "HND", "HTI", "MEX", "NIC", "PAN", "PER", "SLV", "USA", "VEN",
}

var countries = sync.OnceValue(func() map[Tag]map[string]string {
	byTag := readNames("countries.csv", "alpha3", []Tag{ES, EN, FR, PT})
	byTag[HT] = readNames("countries-ht.csv", "alpha3", []Tag{HT})[HT]
	return byTag
})

var languages = sync.OnceValue(func() map[Tag]map[string]string {
	return readNames("languages.csv", "code", tags[:])
})

// Country is the name of a country by its ISO 3166-1 alpha-3 code, or of Stateless or UnknownCountry. The names are
// CLDR's, in Creole our own for the countries of the route and the Spanish ones for the rest: see
// CountryConfirmed. A code that is not known is given back as it came.
func Country(tag Tag, alpha3 string) string {
	tag = known(tag)
	switch alpha3 {
	case Stateless:
		return T(tag, "country.stateless")
	case UnknownCountry:
		return T(tag, "country.unknown")
	}
	if name := countries()[tag][alpha3]; name != "" {
		return name
	}
	if name := countries()[ES][alpha3]; name != "" {
		return name
	}
	return alpha3
}

// CountryConfirmed reports whether the name that Country gives is a name in that language. It is false for Creole where
// the Spanish name stands in.
func CountryConfirmed(tag Tag, alpha3 string) bool {
	return alpha3 == Stateless || alpha3 == UnknownCountry || countries()[known(tag)][alpha3] != ""
}

// Countries lists all countries to choose from: those of the route first, then the others, each in the alphabet of the
// language, at last Stateless and UnknownCountry.
func Countries(tag Tag) []Choice {
	tag = known(tag)
	var near, far []Choice
	for code := range countries()[ES] {
		c := Choice{code, Country(tag, code)}
		if slices.Contains(onRoute, code) {
			near = append(near, c)
		} else {
			far = append(far, c)
		}
	}
	sortChoices(tag, near)
	sortChoices(tag, far)
	return append(append(near, far...), Choice{Stateless, Country(tag, Stateless)}, Choice{UnknownCountry, Country(tag, UnknownCountry)})
}

// Language is the name of a language by its BCP 47 code ("es", "mam"); only those spoken on the route are known. A code
// that is not known is given back as it came.
func Language(tag Tag, code string) string {
	if name := languages()[known(tag)][code]; name != "" {
		return name
	}
	return code
}

// Languages lists the languages spoken on the route: the five of this program first, then the others in the alphabet of
// the reader.
func Languages(tag Tag) []Choice {
	tag = known(tag)
	var first, rest []Choice
	for _, t := range tags {
		first = append(first, Choice{string(t), Language(tag, string(t))})
	}
	for code := range languages()[tag] {
		if _, ours := names[Tag(code)]; !ours {
			rest = append(rest, Choice{code, Language(tag, code)})
		}
	}
	sortChoices(tag, rest)
	return append(first, rest...)
}

func sortChoices(tag Tag, list []Choice) {
	c := collate.New(bcp47[index(tag)])
	slices.SortFunc(list, func(a, b Choice) int {
		if by := c.CompareString(a.Name, b.Name); by != 0 {
			return by
		}
		return strings.Compare(a.Code, b.Code)
	})
}

// readNames reads an embedded table: a column of codes and one column of names for each language. The tests hold it to
// its form, so a fault in it is a fault of the build.
func readNames(file, codes string, want []Tag) map[Tag]map[string]string {
	f, err := files.Open("data/" + file)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	header, err := r.Read()
	if err != nil {
		panic(fmt.Errorf("%s: %w", file, err))
	}
	byTag := map[Tag]map[string]string{}
	for _, tag := range want {
		byTag[tag] = map[string]string{}
	}
	at := slices.Index(header, codes)
	for {
		line, err := r.Read()
		if err == io.EOF {
			return byTag
		}
		if err != nil {
			panic(fmt.Errorf("%s: %w", file, err))
		}
		for _, tag := range want {
			byTag[tag][line[at]] = line[slices.Index(header, string(tag))]
		}
	}
}
