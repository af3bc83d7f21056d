package walls

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A file much longer than this is two files.
const longestFile = 600 // lines

// moduleRoot is the folder of the repository.
func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("the tests of the house must run from internal/walls: %v", err)
	}
	return root
}

// walkFiles calls visit for every file of the repository that people write.
func walkFiles(t *testing.T, visit func(name string, text []byte)) {
	t.Helper()
	root := moduleRoot(t)
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{".git", "testdata", "data", "bin", "screenshots"}, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		short, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(short), text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unfinished finds a note to oneself and a test that does not run. (Spelled so that this file does not find itself.)
var unfinished = []struct {
	pattern *regexp.Regexp
	reason  string
}{
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`), "what is not finished is an issue, not a comment"},
	{regexp.MustCompile(`\b[tbf]\.Skip` + `(f|Now)?\(`), "a skipped test protects nothing: make it run or take it out"},
	{regexp.MustCompile(`\bpanic\("` + `(not implemented|unimplemented)`), "a stub reads as finished"},
}

func TestNothingIsLeftUnfinished(t *testing.T) {
	walkFiles(t, func(name string, text []byte) {
		if filepath.Ext(name) != ".go" {
			return
		}
		for _, u := range unfinished {
			if at := u.pattern.FindIndex(text); at != nil {
				line := 1 + strings.Count(string(text[:at[0]]), "\n")
				t.Errorf("%s:%d: %s: %s", name, line, text[at[0]:at[1]], u.reason)
			}
		}
		if lines := strings.Count(string(text), "\n"); lines > longestFile {
			t.Errorf("%s: %d lines; nobody holds more than %d in the head", name, lines, longestFile)
		}
	})
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	said := map[string]bool{}
	walkFiles(t, func(name string, text []byte) {
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Error(err)
			return
		}
		folder := filepath.Dir(name)
		said[folder] = said[folder] || file.Doc != nil
	})
	for folder, ok := range said {
		if !ok {
			t.Errorf("%s: no package comment; a newcomer starts there", folder)
		}
	}
}

var recordName = regexp.MustCompile(`^(\d{4})-[a-z0-9-]+\.md$`)

// A decision record without its consequences is an announcement.
func TestDecisionRecordsAreWhole(t *testing.T) {
	folder := filepath.Join(moduleRoot(t), "docs", "decisions")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	for _, entry := range entries {
		match := recordName.FindStringSubmatch(entry.Name())
		if match == nil {
			if entry.Name() != "README.md" {
				t.Errorf("%s: a decision record is named 0001-what-was-decided.md", entry.Name())
			}
			continue
		}
		number++
		if n, err := strconv.Atoi(match[1]); err != nil || n != number {
			t.Errorf("%s: the next record is number %04d", entry.Name(), number)
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, heading := range []string{"## Context", "## Decision", "## Consequences", "## Who is harmed if this is wrong"} {
			if !strings.Contains(string(text), "\n"+heading+"\n") {
				t.Errorf("%s: no %q", entry.Name(), heading)
			}
		}
	}
	if number == 0 {
		t.Error("no decision record was found")
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)

// A link to a file that is not there sends a reader away.
func TestLinksInDocumentsLead(t *testing.T) {
	root := moduleRoot(t)
	links := 0
	walkFiles(t, func(name string, text []byte) {
		if filepath.Ext(name) != ".md" {
			return
		}
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			target := match[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(name), target)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", name, target)
			}
		}
	})
	if links == 0 {
		t.Error("no link was found in any document; the test reads nothing")
	}
}

var makeTarget = regexp.MustCompile("`make ([a-z0-9-]+)`")

// Documents promise make targets; the Makefile must keep the promise.
func TestMakeTargetsInDocumentsExist(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(moduleRoot(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	walkFiles(t, func(name string, text []byte) {
		if filepath.Ext(name) != ".md" {
			return
		}
		for _, match := range makeTarget.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(makefile), "\n"+match[1]+":") {
				t.Errorf("%s: there is no `make %s`", name, match[1])
			}
		}
	})
}
