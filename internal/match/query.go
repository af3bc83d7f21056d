package match

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Query is what somebody typed, understood.
type Query struct {
	Parts       []string // name parts, as Tokens gives them, in the order typed, with the words of hints that may be names
	Open        bool     // the last part may be the beginning of a longer one
	Born        float64  // estimated birth in years; 0: nothing about age was typed
	ByAge       bool     // Born comes from an age, not from a date
	Nationality string   // alpha-3, certainly; empty: none, or among the hints
	Card        string   // four or more digits: the end of a card number
	Hints       []Hint

	short  bool // something else follows the last part: it may be a beginning too, but rather is whole
	sharp  int  // how sharply Born was told
	yearly bool // Card may also be a year
}

// hints are all the query's hints.
func (q *Query) hints() []Hint {
	if q.Nationality == "" {
		return q.Hints
	}
	return append(slices.Clip(q.Hints), Hint{About: Nation, Code: q.Nationality})
}

// Empty reports a query that cannot find anybody: nothing that names a person, and not two things known beside the name.
func (q Query) Empty() bool {
	if len(q.Parts) > 0 || q.Card != "" {
		return false
	}
	beside := map[About]bool{}
	for _, h := range q.hints() {
		beside[h.About] = true
	}
	n := len(beside)
	if q.Born != 0 {
		n++
	}
	return n < 2
}

// maxParts bounds a query: nobody has more names than this, and each costs a walk over the vocabulary.
const maxParts = 12

// Words understands what may stand beside a name. Each function takes a word or phrase in lower case without accents; any may
// be nil.
type Words struct {
	Country  func(string) string // alpha-3; empty: no country
	Language func(string) string // BCP 47; empty: no language
	// Place gives the places of a name, as in Sighting.Place; known: it is a place, though nobody may have been met there.
	Place func(string) (among []string, known bool)
	Month func(string) int // 1 to 12; 0: no month
}

// Parse is Words.Parse for one who understands countries only.
func Parse(text string, on time.Time, country func(string) string) Query {
	return Words{Country: country}.Parse(text, on)
}

// Parse reads a line as typed: name parts, an age ("27", "~27", "27 años"), a year or date of birth ("1999", "1999-05",
// "17/5/1999"), a nationality, a language, a place, a month ("marzo", "marzo 2026") and the end of a card number (four digits or
// more). Order is free. A number of four digits that may be a year counts as both, because neither excludes anybody; a word that
// may be a name and something else counts as both too.
//
// on is the day of asking.
func (w Words) Parse(text string, on time.Time) Query {
	var q Query
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "")
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' })
	var little []string
	for i := 0; i < len(words); i++ {
		word := words[i]
		if i+2 < len(words) {
			if joined := together(words[i : i+3]); joined != "" {
				word = joined
				i += 2
			}
		}
		if q.number(word, on) {
			q.Open, q.short = false, true
			if i+1 < len(words) && years[strings.Join(fold(words[i+1]), "")] {
				i++
			}
			continue
		}
		plain := strings.Join(fold(word), "")
		if i+1 < len(words) && abouts[plain] && isNumber(words[i+1]) {
			continue
		}
		if i+1 < len(words) && befores[plain] {
			if n := w.hintAt(&q, words[i+1:], true); n > 0 {
				i += n
				q.Open, q.short = false, true
				continue
			}
		}
		if n := w.hintAt(&q, words[i:], false); n > 0 {
			i += n - 1
			q.Open, q.short = false, true
			continue
		}
		little = append(little, q.add(word)...)
		q.Open, q.short = !strings.HasSuffix(text, " "), false
	}
	if len(q.Parts) == 0 && len(little) <= maxParts { // a surname made of particles only
		q.Parts = little
	}
	q.Open = q.Open && len(q.Parts) > 0
	return q
}

// add takes a word's parts and returns its particles.
func (q *Query) add(word string) (little []string) {
	for _, part := range fold(word) {
		switch {
		case particles[part]:
			little = append(little, part)
		case len(q.Parts) < maxParts:
			q.Parts = append(q.Parts, part)
		}
	}
	return little
}

// hintAt takes the next three, two or one words as something known beside the name; how many they were. sure: a word before them
// says that they are no name.
func (w Words) hintAt(q *Query, words []string, sure bool) int {
	for n := min(3, len(words)); n >= 1; n-- {
		phrase := strings.Join(fold(strings.Join(words[:n], " ")), " ")
		if phrase == "" || len(q.Hints) >= maxParts {
			continue
		}
		var found []Hint
		used := n
		if w.Country != nil && !sure {
			if code := w.Country(phrase); code != "" {
				found = append(found, Hint{About: Nation, Code: code})
			}
		}
		if w.Language != nil && !sure {
			if code := w.Language(phrase); code != "" {
				found = append(found, Hint{About: Language, Code: code})
			}
		}
		if w.Place != nil {
			if among, known := w.Place(phrase); len(among) > 0 || known && sure {
				found = append(found, Hint{About: Place, Code: strings.Join(words[:n], " "), Among: among})
			}
		}
		if w.Month != nil && n == 1 {
			if m := w.Month(phrase); m >= 1 && m <= 12 {
				code := two(m)
				if next := monthsYear(words[1:]); next > 0 {
					used, code = 1+next, words[next]+"-"+code
				}
				found = append(found, Hint{About: Month, Code: code})
			}
		}
		if len(found) == 0 {
			continue
		}
		first := len(q.Parts)
		certain := sure || n > 1 && found[0].About == Nation
		if !certain {
			q.add(phrase)
		}
		for _, h := range found {
			h.First, h.N, h.Unsure = first, len(q.Parts)-first, len(found) > 1
			q.Hints = append(q.Hints, h)
		}
		return used
	}
	return 0
}

