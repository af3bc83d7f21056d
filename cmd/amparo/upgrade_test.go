package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Folders of the first version open, say the same, and go on: who founded has every role, who had joined has the one they
// were invited for and no more.
func TestANodeOfTheFirstVersion(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "phrase")
	if err := os.WriteFile(file, []byte("una frase larga\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "node-1"))); err != nil {
		t.Fatal(err)
	}
	founder, joined := filepath.Join(dir, "founder"), filepath.Join(dir, "joined")
	done := func(args ...string) string {
		t.Helper()
		code, out, said := run(t, "", append(args, "--passphrase-file", file)...)
		if code != exitDone {
			t.Fatalf("%s: status %d\n%s%s", strings.Join(args, " "), code, out, said)
		}
		return out
	}
	if out := done("query", founder, "person.find", "--q", "Marisol"); !strings.Contains(out, "Marisol") {
		t.Errorf("the person is not found: %s", out)
	}
	done("check", founder)
	for _, old := range []string{"views/public.view", "vault/views.keys"} {
		if _, err := os.Stat(filepath.Join(founder, old)); err == nil {
			t.Errorf("%s is still there", old)
		}
	}
	done("exchange", joined, "--in", filepath.Join(dir, "bundle"))
	if out := done("query", joined, "person.find", "--q", "Marisol"); !strings.Contains(out, "Marisol") {
		t.Errorf("who joined does not find the person: %s", out)
	}
	var members []struct {
		Name   string
		Roles  []string
		Active bool
	}
	if err := json.Unmarshal([]byte(done("member", "list", joined, "--json")), &members); err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if want := map[string]int{"Ana": 10, "Bea": 1}[m.Name]; len(m.Roles) != want || !m.Active {
			t.Errorf("%s has the roles %q", m.Name, m.Roles)
		}
	}
	var found struct {
		Hits []struct {
			Person struct{ ID string } `json:"person"`
		} `json:"hits"`
	}
	if err := json.Unmarshal([]byte(done("query", joined, "person.find", "--q", "Marisol")), &found); err != nil || len(found.Hits) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	person := found.Hits[0].Person.ID
	if out := done("query", joined, "person.timeline", "--person", person); strings.Contains(out, "granizo") {
		t.Error("a registrar reads the medical note that their first version could")
	}
	if out := done("query", founder, "person.timeline", "--person", person); !strings.Contains(out, "granizo") {
		t.Error("the founder no longer reads the medical note")
	}
	// And they go on together: a new member, a revocation, a bundle back.
	bundle := filepath.Join(dir, "back")
	code, out, said := run(t, `{"action":"person.register","id":"p2","data":{"given":"Otra"}}`, "apply", joined, "--passphrase-file", file)
	if code != exitDone {
		t.Fatalf("%s%s", out, said)
	}
	done("exchange", joined, "--out", bundle)
	done("exchange", founder, "--in", bundle)
	if out := done("query", founder, "person.find", "--q", "Otra"); !strings.Contains(out, "Otra") {
		t.Errorf("what the other wrote did not come: %s", out)
	}
	done("member", "revoke", founder, "--member", "Bea", "--reason", "cambio de equipo")
	done("check", founder)
}
