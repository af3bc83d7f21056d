package store

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// HashAt names a commit that is held.
func (j *Journal) HashAt(w journal.WriterID, seq uint64) (hash journal.Hash, held bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT c.hash FROM chain c JOIN writer w ON w.n = c.writer WHERE w.id = ? AND c.seq = ?", []any{w[:], seq}, func(s *sqlite3.Stmt) error {
		hash, held = hashColumn(s, 0), true
		return nil
	})
	return hash, held, plain("read a hash", err)
}

// TimeAt is when the writer's commit was made; 0 when it is not held.
func (j *Journal) TimeAt(w journal.WriterID, seq uint64) (t journal.Time, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT c.time FROM chain c JOIN writer w ON w.n = c.writer WHERE w.id = ? AND c.seq = ?", []any{w[:], seq}, func(s *sqlite3.Stmt) error {
		t = journal.Time(s.ColumnInt64(0))
		return nil
	})
	return t, plain("read a time", err)
}

// NextRun gives the writer's commits from seq on as one run: it ends at the first signature once it holds
// journal.RunLength commits or bytes of parts, otherwise at the last signature there is. Of a writer whose member is revoked
// it ends at the last signature within the cut, and beyond that at each. ok is false when none follows.
func (j *Journal) NextRun(w journal.WriterID, seq uint64, bytes int) (run journal.Run, ok bool, err error) {
	return j.nextRun(w, seq, bytes, j.commitWhole)
}

// NextBare is NextRun without the sealed parts.
func (j *Journal) NextBare(w journal.WriterID, seq uint64, bytes int) (run journal.Run, ok bool, err error) {
	return j.nextRun(w, seq, bytes, j.commitBare)
}

type readCommit func(writer int64, seq uint64) (journal.Commit, *seal.Signature, bool, error)

func (j *Journal) commitWhole(writer int64, seq uint64) (journal.Commit, *seal.Signature, bool, error) {
	return j.commit(writer, seq, false)
}

func (j *Journal) nextRun(w journal.WriterID, seq uint64, bytes int, read readCommit) (run journal.Run, ok bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	signed, size := 0, 0
	local, known := j.local[w]
	if !known {
		return run, false, nil
	}
	cut, revoked := j.roll.RevokedCut(w)
	for len(run.Commits) < journal.MaxRun && seq+uint64(len(run.Commits)) <= j.saved[w].Seq {
		c, sig, held, err := read(local, seq+uint64(len(run.Commits)))
		if err != nil {
			return run, false, err
		}
		if !held || revoked && signed > 0 && c.Seq > cut {
			break
		}
		j.withhold(&c)
		run.Commits = append(run.Commits, c)
		for _, data := range c.Parts {
			size += len(data)
		}
		if sig == nil {
			continue
		}
		run.Sig, signed = *sig, len(run.Commits)
		if signed >= journal.RunLength || size >= bytes {
			break
		}
	}
	run.Commits = run.Commits[:signed]
	return run, signed > 0, nil
}

// commit reads one commit again. A sealed part that is no longer what was written is ErrDamaged when strict, and is left
// out otherwise: it is then withheld from others, who may hold it whole, and blocks nothing.
func (j *Journal) commit(writer int64, seq uint64, strict bool) (c journal.Commit, sig *seal.Signature, held bool, err error) {
	return j.readCommit(writer, seq, strict, "SELECT idx, data FROM part WHERE chain = ?")
}

func (j *Journal) commitBare(writer int64, seq uint64) (journal.Commit, *seal.Signature, bool, error) {
	return j.readCommit(writer, seq, false, "SELECT idx, data FROM part WHERE chain = ? AND tag = 0")
}

func (j *Journal) readCommit(writer int64, seq uint64, strict bool, parts string) (c journal.Commit, sig *seal.Signature, held bool, err error) {
	var n int64
	err = j.db.run("SELECT n, header, sig, hash FROM chain WHERE writer = ? AND seq = ?", []any{writer, seq}, func(s *sqlite3.Stmt) error {
		n, held = s.ColumnInt64(0), true
		raw := s.ColumnRawBlob(1)
		h, err := journal.DecodeHeader(raw)
		if err != nil {
			return fmt.Errorf("%w: commit %d: %w", ErrDamaged, seq, err)
		}
		c = journal.Commit{Header: h, Hash: journal.HashOf(raw), Parts: make([][]byte, len(h.Parts))}
		if b := s.ColumnRawBlob(2); len(b) == len(seal.Signature{}) {
			given := seal.Signature(b)
			sig = &given
		}
		if string(s.ColumnRawBlob(3)) != string(c.Hash[:]) {
			return fmt.Errorf("%w: commit %d is not the one that was written", ErrDamaged, seq)
		}
		return nil
	})
	if err != nil || !held {
		return c, nil, false, plain("read a commit", err)
	}
	err = j.db.run(parts, []any{n}, func(s *sqlite3.Stmt) error {
		i := s.ColumnInt(0)
		if i >= len(c.Parts) {
			return fmt.Errorf("%w: commit %d: a part its header does not know", ErrDamaged, seq)
		}
		if c.Header.Parts[i].Tag != 0 && j.gone(&c, i) {
			return nil
		}
		data := s.ColumnBlob(1, []byte{})
		if c.Header.Parts[i].Tag != 0 && bytes.HasPrefix(data, letGoStart) {
			return nil
		}
		if journal.Hash(seal.Digest(data)) != c.Header.Parts[i].Digest {
			if !strict && c.Header.Parts[i].Tag != 0 {
				return nil
			}
			return fmt.Errorf("%w: commit %d: part %d is not the one that was written", ErrDamaged, seq, i)
		}
		c.Parts[i] = data
		return nil
	})
	return c, sig, true, plain("read a commit", err)
}

