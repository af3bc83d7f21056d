// Package typed turns what somebody typed into values fit to be recorded, or into a refusal that names the field: text without
// control characters, codes of their lists, dates that can be, countries and languages that exist. Every action of the work
// passes its data through here, so that the same mistake gets the same sentence everywhere.
package typed

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// Limits of length, in characters.
const (
	Name  = 100  // a part of a name, a reason, a label
	Story = 8000 // a note
)

// MaxAge is the greatest age in years that is believed.
const MaxAge = 120

// Line cleans one line of text: NFC, blanks at the ends and doubled blanks removed. Control characters are refused, and so is what
// is longer than max characters.
func Line(field, text string, max int) (string, error) {
	text, err := clean(field, text, false)
	if err != nil {
		return "", err
	}
	return bounded(field, strings.Join(strings.Fields(text), " "), max)
}

// Lines cleans a text of several lines; line breaks and tabs stay.
func Lines(field, text string, max int) (string, error) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text, err := clean(field, text, true)
	if err != nil {
		return "", err
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRightFunc(lines[i], unicode.IsSpace)
	}
	return bounded(field, strings.Trim(strings.Join(lines, "\n"), "\n\t "), max)
}

func bounded(field, text string, max int) (string, error) {
	if utf8.RuneCountInString(text) > max {
		return "", record.Refuse(field, "too_long", "field", field, "max", max)
	}
	return text, nil
}

// clean composes letters, drops invisible blanks that come with pasted text, and refuses what could not be shown as it is:
// control characters, and marks that turn the reading direction.
func clean(field, text string, breaks bool) (string, error) {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToValidUTF8(text, "\uFFFD")) {
		switch {
		case r == '\t' || breaks && r == '\n':
			b.WriteRune(r)
		case r == '\u200B' || r == '\uFEFF' || r == '\u00AD':
		case unicode.IsControl(r), r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069', r == '\uFFFD':
			return "", record.Refuse(field, "bad_character", "field", field)
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), nil
}

// Got shortens what was typed, for the sentence of a refusal.
func Got(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}

// Code checks one of a list. Empty is allowed: nothing was said.
func Code(field, code string, list []string) (string, error) {
	if code == "" || slices.Contains(list, code) {
		return code, nil
	}
	return "", record.Refuse(field, "not_in_list", "field", field, "got", Got(code))
}

// OneOf checks one of a list that must be said.
func OneOf(field, code string, list []string) (string, error) {
	if code == "" {
		return "", record.Refuse(field, "required", "field", field)
	}
	return Code(field, code, list)
}

// Codes checks several of a list and gives them sorted, each once.
func Codes(field string, codes, list []string) ([]string, error) {
	return each(field, codes, func(code string) (string, error) { return OneOf(field, code, list) })
}

// Countries checks ISO 3166-1 alpha-3 codes, STATELESS and UNKNOWN. Lower case is taken.
func Countries(field string, codes []string) ([]string, error) {
	return each(field, codes, func(code string) (string, error) { return Country(field, code) })
}

// Country checks one of them; empty is refused.
func Country(field, code string) (string, error) {
	up := strings.ToUpper(strings.TrimSpace(code))
	if up == "" {
		return "", record.Refuse(field, "required", "field", field)
	}
	if !lang.CountryConfirmed(lang.ES, up) {
		return "", record.Refuse(field, "not_in_list", "field", field, "got", Got(code))
	}
	return up, nil
}

// Languages checks BCP 47 tags and gives them in canonical form.
func Languages(field string, tags []string) ([]string, error) {
	return each(field, tags, func(tag string) (string, error) {
		t, err := language.Parse(strings.TrimSpace(tag))
		if err != nil || t == language.Und || len(tag) > 35 {
			return "", record.Refuse(field, "not_in_list", "field", field, "got", Got(tag)).Because(err)
		}
		return t.String(), nil
	})
}

// longestSet bounds a list: nobody has more languages or nationalities.
const longestSet = 30

func each(field string, codes []string, one func(string) (string, error)) ([]string, error) {
	if len(codes) > longestSet {
		return nil, record.Refuse(field, "out_of_range", "field", field, "got", strconv.Itoa(len(codes)), "low", "0", "high", strconv.Itoa(longestSet))
	}
	out := make([]string, 0, len(codes))
	for _, code := range codes {
		code, err := one(code)
		if err != nil {
			return nil, err
		}
		out = append(out, code)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Whole checks a number between two bounds, both allowed. Nil is allowed: not known.
func Whole(field string, n *int, low, high int) error {
	if n == nil || *n >= low && *n <= high {
		return nil
	}
	return record.Refuse(field, "out_of_range", "field", field, "got", strconv.Itoa(*n), "low", strconv.Itoa(low), "high", strconv.Itoa(high))
}

// Past checks a date that may lack its day, or day and month: 2004, 2004-05, 2004-05-17. It is not after today and at most
// MaxAge years before. Empty is allowed.
func Past(field, date string, today time.Time) (string, error) {
	date = strings.TrimSpace(date)
	if date == "" {
		return "", nil
	}
	first, err := parse(date)
	if err != nil {
		return "", record.Refuse(field, "bad_date", "field", field, "got", Got(date)).Because(err)
	}
	y, m, d := today.Date()
	if first.After(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)) {
		return "", record.Refuse(field, "future_date", "field", field, "got", date)
	}
	if first.Year() < y-MaxAge-1 {
		return "", record.Refuse(field, "out_of_range", "field", field, "got", date, "low", strconv.Itoa(y-MaxAge-1), "high", strconv.Itoa(y))
	}
	return date, nil
}

func parse(date string) (first time.Time, err error) {
	for _, layout := range []string{"2006-01-02", "2006-01", "2006"} {
		if len(layout) == len(date) {
			return time.Parse(layout, date)
		}
	}
	return time.Parse("2006-01-02", date)
}

// Coming checks a whole date that is not before today and at most five years away. Empty is allowed.
func Coming(field, date string, today time.Time) (string, error) {
	date = strings.TrimSpace(date)
	if date == "" {
		return "", nil
	}
	day, err := time.Parse("2006-01-02", date)
	if err != nil {
		return "", record.Refuse(field, "bad_date", "field", field, "got", Got(date)).Because(err)
	}
	low, high := today.Format("2006-01-02"), today.AddDate(5, 0, 0).Format("2006-01-02")
	if s := day.Format("2006-01-02"); s < low || s > high {
		return "", record.Refuse(field, "out_of_range", "field", field, "got", date, "low", low, "high", high)
	}
	return date, nil
}

// Day checks a whole date of a question; empty gives the day of today.
func Day(field, date string, today time.Time) (string, error) {
	if date = strings.TrimSpace(date); date == "" {
		return today.Format("2006-01-02"), nil
	}
	if _, err := time.Parse("2006-01-02", date); err != nil {
		return "", record.Refuse(field, "bad_date", "field", field, "got", Got(date)).Because(err)
	}
	return date, nil
}
