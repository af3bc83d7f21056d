package lang

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// A missing or extra key, a placeholder that differs, a wrong plural form or an empty text in any of the five fails here.
func TestTheFiveCataloguesAgree(t *testing.T) {
	if _, err := load(os.DirFS("data")); err != nil {
		t.Fatal(err)
	}
	if len(Keys()) < 500 {
		t.Errorf("only %d keys: are these the real catalogues?", len(Keys()))
	}
}

// sound is a small set of catalogues without fault; each case below breaks one thing.
func sound() map[string]string {
	return map[string]string{
		"es.json":             `{"a.b": "Hola {name}", "a.n": {"one": "una", "other": "{n} personas"}}`,
		"en.json":             `{"a.b": "Hello {name}", "a.n": {"one": "one", "other": "{n} people"}}`,
		"fr.json":             `{"a.b": "Bonjour {name}", "a.n": {"one": "{n} personne", "other": "{n} personnes"}}`,
		"pt.json":             `{"a.b": "Olá {name}", "a.n": {"one": "{n} pessoa", "other": "{n} pessoas"}}`,
		"ht.json":             `{"a.b": "Bonjou {name}", "a.n": {"other": "{n} moun"}}`,
		"ht-unconfirmed.json": `["a.n"]`,
	}
}

func TestFaultsInACatalogueAreFound(t *testing.T) {
	for _, c := range []struct{ name, file, old, new, want string }{
		{"sound", "es.json", "", "", ""},
		{"missing key", "ht.json", `"a.b": "Bonjou {name}", `, ``, "ht.json: a.b: is missing"},
		{"extra key", "en.json", `{"a.b"`, `{"a.c": "x", "a.b"`, "en.json: a.c: is not in es.json"},
		{"key twice", "fr.json", `{"a.b"`, `{"a.b": "x", "a.b"`, "a.b is there twice"},
		{"empty", "pt.json", `"Olá {name}"`, `""`, "a.b: the text is empty"},
		{"blank", "pt.json", `"Olá {name}"`, `" "`, "a.b: the text is empty"},
		{"blank at the end", "pt.json", `{name}"`, `{name} "`, "blanks at its ends"},
		{"placeholder missing", "fr.json", "Bonjour {name}", "Bonjour", "fr.json: a.b: (other) has the placeholders {}, the Spanish text {name}"},
		{"placeholder spelt otherwise", "fr.json", "{name}", "{nom}", "{nom}, the Spanish text {name}"},
		{"placeholder cut", "fr.json", "{name}", "{name", "a brace without its partner"},
		{"placeholder not opened", "fr.json", "{name}", "name}", "a } without its {"},
		{"placeholder not a name", "fr.json", "{name}", "{Name}", "{Name} is no placeholder"},
		{"plural here only", "en.json", `{"one": "one", "other": "{n} people"}`, `"{n} people"`, "en.json: a.n: has plural forms in one language"},
		{"plural form missing", "pt.json", `"one": "{n} pessoa", `, ``, "pt.json: a.n: has the plural forms [other]"},
		{"plural form too much", "ht.json", `{"other"`, `{"one": "{n} moun", "other"`, "ht.json: a.n: has the plural forms [one other]"},
		{"no other", "es.json", `"other"`, `"few"`, "no plural form other"},
		{"one without n where it means zero too", "fr.json", "{n} personne\"", "une personne\"", "fr.json: a.n: (one)"},
		{"neither text nor plural", "es.json", `"Hola {name}"`, `7`, "neither a text nor an object"},
		{"not an object", "es.json", `{"a.b": `, `["a.b", `, "not a JSON object"},
		{"cut off", "es.json", `personas"}}`, `personas"`, "es.json"},
		{"something after", "es.json", `personas"}}`, `personas"}} 1`, "something follows"},
		{"mark on a key that is gone", "ht-unconfirmed.json", "a.n", "a.x", "a.x is no key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := fstest.MapFS{}
			for name, text := range sound() {
				if name == c.file && c.want != "" {
					if !strings.Contains(text, c.old) {
						t.Fatalf("%q is not in %s", c.old, name)
					}
					text = strings.Replace(text, c.old, c.new, 1)
				}
				dir[name] = &fstest.MapFile{Data: []byte(text)}
			}
			_, err := load(dir)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && err == nil:
				t.Errorf("nothing was found, want %q", c.want)
			case c.want != "" && !strings.Contains(err.Error(), c.want):
				t.Errorf("found %q, want %q", err, c.want)
			}
		})
	}
}

func TestAMissingCatalogueIsFound(t *testing.T) {
	for name := range sound() {
		dir := fstest.MapFS{}
		for other, text := range sound() {
			if other != name {
				dir[other] = &fstest.MapFile{Data: []byte(text)}
			}
		}
		if _, err := load(dir); err == nil {
			t.Errorf("%s was not missed", name)
		}
	}
}

