package shares

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"amparo/internal/journal"
	"amparo/internal/lang"
	"amparo/internal/record"
)

func TestTheListsAreThePublishedOnes(t *testing.T) {
	for i, text := range []string{spanishWords, englishWords} {
		l := lists[i]
		if len(l.words) != 2048 {
			t.Fatalf("%d words", len(l.words))
		}
		if sum, want := crc32.ChecksumIEEE([]byte(text)), []uint32{0x266e4f3d, 0xc1dbd296}[i]; sum != want {
			t.Errorf("list %d has the checksum %x, not %x as published with BIP 39", i, sum, want)
		}
		starts := map[string]bool{}
		for n, f := range l.folded {
			if starts[start(f)] || strings.Contains(f, "?") {
				t.Errorf("%q cannot be told by its first letters", l.words[n])
			}
			starts[start(f)] = true
		}
	}
}

// However a share was typed or scanned, it is the same share.
func TestAShareIsReadHoweverItIsTyped(t *testing.T) {
	plain := func(words []string) string { return strings.Join(words, " ") }
	for name, write := range map[string]func([]string) string{
		"as it is":       plain,
		"in capitals":    func(w []string) string { return strings.ToUpper(plain(w)) },
		"one a line":     func(w []string) string { return strings.Join(w, "\r\n") },
		"with commas":    func(w []string) string { return strings.Join(w, ", ") + "." },
		"decomposed":     func(w []string) string { return norm.NFD.String(plain(w)) },
		"without accent": foldAll,
		"numbered": func(w []string) string {
			var b strings.Builder
			for i, one := range w {
				fmt.Fprintf(&b, "%d. %s%s", i+1, one, []string{"\t", "\n", "  "}[i%3])
			}
			return b.String()
		},
		"numbered without blanks": func(w []string) string {
			var b strings.Builder
			for i, one := range w {
				fmt.Fprintf(&b, "%d%s ", i+1, one)
			}
			return b.String()
		},
		"four letters": func(w []string) string {
			var short []string
			for _, one := range w {
				short = append(short, start(fold(one)))
			}
			return plain(short)
		},
		"with an explanation around": func(w []string) string {
			return "Parte 2 de 5 de la llave. Guárdala en un lugar seguro.\n\n" + plain(w) + "\n\nNo la enseñes a nadie."
		},
	} {
		for _, tag := range []lang.Tag{lang.ES, lang.EN} {
			_, list := made(t, home(3), 3, 5)
			s := list[1]
			found, err := Parse(write(s.Words(tag)))
			if err != nil || len(found.Shares) != 1 {
				t.Errorf("%s, %s: %v, %d shares", name, tag, err, len(found.Shares))
				continue
			}
			s.Home = Home{}
			if found.Shares[0] != s || found.Home.Known() {
				t.Errorf("%s, %s: another share", name, tag)
			}
			if at, err := Parse(write(list[1].Home.Words(tag))); err != nil || at.Home.Workspace != list[1].Home.Workspace || at.Home.Founder != list[1].Home.Founder || len(at.Shares) != 0 {
				t.Errorf("%s, %s: the workspace's words: %v", name, tag, err)
			}
		}
	}
}

func foldAll(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fold(w)
	}
	return strings.Join(out, " ")
}

func TestACodeIsReadHoweverItIsTyped(t *testing.T) {
	_, list := made(t, home(4), 2, 3)
	code := list[2].Code()
	body := strings.TrimPrefix(code, codeMark)
	grouped := codeMark
	for i, r := range body {
		if grouped += string(r); i%5 == 4 {
			grouped += " "
		}
		if i%40 == 39 {
			grouped += "\n"
		}
	}
	for name, text := range map[string]string{
		"as it is": code, "in small letters": strings.ToLower(code), "in groups and lines": grouped, "in a sentence": "Código: " + code + " (escaneado)",
		"with O for 0": codeMark + strings.ReplaceAll(body, "0", "O"), "with I for 1": codeMark + strings.ReplaceAll(body, "1", "I"), "with l for 1": codeMark + strings.ReplaceAll(body, "1", "l"),
		"beside its words": code + "\n" + strings.Join(list[2].Words(lang.ES), " "),
	} {
		found, err := Parse(text)
		if err != nil || len(found.Shares) != 1 || found.Shares[0] != list[2] || found.Home != list[2].Home {
			t.Errorf("%s: %v, %d shares", name, err, len(found.Shares))
		}
	}
	if strings.Trim(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:") != "" {
		t.Errorf("%s: signs that print large", code)
	}
	far := home(4)
	far.Relay = ""
	_, bare := made(t, far, 2, 3)
	if found, err := Parse(bare[0].Code()); err != nil || found.Shares[0] != bare[0] {
		t.Errorf("without a relay: %v", err)
	}
}

