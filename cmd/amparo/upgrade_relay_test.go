package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

const oldPhrase = "una frase larga" // of the folders that earlier versions made

// golden is what an earlier version of the program left, copied to where it may be written.
type golden struct {
	*testing.T
	dir string
}

func goldenOf(t *testing.T, name string) golden {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "phrase"), []byte(oldPhrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return golden{t, dir}
}

func (g golden) path(name string) string { return filepath.Join(g.dir, name) }

// at makes a folder's relay another address, as if the relay had always been there: what is remembered of it stays.
func (g golden) at(who, url string) {
	g.Helper()
	name := g.path(who + "/node.json")
	raw, err := os.ReadFile(name)
	if err != nil {
		g.Fatal(err)
	}
	if err := os.WriteFile(name, regexp.MustCompile(`http://[0-9.:]+`).ReplaceAll(raw, []byte(url)), 0o600); err != nil {
		g.Fatal(err)
	}
}

func (g golden) run(in string, args ...string) string {
	g.Helper()
	code, out, said := run(g, in, append(args, "--passphrase-file", g.path("phrase"))...)
	if code != exitDone {
		g.Fatalf("%s: status %d\n%s%s", strings.Join(args, " "), code, out, said)
	}
	return out
}

func (g golden) exchanged(who string, args ...string) (a exchangeAnswer) {
	g.Helper()
	if err := json.Unmarshal([]byte(g.run("", append([]string{"exchange", g.path(who), "--json"}, args...)...)), &a); err != nil {
		g.Fatal(err)
	}
	if !a.Complete || len(a.Named) > 0 {
		g.Errorf("%s exchanged: %+v", who, a)
	}
	return a
}

// reads tells which of the words stand on a person's page, timeline and all.
func (g golden) reads(who, given string, words ...string) (found []string) {
	g.Helper()
	var hits struct {
		Hits []struct {
			Person struct{ ID string } `json:"person"`
		} `json:"hits"`
	}
	if err := json.Unmarshal([]byte(g.run("", "query", g.path(who), "person.find", "--q", given)), &hits); err != nil {
		g.Fatal(err)
	}
	for _, h := range hits.Hits {
		text := g.run("", "query", g.path(who), "person.timeline", "--person", h.Person.ID)
		for _, w := range words {
			if strings.Contains(text, w) {
				found = append(found, w)
			}
		}
	}
	return found
}

func (g golden) finds(who, given string) bool {
	g.Helper()
	return strings.Contains(g.run("", "query", g.path(who), "person.find", "--q", given), `"given": "`+given) ||
		strings.Contains(g.run("", "query", g.path(who), "person.find", "--q", given), given+" Prueba")
}

func (g golden) sound(who string) {
	g.Helper()
	g.run("", "check", g.path(who))
	if out := g.run("", "query", g.path(who), "pending"); !strings.Contains(out, `"commits": 0`) {
		g.Errorf("%s: something is still only here: %s", who, out)
	}
}

// oldRelay serves the golden store with today's relay. Its clock may be put back, for questions of then.
func (g golden) oldRelay(now func() time.Time) (url string, store *relay.SQLStore) {
	g.Helper()
	store, err := relay.OpenSQLite(g.Context(), g.path("relay.db"))
	if err != nil {
		g.Fatal(err)
	}
	server := httptest.NewServer(relay.New(relay.Config{Store: store, Now: now}))
	g.Cleanup(func() {
		server.Close()
		if err := store.Close(); err != nil {
			g.Error(err)
		}
	})
	return server.URL, store
}