// One key a line in the order of keys: two people who add texts then seldom touch the same line.
func TestCatalogueFilesAreInOrder(t *testing.T) {
	for _, tag := range tags {
		b, err := fs.ReadFile(files, "data/"+string(tag)+".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]json.RawMessage
		if err := json.Unmarshal(b, &texts); err != nil {
			t.Fatal(err)
		}
		want := []string{"{"}
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			want = append(want, `"`+key+`": `+string(texts[key])+",")
		}
		want[len(want)-1] = strings.TrimSuffix(want[len(want)-1], ",")
		if got := strings.Join(want, "\n") + "\n}\n"; got != string(b) {
			t.Errorf("%s.json is not one key a line in order", tag)
		}
	}
	var marks []string
	b, err := fs.ReadFile(files, "data/ht-unconfirmed.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&marks); err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(marks) || len(slices.Compact(slices.Clone(marks))) != len(marks) {
		t.Error("ht-unconfirmed.json is not in order, each key once")
	}
}

// What the field asks of every text, in words that can be tested.
func TestVoice(t *testing.T) {
	avoid := map[Tag][]string{
		ES: {"caso", "ilegal", "irregular", "detenid", "víctima", "inválid", "fallaste", "deportable"},
		EN: {"illegal", "irregular", "detainee", "victim", "invalid", "alien", "abort", "fatal"},
		FR: {"illégal", "clandestin", "victime", "invalide"},
		PT: {"ilegal", "irregular", "vítima", "inválid"},
		HT: {"ilegal", "viktim"},
	}
	// Courts and offices count "cases"; there the word is the source's own unit, not a name for a person.
	unit := func(key string) bool { return strings.Contains(key, "unit") }
	for _, tag := range tags {
		for key, m := range shelved().texts[tag] {
			for _, form := range m.forms() {
				text := strings.ToLower(strings.Join(m[form], "·"))
				for _, word := range avoid[tag] {
					if containsWordStart(text, word) && !(word == "caso" && unit(key)) {
						t.Errorf("%s: %s says %q: %s", tag, key, word, text)
					}
				}
				if limit := 240; len([]rune(text)) > limit {
					t.Errorf("%s: %s is longer than %d letters", tag, key, limit)
				}
				if strings.ContainsAny(text, "<>\n\t") || strings.Contains(text, "  ") {
					t.Errorf("%s: %s holds markup, a line break or a double blank: %q", tag, key, text)
				}
			}
		}
	}
}

// Apostrophes and quotation marks as each language prints them; in French no line may break before : ; ! ? or inside « ».
func TestTypography(t *testing.T) {
	wrong := map[Tag]*regexp.Regexp{
		ES: regexp.MustCompile(`\pL'\pL|"|“`),
		EN: regexp.MustCompile(`\pL'\pL|"|«`),
		FR: regexp.MustCompile(`\pL'\pL|"|“|[ \pL][;!?]| [:»]|« `),
		PT: regexp.MustCompile(`\pL'\pL|"|«`),
		HT: regexp.MustCompile(`\pL'\pL|"|«`),
	}
	for _, tag := range tags {
		for key, m := range shelved().texts[tag] {
			for _, form := range m.forms() {
				if text := strings.Join(m[form], "0"); wrong[tag].MatchString(text) {
					t.Errorf("%s: %s: %q in %q", tag, key, wrong[tag].FindString(text), text)
				}
			}
		}
	}
}

// containsWordStart reports a word that begins so: "caso" is found in "casos", not in "fracaso".
func containsWordStart(text, start string) bool {
	for i := 0; ; {
		at := strings.Index(text[i:], start)
		if at < 0 {
			return false
		}
		i += at
		before := []rune(text[:i])
		if len(before) == 0 || !isLetter(before[len(before)-1]) {
			return true
		}
		i += len(start)
	}
}

func isLetter(r rune) bool {
	return strings.ContainsRune("abcdefghijklmnopqrstuvwxyzáéíóúñüçãõâêôàèùœ", r)
}

// The glossary's uncertain terms keep their mark until a speaker has confirmed them, wherever they are used.
func TestCreoleMarksStand(t *testing.T) {
	marked := Unconfirmed()
	uncertain := []string{
		"k ap deplase", "malkadi", "epilepsi", "entèkiltirèl", "referans", "egzeyat", "pwofilaksi", "kontrebann", "konplemantè",
		"voye moun tounen", "rekou revizyon", "pwoteksyon tribinal", "detansyon", "sant pwovizwa", "bay inm", "devan inm", "lojman",
		"poukisa yo kenbe w", "lèt soti", "retou asiste", "vi prive", "ti non", "non kache",
	}
	for key, m := range shelved().texts[HT] {
		text := strings.ToLower(strings.Join(m["other"], " "))
		for _, term := range uncertain {
			if containsWordStart(text, term) && !slices.Contains(marked, key) {
				t.Errorf("%s uses %q, which no speaker has confirmed, and has no mark", key, term)
			}
		}
		if strings.HasPrefix(key, "print.") && !slices.Contains(marked, key) {
			t.Errorf("%s is handed to people on paper and has no mark", key)
		}
	}
	marked[0] = "changed by a caller"
	if Unconfirmed()[0] == "changed by a caller" {
		t.Error("Unconfirmed hands out its own list")
	}
}
