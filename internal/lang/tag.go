package lang

import (
	"strings"

	"golang.org/x/text/language"
)

// Tag names one of the five languages. The zero value reads as Spanish.
type Tag string

// The five languages.
const (
	ES Tag = "es" // Spanish as written in Mexico
	EN Tag = "en" // English
	FR Tag = "fr" // French
	PT Tag = "pt" // Portuguese as written in Brazil
	HT Tag = "ht" // Haitian Creole
)

var tags = [...]Tag{ES, EN, FR, PT, HT}

var names = map[Tag]string{ES: "Español", EN: "English", FR: "Français", PT: "Português", HT: "Kreyòl ayisyen"}

// bcp47 is what each language is to x/text, in the order of tags.
var bcp47 = [...]language.Tag{
	language.MustParse("es-MX"), language.English, language.French, language.MustParse("pt-BR"), language.MustParse("ht"),
}

var matcher = language.NewMatcher(bcp47[:])

// Tags lists the five, Spanish first.
func Tags() []Tag { return append([]Tag(nil), tags[:]...) }

// Name is a language's own name, for the language switch.
func Name(tag Tag) string { return names[known(tag)] }

// Parse reads a language from a flag, a file or the environment: "es", "pt-BR", "fr_FR.UTF-8". Only the language part
// counts. It is false for anything but the five.
func Parse(s string) (Tag, bool) {
	if i := strings.IndexAny(s, "-_.@"); i >= 0 {
		s = s[:i]
	}
	for _, t := range tags {
		if strings.EqualFold(s, string(t)) {
			return t, true
		}
	}
	return "", false
}

// longestHeader bounds the work that a stranger's header can cause; browsers send a few dozen bytes.
const longestHeader = 1000

// Match chooses the best of the five for a browser's Accept-Language header, Spanish when none fits.
func Match(acceptLanguage string) Tag {
	if len(acceptLanguage) > longestHeader {
		return ES
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(wanted) == 0 {
		return ES
	}
	_, i, confidence := matcher.Match(wanted...)
	if confidence == language.No {
		return ES
	}
	return tags[i]
}

// known turns any tag into one of the five.
func known(tag Tag) Tag {
	if _, ok := names[tag]; ok {
		return tag
	}
	return ES
}

// index is a tag's place in tags and bcp47.
func index(tag Tag) int {
	for i, t := range tags {
		if t == tag {
			return i
		}
	}
	return 0
}
