package lang

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		n    int64
		want string // in Spanish
	}{
		{0, "0"}, {7, "7"}, {999, "999"}, {1000, "1,000"}, {12345, "12,345"}, {2475669, "2,475,669"},
		{-1, "-1"}, {-999, "-999"}, {-1000, "-1,000"}, {math.MinInt64, "-9,223,372,036,854,775,808"},
	} {
		for tag, mark := range map[Tag]string{ES: ",", EN: ",", FR: "\u202f", PT: ".", HT: "\u202f", "": ",", "de": ","} {
			if got, want := Number(tag, c.n), strings.ReplaceAll(c.want, ",", mark); got != want {
				t.Errorf("Number(%q, %d) = %q, want %q", tag, c.n, got, want)
			}
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		tag    Tag
		v      float64
		places int
		want   string
	}{
		{ES, 1234.5, 1, "1,234.5"}, {EN, 0.25, 1, "0.2"}, {FR, 1234.56, 1, "1\u202f234,6"}, {PT, 1234.56, 2, "1.234,56"},
		{HT, -0.5, 2, "-0,50"}, {ES, 999.96, 1, "1,000.0"}, {ES, 3, 0, "3"}, {ES, 3, -1, "3"}, {PT, 1e21, 0, "1.000.000.000.000.000.000.000"},
		{ES, math.NaN(), 1, "NaN"}, {FR, math.Inf(-1), 1, "-Inf"},
	} {
		if got := Decimal(c.tag, c.v, c.places); got != c.want {
			t.Errorf("Decimal(%s, %v, %d) = %q, want %q", c.tag, c.v, c.places, got, c.want)
		}
	}
}

func TestFileSize(t *testing.T) {
	for _, c := range []struct {
		tag  Tag
		n    int64
		want string
	}{
		{ES, 0, "0 bytes"}, {ES, 1, "1 byte"}, {ES, 999, "999 bytes"}, {FR, 1, "1 octet"}, {ES, 1000, "1.0 kB"}, {ES, 1049, "1.0 kB"},
		{ES, 999_949, "999.9 kB"}, {ES, 999_950, "1.0 MB"}, {ES, 3_412_345, "3.4 MB"}, {FR, 3_412_345, "3,4 Mo"}, {HT, 3_412_345, "3,4 Mo"},
		{PT, 2_500_000_000, "2,5 GB"}, {EN, 7_000_000_000_000, "7.0 TB"}, {EN, 7_000_000_000_000_000, "7,000.0 TB"},
	} {
		if got := FileSize(c.tag, c.n); got != c.want {
			t.Errorf("FileSize(%s, %d) = %q, want %q", c.tag, c.n, got, c.want)
		}
	}
}

// Whatever the number, taking the marks away gives the digits back, and they stand every three digits.
func TestNumberKeepsItsDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, tag := rapid.Int64().Draw(t, "n"), rapid.SampledFrom(tags[:]).Draw(t, "tag")
		mark := numberMarks[tag].group
		groups := strings.Split(strings.TrimPrefix(Number(tag, n), "-"), mark)
		for i, g := range groups {
			if len(g) > 3 || len(g) == 0 || (i > 0 && len(g) != 3) {
				t.Fatalf("%d is cut %q", n, groups)
			}
		}
		if got := strings.ReplaceAll(Number(tag, n), mark, ""); got != strings.ReplaceAll(Number(EN, n), ",", "") || strings.ContainsAny(got, ",. ") {
			t.Fatalf("%d became %q", n, got)
		}
	})
}
