//go:build !race

// Without the race detector: what it keeps beside every word of memory would be searched too, for a quarter of an hour, and
// is not what the program leaves.

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// What follows asks of every role what a seized laptop asks: somebody has the folder, the passphrase of one member and the
// whole memory of the program that they unlocked. A program of its own opens the folder, so that nothing of the test's own
// memory is in it.

// asRole makes the test binary a program that opens a folder as its member, asks everything, and locks when it is told to.
const asRole = "AMPARO_TEST_AS_ROLE"

func init() { others[asRole] = beRole }

// mark is one marked thing a compartment. No action writes to survivor yet, and none writes free text to public.
var markKinds = func() map[record.Compartment]*record.Kind {
	kinds := map[record.Compartment]*record.Kind{}
	for i, c := range record.Compartments() {
		kinds[c] = &record.Kind{Number: uint16(9000 + i), Name: "mark_" + c.String(), In: c, Form: record.Happening, Fields: []record.Field{{Number: 1, Name: "note", Type: record.Text}}}
	}
	return kinds
}()

type markData struct {
	In   string `json:"in"`
	Note string `json:"note"`
}

func markModule() record.Module {
	m := record.Module{Name: "mark", Anyone: true}
	for _, c := range record.Compartments() {
		m.Kinds = append(m.Kinds, markKinds[c])
	}
	m.Actions = []record.Action{record.NewAction("mark.note", record.Compartments(), func(c *record.Change, d markData) (any, error) {
		in, _ := record.ParseCompartment(d.In)
		return c.Happen(markKinds[in], record.Fields{"note": d.Note})
	})}
	m.Queries = []record.Query{record.NewQuery("marks", record.Compartments(), func(a *record.Ask, _ struct{}) (any, error) {
		var out []string
		for _, c := range record.Compartments() {
			if !a.Opens(c) {
				continue
			}
			if err := a.Select(a.Context, "SELECT note FROM "+markKinds[c].Table(), nil, func(r record.Row) error {
				out = append(out, r.Text(0))
				return nil
			}); err != nil {
				return nil, err
			}
		}
		return out, nil
	})}
	return m
}

func markedRegistry() (*record.Registry, error) {
	return node.Registry(append(modules(), markModule())...)
}

// roleAsks is what the other program is told: which folder, who, and what to ask.
type roleAsks struct {
	Dir, Name, Passphrase string
	Ask                   map[string]map[string][]string
}

// beRole says a line after each step and waits for one before the next: opened, unlocked and asked, locked.
func beRole() {
	in := bufio.NewReader(os.Stdin)
	await := func() string {
		line, err := in.ReadString('\n')
		if err != nil {
			os.Exit(0) // the test is over
		}
		return line
	}
	must := func(err error) {
		if err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
	}
	if os.Geteuid() == 0 { // only root looks into what shuts itself; anybody else would test nothing
		must(guard())
	}
	var asks roleAsks
	must(json.Unmarshal([]byte(await()), &asks))
	reg, err := markedRegistry()
	must(err)
	n, err := node.Open(asks.Dir, reg, quick)
	must(err)
	fmt.Println("opened")
	await()
	pass := []byte(asks.Passphrase)
	s, err := n.Unlock(context.Background(), asks.Name, pass)
	must(err)
	asks.Passphrase = ""
	clear(pass)
	for name, with := range asks.Ask {
		answer, err := s.Query(context.Background(), lang.ES, name, with)
		if refusal := (*record.Refusal)(nil); errors.As(err, &refusal) {
			fmt.Println(name, "refused:", refusal.Code)
			continue
		}
		must(err)
		raw, err := json.Marshal(answer)
		must(err)
		fmt.Println(name, string(raw))
	}
	fmt.Println("asked")
	await()
	s.Lock()
	runtime.GC()
	debug.FreeOSMemory()
	fmt.Println("locked")
	await()
	must(n.Close())
}

// roleProcess is that program as the test sees it.
type roleProcess struct {
	*exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said bytes.Buffer
	errs bytes.Buffer
}

