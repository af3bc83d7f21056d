package node

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"amparo/internal/journal"
)

// writers are the chains a node holds.
func writers(n *Node) (list []journal.WriterID) {
	for w := range n.journal.Heads() {
		list = append(list, w)
	}
	return list
}

// agree brings sessions in step, twice around, and compares what they hold and show. Nothing may be set aside: a fork
// would be.
func agree(t testing.TB, url string, want []string, sessions ...*Session) {
	t.Helper()
	for range 2 {
		for _, s := range sessions {
			sum, err := s.Exchange(t.Context(), url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(sum.Faults)+len(sum.Refused)+len(sum.Hidden) > 0 {
				t.Errorf("an exchange names something: %v %v %v", sum.Faults, sum.Refused, sum.Hidden)
			}
		}
	}
	for _, s := range sessions {
		if got := trees(t, s); !slices.Equal(got, want) {
			t.Errorf("trees %q, want %q", got, want)
		}
		if a, b := digestsOf(t, sessions[0]), digestsOf(t, s); a != b {
			t.Errorf("the views differ:\n%s\n%s", a, b)
		}
		if p, err := s.Pending(); err != nil || p.Commits != 0 {
			t.Errorf("only here: %+v, %v; want nothing", p, err)
		}
		if h, err := s.Node().Check(t.Context(), s, nil); err != nil || !h.OK {
			t.Errorf("check: %+v, %v", h, err)
		}
	}
}

//	folder   1─2─3─(exchange)
//	           └─ cp -r ─ copy: a new chain, from whatever was there
//
// Both go on. Whenever the copy was made, no chain is written twice and nothing is lost.
func TestACopiedFolderStartsANewChain(t *testing.T) {
	for name, before := range map[string]func(*testing.T, *Node, *Session){
		"after work":                    func(t *testing.T, _ *Node, s *Session) { plant(t, s, "root") },
		"unlocked, and nothing written": func(*testing.T, *Node, *Session) {},
	} {
		t.Run(name, func(t *testing.T) {
			url, dir, other := relayed(t), t.TempDir(), filepath.Join(t.TempDir(), "copy")
			n, s := founded(t, dir)
			before(t, n, s)
			closed(t, n)
			copyFolder(t, dir, other)
			_, one := reopen(t, dir)
			_, two := reopen(t, other)
			want := []string{"one 0", "two 0"}
			if name == "after work" {
				want = []string{"one 0", "root 0", "two 0"}
			}
			plant(t, one, "one")
			plant(t, two, "two")
			agree(t, url, want, one, two)
		})
	}
}

// A folder that was founded, or joined, and copied before anyone unlocked it.
func TestAFolderCopiedBeforeItWasEverUnlocked(t *testing.T) {
	url, dir, other := relayed(t), t.TempDir(), filepath.Join(t.TempDir(), "copy")
	n, err := Found(dir, forestRegistry(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, n)
	copyFolder(t, dir, other)
	_, one := reopen(t, dir)
	_, two := reopen(t, other)
	plant(t, one, "one")
	plant(t, two, "two")
	agree(t, url, []string{"one 0", "two 0"}, one, two)

	inv, err := one.Invite(t.Context(), working())
	if err != nil {
		t.Fatal(err)
	}
	joinedDir, joinedCopy := filepath.Join(t.TempDir(), "bea"), filepath.Join(t.TempDir(), "bea2")
	b, req, err := Join(joinedDir, forestRegistry(t), inv, "Bea", pass, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Accept(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, one)
	if _, err := b.ExchangeAs(t.Context(), "", []byte(pass), url, nil); err != nil {
		t.Fatal(err)
	}
	closed(t, b)
	copyFolder(t, joinedDir, joinedCopy)
	_, three := reopen(t, joinedDir)
	_, four := reopen(t, joinedCopy)
	plant(t, three, "three")
	plant(t, four, "four")
	agree(t, url, []string{"four 0", "one 0", "three 0", "two 0"}, one, two, three, four)
}

// An old backup is put back over the folder, in the three ways in which people do: into a new folder, after deleting the
// old one, and file over file. What was written since is on the relay and comes back; what is written next is on a new
// chain.
func TestAnOldBackupPutBack(t *testing.T) {
	for name, put := range map[string]func(t *testing.T, backup, dir string){
		"file over file": func(t *testing.T, backup, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "journal-wal")); err != nil {
				t.Fatal(err)
			}
			copyFolder(t, backup, dir)
		},
		"after deleting": func(t *testing.T, backup, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			copyFolder(t, backup, dir)
		},
		"beside, then renamed": func(t *testing.T, backup, dir string) {
			copyFolder(t, backup, dir+".new")
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(dir+".new", dir); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, dir, backup := relayed(t), filepath.Join(t.TempDir(), "node"), filepath.Join(t.TempDir(), "backup")
			n, s := founded(t, dir)
			plant(t, s, "old")
			inStep(t, url, s)
			closed(t, n)
			copyFolder(t, dir, backup)
			n, s = reopen(t, dir)
			plant(t, s, "since")
			inStep(t, url, s)
			had := writers(n)
			closed(t, n)
			put(t, backup, dir)
			n, s = reopen(t, dir)
			plant(t, s, "after")
			agree(t, url, []string{"after 0", "old 0", "since 0"}, s)
			if got := writers(n); len(got) != len(had)+1 {
				t.Errorf("%d chains, there were %d; want one more", len(got), len(had))
			}
			// The next day nothing starts anew.
			closed(t, n)
			n, s = reopen(t, dir)
			plant(t, s, "next day")
			agree(t, url, []string{"after 0", "next day 0", "old 0", "since 0"}, s)
			if got := writers(n); len(got) != len(had)+1 {
				t.Errorf("%d chains the next day, want %d", len(got), len(had)+1)
			}
		})
	}
}