func TestSeveralSharesInOneText(t *testing.T) {
	_, list := made(t, home(5), 3, 5)
	words := func(i int) string { return strings.Join(list[i].Words(lang.ES), " ") }
	for name, text := range map[string]string{
		"one after the other": words(0) + "\n" + words(1) + "\n" + words(2),
		"on pages":            words(0) + "\f" + list[1].Code() + "\f\n\f" + words(2),
		"codes":               list[0].Code() + list[1].Code() + "\n" + list[2].Code(),
		"code and words":      list[0].Code() + "\n" + words(1) + "\n" + strings.Join(list[2].Words(lang.EN), " "),
		"with the workspace":  words(0) + words2(list[0].Home) + words(1) + " " + words(2),
	} {
		found, err := Parse(text)
		if err != nil || len(found.Shares) != 3 {
			t.Errorf("%s: %v, %d shares", name, err, len(found.Shares))
			continue
		}
		if _, _, err := Combine(home(5), found.Shares); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if found, err := Parse(words(0) + "\f" + words(0)); err != nil || len(found.Shares) != 2 {
		t.Errorf("the same on two pages is for Combine to name: %v, %d", err, len(found.Shares))
	}
}

func words2(h Home) string { return "\n" + strings.Join(h.Words(lang.ES), " ") + "\n" }

func TestMistakesAreNamed(t *testing.T) {
	_, list := made(t, home(6), 3, 5)
	words := list[1].Words(lang.ES)
	change := func(do func([]string) []string) string { return strings.Join(do(slices.Clone(words)), " ") }
	other := func(w string) string {
		if fold(w) == "perro" {
			return "gato"
		}
		return "perro"
	}
	code := list[1].Code()
	flip := []byte(code)
	if flip[40]++; !strings.Contains(base32, string(flip[40])) {
		flip[40] = '2'
	}
	for name, c := range map[string]struct {
		text, code string
		which      any
		near       any
		is         error
	}{
		"nothing":           {"", "share_none", nil, nil, ErrNotShare},
		"prose":             {"Nos vemos mañana en la casa de siempre, a las ocho.", "share_none", nil, nil, ErrNotShare},
		"numbers":           {"1 2 3 4 5 6", "share_none", nil, nil, ErrNotShare},
		"half of it":        {change(func(w []string) []string { return w[:18] }), "share_count", nil, nil, ErrTyping},
		"a word missing":    {change(func(w []string) []string { return slices.Delete(w, 5, 6) }), "share_count", nil, nil, ErrTyping},
		"a word not listed": {change(func(w []string) []string { w[11] = "xilófono"; return w }), "share_word", 12, nil, ErrTyping},
		"the first word":    {change(func(w []string) []string { w[0] = "xilófono"; return w }), "share_word", 1, nil, ErrTyping},
		"another word":      {change(func(w []string) []string { w[20] = other(w[20]); return w }), "share_word_near", 21, words[20], ErrTyping},
		"the last word":     {change(func(w []string) []string { w[35] = other(w[35]); return w }), "share_word_near", 36, words[35], ErrTyping},
		"two words swapped": {change(func(w []string) []string { w[3], w[4] = w[4], w[3]; return w }), "share_checksum", nil, nil, ErrTyping},
		"code cut":          {code[:60], "share_code", nil, nil, ErrTyping},
		"code empty":        {codeMark, "share_code", nil, nil, ErrTyping},
		"code changed":      {string(flip), "share_code", nil, nil, ErrTyping},
		"code with a sign":  {code[:20] + "!" + code[21:], "share_code_sign", 13, nil, ErrTyping},
		"code of tomorrow":  {codeMark + "2" + code[len(codeMark)+1:], "", nil, nil, journal.ErrNewer},
	} {
		_, err := Parse(c.text)
		if !errors.Is(err, c.is) {
			t.Errorf("%s: %v", name, err)
		}
		if c.code == "" {
			continue
		}
		var r *record.Refusal
		if !errors.As(err, &r) || r.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
			continue
		}
		for i := 0; i+1 < len(r.Args); i += 2 {
			if want := map[any]any{"number": c.which, "n": c.which, "near": c.near}[r.Args[i]]; want != nil && want != r.Args[i+1] {
				t.Errorf("%s: %v is %v, want %v", name, r.Args[i], r.Args[i+1], want)
			}
		}
		if !lang.Has("refuse." + r.Code) {
			t.Errorf("%s: %s has no sentence", name, r.Code)
		}
	}
}

func TestAWordSlightlyWrongIsSuggested(t *testing.T) {
	for _, c := range []struct{ typed, want string }{{"abdomne", "abdomen"}, {"abdomem", "abdomen"}, {"absmoo", ""}, {"zzzzzz", ""}, {strings.Repeat("a", 300), ""}} {
		if got := lists[0].nearest(c.typed); got != c.want {
			t.Errorf("%s: %q, want %q", c.typed, got, c.want)
		}
	}
}

