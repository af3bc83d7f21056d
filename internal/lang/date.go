package lang

import (
	"fmt"
	"strconv"
	"time"
)

// Date writes a day: "27 de marzo de 1991". The day is the one in t's own location.
func Date(tag Tag, t time.Time) string {
	return T(tag, "date.full", "day", day(tag, t), "month", Month(tag, t.Month()), "year", strconv.Itoa(t.Year()))
}

// ShortDate writes a day for tables and lists: "27 mar 1991".
func ShortDate(tag Tag, t time.Time) string {
	return T(tag, "date.short", "day", strconv.Itoa(t.Day()), "month", T(tag, fmt.Sprintf("month_short.%02d", t.Month())),
		"year", strconv.Itoa(t.Year()))
}

// Clock writes a time of day with 24 hours: "14:05".
func Clock(tag Tag, t time.Time) string {
	return T(tag, "date.clock", "hour", fmt.Sprintf("%02d", t.Hour()), "minute", fmt.Sprintf("%02d", t.Minute()))
}

// DateTime writes a day and the time of day: "27 de marzo de 1991, 14:05".
func DateTime(tag Tag, t time.Time) string {
	return T(tag, "date.with_clock", "date", Date(tag, t), "clock", Clock(tag, t))
}

// WeekdayClock writes a near moment: "martes 14:05".
func WeekdayClock(tag Tag, t time.Time) string {
	return T(tag, "date.weekday_clock", "weekday", Weekday(tag, t.Weekday()), "clock", Clock(tag, t))
}

// Weekday is the name of a day of the week.
func Weekday(tag Tag, d time.Weekday) string { return T(tag, fmt.Sprintf("weekday.%d", d)) }

// Month is the name of a month.
func Month(tag Tag, m time.Month) string { return T(tag, fmt.Sprintf("month.%02d", m)) }

// PartialDate writes a date known to the year, the month or the day: "2004", "mayo de 2004", "17 de mayo de 2004". What
// is no such date is given back as it came.
func PartialDate(tag Tag, s string) string {
	if t, err := time.Parse("2006-01-02", s); err == nil {
		return Date(tag, t)
	}
	if t, err := time.Parse("2006-01", s); err == nil {
		return T(tag, "date.month_year", "month", Month(tag, t.Month()), "year", strconv.Itoa(t.Year()))
	}
	return s
}

// Ago writes how long before now something happened, in the largest unit that says something: "hace 3 días". What lies
// ahead of now reads "en 3 días": another machine's clock may run ahead.
func Ago(tag Tag, then, now time.Time) string {
	d, side := now.Sub(then), "ago."
	if d < 0 {
		d, side = -d, "ahead."
	}
	const dayLong = 24 * time.Hour
	switch {
	case d < time.Minute:
		return T(tag, "ago.now")
	case d < time.Hour:
		return T(tag, side+"minutes", "n", int(d/time.Minute))
	case d < dayLong:
		return T(tag, side+"hours", "n", int(d/time.Hour))
	case d < 61*dayLong:
		return T(tag, side+"days", "n", int(d/dayLong))
	case d < 731*dayLong:
		return T(tag, side+"months", "n", int(d/(30*dayLong)))
	}
	return T(tag, side+"years", "n", int(d/(365*dayLong+dayLong/4)))
}

// day is the day of the month as it stands in a full date: French, Portuguese and Creole write the first as an ordinal.
func day(tag Tag, t time.Time) string {
	if t.Day() == 1 {
		return T(tag, "date.first")
	}
	return strconv.Itoa(t.Day())
}
