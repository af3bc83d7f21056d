package relay

import (
	"context"
	"fmt"
	"sync"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// Founding says which workspaces may be brought to a relay for the first time.
type Founding string

// Policies of founding. A workspace that is closed is answered under neither.
const (
	FoundingOpen  Founding = ""      // anybody's
	FoundingKnown Founding = "known" // those its operator named; what was brought before stays served
)

// house keeps to what the operator decided: which workspaces are served, and how much each may bring.
type house struct {
	store    Store
	ledger   Ledger // nil: the store counts nothing
	quota    Quota
	founding Founding
	now      func() time.Time

	mu sync.Mutex
	of map[journal.WorkspaceID]*account
}

// account is what is remembered of a workspace's counts and terms for a moment: several relays may stand before one
// database, and an operator may decide while they run.
type account struct {
	until time.Time
	used  Used
	terms Terms
}

// accountKept is how long a count or a decision may be known to one relay only.
const accountKept = 5 * time.Second

// reserve is the part of a quota that only who administers may use: a revocation or an erasure must find room also where
// records no longer do.
const reserve = 10 // a tenth more

func newHouse(s Store, q Quota, f Founding, now func() time.Time) *house {
	h := &house{store: s, quota: q, founding: f, now: now, of: map[journal.WorkspaceID]*account{}}
	h.ledger, _ = s.(Ledger)
	return h
}

// open gives the copy of a workspace, or says why its members are not answered.
func (h *house) open(ctx context.Context, id journal.WorkspaceID) (Workspace, *wire.Refusal, error) {
	w, err := h.store.Workspace(ctx, id)
	if err != nil || h.ledger == nil {
		return w, nil, err
	}
	a, err := h.account(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case a.terms.Standing == StandingClosed:
		return nil, wire.Refuse(wire.RefusedClosed, "this relay serves that workspace no longer"), nil
	case a.used.Commits == 0 && h.founding == FoundingKnown && a.terms.Standing != StandingKnown:
		return nil, wire.Refuse(wire.RefusedFounding, "this relay takes only workspaces that its operator named"), nil
	}
	return &counted{w, h, id}, nil, nil
}

func (h *house) account(ctx context.Context, id journal.WorkspaceID) (account, error) {
	now := h.now()
	h.mu.Lock()
	kept := h.of[id]
	if kept != nil && now.Before(kept.until) {
		defer h.mu.Unlock()
		return *kept, nil
	}
	h.mu.Unlock()
	a := account{until: now.Add(accountKept)}
	var err error
	if a.terms, err = h.ledger.Terms(ctx, id); err != nil {
		return a, err
	}
	if a.used, err = h.ledger.Used(ctx, id); err != nil {
		return a, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.of) > maxOpenWorkspaces {
		clear(h.of)
	}
	h.of[id] = &a
	return a, nil
}

// brought counts what was taken until the database is asked again.
func (h *house) brought(id journal.WorkspaceID, u Used) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.of[id]; a != nil {
		a.used.Commits += u.Commits
		a.used.Bytes += u.Bytes
	}
}

// room is how much more a workspace may bring; who administers has a reserve. all: there is no limit.
func (h *house) room(a account, administers bool) (left Used, all bool) {
	q := h.quota
	for _, of := range []struct{ quota, terms *int64 }{{&q.Bytes, &a.terms.Quota.Bytes}, {&q.Commits, &a.terms.Quota.Commits}} {
		if *of.terms != 0 {
			*of.quota = *of.terms
		}
	}
	const plenty = int64(1) << 62
	most := func(quota, used int64) int64 {
		if quota <= 0 {
			return plenty
		}
		if administers {
			quota += quota/reserve + 1
		}
		return quota - used
	}
	return Used{Commits: most(q.Commits, a.used.Commits), Bytes: most(q.Bytes, a.used.Bytes)}, q.Commits <= 0 && q.Bytes <= 0
}

// counted is a workspace that takes no more than it may.
type counted struct {
	Workspace
	house *house
	id    journal.WorkspaceID
}

