package people

import (
	"strconv"
	"time"

	"amparo/internal/match"
)

// Age is the completed years of someone today, and whether that is a guess. A date of birth tells it; without one, the age once
// told moves on from the day it was told. It gives nil when nothing is known.
func Age(birth string, told *int, about bool, on string, today time.Time) (years *int, guess bool) {
	year, month, day := today.Date()
	switch len(birth) {
	case 4, 7, 10:
		y, err := strconv.Atoi(birth[:4])
		if err != nil {
			return nil, false
		}
		n := year - y
		switch len(birth) {
		case 4:
			n, guess = max(0, n-1), true // the birthday is as likely to come as to be past: say the age certainly reached
			if month == time.December {
				n = year - y
			}
		case 7:
			m, _ := strconv.Atoi(birth[5:7])
			if int(month) < m {
				n--
			}
		case 10:
			born, err := time.Parse("2006-01-02", birth)
			if err != nil {
				return nil, false
			}
			if month < born.Month() || month == born.Month() && day < born.Day() {
				n--
			}
		}
		n = max(0, n)
		return &n, guess
	}
	if told == nil {
		return nil, false
	}
	n := *told
	if at, err := time.Parse("2006-01-02", on); err == nil {
		if passed := match.Moment(today) - match.Moment(at); passed > 0 {
			n += int(passed)
		}
	}
	return &n, about
}

// born estimates the moment of birth for comparing; 0 when nothing is known.
func born(birth string, told *int, on string) float64 {
	if b, ok := match.BornDate(birth); ok {
		return b
	}
	if told == nil {
		return 0
	}
	at, err := time.Parse("2006-01-02", on)
	if err != nil {
		return 0
	}
	return match.BornAge(*told, at)
}

// AgeBand is the code of the band an age counts in (code list age_band).
func AgeBand(years *int) string {
	if years == nil {
		return "unknown"
	}
	switch n := *years; {
	case n <= 4:
		return "0_4"
	case n <= 11:
		return "5_11"
	case n <= 17:
		return "12_17"
	case n <= 24:
		return "18_24"
	case n <= 49:
		return "25_49"
	case n <= 59:
		return "50_59"
	}
	return "60_plus"
}

// CountedBand is the band a person counts in: that of their age, otherwise what was told of it where that is one of the bands.
func CountedBand(years *int, told string) string {
	if years == nil && told != "" && told != Child && told != Adult {
		return told
	}
	return AgeBand(years)
}

// OneNationality is the code a person counts under: several nationalities count as SEVERAL, none as UNKNOWN.
func OneNationality(codes []string) string {
	switch len(codes) {
	case 0:
		return "UNKNOWN"
	case 1:
		return codes[0]
	}
	return "SEVERAL"
}