// AppendRun writes commits that arrived and were judged good into the running batch, with the signature of the last;
// roll is what the workspace's roll is afterwards. Nothing is saved until Flush returns.
func (j *Journal) AppendRun(fresh []journal.Commit, sig seal.Signature, roll *journal.Roll) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.begin(); err != nil {
		return err
	}
	j.roll = roll // before anything is written: what it erases must not come in again
	for i := range fresh {
		var s *seal.Signature
		if i == len(fresh)-1 {
			s = &sig
		}
		if err := j.insert(&fresh[i], s); err != nil {
			return err
		}
	}
	if err := j.readmit(fresh); err != nil {
		return err
	}
	return j.erase()
}

// Fill gives commits that are held the parts that are missing or damaged here: whoever sent a commit first may have had to
// withhold one. The commits must have been judged good.
func (j *Journal) Fill(held []journal.Commit) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range held {
		c, _, there, err := j.commit(j.local[held[i].Writer], held[i].Seq, false)
		if err != nil || !there || c.Hash != held[i].Hash {
			continue // Verify names it
		}
		n := int64(0)
		if err := j.db.run("SELECT n FROM chain WHERE writer = ? AND seq = ?", []any{j.local[c.Writer], c.Seq}, func(s *sqlite3.Stmt) error { n = s.ColumnInt64(0); return nil }); err != nil {
			return plain("mend a commit", err)
		}
		for p, data := range held[i].Parts {
			if data == nil || c.Parts[p] != nil || c.Header.Parts[p].Tag != 0 && j.gone(&c, p) {
				continue
			}
			if err := j.begin(); err != nil {
				return err
			}
			if err := j.replace(n, p, c.Header.Parts[p].Tag, data); err != nil {
				return err
			}
		}
	}
	return nil
}

// How many refused runs are kept, and bytes of them: who sends them without end must not fill the disk.
const (
	maxAsides     = 256
	maxAsideBytes = 32 << 20
)

// SetAside keeps a run that was refused, as evidence, outside the chain. Beyond the first 256, or 32 MiB, nothing is kept, and of
// what a revoked member goes on writing only the last that was offered.
func (j *Journal) SetAside(run *journal.Run, at int64, reason string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	run = j.stripped(run)
	first, raw := run.First(), run.Encode()
	digest := seal.Digest(raw)
	if err := j.db.exec("DELETE FROM set_aside WHERE writer = ?1 AND reason LIKE ?2 AND ?3 LIKE ?2", first.Writer[:], revokedReason, reason); err != nil {
		return plain("set aside", err)
	}
	return plain("set aside", j.db.exec("INSERT INTO set_aside (digest, writer, seq, reason, at, run) SELECT ?,?,?,?,?,? WHERE (SELECT count(*) < ? AND coalesce(sum(length(run)), 0) <= ? FROM set_aside) ON CONFLICT DO NOTHING",
		digest[:], first.Writer[:], first.Seq, reason, at, raw, maxAsides, maxAsideBytes-len(raw)))
}

// Aside is a run that was refused.
type Aside struct {
	Writer journal.WriterID
	Seq    uint64
	Reason string
	At     int64 // unix seconds

	Revoked bool // because its writer's member is revoked, and for no other reason
}

// Asides lists what was refused.
func (j *Journal) Asides() (list []Aside, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT writer, seq, reason, at FROM set_aside ORDER BY at, writer, seq", nil, func(s *sqlite3.Stmt) error {
		var w journal.WriterID
		copy(w[:], s.ColumnRawBlob(0))
		list = append(list, Aside{Writer: w, Seq: uint64(s.ColumnInt64(1)), Reason: s.ColumnText(2), At: s.ColumnInt64(3), Revoked: strings.Contains(s.ColumnText(2), "(revoked)")})
		return nil
	})
	return list, plain("list what was set aside", err)
}
