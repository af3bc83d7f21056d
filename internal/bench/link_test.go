package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets this program stand in for the peer that the registry of npm has: tests ask nothing beyond this machine.
func TestMain(m *testing.M) {
	if os.Getenv("AMPARO_BENCH_PEER") != "" {
		if err := standIn(os.Stdin, os.Stdout); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// standIn carries documents as one body, and speaks as couch/peer.cjs does.
func standIn(in io.Reader, out io.Writer) error {
	var docs []json.RawMessage
	var kept []byte
	for lines := bufio.NewReader(in); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var c struct {
			Do, URL string
			Docs    []json.RawMessage
		}
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		var answer peerAnswer
		switch c.Do {
		case "serve":
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					kept, _ = io.ReadAll(r.Body)
				}
				w.Write(kept)
			}))
			answer.Port = s.Listener.Addr().(*net.TCPAddr).Port
		case "fill":
			docs = c.Docs
		case "push", "pull":
			raw, err := json.Marshal(docs)
			if err != nil {
				return err
			}
			begin := time.Now()
			var response *http.Response
			if c.Do == "push" {
				response, err = http.Post(c.URL, "application/json", bytes.NewReader(raw))
			} else {
				response, err = http.Get(c.URL)
			}
			if err != nil {
				return err
			}
			var came []json.RawMessage
			if err := errors.Join(json.NewDecoder(response.Body).Decode(&came), response.Body.Close()); err != nil {
				return err
			}
			answer.Docs, answer.Seconds = len(came), time.Since(begin).Seconds()
		default:
			answer.Error = "what is " + c.Do
		}
		if err := json.NewEncoder(out).Encode(answer); err != nil {
			return err
		}
	}
}

// quick is a link on which a test does not wait, but which loses enough to show.
var quick = link{Rate: 50e6, Delay: time.Millisecond, Loss: 0.05}

func TestTheLinkLosesNothingForGood(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // sends back what it was sent, once that has ended
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				raw, err := io.ReadAll(c)
				if err == nil {
					c.Write(raw)
				}
			}()
		}
	}()
	over := link{Rate: 20e6, Delay: 2 * time.Millisecond, Loss: 0.1}
	s, err := newShaper(l.Addr().String(), over, 7)
	if err != nil {
		t.Fatal(err)
	}
	const conns, size = 3, 30_000
	begin := time.Now()
	var all sync.WaitGroup
	for i := range conns {
		all.Go(func() {
			say := random(rand.New(rand.NewPCG(1, uint64(i))), size+i)
			c, err := net.Dial("tcp", s.listener.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, err := c.Write(say); err != nil {
				t.Error(err)
			}
			if err := c.(*net.TCPConn).CloseWrite(); err != nil {
				t.Error(err)
			}
			back, err := io.ReadAll(c)
			if err != nil || !bytes.Equal(back, say) {
				t.Errorf("connection %d: %d bytes of %d came back, or others: %v", i, len(back), len(say), err)
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	c := s.carried()
	if want := int64(conns*size + 3); c.Up != want || c.Down != want || c.Connections != conns {
		t.Errorf("carried %+v, want %d bytes each way on %d connections", c, want, conns)
	}
	if c.Lost == 0 || c.Segments < 2*conns*size/segment+c.Lost {
		t.Errorf("%d segments, %d lost", c.Segments, c.Lost)
	}
	if least := over.least(c) - 2*catchUp; took < least {
		t.Errorf("%v over a link that needs %v", took, least)
	}
}

func TestAServerThatIsGoneEndsTheConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newShaper(l.Addr().String(), quick, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("nobody answered, and something came")
	}
	if err := errors.Join(c.Close(), s.close()); err != nil {
		t.Error(err)
	}
}

func TestTheLeastALinkNeeds(t *testing.T) {
	slow := link{Rate: 64_000, Delay: 300 * time.Millisecond, Loss: 0.02}
	for _, c := range []struct {
		over link
		what carriedOver
		want time.Duration
	}{
		{slow, carriedOver{}, 600 * time.Millisecond},
		{slow, carriedOver{Up: 1460}, 600*time.Millisecond + 187500*time.Microsecond},
		{slow, carriedOver{Up: 1460, Down: 1}, 600*time.Millisecond + 187500*time.Microsecond + 5125*time.Microsecond},
		{link{Delay: time.Second}, carriedOver{Up: 1 << 30}, 2 * time.Second},
	} {
		if got := c.over.least(c.what); got != c.want {
			t.Errorf("%+v over %+v needs %v, want %v", c.what, c.over, got, c.want)
		}
	}
}

// The benchmarks of the exchange run at a size that tests can wait for, the first with a stand-in for its peer.
func TestExchangesAreMeasured(t *testing.T) {
	t.Setenv("AMPARO_BENCH_PEER", "1")
	for _, b := range []struct {
		name string
		n    int
		want map[string]string // measure to what it stands beside
	}{
		{"link", 12, map[string]string{"the day handed in": "CouchDB", "the day taken at the coordination": "CouchDB", "nothing new": "the link's own limit"}},
		{"nothing", 3, map[string]string{"nothing new, both ways, all in": "the aim", "nothing new": "the least there is"}},
		{"first", 80, map[string]string{"until somebody registered lately is found": "the aim", "until everything is there": "the link's own limit"}},
	} {
		t.Run(b.name, func(t *testing.T) {
			o := options(t, b.n)
			o.link, o.peer = &quick, []string{os.Args[0]}
			r, err := Run(t.Context(), b.name, o)
			if err != nil {
				t.Fatal(err)
			}
			for measure, what := range b.want {
				found := false
				for _, m := range r.Results {
					found = found || m.Measure == measure && strings.Contains(m.Against, what) && m.Value > 0 && m.Ratio > 0
				}
				if !found {
					t.Errorf("%q does not stand beside %q: %+v", measure, what, r.Results)
				}
			}
			if left, err := sizeOf(o.Dir, "*"); err != nil || left != 0 {
				t.Errorf("%d bytes are left behind, %v", left, err)
			}
		})
	}
}

// What the peer carries is what the actions said, with ids as long as real ones.
func TestDocumentsSayWhatTheActionsSaid(t *testing.T) {
	list := story(3, 4)
	docs, err := documents(list)
	if err != nil {
		t.Fatal(err)
	}
	again, err := documents(list)
	if err != nil {
		t.Fatal(err)
	}
	hidden, err := unreadable(docs)
	if err != nil {
		t.Fatal(err)
	}
	ids, sites := map[string]bool{}, map[string]bool{}
	for i, raw := range docs {
		var d document
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		if d.Type != list[i].Action || len(d.ID) != 26 || ids[d.ID] || !bytes.Equal(raw, again[i]) {
			t.Errorf("document %d of %s: %s", i, list[i].Action, raw)
		}
		if ids[d.ID] = true; d.Type == "site.open" {
			sites[d.ID] = true
		} else if !sites[d.Site] {
			t.Errorf("document %d is at a site that no document opens: %s", i, raw)
		}
		var shut struct {
			ID     string `json:"_id"`
			Sealed []byte
		}
		if err := json.Unmarshal(hidden[i], &shut); err != nil || shut.ID != d.ID || len(shut.Sealed) < len(raw)-len(d.ID) || len(shut.Sealed) > len(raw)+32 {
			t.Errorf("a document of %d bytes becomes %s: %v", len(raw), hidden[i], err)
		}
		if storyID.Match(raw) || bytes.Contains(raw, []byte(`"s3.`)) {
			t.Errorf("a short id is still in %s", raw)
		}
	}
}
