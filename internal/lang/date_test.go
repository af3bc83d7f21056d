package lang

import (
	"strings"
	"testing"
	"time"
)

var (
	first  = time.Date(2024, 3, 1, 9, 5, 0, 0, time.UTC)   // a Friday
	spring = time.Date(1991, 3, 27, 14, 0, 0, 0, time.UTC) // a Wednesday
)

func TestDates(t *testing.T) {
	for _, c := range []struct {
		tag                                 Tag
		full, firstDay, short, with, moment string
	}{
		{ES, "27 de marzo de 1991", "1 de marzo de 2024", "27 mar 1991", "27 de marzo de 1991, 14:00", "viernes 09:05"},
		{EN, "27 March 1991", "1 March 2024", "27 Mar 1991", "27 March 1991, 14:00", "Friday 09:05"},
		{FR, "27 mars 1991", "1er mars 2024", "27 mars 1991", "27 mars 1991, 14:00", "vendredi 09:05"},
		{PT, "27 de março de 1991", "1º de março de 2024", "27 mar 1991", "27 de março de 1991, 14:00", "sexta-feira 09:05"},
		{HT, "27 mas 1991", "1ye mas 2024", "27 mas 1991", "27 mas 1991, 14:00", "vandredi 09:05"},
	} {
		for what, pair := range map[string][2]string{
			"Date": {Date(c.tag, spring), c.full}, "Date of the first": {Date(c.tag, first), c.firstDay},
			"ShortDate": {ShortDate(c.tag, spring), c.short}, "DateTime": {DateTime(c.tag, spring), c.with},
			"WeekdayClock": {WeekdayClock(c.tag, first), c.moment},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s is %q, want %q", c.tag, what, pair[0], pair[1])
			}
		}
	}
}

// Every month and weekday has its own name, long and short, in every language.
func TestNamesOfMonthsAndDays(t *testing.T) {
	for _, tag := range tags {
		seen := map[string]bool{}
		for m := time.January; m <= time.December; m++ {
			for _, name := range []string{Month(tag, m) + " (long)", ShortDate(tag, time.Date(2000, m, 2, 0, 0, 0, 0, time.UTC))} {
				if seen[name] || strings.Contains(name, "[") {
					t.Errorf("%s: month %d: %q", tag, m, name)
				}
				seen[name] = true
			}
		}
		for d := time.Sunday; d <= time.Saturday; d++ {
			if name := Weekday(tag, d); seen[name] || strings.Contains(name, "[") {
				t.Errorf("%s: weekday %d: %q", tag, d, name)
			} else {
				seen[name] = true
			}
		}
	}
	if Month(ES, time.May) != "mayo" || Weekday(PT, time.Monday) != "segunda-feira" || Month(HT, time.August) != "out" {
		t.Error("a name stands at the wrong place")
	}
}

// The day shown is the one at the place, not the one in UTC.
func TestDateStaysInItsZone(t *testing.T) {
	late := time.Date(2024, 2, 29, 23, 30, 0, 0, time.FixedZone("Tapachula", -6*3600))
	if got := DateTime(ES, late); got != "29 de febrero de 2024, 23:30" {
		t.Error(got)
	}
}

func TestPartialDate(t *testing.T) {
	for _, c := range []struct {
		tag       Tag
		s, expect string
	}{
		{ES, "2004", "2004"}, {ES, "2004-05", "mayo de 2004"}, {EN, "2004-05", "May 2004"}, {HT, "2004-05", "me 2004"},
		{ES, "2004-05-17", "17 de mayo de 2004"}, {PT, "2004-05-01", "1º de maio de 2004"},
		{ES, "", ""}, {ES, "2004-13", "2004-13"}, {ES, "2023-02-29", "2023-02-29"}, {ES, "como 30", "como 30"},
	} {
		if got := PartialDate(c.tag, c.s); got != c.expect {
			t.Errorf("PartialDate(%s, %q) = %q, want %q", c.tag, c.s, got, c.expect)
		}
	}
}

func TestAgo(t *testing.T) {
	const h, d = time.Hour, 24 * time.Hour
	for _, c := range []struct {
		back   time.Duration
		es, ht string
	}{
		{0, "hace un momento", "talè konsa"}, {59 * time.Second, "hace un momento", "talè konsa"},
		{time.Minute, "hace 1 minuto", "sa gen 1 minit"}, {h - 1, "hace 59 minutos", "sa gen 59 minit"},
		{h, "hace 1 hora", "sa gen 1 èdtan"}, {d - 1, "hace 23 horas", "sa gen 23 èdtan"},
		{d, "hace 1 día", "sa gen 1 jou"}, {60*d + 23*h, "hace 60 días", "sa gen 60 jou"},
		{61 * d, "hace 2 meses", "sa gen 2 mwa"}, {700 * d, "hace 23 meses", "sa gen 23 mwa"},
		{730 * d, "hace 24 meses", "sa gen 24 mwa"}, {731 * d, "hace 2 años", "sa gen 2 an"}, {40 * 366 * d, "hace 40 años", "sa gen 40 an"},
		{-30 * time.Second, "hace un momento", "talè konsa"}, {-5 * time.Minute, "en 5 minutos", "nan 5 minit"},
		{-3 * d, "en 3 días", "nan 3 jou"}, {-h, "en 1 hora", "nan 1 èdtan"}, {-100 * d, "en 3 meses", "nan 3 mwa"}, {-800 * d, "en 2 años", "nan 2 an"},
	} {
		if got := Ago(ES, first.Add(-c.back), first); got != c.es {
			t.Errorf("Ago(es, %v) = %q, want %q", c.back, got, c.es)
		}
		if got := Ago(HT, first.Add(-c.back), first); got != c.ht {
			t.Errorf("Ago(ht, %v) = %q, want %q", c.back, got, c.ht)
		}
	}
}
