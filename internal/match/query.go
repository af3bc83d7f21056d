package match

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Query is what somebody typed, understood.
type Query struct {
	Parts       []string // name parts, as Tokens gives them, in the order typed
	Open        bool     // the last part may be the beginning of a longer one
	Born        float64  // estimated birth in years; 0: nothing about age was typed
	ByAge       bool     // Born comes from an age, not from a date
	Nationality string   // alpha-3; empty: none
	Maybe       string   // the part that was taken for a nationality but may be a name (Israel, Chad)
	Card        string   // four or more digits: the end of a card number

	yearly bool // Card may also be a year
}

// Empty reports a query that cannot find anybody: nothing that names a person.
func (q Query) Empty() bool { return len(q.Parts) == 0 && q.Card == "" && q.Maybe == "" }

// maxParts bounds a query: nobody has more names than this, and each costs a walk over the vocabulary.
const maxParts = 12

// Parse reads a line as typed: name parts, an age ("27", "~27", "27 años"), a year or date of birth ("1999", "1999-05",
// "17/5/1999"), a nationality (as country understands the words) and the end of a card number (four digits or more). Order is
// free. A number of four digits that may be a year counts as both, because neither excludes anybody.
//
// on is the day of asking. country gives the alpha-3 code for a word or phrase in lower case without accents; it may be nil.
// The first word is never taken for a country.
func Parse(text string, on time.Time, country func(string) string) Query {
	var q Query
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "")
	}
	q.Open = !strings.HasSuffix(text, " ")
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
			q.Open = false
			if i+1 < len(words) && years[strings.Join(fold(words[i+1]), "")] {
				i++
			}
			continue
		}
		if i+1 < len(words) && abouts[strings.Join(fold(word), "")] && isNumber(words[i+1]) {
			continue
		}
		if country != nil && q.Nationality == "" && len(q.Parts) > 0 {
			if code, n := q.countryAt(words[i:], country); code != "" {
				q.Nationality = code
				if n == 1 {
					q.Maybe = strings.Join(fold(word), "")
				}
				i += n - 1
				q.Open = false
				continue
			}
		}
		for _, part := range fold(word) {
			switch {
			case particles[part]:
				little = append(little, part)
			case len(q.Parts) < maxParts:
				q.Parts = append(q.Parts, part)
			}
		}
		q.Open = !strings.HasSuffix(text, " ")
	}
	if len(q.Parts) == 0 && len(little) <= maxParts { // a surname made of particles only
		q.Parts = little
	}
	q.Open = q.Open && len(q.Parts) > 0
	return q
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
			q.Born, q.ByAge = born, false
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

// countryAt tries the next three, two, one words.
func (q *Query) countryAt(words []string, country func(string) string) (code string, n int) {
	for n := min(3, len(words)); n >= 1; n-- {
		phrase := strings.Join(fold(strings.Join(words[:n], " ")), " ")
		if phrase == "" {
			continue
		}
		if code := country(phrase); code != "" {
			return code, n
		}
	}
	return "", 0
}
