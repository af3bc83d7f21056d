package typed

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"amparo/internal/lang"
)

// Born is what was understood of a box where a person says when they were born or how old they are. At most one of
// Birth, Age and Band is set; none is when nothing is known.
type Born struct {
	Birth string // 2004, 2004-05 or 2004-05-17
	Age   *int   // completed years
	Band  string // one of Bands: what somebody says who only looks
	About bool   // said with doubt
}

// Bands are the ages that can be told in words (labels `code.age_band.<code>`): those in which people are counted, then younger than
// 18, and 18 or older.
var Bands = []string{"0_4", "5_11", "12_17", "18_24", "25_49", "50_59", "60_plus", "child", "adult"}

// bandWords are what people say of an age besides those labels, without accents.
var bandWords = map[string]string{
	"bebe": "0_4", "bebita": "0_4", "bebito": "0_4", "recien nacido": "0_4", "recien nacida": "0_4", "nino pequeno": "0_4", "nina pequena": "0_4", "baby": "0_4",
	"toddler": "0_4", "small child": "0_4", "nourrisson": "0_4", "petit enfant": "0_4", "petite fille": "0_4", "petit garcon": "0_4", "crianca pequena": "0_4",
	"menino pequeno": "0_4", "menina pequena": "0_4", "ti bebe": "0_4", "tibebe": "0_4",
	"nino": "child", "nina": "child", "menor": "child", "menor de edad": "child", "child": "child", "kid": "child", "boy": "child", "girl": "child", "minor": "child",
	"enfant": "child", "mineur": "child", "mineure": "child", "crianca": "child", "menino": "child", "menina": "child", "menor de idade": "child", "timoun": "child",
	"adolescente": "12_17", "teenager": "12_17", "teen": "12_17", "adolescent": "12_17", "adolesan": "12_17", "jenn adolesan": "12_17",
	"adulto": "adult", "adulta": "adult", "mayor de edad": "adult", "adult": "adult", "grown up": "adult", "adulte": "adult", "maior de idade": "adult", "granmoun": "adult",
	"anciano": "60_plus", "anciana": "60_plus", "adulto mayor": "60_plus", "adulta mayor": "60_plus", "persona mayor": "60_plus", "tercera edad": "60_plus",
	"elderly": "60_plus", "older person": "60_plus", "personne agee": "60_plus", "idoso": "60_plus", "idosa": "60_plus", "granmoun aje": "60_plus",
}

// band understands an age told in words, or as its label in any of the five languages.
func band(text string) string {
	want := key(text)
	for _, tag := range lang.Tags() {
		for _, code := range Bands {
			if key(lang.T(tag, "code.age_band."+code)) == want {
				return code
			}
		}
	}
	if code := bandWords[want]; code != "" {
		return code
	}
	var words []string // "tiene" and "de" beside it say nothing more
	for _, word := range strings.Fields(want) {
		if !fillWords[word] {
			words = append(words, word)
		}
	}
	return bandWords[strings.Join(words, " ")]
}

// aboutWords say doubt; longer ones first where one begins another.
var aboutWords = []string{"por volta de", "mas o menos", "mas ou menos", "plus ou moins", "cerca de", "mais ou menos", "aproximadamente", "environ",
	"approximately", "approx", "aprox", "about", "around", "anviwon", "apepre", "circa", "como", "unos", "unas", "uns", "umas", "vers", "ca", "~", "≈"}

// fillWords may stand around the numbers and say nothing more.
var fillWords = map[string]bool{"ano": true, "anos": true, "years": true, "year": true, "yrs": true, "y": true, "ans": true, "an": true, "lane": true,
	"old": true, "laj": true, "edad": true, "idade": true, "age": true, "tiene": true, "tem": true, "gen": true, "de": true, "del": true, "du": true,
	"le": true, "of": true, "en": true, "e": true, "nan": true, "em": true, "the": true, "a": true}

var monthsOld = map[string]bool{"mes": true, "meses": true, "month": true, "months": true, "mois": true, "mwa": true}

// Plain writes text without accents, in lower case.
func Plain(s string) string {
	out, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), strings.ToLower(strings.TrimSpace(s)))
	if err != nil {
		return strings.ToLower(s)
	}
	return out
}

// Understand reads what people say and type: "27 3 91", "27 de marzo de 1991", "2004-05", "mayo 2004", "1991", "~1991",
// "30", "30 años", "como 30", "8 meses", "adulto", "niña pequeña". The month never comes before the day. It is false when it cannot be sure;
// today bounds what can be.
func Understand(tag lang.Tag, text string, today time.Time) (Born, bool) {
	if b := band(text); b != "" {
		return Born{Band: b}, true
	}
	s := " " + strings.Join(strings.FieldsFunc(Plain(text), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("/.,-'’", r)
	}), " ") + " "
	about := false
	for _, word := range aboutWords {
		if unicode.IsLetter(rune(word[0])) {
			word = " " + word + " "
		}
		if strings.Contains(s, word) {
			s, about = strings.Replace(s, word, " ", 1), true
		}
	}
	var numbers []string
	var month time.Month
	asMonths := false
	for _, p := range strings.Fields(s) {
		switch m, named := monthNamed(tag, p); {
		case strings.Trim(p, "0123456789") == "":
			numbers = append(numbers, p)
		case monthsOld[p]:
			asMonths = true
		case fillWords[p]:
		case named && month == 0:
			month = m
		default:
			return Born{}, false
		}
	}
	born, ok := fromNumbers(numbers, month, asMonths, today)
	born.About = about && born != Born{}
	return born, ok
}

