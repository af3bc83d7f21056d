package linkage

import (
	"slices"
	"strings"
	"unicode/utf8"

	"amparo/internal/match"
)

// token is a name part with what comparing needs.
type token struct {
	text  string
	sound string
	id    int32 // its place in the model's words, plus one; 0 while not counted
}

// tokensOf splits a written name; at most most parts are kept, because nobody has more and each costs.
func tokensOf(text string, most int) []token {
	if text == "" {
		return nil
	}
	words := match.Tokens(text)
	words = words[:min(len(words), most)]
	out := make([]token, len(words))
	for i, w := range words {
		out[i] = token{text: w, sound: match.Sound(w)}
	}
	return out
}

// leading words of surnames are one with what follows: San Martín, Saint Louis, Mac Donald.
var leading = map[string]bool{"san": true, "santa": true, "santo": true, "saint": true, "sainte": true, "st": true, "mac": true, "mc": true, "von": true,
	"van": true, "der": true, "den": true, "le": true, "al": true, "el": true, "ben": true, "bin": true, "abu": true, "ould": true}

// wholes splits a written surname at blanks only: what a hyphen joins is one part, because Pierre-Louis is one surname, and so are
// leading words and what they lead.
func wholes(text string, most int) []token {
	var out, led []token
	for word := range strings.FieldsSeq(text) {
		parts := tokensOf(word, most)
		if len(parts) == 0 || len(out) >= most || little(parts) {
			continue
		}
		if led = append(led, parts...); len(parts) > 1 || !leading[parts[0].text] {
			out, led = append(out, join(led)), nil
		}
	}
	if len(led) > 0 {
		out = append(out, join(led))
	}
	if len(out) == 0 { // particles only: they are the name
		if parts := tokensOf(text, most); len(parts) > 0 {
			out = append(out, join(parts))
		}
	}
	return out
}

// little reports a word that Tokens drops when another stands beside it: a particle.
func little(parts []token) bool {
	beside := match.Tokens("xx " + parts[0].text)
	return len(parts) == 1 && len(beside) == 1
}

// join writes parts as one.
func join(list []token) token {
	if len(list) == 1 {
		return list[0]
	}
	var b strings.Builder
	for _, t := range list {
		b.WriteString(t.text)
	}
	return token{text: b.String(), sound: match.Sound(b.String())}
}

// memo remembers how parts are alike while many pairs are compared: names repeat. It forgets what falls on the same place, so that it stays
// small enough to be near the processor.
type memo []remembered

type remembered struct {
	pair  uint64
	level Level
}

const memoBits = 17

func newMemo() memo { return make(memo, 1<<memoBits) }

// alike says how two name parts are alike.
func (k memo) alike(a, b *token) Level {
	if a.text == b.text {
		return Same
	}
	if k == nil || a.id == 0 || b.id == 0 {
		return alike(*a, *b)
	}
	pair := uint64(min(a.id, b.id))<<32 | uint64(max(a.id, b.id))
	at := &k[pair*0x9e3779b97f4a7c15>>(64-memoBits)]
	if at.pair != pair {
		*at = remembered{pair, alike(*a, *b)}
	}
	return at.level
}

// alike compares two parts that differ.
func alike(a, b token) Level {
	if a.text == b.text {
		return Same
	}
	la, lb := utf8.RuneCountInString(a.text), utf8.RuneCountInString(b.text)
	if la > lb {
		a, b, la, lb = b, a, lb, la
	}
	if a.sound == b.sound && la > 1 {
		return Sounds
	}
	if la == 1 {
		if strings.HasPrefix(b.text, a.text) {
			return Initial
		}
		return Different
	}
	reach := 2
	if la <= 4 {
		reach = 1
	}
	d := reach + 1
	if lb-la <= reach {
		d = match.Distance(a.text, b.text, reach)
	}
	if d == 1 && la > 2 {
		return Typo
	}
	if slices.Contains(match.Nicknames(a.sound), b.sound) {
		return Nickname
	}
	if la >= 3 && strings.HasPrefix(b.text, a.text) {
		return Initial
	}
	if d <= reach && la > 3 {
		return Weak
	}
	if len(a.sound) > 3 && len(b.sound) > 3 && match.Distance(a.sound, b.sound, 1) == 1 {
		return Weak
	}
	if la > 3 && winkler(a.text, b.text) >= 0.88 {
		return Weak
	}
	return Different
}

// winkler is the Jaro similarity with Winkler's bonus for a common beginning (Winkler 1990), from 0 to 1.
func winkler(a, b string) float64 {
	ra, rb := []rune(a), []rune(b)
	if len(ra) == 0 || len(rb) == 0 {
		return 0
	}
	window := max(0, max(len(ra), len(rb))/2-1)
	var usedA, usedB [64]bool
	if len(ra) > 64 || len(rb) > 64 {
		ra, rb = ra[:min(64, len(ra))], rb[:min(64, len(rb))]
	}
	same := 0
	for i, c := range ra {
		for j := max(0, i-window); j < min(len(rb), i+window+1); j++ {
			if !usedB[j] && rb[j] == c {
				usedA[i], usedB[j] = true, true
				same++
				break
			}
		}
	}
	if same == 0 {
		return 0
	}
	turned, j := 0, 0
	for i := range ra {
		if !usedA[i] {
			continue
		}
		for !usedB[j] {
			j++
		}
		if ra[i] != rb[j] {
			turned++
		}
		j++
	}
	m := float64(same)
	s := (m/float64(len(ra)) + m/float64(len(rb)) + (m-float64(turned)/2)/m) / 3
	prefix := 0
	for prefix < min(4, len(ra), len(rb)) && ra[prefix] == rb[prefix] {
		prefix++
	}
	return s + float64(prefix)*0.1*(1-s)
}
