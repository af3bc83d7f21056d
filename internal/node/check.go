package node

import (
	"context"
	"fmt"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/store"
)

// Digests are the hashes of the views the member may open.
func (s *Session) Digests() (found map[record.Compartment]string, err error) {
	err = s.mending(s.life, func() error {
		end, err := s.use()
		if err != nil {
			return err
		}
		defer end()
		found, err = digests(s.views)
		return err
	})
	return found, err
}

func digests(v *store.Views) (map[record.Compartment]string, error) {
	out := map[record.Compartment]string{}
	for _, c := range record.Compartments() {
		if !v.Opens(c) {
			continue
		}
		d, err := v.Digest(c)
		if err != nil {
			return nil, err
		}
		out[c] = d
	}
	return out, nil
}

// Health is what `amparo check` says.
type Health struct {
	OK       bool              `json:"ok"`
	Commits  int               `json:"commits"`
	Writers  int               `json:"writers"`
	Digests  map[string]string `json:"digests,omitempty"` // of the views, by compartment
	Pending  int               `json:"pending"`
	Held     int               `json:"held"`     // sealed parts that stay here because somebody has not agreed to share
	Withheld int               `json:"withheld"` // sealed parts of others that have not come: kept back where they were written, or on the way
	Refused  int               `json:"refused"`  // what revoked members wrote too late and somebody offered
	Problems []Ailment         `json:"problems"`
}

// Ailment is one thing wrong. Code chooses the sentence `check.<code>`, which says what was kept and what to do.
type Ailment struct {
	Code   string `json:"code"`
	Where  string `json:"where,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// clockDoubt is from what difference with the relay's clock a device's own is called wrong.
const clockDoubt = 15 * time.Minute

// Check verifies chains and parts, rebuilds the views beside the live ones and compares, and looks at clocks. With no
// session it checks what needs no key.
func (n *Node) Check(ctx context.Context, s *Session, progress func(commits int)) (Health, error) {
	h := Health{Problems: []Ailment{}}
	bad := func(code, where, detail string) { h.Problems = append(h.Problems, Ailment{code, where, detail}) }
	if err := n.journal.Integrity(); err != nil {
		bad("damaged_pages", "journal", err.Error())
	}
	findings, commits, err := n.journal.Verify(progress)
	if err != nil {
		return h, err
	}
	for _, f := range findings {
		if f.Withheld {
			h.Withheld++
			continue
		}
		if f.Revoked {
			bad("revoked_commits", fmt.Sprintf("%s/%d", f.Writer, f.Seq), f.What)
			continue
		}
		bad("damaged_commit", fmt.Sprintf("%s/%d", f.Writer, f.Seq), f.What)
	}
	h.Held = n.journal.Held()
	h.Commits, h.Writers = commits, len(n.journal.Heads())
	asides, err := n.journal.Asides()
	if err != nil {
		return h, err
	}
	for _, a := range asides {
		if a.Revoked {
			h.Refused++
			continue
		}
		bad("set_aside", fmt.Sprintf("%s/%d", a.Writer, a.Seq), a.Reason)
	}
	if err := n.checkClocks(bad); err != nil {
		return h, err
	}
	if s != nil {
		if err := s.mending(ctx, func() error { return s.checkViews(ctx, &h, bad) }); err != nil {
			return h, err
		}
	}
	h.OK = len(h.Problems) == 0
	return h, nil
}

func (n *Node) checkClocks(bad func(code, where, detail string)) error {
	now := n.options.Wall()
	for w, head := range n.journal.Heads() {
		if ahead := head.Time.Wall().Sub(now); ahead > journal.MaxAhead {
			bad("clock_ahead", w.String(), ahead.Round(time.Minute).String())
		}
	}
	memory, err := n.relayMemory()
	if err != nil {
		return err
	}
	switch {
	case memory.Skew > clockDoubt:
		bad("clock_wrong_ahead", "", memory.Skew.Round(time.Minute).String())
	case memory.Skew < -clockDoubt:
		bad("clock_wrong_behind", "", (-memory.Skew).Round(time.Minute).String())
	}
	return nil
}

func (s *Session) checkViews(ctx context.Context, h *Health, bad func(code, where, detail string)) error {
	end, err := s.use()
	if err != nil {
		return err
	}
	defer end()
	s.node.mu.Lock() // nothing is written meanwhile: the two must be compared at the same place
	defer s.node.mu.Unlock()
	for _, o := range s.odd {
		bad("odd_fact", fmt.Sprintf("%s/%d", o.Writer, o.Seq), o.Reason)
	}
	live, err := digests(s.views)
	if err != nil {
		return err
	}
	other, discard, err := s.views.Copy()
	if err != nil {
		return err
	}
	beside := &Session{node: s.node, member: s.member, views: other, saw: map[journal.WriterID]uint64{}}
	if err := beside.catchUp(ctx); err != nil {
		discard()
		return err
	}
	rebuilt, err := digests(other)
	if err != nil {
		discard()
		return err
	}
	h.Digests = map[string]string{}
	for c, d := range live {
		h.Digests[c.String()] = d
		if rebuilt[c] != d {
			bad("view_differs", c.String(), "")
		}
	}
	p, err := s.Status()
	if err != nil {
		return err
	}
	h.Pending = p.Commits
	return discard()
}

// Rebuild throws the views away and makes them anew from the journal.
func (s *Session) Rebuild(ctx context.Context) error {
	s.using.Lock()
	defer s.using.Unlock()
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	if s.locked.Load() {
		return ErrLocked
	}
	s.forgetMemo() // the versions of new views begin anew
	return s.renew(ctx)
}

// renew makes the views anew from the journal.
func (s *Session) renew(ctx context.Context) error { return s.openAnew(ctx, true) }

// openAnew opens the views that the member may have now, and throws away what they hold when that is not to be trusted. Until
// it has succeeded nothing is read from them.
func (s *Session) openAnew(ctx context.Context, empty bool) error {
	s.torn = true
	if err := s.views.Close(); err != nil {
		return err
	}
	if empty {
		if err := s.views.Remove(); err != nil {
			return err
		}
	}
	if err := s.openViews(s.compartments()); err != nil {
		return err
	}
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	s.torn = false
	return nil
}
