package lang

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// families are keys that are looked up by a computed name: the last part is a code, a field or a name that must stand as
// a quoted word somewhere in the code. Everything else must stand there whole.
var families = []string{"code.", "compartment.", "field.", "kind.", "reason.", "refuse.", "role.", "ago.", "ahead."}

var (
	called   = regexp.MustCompile(`\bT\(\s*(?:[\w.()]+,\s*)?"([^"]+)"\s*(\+?)`)           // Go: T(tag, "key" or T("key", and "prefix."+
	printed  = regexp.MustCompile(`\bT\s+\(?(printf\s+)?"([^"]+)"`)                       // template: T "key" and T (printf "prefix.%s"
	refused  = regexp.MustCompile(`\bRefuse\(\s*(?:"[^"]*"|[\w.()\[\]]+),\s*"([a-z_]+)"`) // record.Refuse(field, "code"
	quoted   = regexp.MustCompile("\"((?:[^\"\\\\\n]|\\\\.)*)\"|`([^`]*)`")
	inside   = regexp.MustCompile(`[\w.%-]+`)
	declared = regexp.MustCompile(`\bName:\s*"([a-z_0-9]+)",\s*Type:`) // record.Field
)

// source is what the repository says: the texts it asks for, and all words between quotes.
type source struct {
	wanted   map[string]string // key: file that asks
	prefixes map[string]string // beginning of computed keys: file
	words    map[string]bool
}

// readSource reads all Go files and templates of the repository. Tests ask for texts that are not there on purpose, so
// they count neither as use nor as need.
func readSource(t *testing.T) source {
	t.Helper()
	s := source{map[string]string{}, map[string]string{}, map[string]bool{}}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == ".git" || name == "testdata" || name == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		ext := filepath.Ext(path)
		if (ext != ".go" && ext != ".html") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s.add(filepath.ToSlash(path), ext, string(b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// comments of whole lines show examples; they ask for nothing.
var comments = regexp.MustCompile(`(?m)^\s*//.*$`)

func (s source) add(path, ext, text string) {
	if ext == ".go" {
		text = comments.ReplaceAllString(text, "")
		for _, m := range called.FindAllStringSubmatch(text, -1) {
			if m[2] == "+" {
				s.prefixes[m[1]] = path
			} else if strings.Contains(m[1], ".") {
				s.wanted[m[1]] = path
			}
		}
		for _, m := range refused.FindAllStringSubmatch(text, -1) {
			s.wanted["refuse."+m[1]] = path
		}
		for _, m := range declared.FindAllStringSubmatch(text, -1) {
			s.wanted["field."+m[1]] = path
		}
	} else {
		for _, m := range printed.FindAllStringSubmatch(text, -1) {
			if head, _, computed := strings.Cut(m[2], "%"); computed {
				s.prefixes[head] = path
			} else {
				s.wanted[m[2]] = path
			}
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		for _, word := range inside.FindAllString(m[1]+" "+m[2], -1) {
			s.words[word] = true
		}
	}
}

// TestEveryTextAskedForIsThere finds a page, a refusal or a command that asks for a text which no catalogue holds.
func TestEveryTextAskedForIsThere(t *testing.T) {
	s := readSource(t)
	for _, key := range slices.Sorted(maps.Keys(s.wanted)) {
		if !Has(key) {
			t.Errorf("%s asks for %s, which is in no catalogue", s.wanted[key], key)
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(s.prefixes)) {
		if !slices.ContainsFunc(Keys(), func(key string) bool { return strings.HasPrefix(key, prefix) }) {
			t.Errorf("%s computes keys that begin with %s; no catalogue holds one", s.prefixes[prefix], prefix)
		}
	}
}

// TestEveryTextIsShown finds texts that nobody shows: they cost five translations and a speaker's time each.
func TestEveryTextIsShown(t *testing.T) {
	s := readSource(t)
	for _, key := range Keys() {
		if !s.shows(key) {
			t.Errorf("unused: %s", key)
		}
	}
}

// shows reports a key that stands in the code, whole or as a computed one.
func (s source) shows(key string) bool {
	if s.words[key] {
		return true
	}
	last := key[strings.LastIndexByte(key, '.')+1:]
	for _, family := range families {
		if strings.HasPrefix(key, family) {
			return s.words[last]
		}
	}
	// "month.%02d" or "consult.title_"+service: a beginning that ends at a dot, an underscore or a verb of fmt.
	for i := len(key) - 1; i > 0; i-- {
		if head := key[:i]; s.words[head+"%s"] || s.words[head+"%d"] || s.words[head+"%02d"] {
			return true
		} else if c := head[i-1]; (c == '.' || c == '_') && s.words[head] {
			return true
		}
	}
	return false
}

func TestTheSearchForTextsFindsThem(t *testing.T) {
	s := source{map[string]string{}, map[string]string{}, map[string]bool{}}
	s.add("a.go", ".go", "x := lang.T(tag, \"a.one\", \"n\", 2) + c.T(\"a.two\") + lang.T(c.Lang(), \"b.\"+code)\n"+
		"\t// lang.T(tag, \"a.comment\")\nreturn record.Refuse(\"field\", \"no_good\", \"got\", 1).Because(err)\n"+
		"Fields: []record.Field{{Number: 1, Name: \"given\", Type: record.Text}}\nT(\"plain word\")\nf(\"c.%02d\", \"d.e_\"+x)")
	s.add("a.html", ".html", `<p>{{.T "h.one"}} {{$.T "h.two" "n" .N}} {{.T (printf "h.%s.x" .Code)}} title="{{t.T "h.three"}}"`)
	for _, key := range []string{"a.one", "a.two", "refuse.no_good", "field.given", "h.one", "h.two", "h.three"} {
		if s.wanted[key] == "" {
			t.Errorf("%s was not found", key)
		}
	}
	if s.prefixes["b."] == "" || s.prefixes["h."] == "" {
		t.Errorf("prefixes: %v", s.prefixes)
	}
	if s.wanted["a.comment"] != "" || len(s.wanted) != 7 {
		t.Errorf("found %v", s.wanted)
	}
	for key, want := range map[string]bool{
		"a.one": true, "a.three": false, "c.12": true, "d.e_f": true, "d.x": false, "refuse.no_good": true, "refuse.other_reason": false, "field.given": true,
	} {
		if s.shows(key) != want {
			t.Errorf("shows(%s) = %v", key, !want)
		}
	}
}
