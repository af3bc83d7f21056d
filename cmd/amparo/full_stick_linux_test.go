package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"amparo/internal/lang"
)

// A stick that is too small: a sentence says so, nothing half-made is left on it, and with room the same command goes through.
func TestAFullStick(t *testing.T) {
	dir := begin(t)
	var lines strings.Builder
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range 2600 {
		note := make([]byte, 1500)
		for j := range note {
			note[j] = 'a' + byte(noise.IntN(26))
		}
		raw, err := json.Marshal(map[string]any{"action": "person.register", "id": "p" + strconv.Itoa(i), "data": map[string]any{
			"given": "Persona " + strconv.Itoa(i), "note": string(note)}})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(raw, '\n'))
	}
	good(t, lines.String(), "apply", dir)
	whole := filepath.Join(t.TempDir(), "whole")
	good(t, "", "backup", dir, "--out", whole)
	stick, more := little(t)
	commands := [][]string{{"exchange", dir, "--out", filepath.Join(stick, "bundle")}, {"backup", dir, "--out", filepath.Join(stick, "backup")}, {"restore", whole, filepath.Join(stick, "again")}}
	for _, command := range commands {
		code, _, said := run(t, "", command...)
		if code != exitFailed || !strings.Contains(said, lang.T(lang.EN, "refuse.disk_full")) && !strings.Contains(said, lang.T(lang.EN, "refuse.file_large")) {
			t.Errorf("%q on a full stick: status %d, %q", command, code, said)
		}
		if left, err := os.ReadDir(stick); err != nil || len(left) > 0 {
			t.Errorf("%q leaves %v, %v", command, left, err)
		}
	}
	more()
	for _, command := range commands {
		good(t, "", command...)
		if err := os.RemoveAll(command[len(command)-1]); err != nil {
			t.Fatal(err)
		}
	}
}
