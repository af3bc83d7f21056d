package bench

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amparo/internal/sample"
)

// Every figure of the search among many is there, nobody finds more than there is to find, and the peer is asked the same questions.
func TestSearchAmongManyStandsBesideItsPeer(t *testing.T) {
	r, err := Run(t.Context(), "people", Options{N: 600, Dir: t.TempDir(), Seed: 5, Peer: 100})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Result{}
	for _, m := range r.Results {
		by[m.Measure+" | "+m.Against] = m
	}
	for _, way := range ways {
		found := by["found among the first ten, "+way+" | the information limit: namesakes nobody can tell apart"]
		if found.Value < 0.9 || found.Value > found.Limit+0.005 {
			t.Errorf("%s: %v found, and the limit is %v", way, found.Value, found.Limit)
		}
		i := slices.IndexFunc(r.Results, func(m Result) bool {
			return m.Against == trigramName && strings.HasPrefix(m.Measure, "found among the first ten, "+way+", of the 1")
		})
		if i < 0 || r.Results[i].Limit < 0.7 || r.Results[i].Limit > 1 {
			t.Errorf("%s: what the peer finds: %+v", way, r.Results)
		}
		if answer := by["answer "+way+", p95 | "+trigramName+", p95"]; answer.Value <= 0 || answer.Limit <= 0 {
			t.Errorf("%s: an answer takes %v ms, and %v", way, answer.Value, answer.Limit)
		}
	}
	if heap := by["the index, in the heap | the goal"]; heap.Value <= 0 {
		t.Errorf("an index takes %v MB", heap.Value)
	}
	if len(r.Tables) != len(ways) {
		t.Fatalf("%d tables", len(r.Tables))
	}
	for _, table := range r.Tables {
		asked := 0
		for _, row := range table.Rows {
			asked += row[1].(int)
		}
		if len(table.Rows) != len(sample.Classes) || asked < 1500 {
			t.Errorf("%s: %d questions in %d classes", table.Title, asked, len(table.Rows))
		}
	}
}

// The people of a folder are searched as those that were drawn, and the figures say how many there were.
func TestSearchAmongPeopleOfAFolder(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"persons.csv": "id,given1,given2,surname1,surname2,sex,birth_date,age,nationality,culture\n1,Ana,,Choc,Caal,F,1990-02-03,34,GTM,maya\n2,Luis,,Mejía,,M,2001-01-01,23,HND,es\n",
		"queries.csv": "class,person_id,query,age,nationality,sex,given1,given2,surname1,surname2\nexact,2,luis mejia,23,HND,M,Luis,,Mejía,\ntypo1,1,ana choc kaal,,,F,Ana,,Choc,Caal\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Run(t.Context(), "people", Options{Dir: t.TempDir(), Data: folder, Peer: NoPeer})
	if err != nil {
		t.Fatal(err)
	}
	if r.N != 2 || r.Results[0].Value != 1 || r.Results[0].Limit != 1 {
		t.Errorf("%d people, %+v", r.N, r.Results)
	}
	for _, m := range r.Results {
		if strings.Contains(m.Against, trigramName) {
			t.Errorf("a peer that was not asked has a figure: %+v", m)
		}
	}
	if _, err := Run(t.Context(), "people", Options{Dir: t.TempDir(), Data: t.TempDir()}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
}
