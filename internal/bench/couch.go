package bench

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"amparo/internal/record"
)

// document is what a program on CouchDB's protocol keeps of one action: what was said, and who says so.
type document struct {
	ID     string          `json:"_id"`
	Type   string          `json:"type"`
	At     string          `json:"at"`
	Site   string          `json:"site,omitempty"`
	By     string          `json:"by"`
	Device string          `json:"device"`
	Data   json.RawMessage `json:"data"`
}

// documents are the same records as plain JSON: one a commit, as programs on that protocol keep reports. The story's own
// short ids become ones as long as this program's, for what it carries has such ids too. Nothing is signed, sealed or
// padded: that protocol leaves it to who uses it.
func documents(list []record.Request) ([]json.RawMessage, error) {
	ids, r := map[string]string{}, rand.New(rand.NewPCG(judgedSeed, 1))
	id := func(text string) string {
		if ids[text] == "" {
			ids[text] = record.ID(random(r, len(record.ID{}))).String()
		}
		return ids[text]
	}
	by, device := id("member"), id("writer")
	var out []json.RawMessage
	for n, request := range list {
		var data any
		if err := json.Unmarshal(request.Data, &data); err != nil {
			return nil, err
		}
		said, err := json.Marshal(renamed(data, id))
		if err != nil {
			return nil, err
		}
		name := cmp.Or(request.ID, strconv.Itoa(n))
		d := document{ID: id(name), Type: request.Action, At: request.At.Format(time.RFC3339), By: by, Device: device, Data: said}
		if request.Site != "" {
			d.Site = id(request.Site)
		}
		raw, err := json.Marshal(d)
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}

// unreadable gives documents as long as if each were sealed by itself, as plugins of that protocol do: a nonce, what it
// says and a tag, written in base64, for JSON has no bytes.
func unreadable(docs []json.RawMessage) ([]json.RawMessage, error) {
	const nonceAndTag = 24 + 16
	r := rand.New(rand.NewPCG(judgedSeed, 2))
	var out []json.RawMessage
	for _, raw := range docs {
		var d document
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, err
		}
		body := len(raw) - len(d.ID) - len(`"_id":"",`)
		hidden, err := json.Marshal(map[string]any{"_id": d.ID, "sealed": random(r, nonceAndTag+body)})
		if err != nil {
			return nil, err
		}
		out = append(out, hidden)
	}
	return out, nil
}

// storyID is what sample calls things: s1066.visit12.
var storyID = regexp.MustCompile(`^s[0-9]+\.[a-z]+[0-9]+$`)

func renamed(v any, id func(string) string) any {
	switch v := v.(type) {
	case map[string]any:
		for key, one := range v {
			v[key] = renamed(one, id)
		}
	case []any:
		for i, one := range v {
			v[i] = renamed(one, id)
		}
	case string:
		if storyID.MatchString(v) {
			return id(v)
		}
	}
	return v
}

// couch is the peer: a client and a server, each a process of its own, and the link between them.
type couch struct {
	client, server *peer
	road           *shaper
}

// couchProgram runs the peer that internal/bench/couch/fetch.sh has put into a folder.
func couchProgram(dir string) []string { return []string{"node", filepath.Join(dir, "peer.cjs")} }

// newCouch starts the peer, with the documents in its client.
func newCouch(ctx context.Context, program []string, docs []json.RawMessage) (c *couch, err error) {
	c = &couch{}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if c.server, err = startPeer(ctx, program...); err != nil {
		return nil, err
	}
	served, err := c.server.do(map[string]any{"do": "serve"})
	if err != nil {
		return nil, err
	}
	if c.road, err = newShaper(fmt.Sprintf("127.0.0.1:%d", served.Port), link{}, judgedSeed); err != nil {
		return nil, err
	}
	if c.client, err = startPeer(ctx, program...); err != nil {
		return nil, err
	}
	_, err = c.client.do(map[string]any{"do": "fill", "docs": docs})
	return c, err
}

func (c *couch) replicate(way string) (t trip, err error) {
	before := c.road.carried()
	done, err := c.client.do(map[string]any{"do": way, "url": c.road.url() + "/day"})
	return trip{seconds: done.Seconds, docs: done.Docs, over: c.road.carried().since(before)}, err
}

func (c *couch) close() (err error) {
	for _, p := range []*peer{c.client, c.server} {
		if p != nil {
			err = errors.Join(err, p.stop())
		}
	}
	if c.road != nil {
		err = errors.Join(err, c.road.close())
	}
	return err
}

// peer is a process that takes one command a line and gives one answer a line.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

type peerAnswer struct {
	Error   string  `json:"error"`
	Port    int     `json:"port"`
	Docs    int     `json:"docs"`
	Seconds float64 `json:"seconds"`
}

func startPeer(ctx context.Context, program ...string) (*peer, error) {
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the peer does not start; internal/bench/couch/fetch.sh fetches it: %w", err)
	}
	return &peer{cmd, in, bufio.NewReader(out)}, nil
}

func (p *peer) do(command map[string]any) (a peerAnswer, err error) {
	if err := json.NewEncoder(p.in).Encode(command); err != nil {
		return a, fmt.Errorf("the peer is gone: %w", err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("the peer is gone: %w", err)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, fmt.Errorf("the peer says %q: %w", line, err)
	}
	if a.Error != "" {
		return a, errors.New("the peer: " + a.Error)
	}
	return a, nil
}

// stop lets the process end: it does when nobody writes to it any more.
func (p *peer) stop() error { return errors.Join(p.in.Close(), p.cmd.Wait()) }

func hostOf(url string) string { return strings.TrimPrefix(url, "http://") }
