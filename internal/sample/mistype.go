package sample

import (
	"math/rand/v2"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// asHeard are spellings that sound the same to a Spanish ear.
var asHeard = [][2]string{
	{"z", "s"}, {"s", "z"}, {"v", "b"}, {"b", "v"}, {"ll", "y"}, {"y", "ll"}, {"ge", "je"}, {"gi", "ji"}, {"je", "ge"}, {"ji", "gi"},
	{"que", "ke"}, {"qui", "ki"}, {"ce", "se"}, {"ci", "si"}, {"ks", "x"}, {"x", "ks"}, {"gua", "hua"}, {"hua", "gua"}, {"ñ", "n"}, {"ñ", "ni"}, {"ph", "f"},
}

// mistype writes a name as someone in a hurry does: as it sounds, without accents or a silent h, or with one slip of a
// finger. It may come out unchanged in another case or without an accent; very short names stay as they are.
func mistype(r *rand.Rand, name string) string {
	plain := []rune{}
	for _, c := range norm.NFD.String(strings.ReplaceAll(strings.ReplaceAll(name, "ñ", "\x01"), "Ñ", "\x02")) {
		switch {
		case c == 1:
			plain = append(plain, 'ñ')
		case c == 2:
			plain = append(plain, 'Ñ')
		case !unicode.Is(unicode.Mn, c):
			plain = append(plain, c)
		}
	}
	s := strings.ToLower(string(plain))
	if len(plain) < 4 {
		return titled(s)
	}
	switch r.IntN(4) {
	case 0: // only the accents
		if titled(s) != name {
			return titled(s)
		}
		fallthrough
	case 1: // as it sounds
		for _, i := range r.Perm(len(asHeard)) {
			if strings.Contains(s, asHeard[i][0]) {
				return titled(strings.Replace(s, asHeard[i][0], asHeard[i][1], 1))
			}
		}
		fallthrough
	case 2: // the silent h
		if rest, ok := strings.CutPrefix(s, "h"); ok {
			return titled(rest)
		}
		fallthrough
	default: // a slip: two letters swapped, one left out, one doubled
		letters := []rune(s)
		i := 1 + r.IntN(len(letters)-2)
		switch r.IntN(3) {
		case 0:
			letters[i], letters[i+1] = letters[i+1], letters[i]
		case 1:
			letters = append(letters[:i], letters[i+1:]...)
		default:
			letters = append(letters[:i+1], letters[i:]...)
		}
		return titled(string(letters))
	}
}

// titled begins every word with a capital.
func titled(s string) string {
	out := []rune(s)
	for i := range out {
		if i == 0 || out[i-1] == ' ' || out[i-1] == '-' {
			out[i] = unicode.ToUpper(out[i])
		}
	}
	return strings.TrimSpace(string(out))
}
