package exchangetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// Memory is a copy in memory, for tests.
type Memory struct {
	mu     sync.Mutex
	roll   *journal.Roll
	chains map[journal.WriterID][]journal.Commit
	sigs   map[journal.WriterID]map[uint64]seal.Signature
	// What stands, once it was asked for, and who vouches for whom.
	stands  *journal.Standing
	vouches []journal.Vouch

	Takes int   // how often Take was called
	Fail  error // what Take fails with, when not nil
}

// NewMemory is an empty copy.
func NewMemory(w journal.WorkspaceID) *Memory {
	return &Memory{roll: journal.NewRoll(w), chains: map[journal.WriterID][]journal.Commit{}, sigs: map[journal.WriterID]map[uint64]seal.Signature{}}
}

func writers(v journal.Vector) []journal.WriterID {
	return slices.SortedFunc(maps.Keys(v), func(a, b journal.WriterID) int { return bytes.Compare(a[:], b[:]) })
}

// Vector is wire.Copy's.
func (m *Memory) Vector(context.Context) (journal.Vector, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := journal.Vector{}
	for w, chain := range m.chains {
		v[w] = uint64(len(chain))
	}
	return v, nil
}

// Hash is wire.Copy's.
func (m *Memory) Hash(_ context.Context, w journal.WriterID, seq uint64) (journal.Hash, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.HashAt(w, seq)
}

// HashAt is wire.Chain's; the caller holds the lock.
func (m *Memory) HashAt(w journal.WriterID, seq uint64) (journal.Hash, bool, error) {
	chain := m.chains[w]
	if seq == 0 || seq > uint64(len(chain)) {
		return journal.Hash{}, false, nil
	}
	return chain[seq-1].Hash, true, nil
}

// Head is wire.Chain's; the caller holds the lock.
func (m *Memory) Head(w journal.WriterID) (journal.Head, error) {
	chain := m.chains[w]
	if len(chain) == 0 {
		return journal.Head{}, nil
	}
	last := chain[len(chain)-1]
	return journal.Head{Seq: last.Seq, Hash: last.Hash, Time: last.Time}, nil
}

// Vouched is wire.Chain's; the caller holds the lock.
func (m *Memory) Vouched(w journal.WriterID) (seq uint64, err error) {
	if m.stands == nil {
		var open []journal.Commit
		m.vouches = nil
		for by, chain := range m.chains {
			for i := range chain {
				if list, err := chain[i].Controls(); err == nil && len(list) > 0 {
					open = append(open, chain[i])
				}
				for _, s := range chain[i].Seen {
					m.vouches = append(m.vouches, journal.Vouch{Of: s.Writer, By: by, Seq: s.Seq})
				}
			}
		}
		m.stands = journal.Stand(m.roll, open, m.vouches)
	}
	for _, v := range m.vouches {
		if v.Of == w && m.stands.Counts(m.roll, v.By) {
			seq = max(seq, v.Seq)
		}
	}
	return seq, nil
}

// Cut is wire.Keys's.
func (m *Memory) Cut(_ context.Context, w journal.WriterID, member journal.MemberID) (seq uint64, revoked bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if cert, known := m.roll.Writers[w]; known {
		member = cert.Member
	}
	if seq, revoked = m.roll.CutOf(member, w); !revoked {
		return 0, false, nil
	}
	vouched, err := m.Vouched(w)
	return max(seq, vouched), true, err
}

// Wanted is wire.Asker's. Parts are numbered anew each time, as the commits stand: nothing is ever noted.
func (m *Memory) Wanted(_ context.Context, after int64, most int) ([]journal.Missing, error) {
	list := m.missing()
	slices.Reverse(list)
	list = slices.DeleteFunc(list, func(x journal.Missing) bool { return x.N <= after })
	return list[:min(len(list), most)], nil
}

// Unmet is wire.Asker's.
func (m *Memory) Unmet(context.Context) (list []journal.Vouch, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for by, chain := range m.chains {
		for i := range chain {
			for _, s := range chain[i].Seen {
				if s.Seq > uint64(len(m.chains[s.Writer])) {
					list = append(list, journal.Vouch{Of: s.Writer, By: by, Seq: s.Seq})
				}
			}
		}
	}
	return list, nil
}

// MissingFrom is wire.Keys's.
func (m *Memory) MissingFrom(_ context.Context, from int64, most int) ([]journal.Missing, error) {
	list := m.missing()
	at := slices.IndexFunc(list, func(x journal.Missing) bool { return x.N >= from })
	list = slices.Concat(list[max(at, 0):], list[:max(at, 0)])
	return list[:min(len(list), most)], nil
}

// missing lists what is not here by time, and numbers it by its place: the time and, within a moment, the order of writers.
func (m *Memory) missing() (list []journal.Missing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := map[journal.PartPlace]journal.Time{}
	for _, chain := range m.chains {
		for i := range chain {
			c := &chain[i]
			for p, h := range c.Header.Parts {
				if place := (journal.PartPlace{Writer: c.Writer, Seq: c.Seq, Index: uint8(p)}); h.Tag != 0 && c.Parts[p] == nil && !m.roll.Erased[place] {
					at[place] = c.Time
					list = append(list, journal.Missing{Place: place, Size: h.Size, Digest: h.Digest})
				}
			}
		}
	}
	slices.SortFunc(list, func(x, y journal.Missing) int {
		return cmp.Or(cmp.Compare(at[x.Place], at[y.Place]), bytes.Compare(x.Place.Writer[:], y.Place.Writer[:]), cmp.Compare(x.Place.Seq, y.Place.Seq), cmp.Compare(x.Place.Index, y.Place.Index))
	})
	for i := range list {
		list[i].N = int64(at[list[i].Place])&^0xffff + int64(i) + 1
	}
	return list
}

