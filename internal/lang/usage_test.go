package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// families are keys that are looked up by a computed name: the last part, or all that follows the family, is a code, a
// field or a name that must stand as a quoted word somewhere in the code. Everything else must stand there whole.
var families = []string{
	"action.", "ago.", "ahead.", "check.", "cmd.detail.", "cmd.help.", "code.", "compartment.", "field.", "kind.", "band.", "level.", "query.", "reason.", "refuse.", "role.",
}

// rewritten are keys that the code makes out of another one: a year of birth that is "near" by no year at all is the same.
var rewritten = []string{"reason.born_same", "reason.age_same"}

// ownNames are code lists whose names come from Country, Language, Name and role.<code>.
var ownNames = []string{"country", "language", "lang", "role", "place"}

var (
	printed = regexp.MustCompile(`\bT\s+\(?(printf\s+)?"([^"]+)"([^}]*)`) // template: T "key" and T (printf "prefix.%s"
	quoted  = regexp.MustCompile("\"((?:[^\"\\\\\n]|\\\\.)*)\"|`([^`]*)`")
	actions = regexp.MustCompile(`\{\{[^}]*\}\}`)
	inside  = regexp.MustCompile(`[\w.%-]+`)
)

// source is what the repository says: the texts it asks for, and all words between quotes.
type source struct {
	wanted   map[string]string // key: file that asks
	prefixes map[string]string // beginning of computed keys: file
	asks     []ask
	words    map[string]bool
}

// ask is one place that asks for a text and names the values it gives.
type ask struct {
	file, key string
	gives     []string
}

func newSource() source {
	return source{map[string]string{}, map[string]string{}, nil, map[string]bool{}}
}

// readSource reads all Go files and templates of the repository. Tests, and the packages made for tests, ask for texts
// that are not there on purpose: they count neither as use nor as need.
func readSource(t *testing.T) *source {
	t.Helper()
	s, err := readOnce()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var readOnce = sync.OnceValues(func() (*source, error) {
	s := newSource()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == ".git" || name == "testdata" || name == "node_modules" || strings.HasSuffix(name, "test") {
				return fs.SkipDir
			}
			return nil
		}
		ext := filepath.Ext(path)
		if name := d.Name(); name == "roles.json" || name == "retention.json" { // data that names codes
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, word := range inside.FindAllString(string(b), -1) {
				s.words[word] = true
			}
			return nil
		}
		if (ext != ".go" && ext != ".html") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return s.add(filepath.ToSlash(path), string(b))
	})
	return &s, err
})

func (s *source) add(path, text string) error {
	said := text
	if filepath.Ext(path) == ".html" { // an attribute's quotes would pair with those of the action in it
		said = strings.Join(actions.FindAllString(text, -1), "\n")
	}
	for _, m := range quoted.FindAllStringSubmatch(said, -1) {
		for _, word := range inside.FindAllString(m[1]+" "+m[2], -1) {
			s.words[word] = true
		}
	}
	if filepath.Ext(path) == ".html" {
		for _, m := range printed.FindAllStringSubmatch(text, -1) {
			if head, _, computed := strings.Cut(m[2], "%"); computed {
				s.prefixes[head] = path
				continue
			}
			var gives []string
			for _, g := range quoted.FindAllStringSubmatch(m[3], -1) {
				gives = append(gives, g[1])
			}
			s.ask(path, m[2], gives)
		}
		return nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			s.call(path, n)
		case *ast.CompositeLit:
			s.field(path, n)
		}
		return true
	})
	return nil
}

func (s *source) ask(path, key string, gives []string) {
	s.wanted[key] = path
	s.asks = append(s.asks, ask{path, key, gives})
}

// call looks at T(tag, "key", …), T("key", …), T(tag, "prefix."+x, …), record.Refuse(field, "code", …) and at the
// names of actions and queries, which the command line explains.
func (s *source) call(path string, call *ast.CallExpr) {
	var room, name string
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
		if id, ok := f.X.(*ast.Ident); ok {
			room = id.Name
		}
	case *ast.Ident:
		name = f.Name
		if strings.Contains(path, "internal/record/") {
			room = "record"
		}
	}
	var family string
	at := -1
	switch name {
	case "T":
		for i, arg := range call.Args[:min(2, len(call.Args))] {
			if sum, ok := arg.(*ast.BinaryExpr); ok {
				for { // "prefix."+list+"."+code is ((…)+…)+…
					if left, ok := sum.X.(*ast.BinaryExpr); ok {
						sum = left
						continue
					}
					break
				}
				if head := literal(sum.X); strings.Contains(head, ".") {
					s.prefixes[head] = path
				}
				return
			}
			if strings.Contains(literal(arg), ".") {
				at = i
				break
			}
		}
	case "Refuse": // the exchange's frames have a Refuse of their own, which people never read
		if room == "record" {
			family, at = "refuse.", 1
		}
	case "NewAction":
		family, at = "action.", 0
	case "NewQuery":
		family, at = "query.", 0
	}
	if at < 0 || at >= len(call.Args) || literal(call.Args[at]) == "" {
		return
	}
	key := family + literal(call.Args[at])
	if call.Ellipsis.IsValid() { // values that only the running program knows
		s.wanted[key] = path
		return
	}
	var gives []string
	for i := at + 1; i < len(call.Args); i += 2 {
		gives = append(gives, literal(call.Args[i]))
		if gives[len(gives)-1] == "field" && i+1 < len(call.Args) && literal(call.Args[i+1]) != "" {
			s.wanted["field."+literal(call.Args[i+1])] = path
		}
	}
	if family == "refuse." {
		gives = append(gives, "field") // every refusal knows its field
	}
	s.ask(path, key, gives)
}

