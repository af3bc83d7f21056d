package sample

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed data/registry.tsv
var registryText string

// registryNames are the lists a registry draws from.
type registryNames struct {
	plain     map[string][]string // as they stand in the file
	zipf      map[string]zipf
	rareNames []string // surnames that few have, put together from syllables
	rareMen   []string
	rareWomen []string
	short     map[string][]string // a given name in lower case -> its short forms
	fullOf    map[string][]string // a short form, folded -> the given names it may stand for, folded
}

// zipf is a list whose name of rank r (from 0) weighs 1/(r+flat).
type zipf struct {
	names []string
	upTo  []float64
}

func (z zipf) draw(t *twister) string { return z.names[t.weighed(z.upTo)] }

// flats make the first names of a list less dominant, the more the greater.
var flats = map[string]float64{"es_sur": 4, "es_m": 6, "es_f": 6, "ht_s": 3, "ht_m": 4, "ht_f": 4, "pt_m": 4, "pt_f": 4, "pt_s": 3,
	"maya_s": 5, "af_s": 5, "nah_s": 5, "qu_s": 5, "gar_s": 5}

var theRegistryNames = sync.OnceValue(func() *registryNames {
	n, err := parseRegistryNames(registryText)
	if err != nil {
		panic("sample: names of the registry: " + err.Error()) // the file is part of the program
	}
	return n
})

func parseRegistryNames(text string) (*registryNames, error) {
	n := &registryNames{plain: map[string][]string{}, zipf: map[string]zipf{}, short: map[string][]string{}, fullOf: map[string][]string{}}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		key, rest, ok := strings.Cut(line, "\t")
		list := strings.Split(rest, "|")
		if !ok || key == "" {
			return nil, fmt.Errorf("line %d: want a list, a tab and names", i+1)
		}
		for _, name := range list {
			if err := checkName(name); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
		if given, ok := strings.CutPrefix(key, "nick "); ok {
			n.short[given] = list
			for _, short := range list {
				n.fullOf[plainName(short)] = append(n.fullOf[plainName(short)], plainName(given))
			}
			continue
		}
		n.plain[key] = list
		if flat, ok := flats[key]; ok {
			n.zipf[key] = newZipf(onceEach(list), flat)
		}
	}
	for key := range flats {
		if len(n.zipf[key].names) == 0 {
			return nil, fmt.Errorf("no list %s", key)
		}
	}
	n.rareTails()
	return n, nil
}

func newZipf(list []string, flat float64) zipf {
	z := zipf{names: list, upTo: make([]float64, len(list))}
	sum := 0.0
	for r := range list {
		sum += 1 / (float64(r) + flat)
		z.upTo[r] = sum
	}
	return z
}

func onceEach(list []string) []string {
	seen := make(map[string]bool, len(list))
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// Syllables of the rare names, which nobody of the lists has.
var (
	onsets     = strings.Fields("b c ch d f g h j l ll m n p qu r s t v z br cr gr tr pl bl")
	vowels     = strings.Fields("a e i o u a e o ie ue")
	endings    = strings.Fields("les da lla ra za ga do rte nes tes ño ri zo lo rdo na gui cha rra ndo l n z s")
	givenFirst = strings.Fields("Yo Ya Ye Jo Da De Le Li Ma Mi Wi Ke Ra Ro Sa Ka Eli Ari Fran Gre Yu Yur Yen Der Bre Jei Dei Nei")
	givenMid   = strings.Fields("l r n s x v d m k sl nd rl ri li")
	givenLastM = strings.Fields("son man ner mar vin son iel ander ber dy ton der mir berto ny")
	givenLastF = strings.Fields("mar lys nis ris mary beth lin sy lis neth dys leth mara bel nia")
)

// rareTails makes the rare names, the same for every seed.
func (n *registryNames) rareTails() {
	t := newTwister(7)
	var list []string
	for range 45_000 {
		var s strings.Builder
		for range one(t, []int{1, 2, 2}) {
			onset, vowel := one(t, onsets), one(t, vowels)
			if onset == "qu" {
				vowel = one(t, []string{"e", "i"})
			}
			s.WriteString(onset + vowel)
		}
		s.WriteString(one(t, endings))
		list = append(list, capital(s.String()))
	}
	n.rareNames = onceEach(list)[:30_000]
	for _, to := range []struct {
		list *[]string
		last []string
	}{{&n.rareMen, givenLastM}, {&n.rareWomen, givenLastF}} {
		list = nil
		for range 9000 {
			list = append(list, capital(one(t, givenFirst)+one(t, givenMid)+one(t, to.last)))
		}
		*to.list = onceEach(list)
	}
}

// nick draws a short form of the first of the given names that has any.
func (n *registryNames) nick(t *twister, given string) (string, bool) {
	for _, word := range strings.Fields(strings.ToLower(given)) {
		if list := n.short[word]; list != nil {
			return one(t, list), true
		}
	}
	return "", false
}

// capital writes the first letter large and the others small.
func capital(s string) string {
	letters := []rune(strings.ToLower(s))
	if len(letters) > 0 {
		letters[0] = unicode.ToUpper(letters[0])
	}
	return string(letters)
}

// everyCapital writes the first letter of each run of letters large and the others small.
func everyCapital(s string) string {
	letters := []rune(s)
	inside := false
	for i, c := range letters {
		if inside {
			letters[i] = unicode.ToLower(c)
		} else {
			letters[i] = unicode.ToTitle(c)
		}
		inside = unicode.IsLetter(c)
	}
	return string(letters)
}

// bare takes the marks off letters, those of ñ and ç too.
func bare(s string) string {
	out := []rune{}
	for _, c := range norm.NFD.String(s) {
		if c < 0x80 || norm.NFD.PropertiesString(string(c)).CCC() == 0 {
			out = append(out, c)
		}
	}
	return string(out)
}

func plainName(s string) string { return strings.ToLower(bare(s)) }