// Two devices of the second version, each with a full outbox, exchange all of it with today's relay on the store of that
// version. What was exchanged before is not sent again; who has not agreed stays where they are, until they agree.
func TestTheOutboxesOfTheSecondVersion(t *testing.T) {
	g := goldenOf(t, "node-2")
	url, _ := g.oldRelay(nil)
	g.at("founder", url)
	g.at("joined", url)
	founder := g.exchanged("founder")
	if founder.Sent < 8 || founder.Sent > 12 || founder.Received != 0 {
		t.Errorf("the founder's outbox of 8: %+v", founder)
	}
	joined := g.exchanged("joined")
	if joined.Sent < 7 || joined.Sent > 11 || joined.Received < 8 {
		t.Errorf("the other's outbox of 7: %+v", joined)
	}
	g.exchanged("founder")
	g.exchanged("joined")
	g.exchanged("founder")
	g.sound("founder")
	g.sound("joined")
	if got := g.reads("founder", "Cuarta", "escarcha", "neblina", "marea"); len(got) != 3 {
		t.Errorf("of the other's outbox the founder reads %q", got)
	}
	if got := g.reads("joined", "Tercera", "lluvia", "viento", "nube"); len(got) != 3 {
		t.Errorf("of the founder's outbox the other reads %q", got)
	}
	for query, want := range map[string]string{"series.list": "", "flows": "12"} {
		if out := g.run("", "query", g.path("founder"), query); !strings.Contains(out, want) {
			t.Errorf("%s: %s", query, out)
		}
	}
	if g.finds("founder", "Quinta") {
		t.Error("who refused to be shared has left the machine")
	}
	if !g.finds("joined", "Quinta") {
		t.Error("who refused to be shared is not at home any more")
	}
	var hits struct {
		Hits []struct {
			Person struct{ ID string } `json:"person"`
		} `json:"hits"`
	}
	if err := json.Unmarshal([]byte(g.run("", "query", g.path("joined"), "person.find", "--q", "Quinta")), &hits); err != nil || len(hits.Hits) != 1 {
		t.Fatalf("%+v, %v", hits, err)
	}
	g.run(`{"action":"person.consent","site":"s1","data":{"person":"`+hits.Hits[0].Person.ID+`","purpose":"sharing","answer":"given","language":"es","medium":"spoken","understood":true}}`+"\n",
		"apply", g.path("joined"))
	g.exchanged("joined")
	g.exchanged("founder")
	if !g.finds("founder", "Quinta") {
		t.Error("who agreed has not come")
	}
}

// The bundle of then, which was not sealed, is read and checked; today's is opened by who joined then.
func TestTheBundleOfTheSecondVersion(t *testing.T) {
	g := goldenOf(t, "node-2")
	good(t, "", "verify", g.path("bundle"))
	g.exchanged("joined", "--in", g.path("bundle"))
	if got := g.reads("joined", "Tercera", "lluvia", "viento", "nube"); len(got) != 3 {
		t.Errorf("of the founder's outbox the other reads %q", got)
	}
	stick := g.path("stick")
	g.run("", "exchange", g.path("joined"), "--out", stick, "--since", g.path("bundle"))
	g.run("", "verify", stick, "--with", g.path("founder"))
	g.exchanged("founder", "--in", stick)
	if got := g.reads("founder", "Cuarta", "escarcha", "neblina", "marea"); len(got) != 3 {
		t.Errorf("of the other's outbox the founder reads %q", got)
	}
	g.run("", "check", g.path("founder"))
	g.run("", "check", g.path("joined"))
}

