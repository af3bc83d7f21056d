package lang

import (
	"encoding/csv"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestCountry(t *testing.T) {
	for _, c := range []struct {
		tag         Tag
		code, want  string
		inThatWords bool
	}{
		{ES, "HTI", "Haití", true}, {EN, "HTI", "Haiti", true}, {FR, "HTI", "Haïti", true}, {PT, "HTI", "Haiti", true}, {HT, "HTI", "Ayiti", true},
		{HT, "USA", "Etazini", true}, {HT, "DOM", "Repiblik Dominikèn", true}, {HT, "MEX", "Meksik", true},
		{HT, "DEU", "Alemania", false}, {ES, "DEU", "Alemania", true}, {PT, "IRN", "Irã", true}, {ES, "ROU", "Rumania", true},
		{"de", "DEU", "Alemania", true}, {ES, "XXX", "XXX", false}, {ES, "", "", false}, {ES, "hti", "hti", false},
		{EN, Stateless, "no nationality (stateless)", true}, {ES, UnknownCountry, "no se sabe", true},
	} {
		if got := Country(c.tag, c.code); got != c.want {
			t.Errorf("Country(%s, %s) = %q, want %q", c.tag, c.code, got, c.want)
		}
		if got := CountryConfirmed(c.tag, c.code); got != c.inThatWords {
			t.Errorf("CountryConfirmed(%s, %s) = %v", c.tag, c.code, got)
		}
	}
}

func TestCountries(t *testing.T) {
	for _, tag := range tags {
		list := Countries(tag)
		if len(list) != 250+2 {
			t.Errorf("%s: %d choices", tag, len(list))
		}
		codes := map[string]bool{}
		for i, c := range list {
			if codes[c.Code] || c.Name == "" || strings.Contains(c.Name, "[") {
				t.Errorf("%s: %v", tag, c)
			}
			codes[c.Code] = true
			if near := slices.Contains(onRoute, c.Code); near != (i < len(onRoute)) {
				t.Errorf("%s: %v stands at %d", tag, c, i)
			}
		}
		if list[250].Code != Stateless || list[251].Code != UnknownCountry {
			t.Errorf("%s ends with %v", tag, list[248:])
		}
	}
	// The alphabet of the reader: accents do not send a name to the end, and Creole sorts by its own names.
	at := func(tag Tag, code string) int {
		return slices.IndexFunc(Countries(tag), func(c Choice) bool { return c.Code == code })
	}
	if !(at(FR, "EGY") < at(FR, "ERI") && at(FR, "ETH") < at(FR, "FJI")) { // Égypte, Érythrée, Éthiopie, Fidji
		t.Error("French countries are not in the order of the alphabet")
	}
	if at(HT, "HTI") != 0 { // Ayiti
		t.Error("Creole countries are not in the order of their Creole names")
	}
	if !(at(ES, "AFG") < at(ES, "ALB") && at(ES, "ALB") < at(ES, "AUT")) {
		t.Error("Spanish countries are not in the order of the alphabet")
	}
}

// Tables are complete: a code once, and a name in every language that the table promises.
func TestNameTables(t *testing.T) {
	for _, c := range []struct{ file, code string }{
		{"countries.csv", `^[A-Z]{3}$`}, {"countries-ht.csv", `^[A-Z]{3}$`}, {"languages.csv", `^[a-z]{2,3}$`},
	} {
		b, err := files.ReadFile("data/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, row := range rows[1:] {
			if !regexp.MustCompile(c.code).MatchString(row[0]) || seen[row[0]] {
				t.Errorf("%s: code %q", c.file, row[0])
			}
			seen[row[0]] = true
			for _, name := range row[1:] {
				if strings.TrimSpace(name) != name || name == "" {
					t.Errorf("%s: %s has the name %q", c.file, row[0], name)
				}
			}
			if c.file == "countries-ht.csv" && countries()[ES][row[0]] == "" {
				t.Errorf("%s is no country of countries.csv", row[0])
			}
		}
	}
	for _, code := range onRoute {
		if !CountryConfirmed(HT, code) {
			t.Errorf("%s is on the route and has no Creole name", code)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct {
		tag        Tag
		code, want string
	}{
		{ES, "mam", "mam"}, {EN, "quc", "K'iche'"}, {ES, "nah", "náhuatl"}, {ES, "cab", "garífuna"}, {HT, "ht", "kreyòl ayisyen"},
		{HT, "es", "panyòl"}, {FR, "ht", "créole haïtien"}, {ES, "tlh", "tlh"}, {ES, "", ""},
	} {
		if got := Language(c.tag, c.code); got != c.want {
			t.Errorf("Language(%s, %s) = %q, want %q", c.tag, c.code, got, c.want)
		}
	}
	for _, tag := range tags {
		list := Languages(tag)
		for i, own := range tags {
			if list[i].Code != string(own) {
				t.Errorf("%s: %v stands at %d", tag, list[i], i)
			}
		}
		if len(list) != len(languages()[tag]) {
			t.Errorf("%s: %d choices of %d languages", tag, len(list), len(languages()[tag]))
		}
		for _, code := range []string{"mam", "quc", "kek", "yua", "nah", "tzo", "tzh", "cab"} {
			if Language(tag, code) == "" {
				t.Errorf("%s has no name for %s", tag, code)
			}
		}
	}
}
