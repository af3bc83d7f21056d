package store

import (
	"errors"
	"fmt"
	"os"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

// Finding is something wrong with the journal: which commit, and what.
type Finding struct {
	Writer   journal.WriterID
	Seq      uint64
	What     string
	Revoked  bool // written by a revoked member beyond what stands: nobody else takes it
	Withheld bool // a sealed part never came: whoever wrote it keeps it back, or who passed it on does. Nothing is damaged
}

// Verify reads every commit again: each header is the one its hash names, follows the one before, each signature held
// verifies, the last commit of each chain is vouched for, and each part is the one its header names. It lists what is
// wrong instead of stopping at the first.
func (j *Journal) Verify(progress func(commits int)) (findings []Finding, commits int, err error) {
	for w, head := range j.Heads() {
		var prev journal.Hash
		vouched := uint64(0)
		cert := j.Roll().Writers[w]
		bad := func(seq uint64, format string, args ...any) {
			findings = append(findings, Finding{Writer: w, Seq: seq, What: fmt.Sprintf(format, args...)})
		}
		for seq := uint64(1); seq <= head.Seq; seq++ {
			c, sig, held, err := j.at(w, seq)
			commits++
			if progress != nil && commits%1000 == 0 {
				progress(commits)
			}
			switch {
			case errors.Is(err, ErrDamaged), errors.Is(err, journal.ErrFormat):
				bad(seq, "%v", err)
				if err := j.doubt(w, seq); err != nil {
					return findings, commits, err
				}
				prev = journal.Hash{}
				continue
			case err != nil:
				return findings, commits, err
			case !held:
				bad(seq, "the commit is missing")
				continue
			}
			if c.Writer != w || c.Seq != seq || seq > 1 && prev != (journal.Hash{}) && c.Prev != prev {
				bad(seq, "does not follow the commit before it")
			}
			prev = c.Hash
			for i, data := range c.Parts {
				if data == nil && !j.Erased(journal.PartPlace{Writer: w, Seq: seq, Index: uint8(i)}) {
					findings = append(findings, Finding{Writer: w, Seq: seq, What: fmt.Sprintf("part %d is not here", i), Withheld: c.Header.Parts[i].Tag != 0})
				}
			}
			if sig != nil {
				if err := cert.Writer.Verify(journal.SignPurpose, c.Hash[:], *sig); err != nil {
					bad(seq, "the signature does not verify")
				} else {
					vouched = seq
				}
			}
		}
		if vouched < head.Seq {
			bad(vouched+1, "no signature vouches for commits %d to %d", vouched+1, head.Seq)
		}
		if cut, revoked, err := j.Cut(w, journal.MemberID{}); err != nil {
			return findings, commits, err
		} else if revoked && head.Seq > cut {
			findings = append(findings, Finding{Writer: w, Seq: cut + 1, What: fmt.Sprintf("commits %d to %d are beyond what stands of a revoked member", cut+1, head.Seq), Revoked: true})
		}
	}
	return findings, commits, nil
}

func (j *Journal) at(w journal.WriterID, seq uint64) (journal.Commit, *seal.Signature, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.commit(j.local[w], seq, true)
}

// Integrity is SQLite's own check of the file's pages; nil when it finds nothing.
func (j *Journal) Integrity() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var said []string
	err := j.db.run("PRAGMA integrity_check(10)", nil, func(s *sqlite3.Stmt) error {
		if text := s.ColumnText(0); text != "ok" {
			said = append(said, text)
		}
		return nil
	})
	if err != nil {
		return plain("check the journal", err)
	}
	if len(said) > 0 {
		return fmt.Errorf("%w: %q", ErrDamaged, said)
	}
	return nil
}

// Copy makes views in another folder with fresh keys, to rebuild beside the live ones. Discard removes it.
func (v *Views) Copy() (*Views, func() error, error) {
	dir, err := os.MkdirTemp(v.dir, ".rebuild-*") // on the same disk, encrypted as the live ones are
	if err != nil {
		return nil, nil, fmt.Errorf("rebuild beside the views: %w", err)
	}
	fresh := map[record.Compartment]seal.ViewKey{}
	for c := range v.keys {
		fresh[c] = seal.NewViewKey()
	}
	other, err := OpenViews(dir, v.registry, fresh)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return other, func() error { return errors.Join(other.Close(), os.RemoveAll(dir)) }, nil
}
