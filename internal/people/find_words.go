package people

import (
	"strings"
	"sync"
	"time"

	"amparo/internal/lang"
	"amparo/internal/match"
	"amparo/internal/place"
	"amparo/internal/record"
)

// besides understands what is typed beside a name: countries, languages and months in any of the five languages, and the places
// where this organisation meets people: its sites by name, municipality and state.
type besides struct {
	match.Words
	sites map[record.ID]string
}

// wordsBeside is what who asks may type beside a name; the sites they may see are part of it.
func wordsBeside(a *record.Ask) (besides, error) {
	known, err := a.Memo("people.beside", []record.Compartment{record.FieldWork}, func() (any, error) {
		sites, err := place.All(a.Context, a)
		if err != nil {
			return nil, err
		}
		b := besides{sites: map[record.ID]string{}}
		at := map[string][]string{} // word or phrase -> places of sightings
		for _, s := range sites {
			b.sites[s.ID] = s.Name
			for _, phrase := range siteWords(s) {
				at[phrase] = append(at[phrase], string(s.ID[:]))
			}
		}
		b.Words = match.Words{Country: countryNamed, Language: languageNamed, Month: monthNamed,
			Place: func(phrase string) ([]string, bool) {
				among, known := at[phrase]
				return among, known || placeNames()[phrase]
			}}
		return b, nil
	})
	if err != nil {
		return besides{}, err
	}
	return known.(besides), nil
}

// general are words of a site's name that name no site.
var general = map[string]bool{"albergue": true, "casa": true, "centro": true, "comedor": true, "refugio": true, "shelter": true, "house": true, "punto": true,
	"atencion": true, "migrante": true, "migrantes": true, "para": true, "del": true, "de": true, "la": true, "las": true, "los": true, "el": true, "y": true, "e": true,
	"the": true, "of": true, "central": true, "oficina": true, "office": true, "campamento": true, "camp": true, "estacion": true, "clinica": true, "bus": true, "terminal": true}

// siteWords are the words and phrases of up to three words by which a site is called: its name and what is left of it without
// general words, its municipality, the municipality's head town and the state.
func siteWords(s place.SiteBrief) []string {
	var out []string
	seen := map[string]bool{}
	say := func(phrase string) {
		if phrase != "" && !seen[phrase] {
			seen[phrase] = true
			out = append(out, phrase)
		}
	}
	words := strings.Fields(match.Plain(s.Name))
	for i := range words {
		for n := 1; n <= 3 && i+n <= len(words); n++ {
			first, last := words[i], words[i+n-1]
			if general[last] || general[first] && n == 1 || n == 1 && len(first) < 4 {
				continue
			}
			say(strings.Join(words[i:i+n], " "))
		}
	}
	if area, ok := place.Municipality(s.Municipality); ok {
		say(match.Plain(area.Name))
		say(match.Plain(area.Head))
		say(match.Plain(area.StateName))
	}
	return out
}

// placeNames are the states and the towns at the borders: known as places even where no site stands.
var placeNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for _, s := range place.FederalStates() {
		names[match.Plain(s.Name)] = true
	}
	for _, l := range place.BorderLocalities() {
		names[match.Plain(l.Name)] = true
	}
	return names
})

// spellings are languages as registrars write them in Spanish, beside the names of today.
const spellings = `quc quiche
kek kekchi quekchi ketchi queqchi
cak cakchiquel cachiquel kaqchiquel
cab garifona
tzj tzutuhil zutuhil tzutuil
kjb canjobal kanjobal
mam mame
nah mexicano nahua
ht creol kreol kreyol criollo creole
yua yucateco maya
qu quichua kichwa quechua
gn guarani
wo olof uolof
ln lingala`

// languageNamed is the BCP 47 tag for a word or phrase in lower case without accents, in any of the five languages; empty when it
// is none.
func languageNamed(phrase string) string { return languageWords()[phrase] }

var languageWords = sync.OnceValue(func() map[string]string {
	words := map[string]string{}
	for _, tag := range lang.Tags() {
		for _, l := range lang.Languages(tag) {
			name := match.Plain(l.Name)
			if words[name] == "" {
				words[name] = l.Code
			}
			if first, _, more := strings.Cut(name, " "); more && len(first) > 4 && words[first] == "" && len(strings.Fields(name)) == 2 {
				words[first] = l.Code // criollo haitiano, achi’ cubulco: the first word alone is what people say
			}
		}
	}
	for line := range strings.Lines(spellings) {
		f := strings.Fields(line)
		for _, word := range f[1:] {
			if lang.Language(lang.ES, f[0]) != f[0] && words[word] == "" {
				words[word] = f[0]
			}
		}
	}
	return words
})

// monthNamed is a month of the year by its name in any of the five languages; 0 when it is none.
func monthNamed(word string) int { return monthWords()[word] }

var monthWords = sync.OnceValue(func() map[string]int {
	words := map[string]int{}
	for _, tag := range lang.Tags() {
		for m := time.January; m <= time.December; m++ {
			if name := match.Plain(lang.Month(tag, m)); len(name) > 2 {
				words[name] = int(m)
			}
		}
	}
	return words
})
