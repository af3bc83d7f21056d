package wire

import (
	"errors"
	"fmt"

	"amparo/internal/journal"
)

// ErrParked reports a run that cannot be judged yet: what it follows, or who vouches for its writer, is not here.
var ErrParked = errors.New("waits for what comes before it")

// Chain is what a copy holds, to judge a run by.
type Chain interface {
	Head(w journal.WriterID) (journal.Head, error)
	HashAt(w journal.WriterID, seq uint64) (journal.Hash, bool, error)
	// Vouched is the highest commit of w that commits held here name as seen, of members who are not revoked; 0: none does.
	Vouched(w journal.WriterID) (uint64, error)
}

// Verdict is what to do with a run that is good.
type Verdict struct {
	Fresh []journal.Commit // to be stored, in order; the run's signature is the last one's. Empty: all held already
	Roll  *journal.Roll    // the roll once Fresh is stored: the one given, or a new one that knows more
}

// Judge decides about a run and changes nothing. The error is ErrParked, a *Fault, or one of chain's own.
//
// Only what the writer signed can accuse the writer: bytes that were changed on the way fail the signature first and
// are never called a fork.
//
// Of a revoked member's commits those stand that who revoked the member knew, and those that somebody who is not revoked
// had built on (Chain.Vouched). A run that goes beyond is refused as a whole: its one signature cannot vouch for a half.
// Who knows of the revocation gives runs that end where the commits that stand do (Copy.Runs).
func Judge(roll *journal.Roll, chain Chain, run *journal.Run) (Verdict, error) {
	first, last := run.First(), run.Last()
	fault := func(seq uint64, code string, err error) (Verdict, error) {
		return Verdict{}, &Fault{Writer: first.Writer, Seq: seq, Code: code, Err: err}
	}
	if first.Workspace != roll.Workspace {
		return fault(first.Seq, FaultWorkspace, fmt.Errorf("%w: of another workspace", journal.ErrChain))
	}
	head, err := chain.Head(first.Writer)
	if err != nil {
		return Verdict{}, err
	}
	gap := first.Seq > head.Seq+1
	if _, revoked := roll.RevokedCut(first.Writer); gap && !revoked {
		return Verdict{}, fmt.Errorf("%w: commit %d by %s, of whom %d are here", ErrParked, first.Seq, first.Writer, head.Seq)
	}
	cert, err := roll.CertificateFor(run)
	switch {
	case errors.Is(err, journal.ErrUnknownWriter):
		return Verdict{}, fmt.Errorf("%w: %w", ErrParked, err)
	case err != nil:
		return fault(first.Seq, FaultCertificate, err)
	}
	if err := cert.Writer.Verify(journal.SignPurpose, last.Hash[:], run.Sig); err != nil {
		return fault(first.Seq, FaultSignature, err)
	}
	if journal.WriterOf(cert.Writer) != first.Writer {
		return fault(first.Seq, FaultCertificate, fmt.Errorf("%w: the key is not this writer's", journal.ErrChain))
	}
	// From here on the writer is answerable for the whole run.
	fresh := run.Commits
	if held := head.Seq + 1 - first.Seq; !gap && held > 0 { // the first commits of the run are here already
		seq, same, err := agrees(chain, run, min(held, uint64(len(run.Commits))))
		if err != nil {
			return Verdict{}, err
		}
		if !same {
			return fault(seq, FaultForked, fmt.Errorf("%w: the writer signed another commit %d", journal.ErrChain, seq))
		}
		if fresh = fresh[min(held, uint64(len(fresh))):]; len(fresh) == 0 {
			return Verdict{Roll: roll}, nil
		}
	} else if !gap && first.Prev != head.Hash {
		if head.Seq == 0 {
			return fault(first.Seq, FaultChain, fmt.Errorf("%w: a first commit that follows another", journal.ErrChain))
		}
		return fault(head.Seq, FaultForked, fmt.Errorf("%w: commit %d follows another commit %d than the one here", journal.ErrChain, first.Seq, head.Seq))
	}
	learnt, seq, err := learn(roll, fresh)
	waits := errors.Is(err, journal.ErrUnknownWriter)
	if err != nil && !waits {
		return fault(seq, FaultControl, err)
	}
	// What the run itself says counts: who leaves, and who revokes those by whom they are revoked.
	beyond, revoked, err := beyond(learnt, chain, cert.Member, fresh)
	switch {
	case err != nil:
		return Verdict{}, err
	case revoked:
		return fault(beyond, FaultRevoked, fmt.Errorf("%w: the member is revoked, and nobody who works here had built on it", journal.ErrChain))
	case waits || gap:
		return Verdict{}, fmt.Errorf("%w: commit %d by %s, of whom %d are here", ErrParked, first.Seq, first.Writer, head.Seq)
	}
	return Verdict{Fresh: fresh, Roll: learnt}, nil
}

// learn gives the roll that knows what the commits say openly. With an error it is the one given, and seq is the commit
// that cannot be believed.
func learn(roll *journal.Roll, fresh []journal.Commit) (learnt *journal.Roll, seq uint64, err error) {
	learnt = roll
	for i := range fresh {
		if !open(&fresh[i]) {
			continue
		}
		if learnt == roll {
			learnt = roll.Clone()
		}
		if err := learnt.Learn(&fresh[i]); err != nil {
			return roll, fresh[i].Seq, err
		}
	}
	return learnt, 0, nil
}

// beyond is the first of the commits that does not stand because the writer's member is revoked.
func beyond(roll *journal.Roll, chain Chain, m journal.MemberID, fresh []journal.Commit) (seq uint64, beyond bool, err error) {
	first, last := &fresh[0], &fresh[len(fresh)-1]
	cut, revoked := roll.CutOf(m, first.Writer)
	if !revoked || last.Seq <= cut {
		return 0, false, nil
	}
	vouched, err := chain.Vouched(first.Writer)
	cut = max(cut, vouched)
	return max(cut+1, first.Seq), last.Seq > cut, err
}

// agrees compares the first n commits of a run with those held; the hashes chain, so the last stands for all.
func agrees(chain Chain, run *journal.Run, n uint64) (seq uint64, same bool, err error) {
	w := run.First().Writer
	end := &run.Commits[n-1]
	if hash, held, err := chain.HashAt(w, end.Seq); err != nil || held && hash == end.Hash {
		return 0, true, err
	}
	for i := range run.Commits[:n] {
		hash, held, err := chain.HashAt(w, run.Commits[i].Seq)
		if err != nil {
			return 0, false, err
		}
		if !held || hash != run.Commits[i].Hash {
			return run.Commits[i].Seq, false, nil
		}
	}
	return end.Seq, false, nil
}

func open(c *journal.Commit) bool {
	for i, p := range c.Header.Parts {
		if p.Tag == 0 && c.Parts[i] != nil {
			return true
		}
	}
	return false
}

// RollOf rebuilds a roll from every commit with open parts, given in any order: who vouches may come after who is
// vouched for. It lists the commits that stay unbelieved.
func RollOf(w journal.WorkspaceID, commits []journal.Commit) (*journal.Roll, []journal.Commit) {
	roll := journal.NewRoll(w)
	return roll, roll.Gather(commits)
}
