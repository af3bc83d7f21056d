package observatory

import (
	"fmt"
	"time"
)

// A Month is a calendar month, counted from January of year 0, so that months can be compared, subtracted and stepped through
// without a time zone ever moving one across a boundary.
type Month int32

// MonthOf gives the calendar month of a year.
func MonthOf(year int, month time.Month) Month { return Month(year*12 + int(month) - 1) }

// ParseMonth reads "2022-10". Anything else, a day or a bare year included, is an error.
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil || len(s) != 7 {
		return 0, fmt.Errorf("month %.20q: want YYYY-MM", s)
	}
	return MonthOf(t.Year(), t.Month()), nil
}

// Year is the calendar year.
func (m Month) Year() int { return int(m) / 12 }

// Month is the month of the year.
func (m Month) Month() time.Month { return time.Month(int(m)%12 + 1) }

// String is the ISO 8601 form, "2022-10".
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.Year(), int(m.Month())) }

// FiscalYear is the fiscal year that holds m when fiscal years begin in the month start. A fiscal year carries the number of the
// calendar year in which it ends: with start October, October 2022 lies in fiscal year 2023.
func (m Month) FiscalYear(start time.Month) int {
	if start > time.January && m.Month() >= start {
		return m.Year() + 1
	}
	return m.Year()
}

// MonthInFiscalYear finds the calendar month of a month named within a fiscal year: with start October, October of fiscal year
// 2023 is 2022-10 and September is 2023-09.
func MonthInFiscalYear(fiscalYear int, month, start time.Month) Month {
	if start > time.January && month >= start {
		fiscalYear--
	}
	return MonthOf(fiscalYear, month)
}
