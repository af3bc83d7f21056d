// Searching the gazetteer as a person types: without accents, by the beginning of a word, by any part of a name, or by code.

package place

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// searchEntry is what a query is compared with, folded: the municipality's name, the towns it is known by (its head town and those
// of the border selection, such as Ciudad Juárez), and all words together with the state's name and abbreviation.
type searchEntry struct {
	name, all string
	towns     []string
}

func indexAreas(g *gazetteer) []searchEntry {
	towns := make([][]string, len(g.areas))
	for i, a := range g.areas {
		if a.Head != "" {
			towns[i] = append(towns[i], fold(a.Head))
		}
	}
	for _, l := range g.localities {
		i := g.byCode[l.Municipality]
		if t := fold(l.Name); !slices.Contains(towns[i], t) {
			towns[i] = append(towns[i], t)
		}
	}
	abbr := map[string]string{}
	for _, s := range g.states {
		abbr[s.Code] = s.Abbr
	}
	out := make([]searchEntry, len(g.areas))
	for i, a := range g.areas {
		e := searchEntry{name: fold(a.Name), towns: towns[i]}
		e.all = " " + strings.Join(append([]string{e.name, fold(a.StateName), fold(abbr[a.State])}, e.towns...), " ")
		out[i] = e
	}
	return out
}

// town reports whether any town of the entry satisfies the comparison with the query.
func (e searchEntry) town(compare func(town, q string) bool, q string) bool {
	return slices.ContainsFunc(e.towns, func(t string) bool { return compare(t, q) })
}

// wordPrefix reports whether a word of s begins with q.
func wordPrefix(s, q string) bool { return strings.Contains(" "+s, " "+q) }

// fold lower-cases, drops accents (ñ becomes n: not every keyboard has it) and turns everything that is neither a letter
// nor a digit into single spaces.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r): // the accent, now on its own
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(unicode.ToLower(r))
		default:
			space = true
		}
	}
	return b.String()
}

// Ranks of a match, best first.
const (
	rankExact = iota
	rankNamePrefix
	rankTownPrefix
	rankWordPrefix
	rankWords
	rankPart
	rankNone
)

// rank says how well an area answers a folded query, given also as words.
func (e searchEntry) rank(q string, words []string) int {
	switch {
	case e.name == q || slices.Contains(e.towns, q):
		return rankExact
	case strings.HasPrefix(e.name, q):
		return rankNamePrefix
	case e.town(strings.HasPrefix, q):
		return rankTownPrefix
	case wordPrefix(e.name, q) || e.town(wordPrefix, q):
		return rankWordPrefix
	}
	all := true
	for _, w := range words {
		if !strings.Contains(e.all, " "+w) {
			all = false
			break
		}
	}
	switch {
	case all && len(words) > 1: // "juarez chih", "guerrero tamaulipas"
		return rankWords
	case strings.Contains(e.name, q) || e.town(strings.Contains, q):
		return rankPart
	}
	return rankNone
}

// SearchMunicipality returns the municipalities that answer what someone typed, best first and at most limit of them
// (all when limit is 0 or less). Accents, case and punctuation do not matter. Words match name, towns and state from their
// beginnings, so "guerrero tam" finds Guerrero in Tamaulipas; digits match the beginning of a code. Among equal matches the more
// populous comes first. An empty query finds nothing.
func SearchMunicipality(query string, limit int) []Area {
	g := loaded()
	q := fold(query)
	if q == "" {
		return nil
	}
	digits := strings.IndexFunc(q, func(r rune) bool { return r < '0' || r > '9' }) < 0
	words := strings.Fields(q)
	type hit struct{ rank, at int }
	var hits []hit
	for i, e := range g.index {
		r := e.rank(q, words)
		if digits && strings.HasPrefix(g.areas[i].Code, q) {
			r = rankExact
		}
		if r < rankNone {
			hits = append(hits, hit{r, i})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(
			cmp.Compare(a.rank, b.rank),
			cmp.Compare(g.areas[b.at].Population, g.areas[a.at].Population),
			cmp.Compare(a.at, b.at),
		)
	})
	if limit > 0 && len(hits) > limit {
		hits = hits[:limit]
	}
	out := make([]Area, len(hits))
	for i, h := range hits {
		out[i] = g.areas[h.at]
	}
	return out
}
