package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"amparo/internal/relay/relaytest"
)

// TestScripts plays testdata/script/*.txtar: commands, and what they must say. After the commands stand the files they
// find, each under a line "-- NAME --". The commands are those of rogpeppe's testscript as far as they are needed, and:
//
//	exec amparo …    runs the program, in this process; "! exec" expects it to fail, with status 1 unless `status` follows
//	status N         the last command ended with N
//	relay FILE …     a relay on a free port, its address in $RELAY; on the port of the last one that was stopped. With --admin its
//	                 operator's address is in $ADMIN. FILE postgres: in a PostgreSQL database, whose address is then in $POSTGRES
//	norelay          the relay is told to stop, and has ended in order
//	set NAME REGEXP  $NAME is what the expression finds in stdout
//	door DIR         the pages of DIR are served, and neighbours answered: its link in $LINK
//	nodoor           they no longer are
//	get URL          what is there, as stdout
//	hold DIR         another process keeps DIR open until the script ends
//	lines FILE N     the file, or stdout, has N lines
//	same A B         two answers of `check --json` show the same seven views
//	cut FILE PERCENT ends a file early
//	encounters FILE LINE  the source's file with a count that is none on that line; 0: a good and shorter one
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			s := &script{T: t, name: file, env: map[string]string{"AMPARO_PASSPHRASE": phrase, "AMPARO_LANG": "en"}}
			t.Chdir(t.TempDir())
			s.write("phrase", phrase+"\n")
			s.play(string(raw))
		})
	}
}

type script struct {
	*testing.T
	norelay       func()
	nodoor        func()
	name          string
	line          int
	env           map[string]string
	in, out, said string
	code          int
}

func (s *script) bad(format string, args ...any) {
	s.Helper()
	s.Fatalf("%s:%d: %s\nstatus %d\nstdout:\n%s\nstderr:\n%s", s.name, s.line, fmt.Sprintf(format, args...), s.code, s.out, s.said)
}

func (s *script) check(err error) {
	s.Helper()
	if err != nil {
		s.bad("%v", err)
	}
}

func (s *script) write(name, text string) { s.check(os.WriteFile(name, []byte(text), 0o600)) }

func (s *script) read(name string) string {
	switch name {
	case "stdout":
		return s.out
	case "stderr":
		return s.said
	}
	raw, err := os.ReadFile(name)
	s.check(err)
	return string(raw)
}

var (
	fileMark = regexp.MustCompile(`(?m)^-- (\S+) --\n`)
	word     = regexp.MustCompile(`'[^']*'|\S+`)
)

func (s *script) play(text string) {
	marks := fileMark.FindAllStringSubmatchIndex(text, -1)
	commands := text
	for i, m := range marks {
		if i == 0 {
			commands = text[:m[0]]
		}
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		s.write(text[m[2]:m[3]], text[m[1]:end])
	}
	for i, command := range strings.Split(commands, "\n") {
		s.line = i + 1
		words := word.FindAllString(command, -1)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		neg := words[0] == "!"
		if neg {
			words = words[1:]
		}
		for j := range words {
			if quoted, ok := strings.CutPrefix(words[j], "'"); ok {
				words[j] = strings.TrimSuffix(quoted, "'")
			} else {
				words[j] = os.Expand(words[j], func(k string) string { return s.env[k] })
			}
		}
		s.do(neg, words[0], words[1:])
	}
}

func (s *script) do(neg bool, name string, args []string) {
	s.Helper()
	switch name {
	case "exec":
		var out, said bytes.Buffer
		s.code = Main(s.Context(), Env{Args: args[1:], Stdin: strings.NewReader(s.in), Stdout: &out, Stderr: &said, Getenv: func(k string) string { return s.env[k] }, Cost: quick.Cost})
		s.in, s.out, s.said = "", out.String(), said.String()
		if neg != (s.code != exitDone) {
			s.bad("%q", args)
		}
		for _, what := range []string{phrase, "[cmd.", "[refuse.", "[check.", "panic", "goroutine "} {
			if strings.Contains(s.out+s.said, what) {
				s.bad("%q says %q", args, what)
			}
		}
	case "status":
		if strconv.Itoa(s.code) != args[0] {
			s.bad("status %d, want %s", s.code, args[0])
		}
	case "stdin":
		s.in = s.read(args[0])
	case "stdout", "stderr":
		if regexp.MustCompile("(?s)"+args[0]).MatchString(s.read(name)) == neg {
			s.bad("%s matches %q: %v", name, args[0], neg)
		}
	case "env":
		key, value, _ := strings.Cut(args[0], "=")
		s.env[key] = strings.Trim(value, "'")
	case "set":
		s.env[args[0]] = regexp.MustCompile(args[1]).FindString(s.out)
	case "exists":
		if _, err := os.Stat(args[0]); (err == nil) == neg {
			s.bad("%s is there: %v", args[0], neg)
		}
	case "mkdir":
		s.check(os.Mkdir(args[0], 0o700))
	case "cp":
		s.write(args[1], s.read(args[0]))
	case "cmp":
		if s.read(args[0]) != s.read(args[1]) {
			s.bad("%s and %s differ:\n%s", args[0], args[1], s.read(args[1]))
		}
	case "lines":
		if got := strconv.Itoa(strings.Count(s.read(args[0]), "\n")); got != args[1] {
			s.bad("%s has %s lines, want %s", args[0], got, args[1])
		}
	case "cut":
		percent, err := strconv.Atoi(args[1])
		s.check(err)
		s.check(os.Truncate(args[0], int64(len(s.read(args[0]))*percent/100)))
	case "same":
		s.same(args[0], args[1])
	case "encounters":
		s.write(args[0], string(encountersWith(args[1])))
	case "relay":
		s.relay(args[0], args[1:]...)
	case "norelay":
		s.norelay()
	case "door":
		s.door(args[0])
	case "nodoor":
		s.nodoor()
	case "get":
		s.get(args[0])
	case "hold":
		s.hold(args[0])
	default:
		s.bad("no such command: %s", name)
	}
}

