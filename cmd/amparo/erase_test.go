package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/people"
	"amparo/internal/record"
	"amparo/internal/sample"
)

// drill is a workspace of four devices and a relay in which one person's record is erased.
type drill struct {
	*testing.T
	*player
	spoken map[string][]byte // sealed parts of every journal as they were, by writer, seq and index
	person string
}

func (d *drill) do(a *actor, action string, data map[string]any) record.Result {
	d.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		d.Fatal(err)
	}
	return a.session.Apply(d.Context(), lang.ES, record.Request{Action: action, Data: raw})
}

func (d *drill) must(a *actor, action string, data map[string]any) (id string) {
	d.Helper()
	r := d.do(a, action, data)
	if !r.OK {
		d.Fatalf("%s: %+v", action, r.Error)
	}
	raw, err := json.Marshal(r.Result)
	var made struct{ ID, Person string }
	if err == nil {
		err = json.Unmarshal(raw, &made)
	}
	if err != nil {
		d.Fatal(err)
	}
	return made.ID
}

func (d *drill) step(list ...*actor) {
	d.Helper()
	for _, a := range list {
		if err := d.exchange(d.Context(), a); err != nil {
			d.Fatal(err)
		}
	}
}

func copied(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// remember reads the sealed parts of a journal that may be in use.
func (d *drill) remember(folder string) {
	d.Helper()
	dir := d.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(filepath.Join(folder, "journal"+suffix))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "journal"+suffix), raw, 0o600)
		} else if suffix == "-wal" {
			err = nil
		}
		if err != nil {
			d.Fatal(err)
		}
	}
	d.query(filepath.Join(dir, "journal"), "SELECT hex(w.id), c.seq, p.idx, p.data FROM part p JOIN chain c ON c.n = p.chain JOIN writer w ON w.n = c.writer WHERE p.tag <> 0", func(key string, data []byte) {
		if bytes.Count(data, []byte{0}) < len(data) {
			d.spoken[key] = bytes.Clone(data)
		}
	})
}

func (d *drill) query(path, statement string, each func(key string, data []byte)) {
	d.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		d.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(statement)
	if err != nil {
		d.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var writer string
		var seq, idx int64
		var data []byte
		if err := rows.Scan(&writer, &seq, &idx, &data); err != nil {
			d.Fatal(err)
		}
		each(fmt.Sprintf("%s/%d/%d", writer, seq, idx), data)
	}
	if err := rows.Err(); err != nil {
		d.Fatal(err)
	}
}

// erasedParts are the bytes of the parts that a folder's journal says are erased.
func (d *drill) erasedParts(folder string) (out map[string][]byte) {
	d.Helper()
	out = map[string][]byte{}
	dir := d.TempDir()
	raw, err := os.ReadFile(filepath.Join(folder, "journal"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "journal"), raw, 0o600)
	}
	if wal, missing := os.ReadFile(filepath.Join(folder, "journal-wal")); err == nil && missing == nil {
		err = os.WriteFile(filepath.Join(dir, "journal-wal"), wal, 0o600)
	}
	if err != nil {
		d.Fatal(err)
	}
	d.query(filepath.Join(dir, "journal"), "SELECT hex(writer), seq, idx, NULL FROM erased", func(key string, _ []byte) {
		if data := d.spoken[key]; data != nil {
			out[key] = data
		} else {
			d.Errorf("an erased part %s that nobody held", key)
		}
	})
	return out
}

