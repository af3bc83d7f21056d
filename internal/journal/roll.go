package journal

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"amparo/internal/seal"
)

// ErrUnknownWriter reports a writer no admitted member vouches for, as far as this copy knows: what it wrote is parked
// until the commit that admits the member arrives.
var ErrUnknownWriter = errors.New("no known member vouches for this writer")

// Roll is who may write in a workspace, learned from open parts alone: a relay keeps one too. Its maps and lists never
// change once they are in a roll; Learn replaces those it adds to. So a copy of the struct is a roll of its own.
type Roll struct {
	Workspace WorkspaceID
	Founder   MemberID
	Members   map[MemberID]MemberKeys
	Writers   map[WriterID]Certificate
	Admins    map[MemberID]bool       // who was ever empowered to administer, beside the founder
	Rotations []Rotation              // in the order of writer, commit and record
	Revoked   map[MemberID]Revocation // heads joined when a member was revoked more than once: the higher one counts
	Erased    map[PartPlace]bool

	waiting     map[place]saying // by who does not administer, as far as is known: it changes nothing yet
	empowerings map[place]empowering
	revocations map[place]Revocation
	rotated     []place // where each of Rotations was said
	gathering   bool    // nobody else reads Erased yet
}

// NewRoll is the roll of a workspace of which nothing is known.
func NewRoll(w WorkspaceID) *Roll {
	return &Roll{Workspace: w, Members: map[MemberID]MemberKeys{}, Writers: map[WriterID]Certificate{}}
}

// Clone is a copy that can learn without the original knowing: who reads a roll meanwhile sees it unchanged.
func (r *Roll) Clone() *Roll {
	other := *r
	return &other
}

// Gather learns commits given in any order: who vouches may come after who is vouched for. It lists those that stay
// unbelieved. Nobody else may read the roll meanwhile.
func (r *Roll) Gather(commits []Commit) (unbelieved []Commit) {
	r.Erased, r.gathering = maps.Clone(r.Erased), true
	defer func() { r.gathering = false }()
	for waiting := commits; ; {
		var still []Commit
		for i := range waiting {
			if err := r.Learn(&waiting[i]); err != nil {
				still = append(still, waiting[i])
			}
		}
		if len(still) == 0 || len(still) == len(waiting) {
			return still
		}
		waiting = still
	}
}

// KeyFor gives the key that must have signed a run: of a writer already known, or of one that the run itself
// introduces with a certificate of a known member (or, in the founding commit, of the member it names).
func (r *Roll) KeyFor(run *Run) (seal.VerifyKey, error) {
	cert, err := r.CertificateFor(run)
	return cert.Writer, err
}

// CertificateFor gives the certificate whose key KeyFor gives.
func (r *Roll) CertificateFor(run *Run) (Certificate, error) {
	first := run.First()
	if first.Workspace != r.Workspace {
		return Certificate{}, fmt.Errorf("%w: of another workspace", ErrChain)
	}
	if cert, known := r.Writers[first.Writer]; known {
		return cert, nil
	}
	if first.Seq != 1 {
		return Certificate{}, fmt.Errorf("%w: %s", ErrUnknownWriter, first.Writer)
	}
	trial := r.Clone()
	if err := trial.Learn(first); err != nil {
		return Certificate{}, err
	}
	cert, ok := trial.Writers[first.Writer]
	if !ok {
		return Certificate{}, fmt.Errorf("%w: %s", ErrUnknownWriter, first.Writer)
	}
	return cert, nil
}

// Learn takes in what a verified commit says openly. What it cannot believe changes nothing and is an error: ErrFormat,
// ErrChain, seal.ErrSignature, or ErrUnknownWriter when it may be believed later. Whether a revoked member's commit stands
// is not asked here: who stores commits asks before (wire.Judge).
func (r *Roll) Learn(c *Commit) error {
	controls, err := c.Controls()
	if err != nil {
		return fmt.Errorf("commit %d by %s: %w", c.Seq, c.Writer, err)
	}
	if len(controls) == 0 {
		return nil
	}
	next := learning{Roll: *r}
	for n, control := range controls {
		if err := next.learn(c, control, place{c.Writer, c.Seq, n}); err != nil {
			return fmt.Errorf("commit %d by %s: %w", c.Seq, c.Writer, err)
		}
	}
	next.believe()
	if next.Founder != r.Founder && next.Writers[c.Writer].Member != next.Founder {
		return fmt.Errorf("commit %d by %s: %w: founded by another than the founder", c.Seq, c.Writer, ErrChain)
	}
	next.finish(r.gathering)
	*r = next.Roll
	return nil
}

// learning is a roll on its way to know one commit more. It begins with the maps of the roll before and copies each when
// it is first added to.
type learning struct {
	Roll
	own    map[string]bool // which maps are copied already
	erased []PartPlace
	heard  bool // something was said that only an administrator can say
	asks   bool // who is revoked must be worked out
}

