package typed_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

var today = time.Date(2026, time.March, 17, 23, 0, 0, 0, time.FixedZone("", -6*3600))

// code is the refusal's code; "" for no refusal.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var r *record.Refusal
	if !errors.As(err, &r) || r.Field != "f" {
		t.Fatalf("%v is not a refusal of the field", err)
	}
	return r.Code
}

func TestLine(t *testing.T) {
	for _, c := range []struct{ in, out, code string }{
		{"  María \t  José ", "María José", ""},
		{"Jose\u0301", "José", ""},
		{"Ana\u200b\ufeff", "Ana", ""},
		{"Ana\nLuz", "", "bad_character"},
		{"Ana\x00", "", "bad_character"},
		{"Ana\u0085", "", "bad_character"},
		{"Ana\u2067x", "", "bad_character"},
		{"Ana\xff", "", "bad_character"},
		{strings.Repeat("ñ", 20), strings.Repeat("ñ", 20), ""},
		{strings.Repeat("ñ", 21), "", "too_long"},
		{"محمد علی\u200cرضا", "محمد علی\u200cرضا", ""}, // the joiner belongs to the script
	} {
		out, err := typed.Line("f", c.in, 20)
		if out != c.out || code(t, err) != c.code {
			t.Errorf("Line(%q) = %q, %v; want %q, %q", c.in, out, err, c.out, c.code)
		}
	}
}

func TestLines(t *testing.T) {
	out, err := typed.Lines("f", "\r\n  uno  \r\n\n dos\t\n\n", 100)
	if err != nil || out != "uno\n\n dos" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "2004": "", "2004-05": "", "2004-05-17": "", " 2004 ": "", "2026-03-17": "", "2026": "", "2026-03": "", "1905": "",
		"2026-03-18": "future_date", "2026-04": "future_date", "2027": "future_date", "1904": "out_of_range",
		"04": "bad_date", "2004-5": "bad_date", "2004-00": "bad_date", "2004-02-30": "bad_date", "17/05/2004": "bad_date", "+200": "bad_date", "200a": "bad_date",
	} {
		if _, err := typed.Past("f", in, today); code(t, err) != want {
			t.Errorf("Past(%q): %v, want %q", in, err, want)
		}
	}
	for in, want := range map[string]string{"": "", "2026-03-17": "", "2031-03-17": "", "2026-03-16": "out_of_range", "2031-03-18": "out_of_range", "2026-04": "bad_date"} {
		if _, err := typed.Coming("f", in, today); code(t, err) != want {
			t.Errorf("Coming(%q): %v, want %q", in, err, want)
		}
	}
	if d, err := typed.Day("f", "", today); err != nil || d != "2026-03-17" {
		t.Errorf("no day is %q, %v", d, err)
	}
}

func TestCodes(t *testing.T) {
	list := []string{"a", "b"}
	if got, err := typed.Codes("f", []string{"b", "a", "b"}, list); err != nil || !slices.Equal(got, list) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := typed.Codes("f", []string{"a", ""}, list); code(t, err) != "required" {
		t.Errorf("an empty code: %v", err)
	}
	if _, err := typed.Codes("f", slices.Repeat([]string{"a"}, 31), list); code(t, err) != "out_of_range" {
		t.Errorf("too many: %v", err)
	}
	if got, err := typed.Languages("f", []string{"ES-mx", "quc", "ht"}); err != nil || !slices.Equal(got, []string{"es-MX", "ht", "quc"}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "und", "xx", "español", strings.Repeat("es-", 20)} {
		if _, err := typed.Languages("f", []string{bad}); code(t, err) != "not_in_list" {
			t.Errorf("language %q: %v", bad, err)
		}
	}
}

func TestPatch(t *testing.T) {
	var d struct {
		A typed.Patch[string]   `json:"a,omitzero"`
		B typed.Patch[int]      `json:"b,omitzero"`
		C typed.Patch[[]string] `json:"c,omitzero"`
		D typed.Patch[bool]     `json:"d,omitzero"`
	}
	if err := json.Unmarshal([]byte(`{"a":null,"b":0,"c":[]}`), &d); err != nil {
		t.Fatal(err)
	}
	if !d.A.Said || d.A.Value != nil || !d.B.Said || d.B.Value == nil || !d.C.Said || d.C.Value == nil || d.D.Said {
		t.Errorf("%+v", d)
	}
	if out, err := json.Marshal(d); err != nil || string(out) != `{"a":null,"b":0,"c":[]}` {
		t.Errorf("%s, %v", out, err)
	}
	if a, b := d.A.Or(), d.D.Or(); a != "" || b {
		t.Errorf("%q, %v", a, b)
	}
}

// Whatever is typed, what passes is clean: composed, without control characters, within the limit, and clean again when cleaned again.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"María", "a\u0301", "\u202e", "\x00", "  ", "\xc3\x28", "a\u200db", "👩‍👧", strings.Repeat("a", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, read := range map[string]func(string, string, int) (string, error){"Line": typed.Line, "Lines": typed.Lines} {
			out, err := read("f", s, 50)
			if err != nil {
				continue
			}
			if !utf8.ValidString(out) || utf8.RuneCountInString(out) > 50 || !norm.NFC.IsNormalString(out) {
				t.Fatalf("%s(%q) = %q", name, s, out)
			}
			for _, r := range out {
				if unicode.IsControl(r) && !(name == "Lines" && (r == '\n' || r == '\t')) {
					t.Fatalf("%s(%q) lets %U through", name, s, r)
				}
			}
			if again, err := read("f", out, 50); err != nil || again != out {
				t.Fatalf("%s(%q) = %q, and again %q, %v", name, s, out, again, err)
			}
		}
	})
}

func FuzzPast(f *testing.F) {
	for _, s := range []string{"2004", "2004-05", "2004-05-17", "0000", "9999-99-99", "", "2004-05-17T"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, err := typed.Past("f", s, today)
		if err == nil && out != "" && len(out) != 4 && len(out) != 7 && len(out) != 10 {
			t.Fatalf("Past(%q) = %q", s, out)
		}
	})
}