func startRole(t testing.TB, temp string) *roleProcess {
	t.Helper()
	p := &roleProcess{Cmd: program(temp, "")}
	p.Env = []string{asRole + "=1", "TMPDIR=" + temp, "SQLITE_TMPDIR=" + temp, "HOME=" + temp}
	p.Stderr = &p.errs
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *roleProcess) tell(t testing.TB, line string) {
	t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// await reads what it says up to the line that is expected.
func (p *roleProcess) await(t testing.TB, expected string) {
	t.Helper()
	for {
		line, err := p.out.ReadString('\n')
		p.said.WriteString(line)
		if err != nil || strings.HasPrefix(line, "failed:") {
			t.Fatalf("waiting for %q: %v\n%s%s", expected, err, p.said.String(), p.errs.String())
		}
		if line == expected+"\n" {
			return
		}
	}
}

// finder looks for many secrets in one pass: by their first eight bytes.
type finder struct {
	by      map[uint64][]string
	maybe   [1 << 14]uint64 // which hashes of eight bytes occur at all
	secrets map[string][]byte
	longest int
}

func newFinder(secrets map[string][]byte) *finder {
	f := &finder{by: map[uint64][]string{}, secrets: secrets}
	for name, s := range secrets {
		head := binary.LittleEndian.Uint64(s)
		f.by[head] = append(f.by[head], name)
		bit := hashOf(head)
		f.maybe[bit/64] |= 1 << (bit % 64)
		f.longest = max(f.longest, len(s))
	}
	return f
}

func hashOf(head uint64) uint64 { return head * 0x9e3779b97f4a7c15 >> 44 }

func (f *finder) in(raw []byte, found map[string]int) {
	for i := 0; i+8 <= len(raw); i++ {
		head := binary.LittleEndian.Uint64(raw[i:])
		if bit := hashOf(head); f.maybe[bit/64]&(1<<(bit%64)) == 0 {
			continue
		}
		for _, name := range f.by[head] {
			if bytes.HasPrefix(raw[i:], f.secrets[name]) {
				found[name]++
			}
		}
	}
}

// memory reads everything that is mapped, and gives which of the secrets stand in it and how much was read.
func (p *roleProcess) memory(t testing.TB, f *finder) (found map[string]int, size int64) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", p.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", p.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	found = map[string]int{}
	buffer := make([]byte, 4<<20)
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var rights string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); n < 3 || rights[0] != 'r' || strings.Contains(line, "[v") {
			continue // not readable, or the kernel's own page
		}
		kept := 0
		for at := from; at < to; {
			n, err := mem.ReadAt(buffer[kept:kept+int(min(int64(len(buffer)-kept), to-at))], at)
			if n == 0 {
				if rights[1] == 'w' && at == from {
					t.Errorf("cannot read %s: %v", strings.TrimSpace(line), err)
				}
				break
			}
			at, size = at+int64(n), size+int64(n)
			seen := buffer[:kept+n]
			f.in(seen, found)
			kept = min(f.longest-1, len(seen))
			copy(buffer, seen[len(seen)-kept:])
		}
	}
	return found, size
}

// letters draws a word that is nowhere else, not even in the program: what is searched for must not be written in it.
func letters() string {
	raw := make([]byte, 20)
	rand.Read(raw)
	for i, b := range raw {
		raw[i] = 'a' + b%26
	}
	return string(raw)
}

// marked is a workspace with something marked in every compartment and a node for every role, in step and locked.
type marked struct {
	dir     string
	notes   map[record.Compartment][]string // what is marked, by compartment
	person  record.ID
	site    record.ID
	keys    map[record.Compartment][][]byte
	members map[string]string // passphrases by name; each role's node is in the folder of its name
}

const founderName = "Ana"

