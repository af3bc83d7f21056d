package sample

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// writeReference writes a registry as the reference program does.
func writeReference(r *Registry, persons, dups, queries io.Writer) {
	cells := func(l Listed) string {
		return strings.Join([]string{l.FullName(), l.Given1, l.Given2, l.Surname1, l.Surname2, l.Sex, l.Birth, strconv.Itoa(l.Age), l.Nationality, l.Culture}, ",")
	}
	fmt.Fprint(persons, "id,full_name,given1,given2,surname1,surname2,sex,birth_date,age,nationality,culture\r\n")
	for l := range r.People() {
		fmt.Fprintf(persons, "%d,%s\r\n", l.ID, cells(l))
	}
	fmt.Fprint(dups, "rec_id,person_id,full_name,given1,given2,surname1,surname2,sex,birth_date,age,nationality,culture\r\n")
	for a := range r.Duplicates() {
		fmt.Fprintf(dups, "%d,%d,%s\r\n", a.ID, a.Person, cells(a.Listed))
	}
	fmt.Fprint(queries, "qid,class,person_id,query,clean_tokens,age,nationality,sex,given1,given2,surname1,surname2\r\n")
	for i, q := range r.Queries() {
		clean := []string{q.Given1, q.Given2, q.Surname1, q.Surname2}
		switch q.Class {
		case "partial":
			clean = []string{q.Given1, q.Surname1}
		case "swapped", "prefix":
			clean[1] = ""
		case "nickname":
			clean[0] = ""
		}
		age := ""
		if q.Age >= 0 {
			age = strconv.Itoa(q.Age)
		}
		fmt.Fprintln(queries, strings.Join([]string{strconv.Itoa(i), q.Class, strconv.Itoa(q.Person), q.Text, joined(clean...), age, q.Nationality, q.Sex,
			q.Given1, q.Given2, q.Surname1, q.Surname2}, ",")+"\r")
	}
}

// The digests are of the files that the reference program wrote: a registry is the same to the last letter.
func TestARegistryIsThatOfTheReference(t *testing.T) {
	for _, c := range []struct {
		seed                   uint64
		n                      int
		persons, dups, queries string
	}{
		{20240601, 2000, "db3be23027389a9d1210ef8de2ee1f42d95c42cb74d5df8e3e6105c045a2e4e4", "bb6afba9faf9ff07836dfa9563220f38634aba58a05dc4e422a246c760f432ca", "49d05e284944853311e4d95fa9b6f25c2fdfcc1638900448ea036dada91423d0"},
		{7, 30_000, "37fd9b0710c70eb7c83b783dc85a05520ceadb3cc210ea086eb46fc801c1f829", "0435c7ddf572014ff1197ffab330a865a56206984086715318a82d26306f54d8", "d54ef523a820730dec87639899f829ab53587e2b10faf294c3c7a64dd507861a"},
	} {
		var persons, dups, queries bytes.Buffer
		writeReference(NewRegistry(c.seed, c.n), &persons, &dups, &queries)
		for _, f := range []struct {
			name string
			got  []byte
			want string
		}{{"persons", persons.Bytes(), c.persons}, {"duplicates", dups.Bytes(), c.dups}, {"queries", queries.Bytes(), c.queries}} {
			sum := sha256.Sum256(f.got)
			if got := hex.EncodeToString(sum[:]); got != f.want {
				t.Errorf("seed %d: %s have the digest %s", c.seed, f.name, got)
			}
		}
	}
}

// A registry that was written and read again holds the same people and questions, and has the same limit.
func TestARegistryThatWasReadIsTheSame(t *testing.T) {
	r := NewRegistry(3, 2000)
	folder := t.TempDir()
	var persons, dups, queries bytes.Buffer
	writeReference(r, &persons, &dups, &queries)
	for name, b := range map[string][]byte{"persons.csv": persons.Bytes(), "queries.csv": queries.Bytes()} {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again, err := ReadRegistry(folder)
	if err != nil {
		t.Fatal(err)
	}
	if again.Len() != r.Len() {
		t.Fatalf("%d of %d people", again.Len(), r.Len())
	}
	for i := range r.Len() {
		if a, b := r.Person(i), again.Person(i); a != b {
			t.Fatalf("%+v came back as %+v", a, b)
		}
	}
	a, b := r.Queries(), again.Queries()
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("%+v came back as %+v", a[i], b[i])
		}
	}
	name, context := again.Limits(b)
	if wantName, wantContext := r.Limits(a); name.All != wantName.All || context.All != wantContext.All {
		t.Errorf("limits %v %v of what was %v %v", name.All, context.All, wantName.All, wantContext.All)
	}
	for range again.Duplicates() {
		t.Fatal("a registry that was read does not know who is registered twice")
	}
}

func TestAFileThatIsNoRegistryIsNamed(t *testing.T) {
	head := "id,given1,age,nationality\n"
	for name, c := range map[string]struct{ persons, queries, want string }{
		"a gap":        {head + "1,Ana,30,HND\n3,Eva,31,HND\n", "", "persons.csv, line 3"},
		"no number":    {head + "1,Ana,many,HND\n", "", "persons.csv, line 2"},
		"a far nation": {head + "1,Ana,30,XXX\n", "", `"XXX"`},
		"a stranger":   {head + "1,Ana,30,HND\n", "class,person_id,query\nexact,2,ana\n", "queries.csv, line 2"},
		"no questions": {head + "1,Ana,30,HND\n", "", "queries.csv"},
		"cells amiss":  {head + "1,Ana\n", "", "persons.csv"},
	} {
		folder := t.TempDir()
		for file, text := range map[string]string{"persons.csv": c.persons, "queries.csv": c.queries} {
			if text != "" {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := ReadRegistry(folder); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The limits are those that the reference program tells of the same registry.
func TestLimitsOfTheReference(t *testing.T) {
	r := NewRegistry(7, 30_000)
	name, context := r.Limits(r.Queries())
	want := map[string][2]float64{"exact": {1, 1}, "typo1": {1, 1}, "typo2": {1, 1}, "phonetic2": {1, 1}, "partial": {0.9944, 1}, "swapped": {1, 1}, "prefix": {1, 1}, "nickname": {1, 1}, "ALL": {0.9993, 1}}
	for class, w := range want {
		got := [2]float64{name.ByClass[class], context.ByClass[class]}
		if class == "ALL" {
			got = [2]float64{name.All, context.All}
		}
		for i := range got {
			if math.Abs(got[i]-w[i]) > 0.00006 {
				t.Errorf("%s: %.4f instead of %.4f", class, got[i], w[i])
			}
		}
	}
}

// Whoever is small has fewer questions, and nobody is asked about twice in a class.
func TestASmallRegistry(t *testing.T) {
	for _, n := range []int{0, 1, 2, 40} {
		r := NewRegistry(1, n)
		seen := map[string]bool{}
		for _, q := range r.Queries() {
			key := fmt.Sprint(q.Class, q.Person)
			if q.Person < 1 || q.Person > n || seen[key] {
				t.Fatalf("%d people: %+v", n, q)
			}
			seen[key] = true
		}
		if name, context := r.Limits(r.Queries()); name.All > context.All+1e-9 {
			t.Errorf("more is found without an age than with it: %v, %v", name.All, context.All)
		} else if name.First > name.All || n == 1 && name.First != 1 {
			t.Errorf("%d people: %v stand first and %v among ten", n, name.First, name.All)
		}
	}
}
