package main

import (
	"encoding/json"
	"errors"
	"testing"

	"amparo/internal/record"
)

// A line of work is taken whole, or refused with its line number; it never ends the program. What is taken and written
// again reads the same.
func FuzzReadRequest(f *testing.F) {
	for _, seed := range []string{`{"action":"site.open","id":"s1","data":{"name":"Albergue"}}`, `{"action":"person.register","at":"2026-11-20T10:00:00-06:00","site":"s1","data":{}}`,
		`{}`, `null`, `[]`, `{"action":1}`, `{"action":"x","unknown":1}`, `{"action":"x"} {"action":"y"}`, "{\"action\":\"\xff\"}", `{"at":"0000-01-01T00:00:00Z"}`, `{"data":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := ReadRequest(raw, 7)
		if err != nil {
			var refusal *record.Refusal
			if !errors.As(err, &refusal) || refusal.Code != "bad_line" {
				t.Fatalf("refused without its line: %v", err)
			}
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			return // a time that JSON cannot write is refused when it is applied
		}
		if back, err := ReadRequest(again, 7); err != nil || back.Action != r.Action || back.ID != r.ID || !back.At.Equal(r.At) {
			t.Fatalf("%q reads again as %+v, %v", again, back, err)
		}
	})
}