// field looks at record.Field{Number: 1, Name: "given", Type: record.Text}: whatever can be stored can be shown.
func (s *source) field(path string, lit *ast.CompositeLit) {
	named := map[string]string{}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok {
				named[id.Name] = literal(kv.Value)
			}
		}
	}
	_, numbered := named["Number"]
	_, typed := named["Type"]
	if numbered && typed && named["Name"] != "" {
		s.wanted["field."+named["Name"]] = path
		if list := named["Codes"]; list != "" && !slices.Contains(ownNames, list) {
			s.prefixes["code."+list+"."] = path
		}
	}
}

// literal is the value of a string constant that is written out; "" for anything else.
func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		text, _ := strconv.Unquote(lit.Value)
		return text
	}
	return ""
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

// TestEveryPlaceholderIsFilled finds a call that leaves a {placeholder} of its text without a value.
func TestEveryPlaceholderIsFilled(t *testing.T) {
	for _, a := range readSource(t).asks {
		m, ok := shelved().texts[ES][a.key]
		if !ok {
			continue
		}
		for _, name := range m["other"].names() {
			if !slices.Contains(a.gives, name) {
				t.Errorf("%s asks for %s and gives %v; the text needs {%s}", a.file, a.key, a.gives, name)
			}
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
func (s *source) shows(key string) bool {
	if s.words[key] || slices.Contains(rewritten, key) {
		return true
	}
	shortest := 0
	for _, family := range families {
		if strings.HasPrefix(key, family) {
			if s.words[key[strings.LastIndexByte(key, '.')+1:]] || s.words[key[len(family):]] {
				return true
			}
			shortest = len(family)
		}
	}
	// "month.%02d" or "consult.title_"+service: a beginning that ends at a dot, an underscore or a verb of fmt, and that
	// says more than the name of a family.
	for i := len(key) - 1; i > shortest; i-- {
		if head := key[:i]; s.words[head+"%s"] || s.words[head+"%d"] || s.words[head+"%02d"] {
			return true
		} else if c := head[i-1]; (c == '.' || c == '_') && s.words[head] {
			return true
		}
	}
	return false
}

func TestTheSearchForTextsFindsThem(t *testing.T) {
	s := newSource()
	err := s.add("a.go", `package a
var _ = record.Kind{Fields: []record.Field{{Number: 1, Name: "given", Type: record.Text}}, Name: "person"}
func f() error {
	x := lang.T(tag, "a.one", "n", 2) + c.T("a.two") + lang.T(c.Lang(), "b."+list+"."+code) + T(tag,
		"a.three", args...)
	// lang.T(tag, "a.comment")
	g("c.%02d", "d.e_"+x, T("plain word"), "code.series_"+x, "code."+y)
	return record.Refuse("field", "no_good", "got", 1, "field", "day").Because(err)
}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.add("a.html", `<p>{{.T "h.one"}} {{$.T "h.two" "n" .N}} {{.T (printf "h.%s.x" .Code)}} <b title="{{t.T "h.three"}}" lang="es">`); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a.one", "a.two", "a.three", "refuse.no_good", "field.given", "field.day", "h.one", "h.two", "h.three"} {
		if s.wanted[key] == "" {
			t.Errorf("%s was not found", key)
		}
	}
	if s.prefixes["b."] == "" || s.prefixes["h."] == "" {
		t.Errorf("prefixes: %v", s.prefixes)
	}
	if len(s.wanted) != 9 {
		t.Errorf("found %v", s.wanted)
	}
	for key, want := range map[string][]string{"a.one": {"n"}, "a.two": nil, "refuse.no_good": {"got", "field", "field"}, "h.two": {"n"}, "h.one": nil} {
		if !slices.ContainsFunc(s.asks, func(a ask) bool { return a.key == key && slices.Equal(a.gives, want) }) {
			t.Errorf("%s gives %v: not found in %v", key, want, s.asks)
		}
	}
	for key, want := range map[string]bool{
		"a.one": true, "a.four": false, "c.12": true, "d.e_f": true, "d.x": false, "refuse.no_good": true, "refuse.other_reason": false, "field.given": true,
		"code.series_x.y": true, "code.y": false, "b.x.y": true, "h.one": true, "h.three": true, "es": false,
	} {
		if s.shows(key) != want {
			t.Errorf("shows(%s) = %v", key, !want)
		}
	}
}
