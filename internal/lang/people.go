package lang

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// PersonName writes a name as the family writes it: given names, father's surname, mother's surname, and the nickname in
// quotes. Parts that are not known are left out; when none is, it gives "".
func PersonName(given, surname1, surname2, nickname string) string {
	parts := make([]string, 0, 4)
	for _, p := range []string{given, surname1, surname2} {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	if n := strings.TrimSpace(nickname); n != "" {
		parts = append(parts, "“"+n+"”")
	}
	return strings.Join(parts, " ")
}

// Age writes an age in full years: "30 años", and "unos 30 años" when it is about.
func Age(tag Tag, years int, about bool) string {
	switch {
	case years <= 0:
		return T(tag, "age.under_one")
	case about:
		return T(tag, "age.about", "n", years)
	}
	return T(tag, "age.years", "n", years)
}

// List joins words into one phrase: "a, b y c".
func List(tag Tag, items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	head, last := items[0], items[len(items)-1]
	for _, item := range items[1 : len(items)-1] {
		head = T(tag, "list.more", "head", head, "next", item)
	}
	if known(tag) == ES && startsWithI(last) {
		return T(tag, "list.last_before_i", "head", head, "last", last)
	}
	return T(tag, "list.last", "head", head, "last", last)
}

// startsWithI reports a word that begins with the sound of i, before which Spanish "y" becomes "e": Inglaterra, historia,
// but not hielo or hiato, where the i is half a consonant.
func startsWithI(word string) bool {
	word = strings.ToLower(word)
	word = strings.TrimPrefix(word, "h")
	first, size := utf8.DecodeRuneInString(word)
	if first != 'i' && first != 'í' {
		return false
	}
	second, _ := utf8.DecodeRuneInString(word[size:])
	return first == 'í' || !strings.ContainsRune("aeoáéó", unicode.ToLower(second))
}
