package walls

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// casesAtLeast are the fifteen abuse cases of the threat model, six more, and what somebody can do who was let in.
const casesAtLeast = 15 + 6 + 7

var namedTest = regexp.MustCompile("`((?:Test|Fuzz)\\w+)` \\(`([^`]+)`\\)")

// The threat model claims nothing without a test that exists or a plain word that it is not covered.
func TestTheThreatModelNamesItsProofs(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(moduleRoot(t), "docs", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := func(name, file string) bool {
		source, err := os.ReadFile(filepath.Join(moduleRoot(t), filepath.FromSlash(file)))
		return err == nil && regexp.MustCompile(`(?m)^func `+name+`\(`).Match(source)
	}
	for _, fault := range threatFaults(string(page), casesAtLeast, there) {
		t.Error(fault)
	}
}

// threatFaults are the cases without proof and the proofs that are not there.
func threatFaults(page string, least int, there func(name, file string) bool) (faults []string) {
	cases := strings.Split(page, "\n### ")[1:]
	if len(cases) < least {
		faults = append(faults, fmt.Sprintf("the page has %d cases, and should have %d", len(cases), least))
	}
	for i := range 15 {
		if !strings.Contains(page, fmt.Sprintf("\n### %d. ", i+1)) {
			faults = append(faults, fmt.Sprintf("case %d is missing", i+1))
		}
	}
	for _, one := range cases {
		title, text, _ := strings.Cut(one, "\n")
		text, _, _ = strings.Cut(text, "\n## ")
		named := namedTest.FindAllStringSubmatch(strings.Join(strings.Fields(text), " "), -1)
		if open := strings.Contains(text, "**Not covered.** "); len(named) == 0 && !open {
			faults = append(faults, fmt.Sprintf("%q names no test and does not say that it is not covered", title))
		}
		if strings.Contains(text, "**Answer.**") && len(named) == 0 {
			faults = append(faults, fmt.Sprintf("%q gives an answer that nothing proves", title))
		}
		for _, n := range named {
			if !there(n[1], n[2]) {
				faults = append(faults, fmt.Sprintf("%q names %s in %s, which is not there", title, n[1], n[2]))
			}
		}
	}
	return faults
}

func TestAThreatModelWithoutProofsIsNoticed(t *testing.T) {
	var page strings.Builder
	for i := range 15 {
		fmt.Fprintf(&page, "\n### %d. Something\n\n**Answer.** Yes.\n\n**Proved by** `TestA` (`a_test.go`),\n`TestB` (`b_test.go`).\n", i+1)
	}
	there := func(name, _ string) bool { return name != "TestGone" }
	if faults := threatFaults(page.String(), 15, there); len(faults) != 0 {
		t.Errorf("a sound page: %q", faults)
	}
	for what, unsound := range map[string]string{
		"a test that is gone":  strings.Replace(page.String(), "TestB", "TestGone", 1),
		"a claim without test": page.String() + "\n### More\n\n**Answer.** Surely.\n\n**Not covered.** Nothing.\n",
		"a case of no word":    page.String() + "\n### More\n\nSomething happens.\n",
		"a case left out":      strings.Replace(page.String(), "### 7. ", "### Seven ", 1),
		"too few":              page.String()[:len(page.String())/2],
	} {
		if faults := threatFaults(unsound, 15, there); len(faults) == 0 {
			t.Errorf("%s is not noticed", what)
		}
	}
}
