package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/observatory"
	"amparo/internal/people"
	"amparo/internal/record"
	"amparo/internal/relay"
	"amparo/internal/sample"
)

// player plays a story on a relay, three sites and a coordination, each with a folder of its own.
type player struct {
	*call
	dir      string
	registry *record.Registry
	clock    atomic.Pointer[time.Time] // the story's time; nil: the wall's
	actors   []*actor
	relayURL string
	closers  []func() error

	ids     map[string]record.ID // client id → record
	cards   map[string]string    // client id of a person → card
	summary demoSummary
}

// actor is one node of the story.
type actor struct {
	site       sample.Site
	dir        string
	member     string
	passphrase string
	node       *node.Node
	session    *node.Session
	beside     []string // who else can unlock on this device
}

// The members are made up, as everybody in the story is. Their passphrases are printed: nothing here is secret.
var demoMembers = map[string]string{"tapachula": "Rosa Ku", "coatzacoalcos": "Mateo Cruz", "reynosa": "Inés Villar", "coordination": "Elena Prado"}

// demoBeside are two more people on the device at Tapachula, with one role each: what the one registers the other treats, and
// neither sees what is the other's.
var demoBeside = map[string]string{"Toño Díaz": "registrar", "Lucía Mora": "clinician"}

func newPlayer(c *call, dir string) (*player, error) {
	reg, err := registry()
	if err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, record.Refuse("dir", "folder_not_empty", "dir", dir)
	}
	return &player{call: c, dir: dir, registry: reg, ids: map[string]record.ID{}, cards: map[string]string{}}, nil
}

func (p *player) options() node.Options { return node.Options{Wall: p.now, Cost: p.Cost} }

func (p *player) now() time.Time {
	if t := p.clock.Load(); t != nil {
		return *t
	}
	return time.Now()
}

func (p *player) openRelay(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Join(p.dir, "relay"), 0o700); err != nil {
		return err
	}
	store, err := relay.OpenSQLite(ctx, filepath.Join(p.dir, "relay", "relay.db"))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, store.Close())
	}
	p.relayURL = "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		ended <- relay.Serve(ctx, l, relay.New(relay.Config{Store: store, Now: p.now, Version: Version}))
	}()
	p.closers = append(p.closers, func() error {
		stop()
		return errors.Join(<-ended, store.Close())
	})
	return nil
}

// close ends nodes first, then the relay. It may be called more than once.
func (p *player) close() error {
	var err error
	for _, a := range p.actors {
		if a != nil && a.node != nil {
			err = errors.Join(err, a.node.Close())
		}
	}
	p.actors = nil
	for _, end := range p.closers {
		err = errors.Join(err, end())
	}
	p.closers = nil
	return err
}

