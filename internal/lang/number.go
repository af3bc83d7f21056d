package lang

import (
	"strconv"
	"strings"
)

// marks are the signs that a language writes numbers with. Haitian Creole follows the French usage of Haiti's schools,
// as CLDR's ht does by inheriting from fr-HT; unconfirmed by a speaker.
type marks struct{ group, decimal string }

const narrowNoBreakSpace = "\u202f"

var numberMarks = map[Tag]marks{
	ES: {",", "."}, // Mexico and Central America; South America writes them the other way round
	EN: {",", "."},
	FR: {narrowNoBreakSpace, ","},
	PT: {".", ","},
	HT: {narrowNoBreakSpace, ","},
}

// Number writes a whole number: 2,475,669 in Spanish and English, 2.475.669 in Portuguese, with narrow no-break spaces
// in French and Creole.
func Number(tag Tag, n int64) string {
	return group(strconv.FormatInt(n, 10), numberMarks[known(tag)])
}

// Decimal writes a number rounded to a fixed count of decimal places.
func Decimal(tag Tag, v float64, places int) string {
	return group(strconv.FormatFloat(v, 'f', max(places, 0), 64), numberMarks[known(tag)])
}

// trimmed writes a number with as many decimal places as it needs.
func trimmed(tag Tag, v float64) string {
	return group(strconv.FormatFloat(v, 'f', -1, 64), numberMarks[known(tag)])
}

// group puts the marks of a language into Go's notation.
func group(s string, m marks) string {
	whole, decimals, has := strings.Cut(s, ".")
	var b strings.Builder
	if strings.HasPrefix(whole, "-") {
		whole = whole[1:]
		b.WriteByte('-')
	}
	if strings.Trim(whole, "0123456789") != "" { // NaN and the infinities
		b.WriteString(whole)
		return b.String()
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(m.group)
		}
		b.WriteRune(digit)
	}
	if has {
		b.WriteString(m.decimal + decimals)
	}
	return b.String()
}

// FileSize writes a size in bytes, in decimal units with one place: "512 bytes", "3.4 MB", in French "3,4 Mo".
func FileSize(tag Tag, bytes int64) string {
	if bytes < 1000 {
		return T(tag, "size.bytes", "n", bytes)
	}
	units := [...]string{"size.kb", "size.mb", "size.gb", "size.tb"}
	v, i := float64(bytes)/1000, 0
	for v >= 999.95 && i < len(units)-1 { // what would round to 1000.0 belongs to the next unit
		v, i = v/1000, i+1
	}
	return T(tag, units[i], "size", Decimal(tag, v, 1))
}