func (s *script) same(names ...string) {
	var of [2]struct {
		Digests map[string]string `json:"digests"`
	}
	for i, name := range names {
		s.check(json.Unmarshal([]byte(s.read(name)), &of[i]))
		if len(of[i].Digests) != 7 {
			s.bad("%s names %d views", name, len(of[i].Digests))
		}
	}
	if fmt.Sprint(of[0]) != fmt.Sprint(of[1]) {
		s.bad("the views differ:\n%v\n%v", of[0], of[1])
	}
}

func (s *script) relay(file string, flags ...string) {
	place := "sqlite:" + file
	if file == "postgres" {
		if s.env["POSTGRES"] == "" {
			s.env["POSTGRES"] = relaytest.Postgres(s)
		}
		place = s.env["POSTGRES"]
	}
	ctx, stop := context.WithCancel(context.Background())
	said, out := io.Pipe()
	ended := make(chan int, 1)
	addr := cmp.Or(strings.TrimPrefix(s.env["RELAY"], "http://"), "127.0.0.1:0")
	args := append([]string{"relay", "--addr", addr}, flags...)
	go func() {
		code := Main(ctx, Env{Args: args, Stdin: strings.NewReader(""), Stdout: out, Stderr: io.Discard, Getenv: func(name string) string {
			return map[string]string{"AMPARO_RELAY_STORE": place}[name]
		}})
		out.Close()
		ended <- code
	}()
	s.norelay = sync.OnceFunc(func() {
		stop()
		if code := <-ended; code != exitDone {
			s.Errorf("the relay ended with %d", code)
		}
	})
	s.Cleanup(s.norelay)
	lines := bufio.NewReader(said)
	for _, name := range []string{"RELAY", "ADMIN"}[:1+min(1, strings.Count(strings.Join(args, " "), "--admin"))] {
		line, err := lines.ReadString('\n')
		s.check(err)
		s.env[name] = strings.TrimSuffix(strings.TrimRight(regexp.MustCompile(`http://\S+`).FindString(line), "."), "/metrics")
	}
	go io.Copy(io.Discard, lines)
}

func (s *script) door(dir string) {
	ctx, stop := context.WithCancel(context.Background())
	said, out := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		code := Main(ctx, Env{Args: []string{"serve", dir, "--addr", "127.0.0.1:0", "--lan", "--lan-addr", "127.0.0.1:0"}, Stdin: strings.NewReader(""), Stdout: out, Stderr: io.Discard,
			Getenv: func(string) string { return "" }})
		out.Close()
		ended <- code
	}()
	s.nodoor = sync.OnceFunc(func() {
		stop()
		if code := <-ended; code != exitDone {
			s.Errorf("serving ended with %d", code)
		}
	})
	s.Cleanup(s.nodoor)
	lines := bufio.NewReader(said)
	line, err := lines.ReadString('\n')
	s.check(err)
	s.env["LINK"] = regexp.MustCompile(`https://\S+`).FindString(line)
	_, err = lines.ReadString('\n') // where the pages are: from now on everything is served
	s.check(err)
	go io.Copy(io.Discard, lines)
}

func (s *script) get(url string) {
	request, err := http.NewRequestWithContext(s.Context(), "GET", url, nil)
	s.check(err)
	response, err := http.DefaultClient.Do(request)
	s.check(err)
	raw, err := io.ReadAll(response.Body)
	s.check(errors.Join(err, response.Body.Close()))
	s.out, s.said, s.code = string(raw), "", response.StatusCode
}

func (s *script) hold(dir string) {
	p := program(".", phrase, "apply", dir)
	in, err := p.StdinPipe()
	s.check(err)
	out, err := p.StdoutPipe()
	s.check(err)
	s.check(p.Start())
	s.Cleanup(func() { in.Close(); p.Wait() })
	_, err = fmt.Fprintln(in, `{"action":"nothing.known","data":{}}`)
	s.check(err)
	_, err = bufio.NewReader(out).ReadString('\n')
	s.check(err)
}
