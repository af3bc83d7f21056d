package report

import (
	"fmt"
	"time"
)

// Month is a calendar month, counted from January of year 0.
type Month int32

// MonthOf gives the calendar month of a year.
func MonthOf(year int, month time.Month) Month { return Month(year*12 + int(month) - 1) }

// ParseMonth reads "2022-10".
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return 0, fmt.Errorf("month %.20q: want YYYY-MM", s)
	}
	return MonthOf(t.Year(), t.Month()), nil
}

// Year is the calendar year.
func (m Month) Year() int { return int(m) / 12 }

// Month is the month of the year.
func (m Month) Month() time.Month { return time.Month(int(m)%12 + 1) }