// add puts one entry into a map of the roll.
func add[K comparable, V any](l *learning, name string, to *map[K]V, key K, value V) {
	if !l.own[name] {
		fresh := make(map[K]V, len(*to)+1)
		maps.Copy(fresh, *to)
		*to = fresh
		if l.own == nil {
			l.own = map[string]bool{}
		}
		l.own[name] = true
	}
	(*to)[key] = value
}

// finish works out what follows. Nothing can fail any more.
func (l *learning) finish(mayChange bool) {
	if len(l.erased) > 0 && (!mayChange || l.Erased == nil) {
		fresh := make(map[PartPlace]bool, len(l.Erased)+len(l.erased))
		maps.Copy(fresh, l.Erased)
		l.Erased = fresh
	}
	for _, p := range l.erased {
		l.Erased[p] = true
	}
	if l.asks && len(l.revocations) > 0 {
		l.Revoked = l.revoke()
	}
}

func (r *learning) learn(c *Commit, control Control, at place) error {
	switch control.Kind {
	case ControlFound:
		var f Founding
		if err := control.Into(&f); err != nil {
			return err
		}
		id := f.Admin.Member()
		if cert, known := r.Writers[c.Writer]; known && cert.Member != id {
			return fmt.Errorf("%w: founded by another than the founder", ErrChain)
		}
		if r.Founder != (MemberID{}) && r.Founder != id || c.Seq != 1 || len(c.Seen) > 0 {
			return fmt.Errorf("%w: a second founding", ErrChain)
		}
		r.Founder = id
		add(r, "members", &r.Members, id, f.Admin)
	case ControlCertify:
		var cert Certificate
		if err := control.Into(&cert); err != nil {
			return err
		}
		if WriterOf(cert.Writer) != c.Writer || c.Seq != 1 {
			return fmt.Errorf("%w: a certificate outside its writer's first commit", ErrChain)
		}
		keys, known := r.Members[cert.Member]
		if !known {
			return fmt.Errorf("%w: certified by %s", ErrUnknownWriter, cert.Member)
		}
		if err := cert.Verify(r.Workspace, keys.Sign); err != nil {
			return err
		}
		if before, known := r.Writers[c.Writer]; known && before.Member != cert.Member {
			return fmt.Errorf("%w: one writer of two members", ErrChain)
		}
		add(r, "writers", &r.Writers, c.Writer, cert)
	case ControlAdmit:
		return hear[MemberKeys](r, c, control, at)
	case ControlEmpower:
		return hear[Empowerment](r, c, control, at)
	case ControlRotate:
		return hear[Rotation](r, c, control, at)
	case ControlRevoke:
		return hear[Revocation](r, c, control, at)
	case ControlErase:
		return hear[Erasure](r, c, control, at)
	}
	return nil
}

// saying is what only an administrator can say, by somebody.
type saying struct {
	by   MemberID
	at   Time
	what any
}

// hear takes in what only an administrator can say. Of somebody who does not administer it is kept and changes nothing: what
// empowers them may still be on its way, and their chain must not wait for it.
func hear[T any](l *learning, c *Commit, control Control, at place) error {
	var what T
	if err := control.Into(&what); err != nil {
		return err
	}
	by, known := l.Writers[c.Writer]
	if !known {
		return fmt.Errorf("%w: it says what administrators say", ErrUnknownWriter)
	}
	add(l, "waiting", &l.waiting, at, saying{by.Member, c.Time, what})
	l.heard = true
	return nil
}

// believe lets take effect what is said by who administers, and what follows: who is empowered may have said something too.
func (l *learning) believe() {
	for more := l.heard; more; {
		more = false
		for at, s := range l.waiting {
			if l.empowered(s.by) {
				delete(l.waiting, at)
				l.say(at, s)
				more = true
			}
		}
	}
	if len(l.waiting) == 0 {
		l.waiting = nil
	}
}

func (l *learning) say(at place, s saying) {
	switch what := s.what.(type) {
	case MemberKeys:
		add(l, "members", &l.Members, what.Member(), what)
	case Empowerment:
		add(l, "admins", &l.Admins, what.Member, true)
		add(l, "empowerings", &l.empowerings, at, empowering{s.by, what.Member, s.at})
		l.asks = true
	case Rotation:
		if i, said := slices.BinarySearchFunc(l.rotated, at, place.compare); !said {
			l.rotated, l.Rotations = slices.Insert(slices.Clone(l.rotated), i, at), slices.Insert(slices.Clone(l.Rotations), i, what)
		}
	case Revocation:
		add(l, "revocations", &l.revocations, at, what)
		l.asks = true
	case Erasure:
		l.erased = append(l.erased, what.Parts...)
	}
}

// MemberOf is the member behind a writer.
func (r *Roll) MemberOf(w WriterID) MemberID { return r.Writers[w].Member }
