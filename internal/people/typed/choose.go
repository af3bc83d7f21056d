package typed

import (
	"slices"
	"strings"
	"unicode"

	"amparo/internal/lang"
	"amparo/internal/match"
)

// A box takes words and gives codes. What is not understood is given back as it was typed, so that whoever asks can say so; nothing
// is guessed. The reader's language is tried first and then the other four, because papers and lists come in any of them.

// NamedCountries reads names of countries, of the people who come from them, and alpha-3 codes, several parted by commas.
func NamedCountries(tag lang.Tag, text string) (codes, unknown []string) {
	return choose(text, func(one string) (string, bool) {
		if code, ok := inAnyLanguage(tag, one, lang.Countries); ok {
			return code, true
		}
		code := CountryNamed(match.Plain(one))
		if slices.Contains(statelessWords, key(one)) {
			code = lang.Stateless
		}
		return code, code != ""
	})
}

// statelessWords are written where the list says it with more words.
var statelessWords = []string{"apatrida", "stateless", "apatride", "apatrid", "sin nacionalidad", "sans nationalite", "sem nacionalidade"}

// NamedLanguages reads names of languages and BCP 47 codes, several parted by commas.
func NamedLanguages(tag lang.Tag, text string) (codes, unknown []string) {
	return choose(text, func(one string) (string, bool) {
		if code, ok := inAnyLanguage(tag, one, lang.Languages); ok {
			return code, true
		}
		if code, ok := languageWords[key(one)]; ok {
			return code, true
		}
		if isTag(one) { // one that the list of the route does not name
			if tags, err := Languages("languages", []string{one}); err == nil {
				return tags[0], true
			}
		}
		return "", false
	})
}

// languageWords are what people write for a language besides the name that the list gives it, without accents and apostrophes.
var languageWords = map[string]string{
	"quiche": "quc", "kiche": "quc", "kekchi": "kek", "qeqchi": "kek", "cakchiquel": "cak", "kaqchikel": "cak", "tzeltal": "tzh", "tzotzil": "tzo", "tojolabal": "toj",
	"kanjobal": "kjb", "qanjobal": "kjb", "chol": "ctu", "popti": "jac", "jacalteco": "jac", "zutujil": "tzj", "tzutujil": "tzj", "maya": "yua", "yucateco": "yua",
	"garifuna": "cab", "criollo": "ht", "creole": "ht", "kreyol": "ht", "kreyol ayisyen": "ht", "crioulo": "ht", "castellano": "es", "castilian": "es", "castelhano": "es",
	"miskito": "miq", "misquito": "miq", "nahuatl": "nah", "mexicano": "nah", "mandarin": "zh", "farsi": "fa", "dari": "fa", "wolof": "wo", "mame": "mam",
	"lengua de senas": "mfs", "senas": "mfs", "sign language": "mfs", "langue des signes": "mfs",
}

// isTag reports a text that looks like a code of a language and not like its name.
func isTag(text string) bool {
	return len(text) >= 2 && len(text) <= 3 && text == strings.ToLower(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < 'a' || r > 'z' })
}

// NamedCodes reads codes of a list and their labels `code.<list>.<code>`, several parted by commas.
func NamedCodes(tag lang.Tag, list string, codes []string, text string) (found, unknown []string) {
	return choose(text, func(one string) (string, bool) { return NamedCode(tag, list, codes, one) })
}

// NamedCode reads one code of a list, or its label `code.<list>.<code>`.
func NamedCode(tag lang.Tag, list string, codes []string, text string) (string, bool) {
	if code, ok := otherWords[list][key(text)]; ok && slices.Contains(codes, code) {
		return code, true
	}
	return inAnyLanguage(tag, text, func(tag lang.Tag) []lang.Choice {
		all := make([]lang.Choice, len(codes))
		for i, code := range codes {
			all[i] = lang.Choice{Code: code, Name: lang.T(tag, "code."+list+"."+code)}
		}
		return all
	})
}

// otherWords are what people write for a code besides its label: on lists, on papers, in a column of a table.
var otherWords = map[string]map[string]string{
	"sex": {
		"f": "f", "femenino": "f", "femenina": "f", "femme": "f", "female": "f", "feminin": "f", "feminino": "f", "mujer": "f", "mulher": "f", "woman": "f",
		"nina": "f", "girl": "f", "fille": "f", "menina": "f", "fi": "f", "fanm": "f", "mujeres": "f",
		"m": "m", "masculino": "m", "masculin": "m", "male": "m", "hombre": "m", "homme": "m", "homem": "m", "man": "m", "nino": "m", "boy": "m",
		"garcon": "m", "menino": "m", "gason": "m", "varon": "m", "h": "m",
		"x": "x", "intersexual": "x", "intersex": "x", "otro": "x", "otra": "x", "other": "x", "autre": "x", "outro": "x", "non-binary": "x",
		"no binario": "x", "nao binario": "x", "non binaire": "x",
	},
	"direction": {"norte": "north", "north": "north", "nord": "north", "sur": "south", "sul": "south", "sud": "south", "south": "south",
		"se queda": "staying", "stays": "staying", "reste": "staying", "fica": "staying", "rete": "staying"},
}

// inAnyLanguage picks from a list in the reader's language, then in the others.
func inAnyLanguage(tag lang.Tag, text string, among func(lang.Tag) []lang.Choice) (string, bool) {
	if code, ok := Pick(text, among(tag)); ok {
		return code, true
	}
	for _, other := range lang.Tags() {
		if other == tag {
			continue
		}
		if code, ok := Pick(text, among(other)); ok {
			return code, true
		}
	}
	return "", false
}

// choose reads several, each once, in the order in which they were typed.
func choose(text string, one func(string) (string, bool)) (codes, unknown []string) {
	codes = []string{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;/|\n", r) }) {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		code, ok := one(word)
		switch {
		case !ok:
			unknown = append(unknown, word)
		case !slices.Contains(codes, code):
			codes = append(codes, code)
		}
	}
	return codes, unknown
}

// Pick finds the one choice that was meant: the code, the whole name, or a beginning that only one name has, or that one name has
// among those of the route, which stand first.
func Pick(text string, among []lang.Choice) (string, bool) {
	want := key(text)
	if want == "" {
		return "", false
	}
	var begins []string
	for _, c := range among {
		name := key(c.Name)
		if strings.EqualFold(c.Code, text) || name == want {
			return c.Code, true
		}
		if len(want) >= 3 && strings.HasPrefix(name, want) {
			begins = append(begins, c.Code)
		}
	}
	if len(begins) > 0 {
		return begins[0], len(begins) == 1 || len(want) >= 4
	}
	return "", false
}

// key is what two spellings of a name have in common: no accents, no capitals, no apostrophes of any shape.
func key(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("'’‘`´ʼ", r) || unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, Plain(text))
}
