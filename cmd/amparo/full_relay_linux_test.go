package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// The relay's disk fills up while a device brings its work: the device is told in a sentence and keeps all of it. When there
// is room again, the rest is brought and everybody has it.
func TestARelayOnAFullDisk(t *testing.T) {
	a, b := together(t)
	at, more := little(t)
	relay := newRelayProcess(t, filepath.Join(at, "relay.db"))
	url := "http://" + relay.addr
	good(t, "", "exchange", a, "--relay", url)
	good(t, "", "exchange", b, "--relay", url)
	var saved []string
	refused := ""
	for round := 0; refused == "" && round < 40; round++ {
		var lines strings.Builder
		for i := range 150 {
			id := fmt.Sprintf("f%d-%d", round, i)
			lines.WriteString(person(id))
			saved = append(saved, id)
		}
		good(t, lines.String(), "apply", a)
		if code, _, complaint := run(t, "", "exchange", a); code != exitDone {
			refused = complaint
		}
	}
	if refused == "" || strings.Contains(refused, "goroutine") || strings.Count(refused, "\n") != 1 {
		t.Fatalf("the disk of the relay was not filled, or nobody understands what it says: %q", refused)
	}
	t.Logf("%d records were saved when the device heard: %s", len(saved), strings.TrimSpace(refused))
	if code, out, complaint := run(t, "", "query", a, "person.find", "--q", "Número f0-0"); code != exitDone || !strings.Contains(out, "f0-0") {
		t.Errorf("the device does not work on: %d %s %s", code, out, complaint)
	}
	if code, _, complaint := run(t, "", "exchange", b); strings.Contains(complaint, "goroutine") {
		t.Errorf("the other device hears: %d %s", code, complaint)
	}
	more()
	for _, who := range []string{a, b} {
		good(t, "", "exchange", who)
	}
	n, s := session(t, b)
	everybodyIsThere(t, s, saved)
	if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
		t.Errorf("check: %+v, %v", h.Problems, err)
	}
}
