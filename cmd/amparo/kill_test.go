package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
)

// kills is how often the program is killed.
const kills = 100

// cheapNode founds a workspace whose passphrase costs next to nothing to try, for tests that unlock a hundred times.
func cheapNode(t testing.TB, dir string) {
	t.Helper()
	reg, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Found(dir, reg, node.Founding{Workspace: "Prueba", Member: "Ana", Passphrase: phrase, Lang: "es"},
		quick)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

// session opens a folder in this process.
func session(t testing.TB, dir string) (*node.Node, *node.Session) {
	t.Helper()
	reg, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(dir, reg, quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	s, err := n.Unlock(t.Context(), "", []byte(phrase))
	if err != nil {
		t.Fatal(err)
	}
	return n, s
}

// person is one line of work that makes a person known by its client id.
func person(id string) string {
	return fmt.Sprintf(`{"action":"person.register","id":%q,"data":{"given":"Persona","surname1":%q,"note":%q}}`, id, "Número "+id, strings.Repeat("nota ", 20)) + "\n"
}

// saidOK reads results until there is no more, and gives the client ids of those that are OK.
func saidOK(r io.Reader, each func()) (ids []string) {
	for scan := bufio.NewScanner(r); scan.Scan(); {
		var result record.Result
		if json.Unmarshal(scan.Bytes(), &result) != nil {
			return ids // cut in the middle of a line
		}
		if result.OK {
			ids = append(ids, result.ID)
		}
		each()
	}
	return ids
}

// everybodyIsThere fails for every id that the node does not know.
func everybodyIsThere(t testing.TB, s *node.Session, ids []string) {
	t.Helper()
	lost := 0
	for _, id := range ids {
		if _, err := s.Query(t.Context(), lang.ES, "person.show", map[string][]string{"person": {id}}); err != nil {
			if lost++; lost < 4 {
				t.Errorf("%s was said to be saved: %v", id, err)
			}
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d that were said to be saved are lost", lost, len(ids))
	}
}

// G1: what is printed as saved survives being killed, at any moment, a hundred times in a row on the same folder.
func TestWhatWasSaidToBeSavedSurvivesBeingKilled(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir() + "/node"
	cheapNode(t, dir)
	var saved []string
	cutShort := 0
	for round := range kills {
		p := program(".", phrase, "apply", dir)
		in, err := p.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { // without end: it is always in the middle of something
			for i := 0; ; i++ {
				if _, err := io.WriteString(in, person(fmt.Sprintf("r%d-%d", round, i))); err != nil {
					return
				}
			}
		}()
		// Killed after so many results and then a moment longer; every tenth time while it is still opening.
		after, moment := random.IntN(30), time.Duration(random.IntN(4000))*time.Microsecond
		fired := make(chan struct{})
		kill := func() {
			time.AfterFunc(moment, func() { p.Process.Kill(); close(fired) })
		}
		if round%10 == 0 {
			moment *= 20
			after = -1
			kill()
		}
		heard := 0
		ids := saidOK(out, func() {
			if heard == after {
				kill()
			}
			heard++
		})
		<-fired
		if p.Wait() == nil {
			t.Fatal("the program ended by itself")
		}
		if heard > 0 {
			cutShort++
		}
		saved = append(saved, ids...)
	}
	n, s := session(t, dir)
	t.Logf("%d results were printed before %d kills", len(saved), kills)
	if cutShort < kills/2 || len(saved) < kills {
		t.Errorf("only %d of %d rounds got as far as a result: the moments are not spread", cutShort, kills)
	}
	everybodyIsThere(t, s, saved)
	if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
		t.Errorf("check: %+v, %v", h, err)
	}
	if err := s.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	everybodyIsThere(t, s, saved[max(0, len(saved)-50):])
}
