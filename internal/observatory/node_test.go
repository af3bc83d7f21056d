package observatory_test

import (
	"strings"
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/observatory"
	"amparo/internal/record"
	"amparo/internal/seal"
)

// TestImportThroughTheNode goes the whole way: action, sealed commit, encrypted view, query.
func TestImportThroughTheNode(t *testing.T) {
	registry, err := node.Registry(observatory.Module)
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Found(t.TempDir(), registry, node.Founding{Workspace: "Prueba", Member: "Ana", Passphrase: "una frase larga", Lang: "es"},
		node.Options{Wall: func() time.Time { return time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC) }, Cost: seal.Cost{Passes: 1, Memory: 64, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, err := n.Unlock(t.Context(), "", []byte("una frase larga"))
	if err != nil {
		t.Fatal(err)
	}
	var commits []string
	apply := func(r record.Request) record.Result {
		result := s.Apply(t.Context(), lang.ES, r)
		commits = append(commits, result.Commit)
		return result
	}
	began := time.Now()
	first, err := observatory.Import(importer(t), observatory.Encounters(), false, lang.ES, apply)
	if err != nil || first.Added != 42532 || commits[0] == "" {
		t.Fatalf("%+v in %v: %v", first.Difference, commits, err)
	}
	t.Logf("imported in %v", time.Since(began))
	again, err := observatory.Import(importer(t), observatory.Encounters(), false, lang.ES, apply)
	if err != nil || again.Unchanged != 42532 || commits[1] != "" {
		t.Fatalf("%+v in %v: the same file twice changes nothing: %v", again.Difference, commits, err)
	}
	for range 2 { // the second answer comes from the session's memory
		began = time.Now()
		got, err := s.Query(t.Context(), lang.ES, "series", map[string][]string{"series": {"cbp-encounters"}, "where": {"fiscal_year=2023", "region=southwest"}})
		if err != nil || got.(observatory.Answer).Total != 2475669 {
			t.Fatalf("%+v, %v", got, err)
		}
		t.Logf("answered in %v", time.Since(began))
	}
	bad, err := observatory.Request(parsed(t, header+"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1\n"), false)
	if err != nil {
		t.Fatal(err)
	}
	bad.Data = []byte(strings.Replace(string(bad.Data), `"unit":"events"`, `"unit":"people"`, 1))
	if r := apply(bad); r.OK || r.Error.Code != "series_unit" || r.Error.Field != "series.unit" || !strings.Contains(r.Error.Message, "«people»") {
		t.Errorf("%+v %+v", r, r.Error)
	}
}