func newMarked(t testing.TB) *marked {
	t.Helper()
	c := &call{Env: Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }}, lang: lang.ES}
	m := &marked{dir: t.TempDir(), notes: map[record.Compartment][]string{}, members: map[string]string{founderName: "frase de " + letters()}, keys: map[record.Compartment][][]byte{}}
	reg, err := markedRegistry()
	if err != nil {
		t.Fatal(err)
	}
	p := &player{call: c, dir: m.dir, registry: reg}
	if err := p.openRelay(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer p.close()
	cheap := node.Options{Cost: seal.Cost{Passes: 1, Memory: 64, Threads: 1}}
	head := &actor{dir: filepath.Join(m.dir, founderName)}
	if head.node, err = node.Found(head.dir, reg, node.Founding{Workspace: "Prueba", Member: founderName, Passphrase: m.members[founderName], Lang: "es"}, cheap); err != nil {
		t.Fatal(err)
	}
	p.actors = append(p.actors, head)
	if head.session, err = head.node.Unlock(t.Context(), "", []byte(m.members[founderName])); err != nil {
		t.Fatal(err)
	}
	m.write(t, head.session)
	step := func(a *actor) {
		if err := p.exchange(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	step(head)
	for _, role := range node.Roles() {
		m.members[role] = "frase de " + letters()
		inv, err := head.session.Invite(t.Context(), node.Invite{Roles: []string{role}})
		if err != nil {
			t.Fatal(err)
		}
		a := &actor{dir: filepath.Join(m.dir, role)}
		n, req, err := node.Join(a.dir, reg, inv, role, m.members[role], cheap)
		if err != nil {
			t.Fatal(err)
		}
		a.node = n
		p.actors = append(p.actors, a)
		if _, err := head.session.Accept(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	step(head)
	for i, role := range node.Roles() {
		a := p.actors[i+1]
		if _, err := a.node.ExchangeAs(t.Context(), "", []byte(m.members[role]), p.relayURL, nil); err != nil {
			t.Fatal(err)
		}
		if a.session, err = a.node.Unlock(t.Context(), "", []byte(m.members[role])); err != nil {
			t.Fatal(err)
		}
		step(a)
	}
	// Who founded it lays down everything but administering. Their device still holds the keys of what they could read before.
	if err := head.session.SetRoles(t.Context(), founderID(head), []string{"administrator"}, nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	m.readKeys(t, head.dir)
	return m
}

func founderID(a *actor) journal.MemberID {
	id, _ := a.session.Member()
	return journal.MemberID(id)
}

// write does what people do, with a mark in everything that is said.
func (m *marked) write(t testing.TB, s *node.Session) {
	t.Helper()
	note := func(c record.Compartment) string {
		word := letters()
		m.notes[c] = append(m.notes[c], word)
		return word
	}
	do := func(action string, site record.ID, data map[string]any) record.ID {
		raw, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		r := record.Request{Action: action, Data: raw}
		if !site.IsZero() {
			r.Site = site.String()
		}
		result := s.Apply(t.Context(), lang.ES, r)
		if !result.OK {
			t.Fatalf("%s: %+v", action, result.Error)
		}
		id, err := record.ParseID(result.ID)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	m.site = do("site.open", record.ID{}, map[string]any{"name": note(record.FieldWork), "type": "shelter"})
	m.person = do("person.register", m.site, map[string]any{"given": "Persona", "surname1": note(record.Identity), "note": note(record.Identity)})
	for service, c := range map[string]record.Compartment{"medical": record.Care, "mental_health": record.Mind, "social": record.Law} {
		do("consultation.record", m.site, map[string]any{"person": m.person.String(), "service": service, "note": note(c)})
	}
	for _, c := range record.Compartments() {
		do("mark.note", m.site, map[string]any{"in": c.String(), "note": note(c)})
	}
}

// readKeys takes every compartment's key out of the founder's folder, as the program does, to look for them elsewhere.
func (m *marked) readKeys(t testing.TB, dir string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "node.json"))
	if err != nil {
		t.Fatal(err)
	}
	var settings struct{ Workspace, Founder string }
	if err := json.Unmarshal(raw, &settings); err != nil {
		t.Fatal(err)
	}
	var id journal.MemberID
	if err := id.Parse(settings.Founder); err != nil {
		t.Fatal(err)
	}
	var workspace journal.MemberID // spelled alike
	if err := workspace.Parse(settings.Workspace); err != nil {
		t.Fatal(err)
	}
	keep, err := vault.OpenKeep(filepath.Join(dir, "vault"), journal.WorkspaceID(workspace))
	if err != nil {
		t.Fatal(err)
	}
	founder, err := keep.Unlock(id, []byte(m.members[founderName]))
	if err != nil {
		t.Fatal(err)
	}
	j, err := store.OpenJournal(filepath.Join(dir, "journal"), journal.WorkspaceID(workspace), id)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	err = j.OpenParts(0, func(_ int64, c *journal.Commit) error {
		controls, err := c.Controls()
		for _, control := range controls {
			var g journal.Grant
			if control.Kind == journal.ControlGrant && control.Into(&g) == nil {
				_, err := founder.Receive(g, func(*vault.Ring, record.Compartment, uint32, seal.CompartmentKey) bool { return true })
				if err != nil {
					return err
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	founder.Ring.Each(func(c record.Compartment, _ uint32, key seal.CompartmentKey) {
		m.keys[c] = append(m.keys[c], slices.Clone(key[:]))
	})
	if len(m.keys) != len(record.Compartments()) {
		t.Fatalf("keys of %d compartments", len(m.keys))
	}
}

// secrets are all guises of what is marked in the compartments, and their keys.
func (m *marked) secrets(of []record.Compartment) map[string][]byte {
	out := map[string][]byte{}
	for _, c := range of {
		for i, note := range m.notes[c] {
			for guise, raw := range guises(note) {
				out[fmt.Sprintf("%s mark %d %s", c, i, guise)] = raw
			}
		}
		for i, key := range m.keys[c] {
			out[fmt.Sprintf("%s key %d", c, i)] = key
		}
	}
	return out
}

// asks are all queries there are, about the marked person.
func (m *marked) asks(t testing.TB) map[string]map[string][]string {
	t.Helper()
	reg, err := markedRegistry()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string][]string{}
	for _, q := range reg.Queries() {
		out[q.Name] = map[string][]string{}
		if q.About != "" {
			out[q.Name][q.About] = []string{m.person.String()}
		}
	}
	out["person.find"] = map[string][]string{"q": {"Persona"}}
	out["site.board"] = map[string][]string{"site": {m.site.String()}}
	return out
}

// G3 for every role, and for who founded the workspace and laid all but one down: what a role does not open stands in no file of its folder, in nothing that is printed and nowhere in
// the memory of the program, before unlocking, while unlocked and after locking. What it opens is found there, so the search
// can fail. A registrar's passphrase yields no clinical, survivor or legal record.
func TestARolesMachineHoldsNothingOfOthers(t *testing.T) {
	m := newMarked(t)
	all := m.secrets(record.Compartments())
	finds := newFinder(all)
	for _, name := range append(node.Roles(), founderName) {
		t.Run(name, func(t *testing.T) {
			role := name
			if name == founderName {
				role = "administrator"
			}
			rights := vault.RightsOf([]string{role})
			closed := m.secrets(slices.DeleteFunc(record.Compartments(), func(c record.Compartment) bool { return rights.May(record.Read, c) }))
			maps.DeleteFunc(closed, func(secret string, _ []byte) bool { return name == founderName && strings.Contains(secret, " key ") }) // of what they could read before
			if role == "registrar" {
				for _, c := range []record.Compartment{record.Care, record.Mind, record.Survivor, record.Law} {
					if len(closed[fmt.Sprintf("%s mark 0 as it is", c)]) == 0 {
						t.Fatalf("a registrar opens %s", c)
					}
				}
			}
			temp := t.TempDir()
			p := startRole(t, temp)
			defer p.Wait()
			defer p.Process.Kill()
			look := func(when string, not map[string][]byte) map[string]int {
				t.Helper()
				found, size := p.memory(t, finds)
				if size < 8<<20 {
					t.Errorf("%s: only %d bytes of memory were read", when, size)
				}
				for name := range found {
					if not[name] != nil {
						t.Errorf("%s the memory holds %s", when, name)
					}
				}
				if files := search(t, all, filepath.Join(m.dir, name), temp); files < 8 {
					t.Errorf("%s: only %d files were searched", when, files)
				}
				return found
			}
			line, err := json.Marshal(roleAsks{Dir: filepath.Join(m.dir, name), Name: name, Passphrase: m.members[name], Ask: m.asks(t)})
			if err != nil {
				t.Fatal(err)
			}
			p.tell(t, string(line))
			p.await(t, "opened")
			look("before unlocking", all)
			p.tell(t, "unlock")
			p.await(t, "asked")
			found := look("while unlocked", closed)
			within(t, closed, "what was printed", p.said.Bytes())
			within(t, all, "stderr", p.errs.Bytes())
			for _, c := range rights.Holds() {
				if found[fmt.Sprintf("%s mark %d as it is", c, len(m.notes[c])-1)] == 0 {
					t.Errorf("what is marked in %s is not found in the memory of who reads it: the search finds nothing", c)
				}
				if found[fmt.Sprintf("%s key 0", c)] == 0 {
					t.Errorf("the key of %s is not found in the memory of who holds it: the search finds nothing", c)
				}
			}
			p.tell(t, "lock")
			p.await(t, "locked")
			left := look("after locking", closed)
			keys, marks := 0, 0
			for name := range left {
				if strings.Contains(name, " key ") {
					keys++
				} else {
					marks++
				}
			}
			t.Logf("after locking %d of the keys this member held and %d guises of what they read are still in memory", keys, marks)
			p.in.Close()
			ended := make(chan error, 1)
			go func() { ended <- p.Wait() }()
			select {
			case <-ended:
			case <-time.After(20 * time.Second):
				t.Error("it does not end")
			}
		})
	}
}
