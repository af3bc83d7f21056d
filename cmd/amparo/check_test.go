package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// check ends with 3 and a sentence for everything that is damaged, also where nothing opens any more; and with 0 where the
// program mends by itself.
func TestCheckNamesWhatIsDamaged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "node")
	cheapNode(t, dir)
	var work strings.Builder
	for i := range 40 {
		work.WriteString(person(strings.Repeat("x", i+1)))
	}
	good(t, work.String(), "apply", dir)
	only := func(pattern string) string {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %q, %v", pattern, found, err)
		}
		return found[0]
	}
	for _, c := range []struct {
		name, file string
		at         func(size int) int
		want       int
		sentence   string
	}{
		{"the beginning of the journal", "journal", func(int) int { return 3 }, exitFound, "damaged"},
		{"the first table of the journal", "journal", func(int) int { return 100 }, exitFound, "damaged"},
		{"the end of the journal", "journal", func(size int) int { return size - 4096 }, exitFound, "damaged"},
		{"the keys of a member", "vault/*.member", func(size int) int { return size - 40 }, exitFound, "key file"},
		{"the keys of the writer", "vault/*.writer", func(size int) int { return size - 3 }, exitFound, "key file"},
		{"what the folder is", "node.json", func(int) int { return 0 }, exitFound, "damaged"},
		{"a view", "views/*/identity.view", func(size int) int { return size / 2 }, exitDone, "sound"},
		{"the keys of the views", "vault/*.views", func(int) int { return 1 }, exitDone, "sound"},
	} {
		path := only(c.file)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := append([]byte(nil), whole...)
		bad[c.at(len(bad))] ^= 0xff
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, said := run(t, "", "check", dir)
		if code != c.want || !strings.Contains(out+said, c.sentence) || strings.Contains(out+said, "[") || strings.Contains(said, "wrong in the program") {
			t.Errorf("%s: status %d, want %d with %q\n%s%s", c.name, code, c.want, c.sentence, out, said)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, said := run(t, "", "check", dir); code != exitDone {
		t.Errorf("put back as it was: %d\n%s%s", code, out, said)
	}
}