// holds counts how many of the parts can be found in the files under a folder, in any file and at any place.
func holds(t *testing.T, parts map[string][]byte, folder string) (found int) {
	t.Helper()
	var all []byte
	if err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		all = append(all, raw...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, data := range parts {
		if bytes.Contains(all, data[:24]) || bytes.Contains(all, data[len(data)-24:]) {
			found++
		}
	}
	return found
}

// says looks for words in every column of every row of every view that a session may open.
func says(t *testing.T, s *node.Session, words ...string) (found []string) {
	t.Helper()
	word := func(statement string, args ...any) string {
		t.Helper()
		text, err := s.Word(t.Context(), statement, args...)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, c := range record.Compartments() {
		if !s.Opens(c) {
			continue
		}
		for table := range strings.FieldsSeq(word(fmt.Sprintf("SELECT group_concat(name, ' ') FROM %s.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%%'", c))) {
			columns := word("SELECT group_concat('coalesce(CAST(' || name || ' AS TEXT), '''')', ' || ') FROM pragma_table_info(?, ?)", table, c.String())
			for _, w := range words {
				if n := word(fmt.Sprintf("SELECT count(*) FROM %s.%s WHERE instr(lower(%s), lower(?)) > 0", c, table, columns), w); n != "0" {
					found = append(found, fmt.Sprintf("%s.%s says %q", c, table, w))
				}
			}
		}
	}
	return found
}

func (d *drill) sound(a *actor) {
	d.Helper()
	h, err := a.node.Check(d.Context(), a.session, nil)
	if err != nil || !h.OK {
		d.Errorf("%s: %+v, %v", a.site.Folder, h.Problems, err)
	}
}

// reopen lets an actor sit down again, at a folder that may be another one.
func (d *drill) reopen(a *actor, dir string) {
	d.Helper()
	n, err := node.Open(dir, d.registry, d.options())
	if err != nil {
		d.Fatal(err)
	}
	s, err := n.Unlock(d.Context(), a.member, []byte(a.passphrase))
	if err != nil {
		d.Fatal(err)
	}
	a.node, a.session, a.dir = n, s, dir
}

// G5: a person's record is erased everywhere. What was sealed about them can be found in no file of any device and of the
// relay, what a device shows says nothing of them, and every chain verifies. Neither a stick filled before, nor a backup of a
// folder, nor what somebody wrote meanwhile without having heard of it brings anything back.
func TestErasedIsGoneEverywhere(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var said bytes.Buffer
	c := &call{Env: Env{Stdin: strings.NewReader(""), Stdout: &said, Stderr: &said, Getenv: func(string) string { return "" }}, lang: lang.ES}
	p, err := newPlayer(c, filepath.Join(t.TempDir(), "drill"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { p.close() }()
	d := &drill{T: t, player: p, spoken: map[string][]byte{}}
	if err := p.open(t.Context(), sample.NewStory(3, 2, time.Now().Add(-time.Hour))); err != nil {
		t.Fatal(err)
	}
	p.clock.Store(nil)
	head, here, there, away := p.actors[sample.Coordination], p.actors[0], p.actors[1], p.actors[2]
	d.step(head, here, there, away)
	words := []string{sample.MarkerName, sample.MarkerNote}

	// Somebody is registered at one site and seen at two, in three compartments; somebody else too.
	site := d.must(head, "site.open", map[string]any{"name": "Casa", "type": "shelter", "municipality": "07089", "services": []string{"medical", "mental_health", "social"}})
	d.step(head, here, there, away)
	note := func(a *actor, person, service, text string) {
		t.Helper()
		raw, err := json.Marshal(map[string]any{"person": person, "service": service, "note": text})
		if err != nil {
			t.Fatal(err)
		}
		if r := a.session.Apply(t.Context(), lang.ES, record.Request{Action: "consultation.record", Site: site, Data: raw}); !r.OK {
			t.Fatalf("a note: %+v", r.Error)
		}
	}
	register := func(name, text string) string {
		t.Helper()
		person := d.must(here, "person.register", map[string]any{"given": name, "surname1": name, "note": text})
		note(here, person, "medical", text)
		d.step(here, there, away, head)
		note(there, person, "mental_health", text)
		note(there, person, "social", text)
		d.step(there, here, head)
		return person
	}
	d.person = register(sample.MarkerName, sample.MarkerNote)
	other := register("Consuelo", "otra nota")
	if got := says(t, there.session, words...); len(got) < 4 {
		t.Fatalf("the views say %q: nothing is tried", got)
	}
	stick := filepath.Join(t.TempDir(), "stick")
	if _, err := here.session.WriteBundle(t.Context(), stick); err != nil {
		t.Fatal(err)
	}
	// One device is put aside with everything on it, and a backup is made of another.
	d.step(away)
	if err := away.node.Close(); err != nil {
		t.Fatal(err)
	}
	if err := there.node.Close(); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "backup")
	copied(t, there.dir, backup)
	d.reopen(there, there.dir)
	// Who has not heard of it goes on writing.
	note(there, d.person, "medical", sample.MarkerNote+" tarde")
	for _, a := range []*actor{head, here, there, away} {
		d.remember(a.dir)
	}

	// Asked at one site, confirmed at the coordination.
	d.must(here, "person.erase", map[string]any{"person": d.person, "reason": "asked_by_person", "authority": "acta 7"})
	d.step(here, head)
	answer, err := head.session.Query(t.Context(), lang.ES, "erasures", nil)
	if err != nil {
		t.Fatal(err)
	}
	asked := answer.(node.Erasures)
	if asked.Pending != 1 {
		t.Fatalf("to decide: %+v", asked)
	}
	d.must(head, "erasure.confirm", map[string]any{"erasure": asked.Erasures[0].ID.String()})
	for range 3 {
		d.step(head, there, here, head)
	}
	d.reopen(away, away.dir)
	d.step(away)

	gone := func(when string, list ...*actor) {
		t.Helper()
		parts := d.erasedParts(head.dir)
		if len(parts) < 7 {
			t.Fatalf("%s: %d parts were erased", when, len(parts))
		}
		for _, a := range list {
			if got := says(t, a.session, words...); got != nil {
				t.Errorf("%s: at %s %q", when, a.dir, got)
			}
			if n := holds(t, parts, a.dir); n > 0 {
				t.Errorf("%s: in the folder of %s stand %d of %d parts", when, a.dir, n, len(parts))
			}
			d.sound(a)
			shown, err := a.session.Query(t.Context(), lang.ES, "person.timeline", map[string][]string{"person": {other}})
			if line, ok := shown.(people.Timeline); err != nil || !ok || len(line.Entries) < 4 {
				t.Errorf("%s: at %s something of somebody else went too: %+v, %v", when, a.dir, shown, err)
			}
		}
		if n := holds(t, parts, filepath.Join(p.dir, "relay")); n > 0 {
			t.Errorf("%s: the relay has %d of %d parts", when, n, len(parts))
		}
		if n := holds(t, parts, temp); n > 0 {
			t.Errorf("%s: %d parts are in temporary files", when, n)
		}
	}
	everybody := []*actor{head, here, there, away}
	gone("erased", everybody...)
	if same, err := p.inStep(); err != nil || !same {
		t.Errorf("the views differ: %v", err)
	}
	parts := d.erasedParts(head.dir)
	if n := holds(t, parts, backup); n < 5 {
		t.Errorf("the backup holds %d parts: the search finds nothing", n)
	}
	if raw, err := os.ReadFile(stick); err != nil || slices.ContainsFunc(slices.Collect(maps.Values(parts)), func(data []byte) bool { return bytes.Contains(raw, data[:24]) }) {
		t.Errorf("the stick is not sealed as a whole: %v", err)
	}

	// The stick of before.
	for _, a := range everybody {
		if _, err := a.session.ReadBundle(t.Context(), stick); err != nil {
			t.Fatal(err)
		}
	}
	d.step(everybody...)
	gone("after the stick", everybody...)

	// The backup, put back: it has everything until it hears of the erasing, and then nothing.
	if err := there.node.Close(); err != nil {
		t.Fatal(err)
	}
	d.reopen(there, backup)
	if says(t, there.session, words...) == nil {
		t.Error("the backup says nothing: nothing is tried")
	}
	d.step(there)
	for range 2 {
		d.step(everybody...)
	}
	gone("after the backup", everybody...)

	// The same person comes again: a new record, which knows nothing of the one that is gone.
	again := d.must(here, "person.register", map[string]any{"given": "Vuelve", "surname1": "Otra"})
	d.step(here, there)
	shown, err := there.session.Query(t.Context(), lang.ES, "person.timeline", map[string][]string{"person": {again}})
	if line, ok := shown.(people.Timeline); err != nil || !ok || len(line.Entries) != 1 || again == d.person {
		t.Errorf("who comes again: %+v, %v", shown, err)
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{p.dir, temp, backup} {
		if n := holds(t, parts, folder); n > 0 {
			t.Errorf("after closing %d parts stand in %s", n, folder)
		}
	}
	if strings.Contains(said.String(), sample.MarkerName) {
		t.Error("it is in what was logged")
	}
}
