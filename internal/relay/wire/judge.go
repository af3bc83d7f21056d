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
	if first.Seq > head.Seq+1 {
		return Verdict{}, fmt.Errorf("%w: commit %d by %s, of whom %d are here", ErrParked, first.Seq, first.Writer, head.Seq)
	}
	key, err := roll.KeyFor(run)
	switch {
	case errors.Is(err, journal.ErrUnknownWriter):
		return Verdict{}, fmt.Errorf("%w: %w", ErrParked, err)
	case err != nil:
		return fault(first.Seq, FaultCertificate, err)
	}
	if err := key.Verify(journal.SignPurpose, last.Hash[:], run.Sig); err != nil {
		return fault(first.Seq, FaultSignature, err)
	}
	if journal.WriterOf(key) != first.Writer {
		return fault(first.Seq, FaultCertificate, fmt.Errorf("%w: the key is not this writer's", journal.ErrChain))
	}
	// From here on the writer is answerable for the whole run.
	fresh := run.Commits
	if held := head.Seq + 1 - first.Seq; held > 0 { // the first commits of the run are here already
		seq, same, err := agrees(chain, run, min(held, uint64(len(run.Commits))))
		if err != nil {
			return Verdict{}, err
		}
		if !same {
			return fault(seq, FaultForked, fmt.Errorf("%w: the writer signed another commit %d", journal.ErrChain, seq))
		}
		fresh = fresh[min(held, uint64(len(fresh))):]
	} else if first.Prev != head.Hash {
		if head.Seq == 0 {
			return fault(first.Seq, FaultChain, fmt.Errorf("%w: a first commit that follows another", journal.ErrChain))
		}
		return fault(head.Seq, FaultForked, fmt.Errorf("%w: commit %d follows another commit %d than the one here", journal.ErrChain, first.Seq, head.Seq))
	}
	learnt := roll
	for i := range fresh {
		if !open(&fresh[i]) {
			continue
		}
		if learnt == roll {
			learnt = apart(roll)
		}
		switch err := learnt.Learn(&fresh[i]); {
		case errors.Is(err, journal.ErrUnknownWriter):
			return Verdict{}, fmt.Errorf("%w: %w", ErrParked, err)
		case err != nil:
			return fault(fresh[i].Seq, FaultControl, err)
		}
	}
	return Verdict{Fresh: fresh, Roll: learnt}, nil
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

// apart is a roll that may learn without the given one learning too: Learn makes new maps.
func apart(r *journal.Roll) *journal.Roll {
	other := *r
	return &other
}

// RollOf rebuilds a roll from every commit with open parts, given in any order: who vouches may come after who is
// vouched for. It reports how many commits stay unbelieved.
func RollOf(w journal.WorkspaceID, commits []journal.Commit) (*journal.Roll, int) {
	roll := journal.NewRoll(w)
	for waiting := commits; ; {
		var still []journal.Commit
		for i := range waiting {
			if err := roll.Learn(&waiting[i]); err != nil {
				still = append(still, waiting[i])
			}
		}
		if len(still) == 0 || len(still) == len(waiting) {
			return roll, len(still)
		}
		waiting = still
	}
}
