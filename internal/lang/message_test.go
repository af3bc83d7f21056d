package lang

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/feature/plural"
)

type level int

func (level) String() string { return "a level" }

type count int

func TestT(t *testing.T) {
	day := time.Date(1991, 3, 27, 14, 5, 0, 0, time.UTC)
	for _, c := range []struct {
		tag  Tag
		key  string
		args []any
		want string
	}{
		{ES, "app.save", nil, "Guardar"},
		{HT, "app.save", nil, "Anrejistre"},
		{"", "app.save", nil, "Guardar"},
		{"de", "app.save", nil, "Guardar"},
		{EN, "no.such_key", []any{"n", 1}, "[no.such_key]"},
		{ES, "ago.days", []any{"n", 1}, "hace 1 día"},
		{ES, "ago.days", []any{"n", 0}, "hace 0 días"},
		{FR, "ago.days", []any{"n", 0}, "il y a 0 jour"},
		{FR, "ago.days", []any{"n", 2}, "il y a 2 jours"},
		{PT, "ago.months", []any{"n", 0}, "há 0 mês"},
		{HT, "ago.days", []any{"n", 1}, "sa gen 1 jou"},
		{HT, "ago.days", []any{"n", 3}, "sa gen 3 jou"},
		{EN, "ago.days", []any{"n", 12345}, "12,345 days ago"},
		{EN, "ago.days", []any{"n", count(12345)}, "12,345 days ago"},
		{EN, "ago.days", []any{"n", uint8(1)}, "1 day ago"},
		{EN, "ago.days", []any{"n", int64(-1)}, "-1 day ago"},
		{EN, "ago.days", []any{"n", "many"}, "many days ago"},
		{EN, "ago.days", nil, "{n} days ago"},
		{EN, "ago.days", []any{"n"}, "{n} days ago"},
		{EN, "ago.days", []any{3, 4, "n", 5}, "5 days ago"},
		{PT, "size.mb", []any{"size", 1234.5}, "1.234,5 MB"},
		{PT, "size.mb", []any{"size", 1234}, "1.234 MB"},
		{ES, "size.mb", []any{"size", "2024"}, "2024 MB"},
		{ES, "size.mb", []any{"size", level(3)}, "a level MB"},
		{ES, "size.mb", []any{"size", errors.New("no")}, "no MB"},
		{ES, "size.mb", []any{"size", true}, "true MB"},
		{ES, "size.mb", []any{"size", day}, "27 de marzo de 1991 MB"},
		{ES, "size.mb", []any{"size", uint64(math.MaxUint64)}, "18446744073709551615 MB"},
		{ES, "refuse.required", []any{"field", "surname2"}, "Falta: Apellido materno."},
		{PT, "refuse.required", []any{"field", "surname2"}, "Falta: Segundo sobrenome."},
		{PT, "refuse.required", []any{"field", "no_such_field"}, "Falta: no_such_field."},
		// A value is never read as a text: braces in what people write stay as they are.
		{EN, "refuse.required", []any{"field", "{got}"}, "Missing: {got}."},
	} {
		if got := T(c.tag, c.key, c.args...); got != c.want {
			t.Errorf("T(%s, %s, %v) = %q, want %q", c.tag, c.key, c.args, got, c.want)
		}
	}
}

// Large numbers take the form that CLDR gives them, although only their last digits are looked at.
func TestPluralOfLargeNumbers(t *testing.T) {
	for _, n := range []int64{1_000_000, 1_000_001, 1_000_000_001, 10_000_000_001, math.MaxInt64, math.MinInt64, -2} {
		for _, tag := range tags {
			if got := pluralForm(tag, n); got != "other" {
				t.Errorf("%s: %d is %s", tag, n, got)
			}
		}
	}
}

// The forms that a catalogue must have are asked of the rules. Should an upgrade of x/text bring a new form, this says so.
func TestPluralFormsOfTheFive(t *testing.T) {
	want := map[Tag]string{ES: "one other", EN: "one other", FR: "one other", PT: "one other", HT: "other"}
	for _, tag := range tags {
		if got := strings.Join(pluralForms(tag), " "); got != want[tag] {
			t.Errorf("%s has the forms %s (CLDR %s), the catalogue is written for %s", tag, got, plural.CLDRVersion, want[tag])
		}
	}
}

// FuzzCut tries texts: what is accepted can be put together again, and never loses or invents a letter.
func FuzzCut(f *testing.F) {
	for _, s := range []string{"Hola {name}", "{n}", "{a}{b}", "{", "}", "{}", "{{a}}", "a } b", "é{ñ}", " x", "{a_1} ·"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := cut(s)
		if err != nil {
			return
		}
		var b strings.Builder
		var args []any
		for i, part := range p {
			if i%2 == 1 {
				args = append(args, part, "<"+part+">")
				part = "{" + part + "}"
			}
			b.WriteString(part)
		}
		if b.String() != s {
			t.Fatalf("%q was cut to %q", s, []string(p))
		}
		m := message{"": p, "other": p}
		want := s
		for _, name := range p.names() {
			want = strings.ReplaceAll(want, "{"+name+"}", "<"+name+">")
		}
		if got := m.write(ES, args); got != want {
			t.Fatalf("%q is written %q", s, got)
		}
		if got := m.write(ES, nil); got != s {
			t.Fatalf("%q without values is written %q", s, got)
		}
	})
}

// FuzzReadCatalogue tries files: what is accepted has a text for every key, and nothing panics.
func FuzzReadCatalogue(f *testing.F) {
	for _, text := range sound() {
		f.Add([]byte(text))
	}
	f.Add([]byte(`{"a":{"":"x","other":"y"}}`))
	f.Add([]byte(`{"a":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := readCatalogue(b)
		if err != nil {
			return
		}
		for key, m := range c {
			if got := m.write(FR, []any{"n", 2}); got == "" {
				t.Fatalf("%q has no text", key)
			}
			if utf8.Valid(b) && !utf8.ValidString(key) {
				t.Fatalf("%q is no text", key)
			}
		}
	})
}
