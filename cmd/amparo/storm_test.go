package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// relayProcess is a relay in a process of its own, which may be killed and started again at the same address.
type relayProcess struct {
	*testing.T
	store, addr string
	process     *exec.Cmd
	ended       chan struct{} // of the process
}

func newRelayProcess(t *testing.T, store string) *relayProcess {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relayProcess{T: t, store: store, addr: l.Addr().String()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r.start()
	t.Cleanup(r.kill)
	return r
}

func (r *relayProcess) start() {
	r.Helper()
	p := program(".", phrase, "relay", "--store", "sqlite:"+r.store, "--addr", r.addr, "--rate", "1000")
	out, err := p.StdoutPipe()
	if err != nil {
		r.Fatal(err)
	}
	var complaint strings.Builder
	p.Stderr = &complaint
	if err := p.Start(); err != nil {
		r.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, r.addr) {
		r.Fatalf("the relay says %q: %v\n%s", line, err, complaint.String())
	}
	ended := make(chan struct{})
	go func() {
		io.Copy(io.Discard, out) // until it ends
		p.Wait()                 // killed, all of them
		close(ended)
	}()
	r.process, r.ended = p, ended
}

// kill ends the process at once, if it runs.
func (r *relayProcess) kill() {
	r.process.Process.Kill() // it may be dead already
	<-r.ended
}

// trap is a way to a relay on which something happens when so many bytes have passed.
type trap struct {
	net.Listener
	to     string
	mu     sync.Mutex
	left   int
	spring func()
}

func newTrap(t *testing.T, to string) *trap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &trap{Listener: l, to: to}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(c)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return p
}

func (p *trap) set(bytes int, spring func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.spring = bytes, spring
}

// sprung takes the trap away and reports whether it had sprung.
func (p *trap) sprung() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	sprung := p.spring == nil
	p.spring = nil
	return sprung
}

func (p *trap) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		return // the relay is dead
	}
	defer server.Close()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		both.Go(func() {
			defer way[1].Close()
			part := make([]byte, 512)
			for {
				n, err := way[0].Read(part)
				if n > 0 {
					p.passed(n)
					if _, err := way[1].Write(part[:n]); err != nil {
						return
					}
				}
				if err != nil {
					return
				}
			}
		})
	}
	both.Wait()
}

func (p *trap) passed(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left -= n; p.left <= 0 && p.spring != nil {
		p.spring()
		p.spring = nil
	}
}

// together makes two folders of one workspace, the second of which knows nothing yet but who invited it.
func together(t *testing.T) (a, b string) {
	t.Helper()
	at := t.TempDir()
	path := func(name string) string { return filepath.Join(at, name) }
	a, b = path("a"), path("b")
	cheapNode(t, a)
	good(t, "", "invite", a, "--role", "registrar", "--out", path("invitation"))
	good(t, "", "join", b, "--invite", path("invitation"), "--member", "Bea", "--out", path("request"))
	good(t, "", "accept", a, path("request"))
	return a, b
}

// digests is what check says of the records that both folders open.
func digests(t *testing.T, dir string) map[string]string {
	t.Helper()
	var said struct{ Digests map[string]string }
	if err := json.Unmarshal([]byte(good(t, "", "check", dir, "--json")), &said); err != nil {
		t.Fatal(err)
	}
	return said.Digests
}

// Devices and the relay are killed in the middle of exchanges, after any number of bytes. What was said to be saved arrives, and
// once.
func TestExchangesSurviveKilling(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	a, b := together(t)
	relay := newRelayProcess(t, filepath.Join(t.TempDir(), "relay.db"))
	way := newTrap(t, relay.addr)
	url := "http://" + way.Addr().String()
	good(t, "", "exchange", a, "--relay", url)
	good(t, "", "exchange", b, "--relay", url)
	const rounds = 30
	var saved []string
	struck := 0
	for round := range rounds {
		who := []string{a, b}[round%2]
		var lines strings.Builder
		for i := range 4 {
			id := fmt.Sprintf("r%d-%d", round, i)
			lines.WriteString(person(id))
			saved = append(saved, id)
		}
		good(t, lines.String(), "apply", who)
		p := program(".", phrase, "exchange", who)
		one, again := round%3 == 0, make(chan struct{})
		way.set(random.IntN(2500), func() { // the device, both, or the relay, which is there again when the device tries once more
			if !one {
				p.Process.Kill()
			}
			if round%3 == 1 {
				return
			}
			relay.process.Process.Kill()
			if one {
				go func() {
					<-relay.ended
					relay.start()
					close(again)
				}()
			}
		})
		err := p.Run()
		if way.sprung() {
			struck++
			if one {
				<-again
			}
		}
		if one && err != nil {
			t.Errorf("round %d: the relay was killed and came back, and the exchange ends with %v", round, err)
		}
		if round%3 == 2 {
			relay.kill()
			relay.start()
		}
	}
	if struck < rounds/2 {
		t.Errorf("only %d of %d exchanges were struck", struck, rounds)
	}
	for _, who := range []string{a, b, a, b} {
		good(t, "", "exchange", who)
	}
	mine, theirs := digests(t, a), digests(t, b)
	for compartment, digest := range theirs {
		if mine[compartment] != digest {
			t.Errorf("the records of %s are not the same", compartment)
		}
	}
	if theirs["identity"] == "" {
		t.Error("nothing was compared")
	}
	for _, who := range []string{a, b} { // looking writes too: that somebody looked
		n, s := session(t, who)
		everybodyIsThere(t, s, saved)
		if h, err := n.Check(t.Context(), s, nil); err != nil || !h.OK {
			t.Errorf("check: %+v, %v", h.Problems, err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
