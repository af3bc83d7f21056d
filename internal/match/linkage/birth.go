package linkage

import "math"

// births weighs the dates of birth, or, when a side has none, what is known of the age. Never both: an age is the date again.
func (m *Model) births(a, b *Side, out []observed) []observed {
	if a.birth.year == 0 || b.birth.year == 0 {
		years := apart(a, b)
		if years < 0 {
			return out
		}
		level, within := Different, 0
		switch {
		case years < 0.75:
			level = AgeSame
		case years < 1.75:
			level, within = AgeNear, 1
		case years < 3.75:
			level, within = AgeAbout, 3
		case years < 5.75:
			level, within = AgeLoose, 5
		}
		y := int(math.Floor(a.born))
		if b.birth.year != 0 {
			y = b.birth.year
		}
		u := 1 - m.t.yearsWithin(y, 5)
		switch level {
		case AgeSame:
			u = m.t.yearsWithin(y, 0) * 1.5
		case AgeNear, AgeAbout, AgeLoose:
			u = m.t.yearsWithin(y, within) - m.t.yearsWithin(y, (within-1)/2)
		}
		return append(out, observed{ageSlot, level, math.Log2(min(max(u, 0.005), 1))})
	}
	level := datesAlike(a.birth, b.birth)
	x, y := a.birth, b.birth
	vague := (m.t.vague + 0.5) / (m.t.dated + 20) // how often no more than the year is known
	year := m.t.year(x.year)
	var u float64
	switch level {
	case Same:
		u = m.t.day(x)
	case DaySwapped:
		u = max(m.t.day(x), m.t.day(y))
	case YearOnly:
		u = year * max(2*vague, 0.02)
	case OnePart:
		u = max(m.t.day(x), m.t.day(y)) * 45
	case Digit:
		u = max(m.t.day(x), m.t.day(y)) * 20
	case NearYear:
		u = m.t.yearsWithin(x.year, 2) * max(2*vague, 0.02)
	case SameYear:
		u = year
	case YearsNear:
		u = m.t.yearsWithin(x.year, 2)
	default:
		u = 1 - m.t.yearsWithin(x.year, 2)
	}
	return append(out, observed{birthSlot, level, math.Log2(min(max(u, 1e-7), 1))})
}

// datesAlike says how two dates are alike.
func datesAlike(a, b date) Level {
	if a == b {
		if a.month == 0 {
			return YearOnly
		}
		return Same
	}
	vague := a.vague() || b.vague()
	years := max(a.year-b.year, b.year-a.year)
	switch {
	case years == 0 && vague:
		return YearOnly
	case years == 0 && a.month == b.day && a.day == b.month:
		return DaySwapped
	}
	if a.month != 0 && b.month != 0 {
		parts := 0
		for _, same := range []bool{years == 0, a.month == b.month, a.day == b.day} {
			if same {
				parts++
			}
		}
		if parts == 2 && (a.day != 0 && b.day != 0) {
			if digits(a, b) {
				return Digit
			}
			if years <= 10 || years%10 == 0 {
				return OnePart
			}
		}
		if digits(a, b) {
			return Digit
		}
	}
	switch {
	case vague && years <= 2:
		return NearYear
	case years == 0:
		return SameYear
	case years <= 2:
		return YearsNear
	}
	return Different
}

// digits reports two dates of which one digit differs, or two neighbours stand exchanged.
func digits(a, b date) bool {
	x, y := a.digits(), b.digits()
	first, last, n := -1, -1, 0
	for i := range x {
		if x[i] != y[i] {
			if first < 0 {
				first = i
			}
			last = i
			n++
		}
	}
	return n == 1 || n == 2 && last == first+1 && x[first] == y[last] && x[last] == y[first]
}

func (d date) digits() [8]byte {
	var out [8]byte
	n := d.year*10000 + d.month*100 + d.day
	for i := 7; i >= 0; i-- {
		out[i] = byte(n % 10)
		n /= 10
	}
	return out
}
