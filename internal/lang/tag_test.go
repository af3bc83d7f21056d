package lang

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]Tag{
		"es": ES, "EN": EN, "pt-BR": PT, "fr_FR.UTF-8": FR, "ht-HT": HT, "es_MX@euro": ES, "en.UTF-8": EN,
		"": "", "C": "", "POSIX": "", "de": "", "esp": "", "español": "", "-": "", " es": "", "e": "",
	} {
		got, ok := Parse(s)
		if got != want || ok != (want != "") {
			t.Errorf("Parse(%q) = %q, %v", s, got, ok)
		}
	}
}

func TestMatch(t *testing.T) {
	for header, want := range map[string]Tag{
		"":                                    ES,
		"es-MX,es;q=0.9,en;q=0.8":             ES,
		"en-US,en;q=0.9,es;q=0.8":             EN,
		"en-GB":                               EN,
		"ht":                                  HT,
		"ht-HT,fr;q=0.8":                      HT,
		"fr-HT,fr;q=0.9":                      FR,
		"pt-BR":                               PT,
		"pt-PT,pt;q=0.9":                      PT,
		"de-DE,en;q=0.5":                      EN,
		"en;q=0.2,fr;q=0.9":                   FR,
		"de":                                  ES,
		"zh-CN,zh;q=0.9":                      ES,
		"mam,quc;q=0.9":                       ES,
		"*":                                   ES,
		"en;q=0":                              ES,
		"no header at all; q=":                ES,
		"fr;q=nonsense":                       ES,
		strings.Repeat("en-", 100_000) + "en": ES,
	} {
		if got := Match(header); got != want {
			t.Errorf("Match(%.40q) = %q, want %q", header, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	want := map[Tag]string{ES: "Español", EN: "English", FR: "Français", PT: "Português", HT: "Kreyòl ayisyen", "de": "Español"}
	for tag, name := range want {
		if got := Name(tag); got != name {
			t.Errorf("Name(%s) = %q", tag, got)
		}
	}
	list := Tags()
	if !slices.Equal(list, []Tag{ES, EN, FR, PT, HT}) {
		t.Errorf("Tags() = %v", list)
	}
	list[0] = "changed by a caller"
	if Tags()[0] != ES {
		t.Error("Tags hands out its own list")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"es", "pt-BR", "fr_FR.UTF-8", "-", "ES@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tag, ok := Parse(s)
		if ok != slices.Contains(tags[:], tag) {
			t.Fatalf("Parse(%q) = %q, %v", s, tag, ok)
		}
		if ok && !strings.EqualFold(s[:2], string(tag)) {
			t.Fatalf("%q was read as %q", s, tag)
		}
	})
}

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"es-MX,es;q=0.9", "ht-HT", "en;q=0", "*", "x-private", "i-klingon", "zh-Hant-TW;q=1e9", ",,;;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if tag := Match(s); !slices.Contains(tags[:], tag) {
			t.Fatalf("Match(%q) = %q", s, tag)
		}
	})
}