// One wrong word is always noticed, and always found.
func TestOneWrongWordIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, list, _, _ := drawSet(t)
		s := list[rapid.IntRange(0, len(list)-1).Draw(t, "share")]
		words := s.Words(lang.EN)
		at, other := rapid.IntRange(0, len(words)-1).Draw(t, "at"), rapid.SampledFrom(lists[1].words).Draw(t, "word")
		right := words[at]
		if words[at] = other; right == other {
			return
		}
		_, err := Parse(strings.Join(words, " "))
		var r *record.Refusal
		if !errors.As(err, &r) || r.Code != "share_word_near" || r.Args[1] != at+1 || r.Args[5] != right {
			t.Fatalf("word %d %q for %q: %v", at+1, other, right, err)
		}
	})
}

var update = flag.Bool("update", false, "write the golden papers anew")

type golden struct {
	Seed, Workspace, Founder, Relay string
	K, N                            int
	Spanish, English                []string
	HomeSpanish, HomeEnglish        string
	Codes                           []string
}

// Paper printed today is read for ever.
func TestPapersOfVersion1AreRead(t *testing.T) {
	const file = "testdata/v1.json"
	if *update {
		var all []golden
		for i, c := range [][2]int{{3, 5}, {1, 1}, {2, 2}, {20, 20}} {
			var seed Seed
			counted(byte(i))(seed[:])
			h := home(byte(i + 1))
			if i == 1 {
				h.Relay = ""
			}
			list, err := splitWith(seed, h, c[0], c[1], counted(byte(100+i)))
			if err != nil {
				t.Fatal(err)
			}
			g := golden{Seed: hex.EncodeToString(seed[:]), Workspace: h.Workspace.String(), Founder: h.Founder.String(), Relay: h.Relay, K: c[0], N: c[1],
				HomeSpanish: strings.Join(h.Words(lang.ES), " "), HomeEnglish: strings.Join(h.Words(lang.EN), " ")}
			for _, s := range list {
				g.Spanish, g.English, g.Codes = append(g.Spanish, strings.Join(s.Words(lang.ES), " ")), append(g.English, strings.Join(s.Words(lang.EN), " ")), append(g.Codes, s.Code())
			}
			all = append(all, g)
		}
		raw, err := json.MarshalIndent(all, "", " ")
		if err == nil {
			err = os.WriteFile(file, append(raw, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	if err := json.Unmarshal(raw, &all); err != nil || len(all) < 4 {
		t.Fatal(err, len(all))
	}
	for _, g := range all {
		for spelling, texts := range map[string][]string{"Spanish": append(slices.Clone(g.Spanish), g.HomeSpanish), "English": append(slices.Clone(g.English), g.HomeEnglish), "code": g.Codes} {
			found, err := Parse(strings.Join(texts[max(0, g.N-g.K):], "\f")) // the last k, so that it is not always the first
			if err != nil {
				t.Errorf("%d of %d, %s: %v", g.K, g.N, spelling, err)
				continue
			}
			seed, h, err := Combine(found.Home, found.Shares)
			if err != nil || hex.EncodeToString(seed[:]) != g.Seed || h.Workspace.String() != g.Workspace || h.Founder.String() != g.Founder || spelling == "code" && h.Relay != g.Relay {
				t.Errorf("%d of %d, %s: %v %x %v", g.K, g.N, spelling, err, seed, h)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	seed := Seed{}
	counted(1)(seed[:])
	list, err := splitWith(seed, home(1), 2, 3, counted(2))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(strings.Join(list[0].Words(lang.ES), " ") + "\f" + list[1].Code())
	f.Add(strings.Join(list[0].Home.Words(lang.EN), "\n"))
	f.Add(codeMark + "04")
	f.Add("ábaco 2. abdomen")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := Parse(text)
		if err != nil {
			var r *record.Refusal
			if !errors.As(err, &r) && !errors.Is(err, journal.ErrNewer) {
				t.Fatalf("an error without a sentence: %v", err)
			}
			return
		}
		for _, s := range found.Shares { // what was read is written and read again as the same
			texts := []string{strings.Join(s.Words(lang.ES), " "), strings.Join(s.Words(lang.EN), " ")}
			if s.Home.Known() {
				texts = append(texts, s.Code())
			}
			for i, one := range texts {
				again, err := Parse(one)
				if err != nil || len(again.Shares) != 1 {
					t.Fatalf("%q: %v", one, err)
				}
				want := s
				if i < 2 {
					want.Home = Home{}
				}
				if again.Shares[0] != want {
					t.Fatalf("%q: another share", one)
				}
			}
		}
		_, _, _ = Combine(Home{}, found.Shares)
	})
}
