package journal

import (
	"bytes"
	"cmp"
	"maps"
	"math"
	"slices"
)

// What the roll knows must follow from the commits it has learned and not from their order: two copies that hold the same
// must believe the same. So a control record is kept as it was said, and what follows from all of them is worked out anew
// whenever one is added.

// place is where a control record stands.
type place struct {
	writer WriterID
	seq    uint64
	n      int // in the open part
}

func (p place) compare(q place) int {
	return cmp.Or(bytes.Compare(p.writer[:], q.writer[:]), cmp.Compare(p.seq, q.seq), cmp.Compare(p.n, q.n))
}

// empowering is an Empowerment as it was said.
type empowering struct {
	by, of MemberID
	at     Time
}

// Administers reports whether the member may admit, empower, rotate, revoke and erase now. What a member said who
// administered once and is revoked by now stands as far as the member's commits do.
func (r *Roll) Administers(m MemberID) bool { return r.empowered(m) && r.Active(m) }

func (r *Roll) empowered(m MemberID) bool {
	return m == r.Founder && m != MemberID{} || r.Admins[m]
}

// Active reports whether the member was admitted and is not revoked.
func (r *Roll) Active(m MemberID) bool {
	_, admitted := r.Members[m]
	_, revoked := r.Revoked[m]
	return admitted && !revoked
}

// RevokedCut says whether a writer's member is revoked, and up to where those who revoked the member knew the chain; what
// stands may be more, because others had built on it.
func (r *Roll) RevokedCut(w WriterID) (seq uint64, revoked bool) {
	cert, known := r.Writers[w]
	if !known {
		return 0, false
	}
	return r.CutOf(cert.Member, w)
}

// CutOf is RevokedCut for a writer that is not known yet and says to be the member's.
func (r *Roll) CutOf(m MemberID, w WriterID) (seq uint64, revoked bool) {
	revocation, revoked := r.Revoked[m]
	return headOf(revocation.Heads, w), revoked
}

func headOf(heads []WriterHead, w WriterID) (seq uint64) {
	for _, h := range heads {
		if h.Writer == w {
			seq = max(seq, h.Seq)
		}
	}
	return seq
}

// CommitmentsOf lists the commitments published for one epoch of a compartment, each once: more than one when two
// administrators began it without hearing of each other.
func (r *Roll) CommitmentsOf(tag uint8, epoch uint32) (list [][32]byte) {
	for _, rotation := range r.Rotations {
		for _, k := range rotation.Keys {
			if k.Tag == tag && k.Epoch == epoch && !slices.Contains(list, k.Commitment) {
				list = append(list, k.Commitment)
			}
		}
	}
	return list
}

// Newest is the highest epoch of a compartment that was begun in its turn. One that leaves numbers out begins nothing, or not
// yet: somebody who administered could else begin the last there can be, and no key would ever come after theirs.
func (r *Roll) Newest(tag uint8) uint32 {
	begun := map[uint32]bool{}
	for _, rotation := range r.Rotations {
		for _, k := range rotation.Keys {
			if k.Tag == tag {
				begun[k.Epoch] = true
			}
		}
	}
	newest := uint32(1)
	for begun[newest+1] && newest < math.MaxUint32 {
		newest++
	}
	return newest
}

// rank is how near to the founding somebody administers. Nobody can place themself higher: it takes somebody of the rank
// above.
type rank struct {
	depth int // 0: the founder; -1: does not administer
	at    Time
	id    MemberID
}

// above orders all who ever administered.
func (a rank) above(b rank) bool {
	return cmp.Or(cmp.Compare(a.depth, b.depth), cmp.Compare(a.at, b.at), bytes.Compare(a.id[:], b.id[:])) < 0
}

// ranks are those of all who ever administered: the founder, whom the founder empowered, whom these did; who were
// empowered at one remove, by when.
func (r *Roll) ranks() map[MemberID]rank {
	all := map[MemberID]rank{r.Founder: {id: r.Founder}}
	for depth, level := 1, []MemberID{r.Founder}; len(level) > 0; depth++ {
		next := map[MemberID]rank{}
		for _, e := range r.empowerings {
			if _, higher := all[e.of]; higher || !slices.Contains(level, e.by) {
				continue
			}
			if at, has := next[e.of]; !has || e.at < at.at {
				next[e.of] = rank{depth, e.at, e.of}
			}
		}
		maps.Copy(all, next)
		level = slices.Collect(maps.Keys(next))
	}
	return all
}

// revoke works out who is revoked. Two administrators may revoke each other without having heard of it, and nobody can tell
// who was first; then the one nearer to the founding stays and the other's revocation counts for nothing. The heads in a
// revocation say what its author had heard: had they known, they would have named the other's commit.
func (r *Roll) revoke() map[MemberID]Revocation {
	ranks := r.ranks()
	overruled := func(at place, said Revocation) bool {
		author := r.Writers[at.writer].Member
		for back, answer := range r.revocations {
			if answer.Member == author && author != said.Member && r.Writers[back.writer].Member == said.Member &&
				at.seq > headOf(answer.Heads, at.writer) && ranks[said.Member].above(ranks[author]) {
				return true
			}
		}
		return false
	}
	heads := map[MemberID]map[WriterID]uint64{}
	for at, said := range r.revocations {
		if overruled(at, said) {
			continue
		}
		known := heads[said.Member]
		if known == nil {
			known = map[WriterID]uint64{}
			heads[said.Member] = known
		}
		for _, h := range said.Heads {
			known[h.Writer] = max(known[h.Writer], h.Seq)
		}
		if r.Writers[at.writer].Member == said.Member { // who leaves says so in a commit that stands
			known[at.writer] = max(known[at.writer], at.seq)
		}
	}
	out := map[MemberID]Revocation{}
	for m, known := range heads {
		joined := Revocation{Member: m}
		for _, w := range slices.SortedFunc(maps.Keys(known), func(a, b WriterID) int { return bytes.Compare(a[:], b[:]) }) {
			joined.Heads = append(joined.Heads, WriterHead{Writer: w, Seq: known[w]})
		}
		out[m] = joined
	}
	return out
}
