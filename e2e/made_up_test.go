package e2e

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// peoplePages begin the names of the made-up pages that are about persons.
var peoplePages = []string{"person", "find", "register", "alike", "group", "incomplete", "priority", "child", "duplicates", "same", "links", "famil", "household", "seek", "search",
	"card", "scan", "summary", "journey", "rights", "history", "import", "people"}

// Pages about persons, in each of their situations, with people who do not exist: also those that a walk does not come by.
func TestMadeUpPagesOfPeople(t *testing.T) {
	shows := filepath.Join(scratch, "storytest")
	build := exec.Command("go", "build", "-o", shows, "./internal/web/webtest/storytest")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the made-up pages do not build: %v\n%s", err, out)
	}
	address := startAt(t, shows, "-addr", "127.0.0.1:0").await(`http://127\.0\.0\.1:\d+`, patience)[0]
	names := madeUp(t, address)
	p := open(t, phone, false)
	for _, name := range names {
		p.Goto(address + "/page/" + name + "?lang=es")
		for _, fault := range p.inspect() {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// madeUp lists the made-up pages about persons.
func madeUp(t *testing.T, address string) (names []string) {
	t.Helper()
	answer, err := http.Get(address + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	list, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`/page/([a-z0-9-]+)\?lang=es`).FindAllStringSubmatch(string(list), -1) {
		for _, begin := range peoplePages {
			if strings.HasPrefix(m[1], begin) {
				names = append(names, m[1])
				break
			}
		}
	}
	if len(names) < 30 {
		t.Fatalf("only %d pages about persons: %q", len(names), names)
	}
	return names
}
