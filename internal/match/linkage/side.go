package linkage

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"amparo/internal/match"
)

// Side is a record made ready to be compared many times.
type Side struct {
	Key     match.Key
	given   []token
	surname []token // none, one or two
	also    []token
	sex     byte // f, m or 0
	birth   date
	born    float64
	nation  []string
	more    []value // in the order of Model.more
}

// date is a date of birth. Month and day are 0 when only the year is known.
type date struct{ year, month, day int }

// vague says that no more than the year is known; 1 January is what registrars write then.
func (d date) vague() bool { return d.month == 0 || d.month == 1 && d.day <= 1 }

// moment is the middle of what the date says, in years.
func (d date) moment() float64 {
	if d.vague() {
		return float64(d.year) + 0.5
	}
	return float64(d.year) + (float64(d.month)-1)/12 + (max(float64(d.day), 1)-1)/365
}

// value is one of Record.More, made comparable.
type value struct {
	text   string
	id     int32 // as of a token
	number bool  // digits only: compared digit by digit
}

const mostParts = 6

// Ready prepares a record. The result belongs to no model and may be compared by several goroutines at once.
func (m *Model) Ready(r *Record) *Side {
	s := &Side{Key: r.Key, given: tokensOf(r.Given, mostParts), surname: surnamesOf(r), born: r.Born}
	for _, text := range r.Also[:min(len(r.Also), mostParts)] {
		s.also = append(s.also, tokensOf(text, mostParts)...)
	}
	switch strings.ToLower(strings.TrimSpace(r.Sex)) {
	case "f", "female", "2":
		s.sex = 'f'
	case "m", "male", "1":
		s.sex = 'm'
	}
	s.birth = dateOf(r.Birth)
	if s.birth.year != 0 {
		s.born = s.birth.moment()
	}
	for _, code := range r.Nationality {
		if code != "" && code != "UNKNOWN" && code != "STATELESS" && !slices.Contains(s.nation, code) {
			s.nation = append(s.nation, code)
		}
	}
	if len(m.more) > 0 {
		s.more = make([]value, len(m.more))
		for i, f := range m.more {
			s.more[i] = valueOf(r.More[f.name])
		}
	}
	return s
}

// surnamesOf gives the surnames. Two that were typed into one box are two; one is the first, wherever it was typed.
func surnamesOf(r *Record) []token {
	first, second := wholes(r.Surname1, mostParts), wholes(r.Surname2, mostParts)
	switch {
	case len(first) > 0 && len(second) > 0:
		return []token{join(first), join(second)}
	case len(first) == 0:
		first = second
	}
	if len(first) > 1 {
		return []token{first[0], join(first[1:])}
	}
	return first
}

func valueOf(text string) value {
	text = strings.TrimSpace(text)
	if text == "" {
		return value{}
	}
	if strings.Trim(text, "0123456789") == "" {
		return value{text: text[:min(len(text), 64)], number: true}
	}
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "")
	}
	return value{text: strings.ToLower(strings.Join(strings.Fields(text), " "))}
}

// dateOf reads a date; what is none gives none. A year must be of somebody who may be alive or remembered.
func dateOf(text string) date {
	text = strings.TrimSpace(text)
	var y, mo, d string
	switch {
	case len(text) >= 10 && (text[4] == '-' || text[4] == '/') && text[7] == text[4]:
		y, mo, d = text[:4], text[5:7], text[8:10]
	case len(text) == 8 && strings.Trim(text, "0123456789") == "":
		y, mo, d = text[:4], text[4:6], text[6:8]
	case len(text) == 7 && text[4] == '-':
		y, mo = text[:4], text[5:7]
	case len(text) == 4:
		y = text
	}
	year, err := strconv.Atoi(y)
	if err != nil || year < 1000 || year > 2999 {
		return date{}
	}
	out := date{year: year}
	if month, err := strconv.Atoi(mo); err == nil && month >= 0 && month <= 99 {
		out.month = month
		if day, err := strconv.Atoi(d); err == nil && day >= 0 && day <= 99 {
			out.day = day
		}
	}
	if out.month == 0 {
		out.day = 0
	}
	return out
}

// group is under what the frequencies of a record's names are counted: nationality and sex.
type group struct {
	nation string // empty: none, or more than one
	sex    byte
}

func (s *Side) group() group {
	g := group{sex: s.sex}
	if len(s.nation) == 1 {
		g.nation = s.nation[0]
	}
	return g
}

// apart is how many years lie between two births; negative when one is unknown.
func apart(a, b *Side) float64 {
	if a.born == 0 || b.born == 0 {
		return -1
	}
	return math.Abs(a.born - b.born)
}