// Sealed bundles and backups as they were first written are read for ever.
func TestFilesOfTheFirstSealedVersion(t *testing.T) {
	g := goldenOf(t, "node-2")
	if err := os.CopyFS(g.path("files"), os.DirFS(filepath.Join("testdata", "files-1"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"files/bundle", "files/backup"} {
		good(t, "", "verify", g.path(name))
	}
	g.run("", "verify", g.path("files/bundle"), "--with", g.path("joined"))
	g.exchanged("joined", "--in", g.path("files/bundle"))
	if got := g.reads("joined", "Tercera", "lluvia", "viento", "nube"); len(got) != 3 {
		t.Errorf("of the sealed bundle the other reads %q", got)
	}
	g.run("", "restore", g.path("files/backup"), g.path("again"))
	if got := g.reads("again", "Tercera", "lluvia", "viento", "nube"); len(got) != 3 {
		t.Errorf("of the backup the founder reads %q", got)
	}
	g.run("", "check", g.path("again"))
}

// A folder of each version is backed up by today's program, and comes back.
func TestBackupsOfEarlierVersions(t *testing.T) {
	for _, name := range []string{"node-1", "node-2"} {
		g := goldenOf(t, name)
		g.run("", "backup", g.path("founder"), "--out", g.path("backup"))
		g.run("", "verify", g.path("backup"), "--open")
		g.run("", "restore", g.path("backup"), g.path("again"))
		if !g.finds("again", "Marisol") {
			t.Errorf("%s: restored, the person is not found", name)
		}
	}
}

// asked posts a question of then, byte by byte.
func (g golden) asked(url, name string) *http.Response {
	g.Helper()
	raw, err := os.ReadFile(g.path(name))
	if err != nil {
		g.Fatal(err)
	}
	response, err := http.Post(url+wire.Path, wire.MediaType, bytes.NewReader(raw))
	if err != nil {
		g.Fatal(err)
	}
	return response
}

// A program of the second version asks today's relay: it is answered in frames that it knows, gets what it lacks, and what
// it brought is there. The question is the one it really asked, with its time and its signature.
func TestAQuestionOfTheSecondVersionIsAnswered(t *testing.T) {
	g := goldenOf(t, "node-2")
	then := g.timeOf("asked/1.question")
	url, store := g.oldRelay(func() time.Time { return then })
	g.founderTo(store)
	for i, name := range []string{"asked/1.question", "asked/2.question"} {
		response := g.asked(url, name)
		frames, held, runs := wire.NewFrameReader(response.Body), 0, 0
		for {
			kind, payload, err := frames.Next()
			if err != nil {
				t.Fatalf("%s: status %d: %v", name, response.StatusCode, err)
			}
			if !slices.Contains([]byte{wire.FrameRun, wire.FrameEnd, wire.FrameHello, wire.FrameNote}, kind) {
				t.Errorf("%s: a frame of kind %d, which the program of then does not know", name, kind)
			}
			if kind == wire.FrameRun {
				if run, err := journal.DecodeRun(payload); err != nil {
					t.Error(err)
				} else if runs++; true {
					held += len(run.Commits)
				}
			}
			if kind != wire.FrameEnd {
				continue
			}
			var end wire.End
			if err := wire.Unmarshal(payload, &end); err != nil || end.Whole != (i == 0) || end.More {
				t.Errorf("%s: the answer ends with %+v, %v", name, end, err)
			}
			break
		}
		response.Body.Close()
		if want := []int{0, 8}[i]; held != want {
			t.Errorf("%s: %d commits in the answer, want %d", name, held, want)
		}
	}
	if again := g.asked(url, "asked/2.question"); again.StatusCode == http.StatusOK {
		t.Error("the same question was answered twice")
	}
	g.holds(store, 8+15)
}

func (g golden) timeOf(name string) time.Time {
	g.Helper()
	file, err := os.Open(g.path(name))
	if err != nil {
		g.Fatal(err)
	}
	defer file.Close()
	kind, payload, err := wire.NewFrameReader(file).Next()
	if err != nil || kind != wire.FrameAsk {
		g.Fatalf("kind %d, %v", kind, err)
	}
	ask, err := wire.ReadAsk(payload)
	if err != nil {
		g.Fatal(err)
	}
	return time.UnixMilli(ask.Time)
}

// founderTo carries the founder's outbox of then to a store, commit by commit as it was written.
func (g golden) founderTo(store *relay.SQLStore) {
	g.Helper()
	file, err := os.Open(g.path("bundle"))
	if err != nil {
		g.Fatal(err)
	}
	defer file.Close()
	frames := wire.NewFrameReader(file)
	for {
		kind, payload, err := frames.Next()
		if err != nil {
			g.Fatal(err)
		}
		if kind == wire.FrameEnd {
			return
		}
		if kind != wire.FrameRun {
			continue
		}
		run, err := journal.DecodeRun(payload)
		if err != nil {
			g.Fatal(err)
		}
		w, err := store.Workspace(g.Context(), run.First().Workspace)
		if err != nil {
			g.Fatal(err)
		}
		verdicts, err := w.Take(g.Context(), []journal.Run{run})
		if err = errors.Join(append(verdicts, err)...); err != nil {
			g.Fatal(err)
		}
	}
}

func (g golden) holds(store *relay.SQLStore, commits uint64) {
	g.Helper()
	raw, err := os.ReadFile(g.path("founder/node.json"))
	if err != nil {
		g.Fatal(err)
	}
	var settings struct{ Workspace string }
	var id journal.WorkspaceID
	if err := json.Unmarshal(raw, &settings); err != nil {
		g.Fatal(err)
	}
	if n, err := hex.Decode(id[:], []byte(settings.Workspace)); err != nil || n != len(id) {
		g.Fatal(err)
	}
	w, err := store.Workspace(g.Context(), id)
	if err != nil {
		g.Fatal(err)
	}
	v, err := w.Vector(g.Context())
	if err != nil {
		g.Fatal(err)
	}
	total := uint64(0)
	for _, seq := range v {
		total += seq
	}
	if total != commits {
		g.Errorf("the relay holds %d commits, want %d", total, commits)
	}
}

// A relay of the second version answers today's program: what it answered then is understood, and nothing is lost by it.
func TestAnAnswerOfTheSecondVersionIsUnderstood(t *testing.T) {
	g := goldenOf(t, "node-2")
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		asked++
		raw, err := os.ReadFile(g.path([]string{"asked/1.answer", "asked/2.answer"}[min(asked, 2)-1]))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", wire.MediaType)
		w.Write(raw)
	}))
	defer server.Close()
	g.at("joined", server.URL)
	code, out, said := run(t, "", "exchange", g.path("joined"), "--passphrase-file", g.path("phrase"))
	if code != exitDone || asked < 2 {
		t.Errorf("status %d after %d questions\n%s%s", code, asked, out, said)
	}
	if got := g.reads("joined", "Tercera", "lluvia", "viento", "nube"); len(got) != 3 {
		t.Errorf("of what the old relay gave it reads %q", got)
	}
}