func fromNumbers(text []string, month time.Month, asMonths bool, today time.Time) (Born, bool) {
	if len(text) == 1 && len(text[0]) == 8 && month == 0 && !asMonths { // 27031991 or 19910327
		t := text[0]
		if y, err := strconv.Atoi(t[:4]); err == nil && y >= oldest && y <= today.Year() {
			text = []string{t[:4], t[4:6], t[6:]}
		} else {
			text = []string{t[:2], t[2:4], t[4:]}
		}
	}
	n := make([]int, len(text))
	for i, t := range text {
		v, err := strconv.Atoi(t)
		if err != nil {
			return Born{}, false
		}
		n[i] = v
	}
	year := func(i int) int { // of two digits: the latest year that is not ahead
		if len(text[i]) > 2 {
			return n[i]
		}
		y := today.Year()/100*100 + n[i]
		if y > today.Year() {
			y -= 100
		}
		return y
	}
	switch {
	case len(n) == 0:
		return Born{}, month == 0 && !asMonths
	case asMonths:
		years := n[0] / 12
		return Born{Age: &years}, len(n) == 1 && month == 0 && n[0] < 300
	case month != 0 && len(n) == 1: // mayo 2004
		return calendar(year(0), month, 0, today)
	case month != 0 && len(n) == 2 && len(text[0]) == 4: // 2004 mayo 17
		return calendar(n[0], month, n[1], today)
	case month != 0 && len(n) == 2: // 17 mayo 2004
		return calendar(year(1), month, n[0], today)
	case month != 0:
		return Born{}, false
	case len(n) == 1 && len(text[0]) == 4:
		return calendar(n[0], 0, 0, today)
	case len(n) == 1:
		return Born{Age: &n[0]}, n[0] <= 120
	case len(n) == 2 && len(text[0]) == 4: // 2004-05
		return calendar(n[0], time.Month(n[1]), 0, today)
	case len(n) == 2 && len(text[1]) == 4: // 05/2004
		return calendar(n[1], time.Month(n[0]), 0, today)
	case len(n) == 3 && len(text[0]) == 4: // 2004-05-17
		return calendar(n[0], time.Month(n[1]), n[2], today)
	case len(n) == 3: // 17/05/2004
		return calendar(year(2), time.Month(n[1]), n[0], today)
	}
	return Born{}, false
}

// oldest is the first year of birth that a living person can have.
const oldest = 1895

// calendar makes a date known to the day, the month (day 0) or the year (month 0); false when there is no such date or
// it lies ahead.
func calendar(year int, month time.Month, day int, today time.Time) (Born, bool) {
	if year < oldest || year > today.Year() || month < 0 || month > 12 || day < 0 || day > 31 {
		return Born{}, false
	}
	if month == 0 {
		return Born{Birth: fmt.Sprintf("%04d", year)}, day == 0
	}
	first := time.Date(year, month, max(day, 1), 0, 0, 0, 0, today.Location())
	if first.Month() != month || first.After(today) {
		return Born{}, false
	}
	if day == 0 {
		return Born{Birth: first.Format("2006-01")}, true
	}
	return Born{Birth: first.Format(time.DateOnly)}, true
}

// monthNames are the months of the five languages without accents, made on first use.
var monthNames = sync.OnceValue(func() map[lang.Tag][12]string {
	all := map[lang.Tag][12]string{}
	for _, tag := range lang.Tags() {
		var names [12]string
		for m := time.January; m <= time.December; m++ {
			names[m-1] = Plain(lang.Month(tag, m))
		}
		all[tag] = names
	}
	return all
})

// monthNamed knows a month by its name or the beginning of it, in the reader's language first and then in the others:
// "out" is October in Portuguese and August in Creole.
func monthNamed(tag lang.Tag, word string) (time.Month, bool) {
	if len(word) < 2 {
		return 0, false
	}
	for _, t := range append([]lang.Tag{tag}, lang.Tags()...) {
		found, many := time.Month(0), false
		for i, name := range monthNames()[t] {
			m := time.Month(i + 1)
			if name == word {
				return m, true
			}
			if len(word) >= 3 && strings.HasPrefix(name, word) {
				found, many = m, found != 0
			}
		}
		if found > 0 && !many {
			return found, true
		}
	}
	return 0, false
}