// open founds the workspace at the coordination and lets the three sites join by invitation, as people would.
func (p *player) open(ctx context.Context, story *sample.Story) error {
	start := story.Start
	p.clock.Store(&start)
	if err := p.openRelay(ctx); err != nil {
		return err
	}
	p.actors = make([]*actor, len(story.Sites))
	for i, s := range story.Sites {
		p.actors[i] = &actor{site: s, dir: demoFolder(p.dir, s), member: demoMembers[s.Folder], passphrase: "camino largo " + s.Folder}
	}
	head := p.actors[sample.Coordination]
	var err error
	head.node, err = node.Found(head.dir, p.registry, node.Founding{Workspace: lang.T(p.lang, "cmd.demo.workspace"), Member: head.member, Passphrase: head.passphrase, Lang: string(p.lang)}, p.options())
	if err != nil {
		return err
	}
	if head.session, err = head.node.Unlock(ctx, "", []byte(head.passphrase)); err != nil {
		return err
	}
	if err := p.exchange(ctx, head); err != nil {
		return err
	}
	for _, a := range p.actors {
		if a != head {
			if err := p.admit(ctx, head, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// teamRoles are those of the one person who stands for a whole team at each site of the story.
var teamRoles = []string{"registrar", "clinician", "psychologist", "social_worker", "monitor", "logistician", "coordinator"}

// beside lets one more member onto a site's device, so that it can be seen what a role does not open.
func (p *player) beside(ctx context.Context, head, at *actor, name, role string) error {
	inv, err := head.session.Invite(ctx, node.Invite{Roles: []string{role}})
	if err != nil {
		return err
	}
	req, err := at.node.JoinHere(inv, name, at.passphrase)
	if err != nil {
		return err
	}
	if _, err := head.session.Accept(ctx, req); err != nil {
		return err
	}
	at.beside = append(at.beside, name)
	return errors.Join(p.exchange(ctx, head), p.exchange(ctx, at))
}

func (p *player) admit(ctx context.Context, head, a *actor) error {
	inv, err := head.session.Invite(ctx, node.Invite{Roles: teamRoles})
	if err != nil {
		return err
	}
	n, req, err := node.Join(a.dir, p.registry, inv, a.member, a.passphrase, p.options())
	if err != nil {
		return err
	}
	a.node = n
	if _, err := head.session.Accept(ctx, req); err != nil {
		return err
	}
	if err := p.exchange(ctx, head); err != nil {
		return err
	}
	if _, err := n.ExchangeAs(ctx, "", []byte(a.passphrase), p.relayURL, nil); err != nil {
		return err
	}
	a.session, err = n.Unlock(ctx, "", []byte(a.passphrase))
	return err
}

func (p *player) exchange(ctx context.Context, a *actor) error {
	sum, err := a.session.Exchange(ctx, p.relayURL, nil)
	p.summary.Exchanged += sum.Sent + sum.Received
	p.summary.Bytes += sum.BytesOut + sum.BytesIn
	p.summary.RoundTrips += sum.RoundTrips
	return err
}

// play does every step of the story, then loads the public series and counts what there is.
func (p *player) play(ctx context.Context, story *sample.Story) (demoSummary, error) {
	told, end := p.progress(lang.T(p.lang, "cmd.progress.demo"))
	defer end()
	for i := range story.Steps {
		told(int64(i), int64(len(story.Steps)))
		step := &story.Steps[i]
		at := step.At
		p.clock.Store(&at)
		if err := p.step(ctx, step); err != nil {
			return p.summary, err
		}
	}
	p.clock.Store(nil)
	head := p.actors[sample.Coordination]
	imported, err := observatory.Import(observatory.Importers()[0], observatory.Encounters(), false, p.lang, func(r record.Request) record.Result { return head.session.Apply(ctx, p.lang, r) })
	if err != nil {
		return p.summary, err
	}
	for _, s := range imported.Series {
		p.summary.SeriesRows += s.Rows
	}
	for _, name := range slices.Sorted(maps.Keys(demoBeside)) {
		if err := p.beside(ctx, head, p.actors[sample.Tapachula], name, demoBeside[name]); err != nil {
			return p.summary, err
		}
	}
	// Twice: what somebody's program gives of itself when something arrives, keys for a newcomer, is fetched by the others.
	for range 2 {
		for _, a := range append([]*actor{head}, p.actors...) {
			if err := p.exchange(ctx, a); err != nil {
				return p.summary, err
			}
		}
	}
	for i, s := range story.Sites {
		if err := p.actors[i].node.SetSite(p.ids[s.ID]); err != nil {
			return p.summary, err
		}
	}
	return p.summary, p.count(ctx, story)
}

func (p *player) step(ctx context.Context, step *sample.Step) error {
	a := p.actors[step.Node]
	switch step.Kind {
	case sample.Exchange:
		return p.exchange(ctx, a)
	case sample.Find:
		return p.find(ctx, a, step.Find)
	}
	r := a.session.Apply(ctx, p.lang, step.Request)
	if !r.OK {
		p.summary.Refused++
		fmt.Fprintf(p.Stderr, "%s %s: %s (%s)\n", r.Action, r.ID, r.Error.Message, r.Error.Field)
		return nil
	}
	return p.remember(step.Request.ID, r)
}

// remember keeps which record a client id made, and a person's card.
func (p *player) remember(client string, r record.Result) error {
	raw, err := json.Marshal(r.Result)
	if err != nil {
		return err
	}
	var made struct {
		ID   record.ID `json:"id"`
		Card string    `json:"card"`
	}
	if err := json.Unmarshal(raw, &made); err != nil || client == "" {
		return err
	}
	p.ids[client] = made.ID
	if made.Card != "" {
		p.cards[client] = made.Card
	}
	return nil
}

// find looks somebody up at a site where they were not registered.
func (p *player) find(ctx context.Context, a *actor, l sample.Lookup) error {
	q := l.Query
	if q == "" {
		q = p.cards[l.Expect]
	}
	answer, err := a.session.Query(ctx, p.lang, "person.find", map[string][]string{"q": {q}, "limit": {"10"}})
	if err != nil {
		return err
	}
	p.summary.Sought++
	found, ok := answer.(people.Found)
	if !ok {
		return fmt.Errorf("person.find answered with a %T", answer)
	}
	for _, hit := range found.Hits {
		if hit.Person.ID == p.ids[l.Expect] {
			p.summary.FoundElsewhere++
			break
		}
	}
	return nil
}

func (p *player) count(ctx context.Context, story *sample.Story) error {
	head := p.actors[sample.Coordination].session
	for _, of := range []struct {
		into *int
		sql  string
	}{
		{&p.summary.Persons, "SELECT count(*) FROM identity.person"}, {&p.summary.Visits, "SELECT count(*) FROM identity.visit"},
		{&p.summary.Linked, "SELECT count(*) / 2 FROM identity.link WHERE verdict = 'same'"}, {&p.summary.Households, "SELECT count(*) FROM identity.household"},
		{&p.summary.Searches, "SELECT count(*) FROM identity.family_sought"}, {&p.summary.Reunited, "SELECT count(*) FROM identity.family_sought WHERE search_state = 'found'"},
		{&p.summary.CardsLost, "SELECT count(*) FROM identity.card WHERE card_state <> 'active'"}, {&p.summary.WaySteps, "SELECT count(*) FROM identity.journey"},
		{&p.summary.Consultations, "SELECT (SELECT count(*) FROM care.consultation) + (SELECT count(*) FROM mind.session) + (SELECT count(*) FROM law.social)"},
	} {
		text, err := head.Word(ctx, of.sql)
		if err != nil {
			return err
		}
		if _, err := fmt.Sscan(text, of.into); err != nil {
			return err
		}
	}
	var err error
	if p.summary.Commits, err = head.Parts(); err != nil {
		return err
	}
	conflicts, err := head.Query(ctx, p.lang, "conflicts", nil)
	if err != nil {
		return err
	}
	if list, ok := conflicts.(node.Conflicts); ok {
		p.summary.Conflicts = len(list.Conflicts)
	}
	southwest, err := head.Query(ctx, p.lang, "series", map[string][]string{"series": {"cbp-encounters"}, "where": {"fiscal_year=2023", "region=southwest"}})
	if err != nil {
		return err
	}
	if answer, ok := southwest.(observatory.Answer); ok {
		p.summary.SouthwestFY23 = int64(answer.Total)
	}
	p.summary.DigestsEqual, err = p.inStep()
	return err
}

// inStep compares the views of all nodes.
func (p *player) inStep() (bool, error) {
	var first string
	for i, a := range p.actors {
		d, err := a.session.Digests()
		if err != nil {
			return false, err
		}
		text := fmt.Sprint(d)
		if i == 0 {
			first = text
		}
		if text != first {
			return false, nil
		}
	}
	return true, nil
}

// browse opens the reader's browser when a person started the demo from a terminal.
func (p *player) browse(url string) {
	if !p.Terminal {
		return
	}
	open := map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}[runtime.GOOS]
	if open == nil {
		open = []string{"xdg-open"}
	}
	if path, err := exec.LookPath(open[0]); err == nil {
		_ = exec.Command(path, append(open[1:], url)...).Start() // the address is printed all the same
	}
}
