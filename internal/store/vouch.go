package store

import (
	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
)

// A commit that says it had seen another writer's commit vouches for it: of what a revoked member wrote, that stands
// which somebody who still works here had built on.

// vouch notes what a commit of by had seen.
func vouch(db *session, by journal.WriterID, seen []journal.Seen) error {
	for _, s := range seen {
		if err := db.exec("INSERT INTO vouch (writer, by, seq) VALUES (?, ?, ?) ON CONFLICT (writer, by) DO UPDATE SET seq = max(seq, excluded.seq)", s.Writer[:], by[:], s.Seq); err != nil {
			return err
		}
	}
	return nil
}

// fillVouch reads all headers: journals of version 1 did not note who vouches for whom.
func fillVouch(db *session) error {
	highest := map[[2]journal.WriterID]uint64{}
	err := db.run("SELECT header FROM chain", nil, func(s *sqlite3.Stmt) error {
		h, err := journal.DecodeHeader(s.ColumnRawBlob(0))
		if err != nil {
			return nil // damaged: Verify names it, and the rest stays usable
		}
		for _, seen := range h.Seen {
			pair := [2]journal.WriterID{seen.Writer, h.Writer}
			highest[pair] = max(highest[pair], seen.Seq)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for pair, seq := range highest {
		if err := vouch(db, pair[1], []journal.Seen{{Writer: pair[0], Seq: seq}}); err != nil {
			return err
		}
	}
	return nil
}

// Vouched is the highest commit of the writer that commits held here name as seen, of members who are not revoked; 0: none
// does.
func (j *Journal) Vouched(w journal.WriterID) (seq uint64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.vouched(w)
}

func (j *Journal) vouched(w journal.WriterID) (seq uint64, err error) {
	stands, err := j.stands()
	if err != nil {
		return 0, err
	}
	err = j.vouches(w, func(by journal.WriterID, said uint64) {
		if stands.Active(stands.MemberOf(by)) && j.roll.Active(j.roll.MemberOf(by)) {
			seq = max(seq, said)
		}
	})
	return seq, plain("read who vouches", err)
}

func (j *Journal) vouches(w journal.WriterID, tell func(by journal.WriterID, seq uint64)) error {
	return j.db.run("SELECT by, seq FROM vouch WHERE writer = ?", []any{w[:]}, func(s *sqlite3.Stmt) error {
		var by journal.WriterID
		if copy(by[:], s.ColumnRawBlob(0)) == len(by) {
			tell(by, uint64(s.ColumnInt64(1)))
		}
		return nil
	})
}

// Unmet lists how far commits held here say they had seen chains, where that is further than these are here.
func (j *Journal) Unmet() (list []journal.Vouch, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT writer, by, seq FROM vouch ORDER BY writer, by", nil, func(s *sqlite3.Stmt) error {
		v := journal.Vouch{Seq: uint64(s.ColumnInt64(2))}
		if copy(v.Of[:], s.ColumnRawBlob(0)) == len(v.Of) && copy(v.By[:], s.ColumnRawBlob(1)) == len(v.By) && v.Seq > j.saved[v.Of].Seq {
			list = append(list, v)
		}
		return nil
	})
	return list, plain("read who had seen what", err)
}

// stands is the roll without what the revoked said openly beyond what stands: whom a revoked administrator let in does not
// vouch for it. As long as the revoked said nothing there, it is the roll itself.
func (j *Journal) stands() (*journal.Roll, error) {
	if j.standing != nil && j.standingOf == j.roll {
		return j.standing, nil
	}
	beyond := false
	for w, n := range j.local {
		cut, revoked := j.roll.RevokedCut(w)
		if !revoked || j.heads[w].Seq <= cut {
			continue
		}
		if err := j.db.run("SELECT 1 FROM part p JOIN chain c ON c.n = p.chain WHERE p.tag = 0 AND c.writer = ? AND c.seq > ? LIMIT 1", []any{n, cut}, func(*sqlite3.Stmt) error {
			beyond = true
			return nil
		}); err != nil {
			return nil, plain("read who stands", err)
		}
	}
	j.standing, j.standingOf = j.roll, j.roll
	if !beyond {
		return j.standing, nil
	}
	open, err := j.openCommits()
	if err != nil {
		return nil, err
	}
	var vouches []journal.Vouch
	for w := range j.local {
		if _, revoked := j.roll.RevokedCut(w); !revoked {
			continue
		}
		if err := j.vouches(w, func(by journal.WriterID, seq uint64) {
			vouches = append(vouches, journal.Vouch{Of: w, By: by, Seq: seq})
		}); err != nil {
			return nil, plain("read who vouches", err)
		}
	}
	j.standing = journal.Stand(j.roll, open, vouches).Roll
	return j.standing, nil
}

// Cut is up to where a writer's commits stand when the writer's member is revoked: what who revoked the member knew, or what
// others vouch for. m is whose a writer says to be that is not known here.
func (j *Journal) Cut(w journal.WriterID, m journal.MemberID) (seq uint64, revoked bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if cert, known := j.roll.Writers[w]; known {
		m = cert.Member
	}
	if seq, revoked = j.roll.CutOf(m, w); !revoked {
		return 0, false, nil
	}
	vouched, err := j.vouched(w)
	return max(seq, vouched), true, err
}

// revokedReason is in the reasons of runs that were refused because their writer's member is revoked.
const revokedReason = "%(revoked)%"

// readmit forgets what was refused when nobody vouched for it yet and is taken now: it is no evidence of anything.
func (j *Journal) readmit(fresh []journal.Commit) error {
	first, last := &fresh[0], &fresh[len(fresh)-1]
	return plain("append", j.db.exec("DELETE FROM set_aside WHERE writer = ? AND reason LIKE ? AND seq BETWEEN ? AND ?", first.Writer[:], revokedReason, first.Seq, last.Seq))
}

// VouchedBy is how far one writer's commits name another's chain as seen; 0: they do not.
func (j *Journal) VouchedBy(w, by journal.WriterID) (seq uint64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.vouches(w, func(who journal.WriterID, said uint64) {
		if who == by {
			seq = said
		}
	})
	return seq, plain("read who vouches", err)
}
