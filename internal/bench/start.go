package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"amparo/internal/node"
	"amparo/internal/sample"
	"amparo/internal/seal"
)

const startRounds = 7

// start measures what somebody waits for in the morning: the program, the pages, unlocking, the first search; and what
// memory it takes with Options.N persons in the views.
func start(ctx context.Context, o Options, r *Report) error {
	b, err := found(ctx, o, "node", seal.FieldCost)
	if err != nil {
		return err
	}
	defer b.close()
	o.tell("start: %d persons are registered", o.N)
	if err := b.play(ctx, sample.People(judgedSeed, o.N)); err != nil {
		return err
	}
	if err := b.close(); err != nil {
		return err
	}
	if err := b.unlocking(ctx, r); err != nil {
		return err
	}
	if o.Program == "" {
		return nil
	}
	return b.outside(ctx, r)
}

// unlocking times the steps within one process.
func (b *bed) unlocking(ctx context.Context, r *Report) error {
	var opened, unlocked, stretched, first, second []float64
	for range startRounds {
		t, err := spent(func() (err error) { b.node, err = node.Open(b.dir, b.o.Registry, b.options()); return err })
		if err != nil {
			return err
		}
		opened = append(opened, t*1e3)
		if t, err = spent(func() (err error) { b.session, err = b.node.Unlock(ctx, "", []byte(passphrase)); return err }); err != nil {
			return errors.Join(err, b.close())
		}
		unlocked = append(unlocked, t*1e3)
		for _, into := range []*[]float64{&first, &second} {
			if t, err = spent(func() error { _, err := b.find(ctx, "Hernández"); return err }); err != nil {
				return errors.Join(err, b.close())
			}
			*into = append(*into, t*1e3)
		}
		if err := b.close(); err != nil {
			return err
		}
		// What a guess of the passphrase costs on purpose.
		if t, err = b.stretching(); err != nil {
			return err
		}
		stretched = append(stretched, t*1e3)
	}
	r.alone("opening the folder", median(opened), "ms")
	r.against("unlocking", median(unlocked), "ms", "stretching the passphrase alone (Argon2id, 64 MiB)", median(stretched))
	r.against("first search, with the index made", median(first), "ms", "the same again", median(second))
	return nil
}

func (b *bed) stretching() (seconds float64, err error) {
	keep, err := b.keep()
	if err != nil {
		return 0, err
	}
	listed, err := keep.Find("")
	if err != nil {
		return 0, err
	}
	return spent(func() error {
		m, err := keep.Unlock(listed.ID, []byte(passphrase))
		if err == nil {
			m.Wipe()
		}
		return err
	})
}

// outside times the program as the system starts it, and asks what memory it holds.
func (b *bed) outside(ctx context.Context, r *Report) error {
	var answers, nothing []float64
	for range startRounds {
		t, err := spent(func() error { return exec.CommandContext(ctx, b.o.Program, "version").Run() })
		if err != nil {
			return err
		}
		answers = append(answers, t*1e3)
		if path, err := exec.LookPath("true"); err == nil {
			if t, err = spent(func() error { return exec.CommandContext(ctx, path).Run() }); err != nil {
				return err
			}
			nothing = append(nothing, t*1e3)
		}
	}
	r.against("process start to the answer of `version`", median(answers), "ms", "a process that does nothing", median(nothing))
	var ready []float64
	for round := range startRounds {
		s, t, err := b.serve(ctx)
		if err != nil {
			return err
		}
		ready = append(ready, t*1e3)
		if round == startRounds-1 {
			err = s.memory(ctx, r)
		}
		if err := errors.Join(err, s.stop()); err != nil {
			return err
		}
	}
	r.against("process start to pages served", median(ready), "ms", "a process that does nothing", median(nothing))
	return nil
}

// served is the program in a process of its own, serving a folder's pages or as a relay.
type served struct {
	cmd *exec.Cmd
	url string
}

func (b *bed) serve(ctx context.Context) (*served, float64, error) {
	return startServing(ctx, b.o.Program, "/health", "serve", b.dir)
}

// startServing starts the program on an address of this machine and waits until that page answers: how long it took.
func startServing(ctx context.Context, program, page string, args ...string) (*served, float64, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, 0, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, 0, err
	}
	s := &served{cmd: exec.CommandContext(ctx, program, append(args, "--addr", addr)...), url: "http://" + addr}
	begin := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, 0, err
	}
	for {
		response, err := http.Get(s.url + page)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return s, time.Since(begin).Seconds(), nil
			}
		}
		if time.Since(begin) > time.Minute {
			return nil, 0, errors.Join(fmt.Errorf("nothing is served after a minute: %w", err), s.stop())
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *served) stop() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return err
	}
	if err := s.cmd.Wait(); err != nil && s.cmd.ProcessState == nil {
		return err
	}
	return nil
}

// memory asks the system how much the process holds: started, unlocked, after a search.
func (s *served) memory(ctx context.Context, r *Report) error {
	before, _, ok := s.resident()
	if !ok {
		return nil // a system that does not tell
	}
	var session struct {
		Token string `json:"token"`
	}
	if err := s.ask(ctx, http.MethodPost, "/api/v1/sessions", map[string]string{"member": "Ana", "passphrase": passphrase}, "", &session); err != nil {
		return err
	}
	unlocked, peak, _ := s.resident()
	if err := s.ask(ctx, http.MethodGet, "/api/v1/queries/person.find?q="+url.QueryEscape("Hernández"), nil, session.Token, nil); err != nil {
		return err
	}
	searched, _, _ := s.resident()
	const what = "the program started and locked"
	r.against("memory, unlocked", unlocked, "MB", what, before)
	r.against("memory, unlocked and searched", searched, "MB", what, before)
	r.against("memory at most while unlocking (64 MiB of it stretch the passphrase)", peak, "MB", what, before)
	return nil
}

// resident reads what Linux says of the process, in megabytes.
func (s *served) resident() (now, peak float64, ok bool) { return resident(s.cmd.Process.Pid) }

func resident(pid int) (now, peak float64, ok bool) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0, false
	}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		var kb float64
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		if _, err := fmt.Sscan(value, &kb); err != nil {
			return 0, 0, false
		}
		if name == "VmRSS" {
			now = kb / 1e3
		} else {
			peak = kb / 1e3
		}
	}
	return now, peak, now > 0
}

func (s *served) ask(ctx context.Context, method, path string, say any, token string, into any) error {
	var body bytes.Buffer
	if say != nil {
		if err := json.NewEncoder(&body).Encode(say); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, &body)
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return &unserved{path, response.StatusCode, raw}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// unserved is an answer that is not what was asked for.
type unserved struct {
	path   string
	status int
	body   []byte
}

func (u *unserved) Error() string {
	return fmt.Sprintf("%s answers %d %s: %s", u.path, u.status, http.StatusText(u.status), u.body)
}
