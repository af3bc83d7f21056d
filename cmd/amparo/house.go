package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/vault"
	"amparo/internal/web"
)

// house shows one node's folder to the pages (web.House). The folder may still be empty: then the pages found it.
type house struct {
	dir      string
	registry *record.Registry
	options  node.Options
	newcomer chan struct{} // somebody's first exchange has begun: what is sealed is still to come

	mu   sync.Mutex
	lan  string       // where neighbours are answered; empty: where they usually are
	log  *slog.Logger // of what answers them
	node *node.Node   // nil until founded
	name string       // the workspace's, known while somebody is unlocked
}

// openHouse opens a folder, or waits for the pages to found one in it.
func openHouse(dir string, registry *record.Registry, o node.Options) (*house, error) {
	h := &house{dir: dir, registry: registry, options: o, newcomer: make(chan struct{}, 1)}
	n, err := node.Open(dir, registry, o)
	if err != nil && !errors.Is(err, node.ErrNoWorkspace) {
		return nil, err
	}
	h.node = n
	return h, nil
}

func (h *house) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.node == nil {
		return nil
	}
	return h.node.Close()
}

func (h *house) open() *node.Node {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.node
}

func (h *house) Founded() bool { return h.open() != nil }

func (h *house) Workspace() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.node == nil || len(h.node.Unlocked()) == 0 {
		return "" // a locked machine does not say whose it is
	}
	return h.name
}

func (h *house) Registry() *record.Registry { return h.registry }

func (h *house) Members() []web.Member {
	n := h.open()
	if n == nil {
		return nil
	}
	listed, err := n.Members()
	if err != nil {
		return nil // the unlock page then asks for a name; unlocking itself says what is wrong
	}
	out := make([]web.Member, len(listed))
	for i, m := range listed {
		out[i] = web.Member{ID: record.ID(m.ID), Name: m.Label}
	}
	return out
}

func (h *house) Found(ctx context.Context, f web.Founding) (web.Founded, error) {
	h.mu.Lock()
	if h.node != nil {
		h.mu.Unlock()
		return web.Founded{}, web.ErrFounded
	}
	n, err := node.Found(h.dir, h.registry, node.Founding{Workspace: f.Workspace, Member: f.Member, Passphrase: f.Passphrase, Lang: string(f.Lang)}, h.options)
	h.node = n
	h.mu.Unlock()
	if err != nil {
		return web.Founded{}, asWeb(err)
	}
	desk, err := h.unlock(ctx, "", f.Passphrase)
	return web.Founded{Desk: desk}, err
}

func (h *house) Unlock(ctx context.Context, member record.ID, passphrase string) (web.Desk, error) {
	n := h.open()
	if n == nil {
		return nil, node.ErrNoWorkspace
	}
	listed, err := n.Members()
	if err != nil {
		return nil, err
	}
	for _, m := range listed {
		if record.ID(m.ID) == member {
			return h.unlock(ctx, m.ID.String(), passphrase)
		}
	}
	return nil, web.ErrPassphrase
}

func (h *house) unlock(ctx context.Context, name, passphrase string) (web.Desk, error) {
	n := h.open()
	s, err := n.Unlock(ctx, name, []byte(passphrase))
	if errors.Is(err, node.ErrNotYetGranted) && n.Relay() != "" { // let in meanwhile, perhaps: whoever unlocks wants to know now
		if _, asked := n.ExchangeAs(ctx, name, []byte(passphrase), "", nil); asked == nil {
			if s, err = n.Unlock(ctx, name, []byte(passphrase)); err == nil {
				select {
				case h.newcomer <- struct{}{}:
				default:
				}
			}
		}
	}
	if err != nil {
		return nil, asWeb(err)
	}
	d := &desk{session: s, lan: h.lan, log: h.log}
	h.mu.Lock()
	h.name = d.ask("SELECT name FROM field.workspace WHERE key = 'workspace'")
	h.mu.Unlock()
	return d, nil
}

// asWeb gives the pages the errors they tell apart.
func asWeb(err error) error {
	switch {
	case errors.Is(err, vault.ErrPassphrase), errors.Is(err, vault.ErrNoMember):
		return web.ErrPassphrase
	case errors.Is(err, node.ErrLocked):
		return web.ErrLocked
	case errors.Is(err, node.ErrFounded):
		return web.ErrFounded
	}
	return node.AsRefusal(err)
}

// desk is one unlocked member as the pages see it (web.Desk, web.Exchanger).
type desk struct {
	session *node.Session
	lan     string       // where neighbours are answered; empty: where they usually are
	log     *slog.Logger // of what answers them; nil: nowhere
}

func (d *desk) Apply(ctx context.Context, in lang.Tag, r record.Request) record.Result {
	return d.session.Apply(ctx, in, r)
}

// ApplyWhole is web.Wholesale's.
func (d *desk) ApplyWhole(ctx context.Context, in lang.Tag, requests []record.Request, trial bool) ([]record.Result, bool, error) {
	return d.session.ApplyWhole(ctx, in, requests, trial)
}

func (d *desk) Query(ctx context.Context, in lang.Tag, name string, params map[string][]string) (any, error) {
	answer, err := d.session.Query(ctx, in, name, params)
	if err != nil {
		return nil, asWeb(err)
	}
	return answer, nil
}

func (d *desk) Member() web.Member {
	id, label := d.session.Member()
	m := web.Member{ID: id, Name: label}
	if name := d.ask("SELECT name FROM field.member WHERE member = ?", id); name != "" {
		m.Name = name
	}
	m.Role = d.ask("SELECT role FROM field.member WHERE member = ?", id)
	return m
}

func (d *desk) ask(statement string, args ...any) string {
	text, err := d.session.Word(context.Background(), statement, args...)
	if err != nil {
		return ""
	}
	return text
}

func (d *desk) Opens(c record.Compartment) bool { return d.session.Opens(c) }

func (d *desk) MayDo(action string) bool { return d.session.MayDo(action) }

func (d *desk) MayAsk(query string) bool { return d.session.MayAsk(query) }

func (d *desk) Status() web.Status {
	s := web.Status{Site: d.session.Node().Site()}
	if p, err := d.session.Status(); err == nil {
		s.Pending, s.Held, s.Oldest, s.Exchanged, s.Coming = p.Commits, p.Held, p.Oldest, p.Exchanged, p.Coming
	}
	if n, err := d.session.Rivals(context.Background()); err == nil {
		s.Rivals = n
	}
	return s
}

func (d *desk) Lock() { d.session.Lock() }

func (d *desk) Exchange(ctx context.Context) (web.Exchanged, error) {
	sum, err := d.session.Exchange(ctx, "", nil)
	out := web.Exchanged{Sent: int(sum.Sent), Received: int(sum.Received), Bytes: sum.BytesOut + sum.BytesIn}
	if err != nil {
		return out, asWeb(err)
	}
	if relayFull(sum) { // what others wrote came; what is only here stays only here, and that must be said
		return out, record.Refuse("", "relay_full")
	}
	return out, nil
}

// Stand remembers at which site this device stands (web.Standing).
func (d *desk) Stand(_ context.Context, site record.ID) error { return d.session.Node().SetSite(site) }