// Parts is wire.Copy's.
func (m *Memory) Parts(_ context.Context, places []journal.PartPlace, yield func(n int, data []byte) error) error {
	for n, p := range places {
		m.mu.Lock()
		var data []byte
		if chain := m.chains[p.Writer]; p.Seq > 0 && p.Seq <= uint64(len(chain)) && int(p.Index) < len(chain[p.Seq-1].Parts) && chain[p.Seq-1].Header.Parts[p.Index].Tag != 0 && !m.roll.Erased[p] {
			data = chain[p.Seq-1].Parts[p.Index]
		}
		m.mu.Unlock()
		if data == nil {
			continue
		}
		if err := yield(n, data); err != nil {
			return err
		}
	}
	return nil
}

// Supply is wire.Copy's.
func (m *Memory) Supply(_ context.Context, parts []journal.Loose) (taken int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fail != nil {
		return 0, m.Fail
	}
	for _, p := range parts {
		chain := m.chains[p.Place.Writer]
		if p.Place.Seq == 0 || p.Place.Seq > uint64(len(chain)) {
			continue
		}
		c := &chain[p.Place.Seq-1]
		i := int(p.Place.Index)
		if i >= len(c.Parts) || c.Parts[i] != nil || c.Header.Parts[i].Tag == 0 || m.roll.Erased[p.Place] || journal.Hash(seal.Digest(p.Data)) != c.Header.Parts[i].Digest {
			continue
		}
		c.Parts = slices.Clone(c.Parts)
		c.Parts[i], taken = p.Data, taken+1
	}
	return taken, nil
}

// Bare is wire.Copy's.
func (m *Memory) Bare(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	return m.Runs(ctx, above, func(run journal.Run) error {
		wire.Withhold(&run)
		return yield(run)
	})
}

// Roll is whom the copy believes.
func (m *Memory) Roll() *journal.Roll {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.roll
}

// Take is wire.Copy's.
func (m *Memory) Take(_ context.Context, runs []journal.Run) ([]error, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Takes++
	if m.Fail != nil {
		return nil, m.Fail
	}
	out := make([]error, len(runs))
	for i := range runs {
		v, err := wire.Judge(m.roll, m, &runs[i])
		switch {
		case errors.Is(err, wire.ErrParked):
		case err != nil:
			out[i] = err
		default:
			m.fill(runs[i].Commits[:len(runs[i].Commits)-len(v.Fresh)])
			if len(v.Fresh) > 0 {
				m.roll = v.Roll
				m.keep(v.Fresh, runs[i].Sig)
			}
		}
	}
	return out, nil
}

// Trust holds a run of a writer that is known, unjudged: as a copy does that had it before it heard of a revocation.
func (m *Memory) Trust(run journal.Run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(run.Commits, run.Sig)
}

func (m *Memory) keep(fresh []journal.Commit, sig seal.Signature) {
	m.stands = nil
	last := fresh[len(fresh)-1]
	m.chains[last.Writer] = append(m.chains[last.Writer], fresh...)
	if m.sigs[last.Writer] == nil {
		m.sigs[last.Writer] = map[uint64]seal.Signature{}
	}
	m.sigs[last.Writer][last.Seq] = sig
}

// fill gives commits that are held the parts that were withheld when they came first.
func (m *Memory) fill(held []journal.Commit) {
	for i := range held {
		c := &m.chains[held[i].Writer][held[i].Seq-1]
		c.Parts = slices.Clone(c.Parts)
		for j, data := range held[i].Parts {
			if c.Parts[j] == nil {
				c.Parts[j] = data
			}
		}
	}
}

// Runs is wire.Copy's.
func (m *Memory) Runs(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	held, err := m.Vector(ctx)
	if err != nil {
		return err
	}
	return wire.OldestFirst(held, above, m.timeAt, m.next, yield)
}

func (m *Memory) timeAt(w journal.WriterID, seq uint64) (journal.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.chains[w][seq-1].Time, nil
}

func (m *Memory) next(w journal.WriterID, seq uint64) (journal.Run, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var run journal.Run
	signed, size := 0, 0
	cut, revoked := m.roll.RevokedCut(w)
	for _, c := range m.chains[w][seq-1:] {
		if revoked && signed > 0 && c.Seq > cut {
			break
		}
		run.Commits = append(run.Commits, c)
		for _, p := range c.Parts {
			size += len(p)
		}
		sig, has := m.sigs[w][c.Seq]
		if !has {
			continue
		}
		signed, run.Sig = len(run.Commits), sig
		if signed >= journal.RunLength || size >= wire.RunBytes {
			break
		}
	}
	run.Commits = run.Commits[:signed]
	return run, signed > 0, nil
}

// Writer is wire.Keys's.
func (m *Memory) Writer(_ context.Context, w journal.WriterID) (seal.VerifyKey, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	cert, ok := m.roll.Writers[w]
	return cert.Writer, ok, nil
}

// Member is wire.Keys's.
func (m *Memory) Member(_ context.Context, id journal.MemberID) (seal.VerifyKey, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys, ok := m.roll.Members[id]
	return keys.Sign, ok, nil
}
