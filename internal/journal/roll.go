package journal

import (
	"errors"
	"fmt"
	"maps"

	"amparo/internal/seal"
)

// ErrUnknownWriter reports a writer no admitted member vouches for, as far as this copy knows: what it wrote is parked
// until the commit that admits the member arrives.
var ErrUnknownWriter = errors.New("no known member vouches for this writer")

// Roll is who may write in a workspace, learned from open parts alone: a relay keeps one too.
type Roll struct {
	Workspace WorkspaceID
	Founder   MemberID
	Members   map[MemberID]MemberKeys
	Writers   map[WriterID]Certificate
	Admins    map[MemberID]bool       // who may administer, beside the founder
	Rotations []Rotation              // in no particular order
	Revoked   map[MemberID]Revocation // heads joined when a member was revoked more than once: the higher one counts
	Erased    map[PartPlace]bool
}

// NewRoll is the roll of a workspace of which nothing is known.
func NewRoll(w WorkspaceID) *Roll {
	return &Roll{Workspace: w, Members: map[MemberID]MemberKeys{}, Writers: map[WriterID]Certificate{}}
}

// Clone is a copy that can learn without the original knowing: who reads a roll meanwhile sees it unchanged.
func (r *Roll) Clone() *Roll {
	return &Roll{Workspace: r.Workspace, Founder: r.Founder, Members: maps.Clone(r.Members), Writers: maps.Clone(r.Writers)}
}

// KeyFor gives the key that must have signed a run: of a writer already known, or of one that the run itself
// introduces with a certificate of a known member (or, in the founding commit, of the member it names).
func (r *Roll) KeyFor(run *Run) (seal.VerifyKey, error) {
	first := run.First()
	if first.Workspace != r.Workspace {
		return seal.VerifyKey{}, fmt.Errorf("%w: of another workspace", ErrChain)
	}
	if cert, known := r.Writers[first.Writer]; known {
		return cert.Writer, nil
	}
	if first.Seq != 1 {
		return seal.VerifyKey{}, fmt.Errorf("%w: %s", ErrUnknownWriter, first.Writer)
	}
	trial := &Roll{Workspace: r.Workspace, Founder: r.Founder, Members: r.Members, Writers: map[WriterID]Certificate{}}
	if err := trial.Learn(first); err != nil {
		return seal.VerifyKey{}, err
	}
	cert, ok := trial.Writers[first.Writer]
	if !ok {
		return seal.VerifyKey{}, fmt.Errorf("%w: %s", ErrUnknownWriter, first.Writer)
	}
	return cert.Writer, nil
}

// Learn takes in what a verified commit says openly. What it cannot believe changes nothing and is an error: ErrFormat,
// ErrChain, seal.ErrSignature, or ErrUnknownWriter when it may be believed later.
func (r *Roll) Learn(c *Commit) error {
	controls, err := c.Controls()
	if err != nil {
		return fmt.Errorf("commit %d by %s: %w", c.Seq, c.Writer, err)
	}
	if len(controls) == 0 {
		return nil
	}
	next := r.Clone()
	for _, control := range controls {
		if err := next.learn(c, control); err != nil {
			return fmt.Errorf("commit %d by %s: %w", c.Seq, c.Writer, err)
		}
	}
	if next.Founder != r.Founder && next.Writers[c.Writer].Member != next.Founder {
		return fmt.Errorf("commit %d by %s: %w: founded by another than the founder", c.Seq, c.Writer, ErrChain)
	}
	r.Founder, r.Members, r.Writers = next.Founder, next.Members, next.Writers
	return nil
}

func (r *Roll) learn(c *Commit, control Control) error {
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
		r.Founder, r.Members[id] = id, f.Admin
	case ControlAdmit:
		var keys MemberKeys
		if err := control.Into(&keys); err != nil {
			return err
		}
		by, known := r.Writers[c.Writer]
		if !known {
			return fmt.Errorf("%w: admitting", ErrUnknownWriter)
		}
		if by.Member != r.Founder {
			return fmt.Errorf("%w: only the founder admits members", ErrChain)
		}
		r.Members[keys.Member()] = keys
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
		r.Writers[c.Writer] = cert
	}
	return nil
}

// MemberOf is the member behind a writer.
func (r *Roll) MemberOf(w WriterID) MemberID { return r.Writers[w].Member }