// monthsYear says how many of the words after a month are its year: "marzo 2026", "marzo de 2026".
func monthsYear(words []string) int {
	for n := 1; n <= min(2, len(words)); n++ {
		if y := words[n-1]; len(y) == 4 && y[:2] == "20" && isNumber(y) {
			return n
		}
		if !particles[strings.ToLower(words[n-1])] {
			return 0
		}
	}
	return 0
}

// together joins three numbers that are one: a card in groups of four digits, or day, month and year.
func together(words []string) string {
	for _, w := range words {
		if strings.Trim(w, "0123456789") != "" || w == "" {
			return ""
		}
	}
	switch a, b, c := len(words[0]), len(words[1]), len(words[2]); {
	case a == 4 && b == 4 && c == 4:
		return strings.Join(words, "")
	case a <= 2 && b <= 2 && (c == 2 || c == 4):
		return strings.Join(words, "/")
	}
	return ""
}

// Words that may follow or precede a number that is an age.
var (
	years  = map[string]bool{"anos": true, "ano": true, "years": true, "year": true, "ans": true, "an": true, "lane": true}
	abouts = map[string]bool{"como": true, "unos": true, "unas": true, "about": true, "aprox": true, "environ": true, "cerca": true, "casi": true, "anviwon": true, "uns": true}
)

// Words after which a place or a month comes.
var befores = map[string]bool{"en": true, "in": true, "at": true, "em": true, "no": true, "na": true, "a": true, "au": true, "nan": true}

func isNumber(word string) bool {
	word = strings.TrimLeft(word, "~≈")
	return word != "" && strings.Trim(word, "0123456789") == ""
}

// number takes a word made of digits and date marks.
func (q *Query) number(word string, on time.Time) bool {
	word = strings.TrimLeft(word, "~≈#")
	if word == "" || strings.Trim(word, "0123456789-/.") != "" || strings.Trim(word, "-/.") == "" {
		return false
	}
	born, dated := bornOf(word, on)
	if dated {
		if q.Born == 0 || q.ByAge {
			q.Born, q.ByAge, q.sharp = born, false, sharpness(word)
		}
		if len(word) != 4 {
			return true
		}
	}
	if strings.Contains(word, "/") { // a date or a mistake, never a card
		return true
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, word)
	switch n, err := strconv.Atoi(digits); {
	case len(digits) >= 4:
		if len(digits) > len(q.Card) || q.yearly && !dated { // what can be no year is rather a card
			q.Card, q.yearly = digits[max(0, len(digits)-20):], dated
		}
	case err == nil && n <= 120 && len(digits) == len(word) && q.Born == 0:
		q.Born, q.ByAge = Moment(on)-float64(n)-0.5, true
	}
	return true
}

// bornOf reads a year or a date, in either order, not after the day of asking and at most 120 years before.
func bornOf(word string, on time.Time) (float64, bool) {
	within := func(born float64, ok bool) (float64, bool) {
		return born, ok && born <= Moment(on)+1 && born >= Moment(on)-121
	}
	f := strings.FieldsFunc(word, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	n := make([]int, len(f))
	for i, s := range f {
		v, err := strconv.Atoi(s)
		if err != nil || len(s) > 4 {
			return 0, false
		}
		n[i] = v
	}
	switch {
	case len(f) == 1 && len(f[0]) == 4:
		return within(BornDate(f[0]))
	case len(f) == 2 && len(f[0]) == 4:
		return within(BornDate(f[0] + "-" + two(n[1])))
	case len(f) == 3 && len(f[0]) == 4:
		return within(BornDate(f[0] + "-" + two(n[1]) + "-" + two(n[2])))
	case len(f) == 3 && len(f[2]) == 4:
		return within(BornDate(f[2] + "-" + two(n[1]) + "-" + two(n[0])))
	case len(f) == 3 && len(f[2]) == 2 && len(f[0]) <= 2: // 27/3/91: the latest such year that is not to come
		year := on.Year()/100*100 + n[2]
		if year > on.Year() {
			year -= 100
		}
		return within(BornDate(strconv.Itoa(year) + "-" + two(n[1]) + "-" + two(n[0])))
	}
	return 0, false
}

// sharpness tells a year, a month and a day from each other.
func sharpness(date string) int {
	return bornYear + strings.Count(strings.NewReplacer("/", "-", ".", "-").Replace(date), "-")
}

func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// BornDate is the estimated birth for a date that may lack its day or month: the middle of what it leaves open.
func BornDate(date string) (float64, bool) {
	for _, layout := range []string{"2006-01-02", "2006-01", "2006"} {
		t, err := time.Parse(layout, date)
		if err != nil {
			continue
		}
		switch len(layout) {
		case 4:
			return Moment(t) + 0.5, true
		case 7:
			return Moment(t) + 0.5/12, true
		}
		return Moment(t), true
	}
	return 0, false
}

// BornAge is the estimated birth of somebody who was age years old on a day.
func BornAge(age int, on time.Time) float64 { return Moment(on) - float64(age) - 0.5 }

// Moment is a day as a number of years.
func Moment(t time.Time) float64 { return float64(t.Year()) + float64(t.YearDay()-1)/365.25 }
