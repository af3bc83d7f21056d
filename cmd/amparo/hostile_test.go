package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// hostile is what a field may hold that no form sends: what people paste, what a broken program writes, and what somebody tries who
// means harm.
var hostile = func() []json.RawMessage {
	texts := []string{"", " ", "🦋👩‍👧‍👦", "A\u202eB", "A\x00B", "A\nB\tC", "\u200b\u200b", "'; DROP TABLE person; --", `"><script>alert(1)</script>`, "=HYPERLINK(\"http://x\")",
		"{given}", "%s%n", "../../etc/passwd", strings.Repeat("ñ", 500), strings.Repeat("x", 1<<20), "0000-00-00", "2026-02-30", "1600-01-01", "9999-12-31", "150", "-1", "NaN",
		"٢٠٠٤", "王小明", "حسن", "ZZZ", "00000000000000000000000000", "\ufeffAna", "a\u0301\u0301\u0301\u0301\u0301"}
	out := []json.RawMessage{}
	for _, t := range texts {
		raw, err := json.Marshal(t)
		if err != nil {
			panic(err)
		}
		out = append(out, raw)
	}
	for _, raw := range []string{"null", "true", "0", "-1", "150", "1e400", "99999999999999999999", "1.5", "{}", "[]", `[""]`, `[null]`, `["x","x"]`, `{"a":{"b":[1]}}`, `"\ud800"`,
		"[" + strings.Repeat(`"x",`, 10_000) + `"x"]`, strings.Repeat("[", 200) + strings.Repeat("]", 200)} {
		out = append(out, json.RawMessage(raw))
	}
	return out
}()

// Whatever stands in whatever field of whatever action: it is taken, or refused in words; it never ends the program, is never a fault of
// the program, and what is refused leaves nothing behind.
func TestHostileValues(t *testing.T) {
	c := newCrew(t)
	tried, refused := 0, 0
	for _, action := range c.node.Registry().Actions() {
		list := deeds[action.Name]
		if len(list) == 0 {
			continue // the test of roles says so
		}
		raw, err := json.Marshal(list[0].data(c))
		if err != nil {
			t.Fatal(err)
		}
		good := map[string]json.RawMessage{}
		if err := json.Unmarshal(raw, &good); err != nil {
			t.Fatal(err)
		}
		before := c.commits()
		for _, name := range namesOf(action.Input) {
			requests := make([]record.Request, len(hostile))
			for i, value := range hostile {
				data := map[string]json.RawMessage{}
				for k, v := range good {
					data[k] = v
				}
				data[name] = value
				requests[i] = record.Request{Action: action.Name, Site: c.site, Data: plainly(data)}
			}
			results, kept, err := c.founder.ApplyWhole(t.Context(), lang.EN, requests, true)
			if err != nil || kept {
				t.Fatalf("%s %s: kept %v, %v", action.Name, name, kept, err)
			}
			for i, r := range results {
				tried++
				if r.OK {
					continue
				}
				refused++
				if p := r.Error; p.Code == "internal" || p.Message == "" || strings.ContainsAny(p.Message, "{}") && !strings.Contains(string(hostile[i]), "{") || len(p.Message) > 2000 {
					t.Errorf("%s: %s = %.60s is refused with %s: %.200s", action.Name, name, hostile[i], p.Code, p.Message)
				}
			}
		}
		if after := c.commits(); after != before {
			t.Errorf("%s: %d commits, there were %d", action.Name, after, before)
		}
	}
	if h, err := c.node.Check(t.Context(), c.founder, nil); err != nil || !h.OK {
		t.Errorf("not sound any more: %+v, %v", h.Problems, err)
	}
	if refused < tried/4 || tried < 5000 {
		t.Errorf("of %d values %d were refused", tried, refused)
	}
}

// plainly writes an object of raw values as they are: some are no JSON.
func plainly(data map[string]json.RawMessage) json.RawMessage {
	var b strings.Builder
	b.WriteByte('{')
	for name, value := range data {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + name + `":`)
		b.Write(value)
	}
	b.WriteByte('}')
	return json.RawMessage(b.String())
}

// namesOf lists the fields of an action's data.
func namesOf(input reflect.Type) (out []string) {
	for i := range input.NumField() {
		f := input.Field(i)
		if f.Anonymous && f.Tag.Get("json") == "" {
			out = append(out, namesOf(f.Type)...)
			continue
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			out = append(out, name)
		}
	}
	return out
}

// commits is how many wait to be exchanged.
func (c *crew) commits() (n int) {
	c.Helper()
	answer, err := c.founder.Query(c.Context(), lang.EN, "pending", nil)
	if err != nil {
		c.Fatal(err)
	}
	raw, err := json.Marshal(answer)
	if err == nil {
		err = json.Unmarshal(raw, &struct{ Commits *int }{&n})
	}
	if err != nil || n == 0 {
		c.Fatal(n, err)
	}
	return n
}
