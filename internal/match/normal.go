package match

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// particles join names without telling people apart: "de la Cruz" and "Cruz" are the same surname to a registrar in a hurry.
var particles = map[string]bool{
	"de": true, "la": true, "los": true, "del": true, "da": true, "do": true, "dos": true, "das": true, "y": true, "e": true,
}

// letters that Unicode does not decompose, written as people without them on the keyboard write them.
var plain = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h",
}

// apostrophes stand inside a name part and are often left out: D'Angelo, K'in, N’Diaye.
func apostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', 'ʻ', '`', '´', '′':
		return true
	}
	return false
}

// Tokens splits a written name into comparable parts: lower case, without accents (ñ is n), without particles. Letters of other
// scripts stay as they are. A name made of particles only keeps them, so that nobody is without a name.
func Tokens(text string) []string {
	words := fold(text)
	kept := words[:0:0]
	for _, w := range words {
		if !particles[w] {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		return words
	}
	return kept
}

// maxPart bounds one name part, in letters: what is longer is not a name, and comparing it would only cost time.
const maxPart = 40

// base are the letters of Latin up to U+024F without their accents, in lower case; empty: look it up. So names need no table of
// Unicode, which a million of them would wait for.
var base = func() (table [0x250]string) {
	for r := range rune(len(table)) {
		switch {
		case apostrophe(r), unicode.Is(unicode.Mn, r):
			continue
		case r < 0x80 && !unicode.IsLetter(r):
			table[r] = " "
		case unicode.IsLetter(r):
			s := strings.Join(foldSlowly(string(r)), " ")
			if _, written := plain[unicode.ToLower(r)]; written || len([]rune(s)) == 1 { // what is two letters counts as two
				table[r] = s
			}
		}
	}
	return table
}()

// fold lowers, strips accents and splits at everything that is neither letter nor apostrophe.
func fold(text string) []string {
	var words []string
	var short [64]byte
	b := short[:0]
	n := 0
	for _, r := range text {
		if r >= rune(len(base)) || base[r] == "" {
			return foldSlowly(text)
		}
		s := base[r]
		if s == " " {
			if n > 0 {
				words = append(words, string(b))
				b, n = b[:0], 0
			}
			continue
		}
		if n < maxPart {
			b = append(b, s...)
			n++
		}
	}
	if n > 0 {
		words = append(words, string(b))
	}
	return words
}

// foldSlowly is fold for every script.
func foldSlowly(text string) []string {
	var words []string
	var b strings.Builder
	n := 0
	end := func() {
		if b.Len() > 0 {
			words = append(words, b.String())
			b.Reset()
			n = 0
		}
	}
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r), apostrophe(r):
			continue
		case unicode.IsLetter(r):
			r = unicode.ToLower(r)
			if n >= maxPart {
				continue
			}
			if s, ok := plain[r]; ok {
				b.WriteString(s)
			} else {
				b.WriteRune(r)
			}
			n++
		default:
			end()
		}
	}
	end()
	return words
}

// Plain is a text in lower case, without accents and marks, its words parted by one blank; particles stay.
func Plain(text string) string { return strings.Join(fold(text), " ") }
