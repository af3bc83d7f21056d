package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"amparo/internal/lang"
	"amparo/internal/sample"
)

// guises are the ways in which a text can stand in bytes, by name.
func guises(text string) map[string][]byte {
	out := map[string][]byte{"as it is": []byte(text), "in lower case": []byte(strings.ToLower(text)), "in upper case": []byte(strings.ToUpper(text)),
		"hex": []byte(hex.EncodeToString([]byte(text))), "in an address": []byte(url.QueryEscape(text)), "in a path": []byte(url.PathEscape(text))}
	var little, big []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		little, big = append(little, byte(unit), byte(unit>>8)), append(big, byte(unit>>8), byte(unit))
	}
	out["UTF-16LE"], out["UTF-16BE"] = little, big
	for shift := range 3 {
		padded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), text...))
		from := []int{0, 2, 3}[shift]
		out[fmt.Sprintf("base64 at %d", shift)] = []byte(padded[from : len(padded)-2]) // whole groups of the text only
	}
	return out
}

// wiretap passes connections on and keeps everything that goes through, both ways.
type wiretap struct {
	mu   sync.Mutex
	seen bytes.Buffer
}

func (w *wiretap) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen.Write(p)
}

func (w *wiretap) listen(t testing.TB, to string) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				return
			}
			go func() { io.Copy(io.MultiWriter(out, w), in); out.Close() }()
			go func() { io.Copy(io.MultiWriter(in, w), out); in.Close() }()
		}
	}()
	return "http://" + l.Addr().String()
}

// search looks for secrets in every file under the folders.
func search(t testing.TB, secrets map[string][]byte, folders ...string) (files int) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			for name, secret := range secrets {
				if bytes.Contains([]byte(strings.ToLower(path)), bytes.ToLower(secret)) {
					t.Errorf("%s names %s", path, name)
				}
			}
			raw, err := os.ReadFile(path)
			within(t, secrets, path, raw)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func within(t testing.TB, secrets map[string][]byte, where string, raw []byte) {
	t.Helper()
	for name, secret := range secrets {
		if bytes.Contains(raw, secret) {
			t.Errorf("%s holds %s", where, name)
		}
	}
}

// G3: the story is played with everything watched. What the pages show of the marked person stands in no file of any
// node or of the relay, in no log and nowhere on the wire; nor do passphrases.
func TestNothingInClear(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var out, said bytes.Buffer
	c := &call{Env: Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said, Getenv: func(string) string { return "" }}, lang: lang.ES}
	dir := filepath.Join(t.TempDir(), "demo")
	p, err := newPlayer(c, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	ctx := context.Background()
	story := sample.NewStory(7, 12, time.Now().Add(-sample.Length))
	if err := p.open(ctx, story); err != nil {
		t.Fatal(err)
	}
	tap := &wiretap{}
	p.relayURL = tap.listen(t, strings.TrimPrefix(p.relayURL, "http://"))
	if _, err := p.play(ctx, story); err != nil {
		t.Fatal(err)
	}
	secrets := map[string][]byte{}
	for what, text := range map[string]string{"the marked name": sample.MarkerName, "the marked note": sample.MarkerNote, "a member’s name": demoMembers["reynosa"]} {
		for guise, raw := range guises(text) {
			secrets[what+" "+guise] = raw
		}
	}
	delete(secrets, "a member’s name in lower case")
	for _, a := range p.actors {
		for guise, raw := range guises(a.passphrase) {
			secrets["a passphrase "+guise] = raw
		}
	}
	// Who sits here sees both.
	head := p.actors[sample.Coordination].session
	shown := ""
	for _, query := range []string{"person.show", "person.timeline"} {
		answer, err := head.Query(ctx, lang.ES, query, map[string][]string{"person": {p.ids[story.Marker].String()}})
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := writeJSON(&text, answer, ""); err != nil {
			t.Fatal(err)
		}
		shown += text.String()
	}
	if !strings.Contains(shown, sample.MarkerName) || !strings.Contains(shown, sample.MarkerNote) {
		t.Fatal("the marked person is not shown: nothing is tried")
	}
	look := func(when string) {
		t.Helper()
		// A member's name is in clear in their own vault, as the unlock page needs it, and nowhere else.
		relevant := map[string][]byte{}
		for name, raw := range secrets {
			if !strings.HasPrefix(name, "a member") {
				relevant[name] = raw
			}
		}
		if files := search(t, relevant, dir, temp); files < 40 {
			t.Errorf("%s: only %d files were searched", when, files)
		}
		search(t, secrets, filepath.Join(dir, "relay"), filepath.Join(dir, "coordination", "views"))
	}
	look("while everybody is unlocked")
	within(t, secrets, "what was logged", said.Bytes())
	tap.mu.Lock()
	if tap.seen.Len() < 20_000 {
		t.Errorf("only %d bytes came by", tap.seen.Len())
	}
	within(t, secrets, "the wire", tap.seen.Bytes())
	tap.mu.Unlock()
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	look("after closing")
}

// The same for a process that is killed while it is unlocked: nothing is left behind in its folder or its folder for
// temporary files.
func TestNothingInClearAfterBeingKilled(t *testing.T) {
	dir, temp := t.TempDir()+"/node", t.TempDir()
	cheapNode(t, dir)
	p := program(temp, phrase, "apply", dir)
	p.Env = append(p.Env, "TMPDIR="+temp, "SQLITE_TMPDIR="+temp)
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	p.Stderr = &complaint
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for i := range 400 {
			fmt.Fprintf(in, `{"action":"person.register","id":"%s %d","data":{"given":"Marca","surname1":%q,"note":%q}}`+"\n", sample.MarkerName, i, sample.MarkerName, sample.MarkerNote)
		}
	}()
	heard := 0
	ids := saidOK(out, func() {
		if heard++; heard == 150 {
			arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.Process.Pid))
			if err == nil && bytes.Contains(arguments, []byte(phrase)) {
				t.Error("the list of processes shows the passphrase")
			}
			p.Process.Kill()
		}
	})
	if p.Wait() == nil || len(ids) < 100 {
		t.Fatalf("%d saved before the kill", len(ids))
	}
	secrets := map[string][]byte{}
	for what, text := range map[string]string{"the marked name": sample.MarkerName, "the marked note": sample.MarkerNote, "the passphrase": phrase} {
		for guise, raw := range guises(text) {
			secrets[what+" "+guise] = raw
		}
	}
	if files := search(t, secrets, filepath.Dir(dir), temp); files < 15 {
		t.Errorf("only %d files were searched", files)
	}
	within(t, secrets, "stderr", complaint.Bytes())
	_, s := session(t, dir)
	everybodyIsThere(t, s, ids)
}

// The search itself finds what is there, in every guise, at every place.
func TestTheSearchFinds(t *testing.T) {
	secret := guises(sample.MarkerName)
	for shift := range 3 {
		hidden := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 9+shift) + sample.MarkerName + "and more"))
		found := false
		for _, raw := range secret {
			found = found || strings.Contains(hidden, string(raw))
		}
		if !found {
			t.Errorf("in base64 at %d it would not be found", shift)
		}
	}
	if len(secret) != 11 || !bytes.Contains(secret["UTF-16LE"], []byte{'B', 0, 'r', 0}) {
		t.Errorf("%d guises", len(secret))
	}
}