// administrators is a copy that knows who administers.
type administrators interface {
	Administers(ctx context.Context, w journal.WriterID) (bool, error)
}

// Take sets aside what there is no room for. It is judged by what it would bring if none of it were held.
func (c *counted) Take(ctx context.Context, runs []journal.Run) ([]error, error) {
	a, err := c.house.account(ctx, c.id)
	if err != nil {
		return nil, err
	}
	if _, all := c.house.room(a, false); all {
		return c.Workspace.Take(ctx, runs)
	}
	verdicts := make([]error, len(runs))
	var held journal.Vector
	var fits []journal.Run
	var at []int
	var sum Used
	full := map[journal.WriterID]bool{}
	for i := range runs {
		u := usedBy(&runs[i])
		first, last := runs[i].First(), runs[i].Last()
		over, err := c.over(ctx, a, first.Writer, sum, u)
		if err != nil {
			return nil, err
		}
		if over || full[first.Writer] {
			if held == nil {
				if held, err = c.Vector(ctx); err != nil {
					return nil, err
				}
			}
			if last.Seq > held[first.Writer] { // what is here already brings nothing
				full[first.Writer] = true
				verdicts[i] = &wire.Fault{Writer: first.Writer, Seq: max(first.Seq, held[first.Writer]+1), Code: wire.FaultFull, Err: fmt.Errorf("the workspace has brought as much as it may")}
				continue
			}
			bare := runs[i] // nor does it fill what came without its parts
			wire.Withhold(&bare)
			fits, at = append(fits, bare), append(at, i)
			continue
		}
		sum.Commits, sum.Bytes = sum.Commits+u.Commits, sum.Bytes+u.Bytes
		fits, at = append(fits, runs[i]), append(at, i)
	}
	if len(fits) == 0 {
		return verdicts, nil
	}
	judged, err := c.Workspace.Take(ctx, fits)
	if err != nil {
		return nil, err
	}
	for n, verdict := range judged {
		verdicts[at[n]] = verdict
	}
	c.house.brought(c.id, sum)
	return verdicts, nil
}

// Supply takes as many of the parts that are missing as there is room for. Commits that came without them were counted without
// them.
func (c *counted) Supply(ctx context.Context, parts []journal.Loose) (int, error) {
	a, err := c.house.account(ctx, c.id)
	if err != nil {
		return 0, err
	}
	if left, all := c.house.room(a, false); !all {
		for i, p := range parts {
			if left.Bytes -= int64(len(p.Data)); left.Bytes < 0 {
				parts = parts[:i]
				break
			}
		}
	}
	n, err := c.Workspace.Supply(ctx, parts)
	if err != nil || n == 0 {
		return n, err
	}
	brought := Used{} // more than that when some of them were here: for a moment too much is counted
	for _, p := range parts {
		brought.Bytes += int64(len(p.Data))
	}
	c.house.brought(c.id, brought)
	return n, nil
}

// over reports whether a run goes beyond what the workspace may bring.
func (c *counted) over(ctx context.Context, a account, w journal.WriterID, sum, u Used) (bool, error) {
	beyond := func(administers bool) bool {
		left, _ := c.house.room(a, administers)
		return sum.Commits+u.Commits > left.Commits || sum.Bytes+u.Bytes > left.Bytes
	}
	if !beyond(false) {
		return false, nil
	}
	knows, ok := c.Workspace.(administrators)
	if !ok {
		return true, nil
	}
	administers, err := knows.Administers(ctx, w)
	return !administers || beyond(true), err
}

// usedBy is what a run would bring.
func usedBy(run *journal.Run) Used {
	u := Used{Commits: int64(len(run.Commits)), Bytes: int64(len(run.Sig))}
	for i := range run.Commits {
		c := &run.Commits[i]
		u.Bytes += int64(len(c.Header.Encode()))
		for _, data := range c.Parts {
			u.Bytes += int64(len(data))
		}
	}
	return u
}
