package store

import (
	"bytes"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

// Held parts travel nowhere: their commit does, with the part's digest in its place, so the chain holds everywhere and the
// part can follow later.

// Hold keeps parts about a person on this machine, from the running batch on.
func (j *Journal) Hold(person record.ID, places []journal.PartPlace) error {
	if len(places) == 0 {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.begin(); err != nil {
		return err
	}
	for _, p := range places {
		if err := j.db.exec("INSERT INTO held (person, writer, seq, idx) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", person[:], p.Writer[:], p.Seq, int(p.Index)); err != nil {
			return plain("hold back", err)
		}
		j.held[p] = true
	}
	return nil
}

// HeldPart is a part that was held back.
type HeldPart struct {
	Place journal.PartPlace
	Tag   uint8
	Data  []byte
}

// HeldOf lists what is held back of a person, in the order in which it was written.
func (j *Journal) HeldOf(person record.ID) (list []HeldPart, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run(`SELECT h.writer, h.seq, h.idx, p.tag, p.data FROM held h JOIN writer w ON w.id = h.writer JOIN chain c ON c.writer = w.n AND c.seq = h.seq
		JOIN part p ON p.chain = c.n AND p.idx = h.idx WHERE h.person = ? ORDER BY p.arrival`, []any{person[:]}, func(s *sqlite3.Stmt) error {
		h := HeldPart{Tag: uint8(s.ColumnInt(3)), Data: s.ColumnBlob(4, nil)}
		copy(h.Place.Writer[:], s.ColumnRawBlob(0))
		h.Place.Seq, h.Place.Index = uint64(s.ColumnInt64(1)), uint8(s.ColumnInt(2))
		if !j.roll.Erased[h.Place] {
			list = append(list, h)
		}
		return nil
	})
	return list, plain("read what is held back", err)
}

// Release lets parts travel, from the running batch on.
func (j *Journal) Release(places []journal.PartPlace) error {
	if len(places) == 0 {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.begin(); err != nil {
		return err
	}
	for _, p := range places {
		if err := j.db.exec("DELETE FROM held WHERE writer = ? AND seq = ? AND idx = ?", p.Writer[:], p.Seq, int(p.Index)); err != nil {
			return plain("release", err)
		}
		delete(j.held, p)
	}
	return nil
}

// HeldPersons lists of whom something is held back.
func (j *Journal) HeldPersons() (list []record.ID, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT DISTINCT person FROM held ORDER BY person", nil, func(s *sqlite3.Stmt) error {
		var id record.ID
		copy(id[:], s.ColumnRawBlob(0))
		list = append(list, id)
		return nil
	})
	return list, plain("read what is held back", err)
}

// Held is how many parts are held back.
func (j *Journal) Held() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.held)
}

// IsHeld reports whether a part is held back.
func (j *Journal) IsHeld(p journal.PartPlace) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.held[p]
}

func (j *Journal) loadHeld() error {
	j.held = map[journal.PartPlace]bool{}
	return j.db.run("SELECT writer, seq, idx FROM held", nil, func(s *sqlite3.Stmt) error {
		p := journal.PartPlace{Seq: uint64(s.ColumnInt64(1)), Index: uint8(s.ColumnInt(2))}
		if copy(p.Writer[:], s.ColumnRawBlob(0)) < len(p.Writer) {
			return fmt.Errorf("%w: a held part without a whole writer", ErrDamaged)
		}
		j.held[p] = true
		return nil
	})
}

// withhold takes held parts out of a commit that is about to travel.
func (j *Journal) withhold(c *journal.Commit) {
	if len(j.held) == 0 {
		return
	}
	for i := range c.Parts {
		if c.Header.Parts[i].Tag != 0 && j.held[journal.PartPlace{Writer: c.Writer, Seq: c.Seq, Index: uint8(i)}] {
			c.Parts[i] = nil
		}
	}
}

// Supply gives a commit that is held a sealed part that is missing here, in the running batch. It reports whether it was
// missing; bytes that are not what the commit names are refused with ErrDamaged and change nothing.
func (j *Journal) Supply(p journal.PartPlace, data []byte) (new bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var chain int64
	var raw []byte
	if err := j.db.run("SELECT n, header FROM chain WHERE writer = ? AND seq = ?", []any{j.local[p.Writer], p.Seq}, func(s *sqlite3.Stmt) error {
		chain, raw = s.ColumnInt64(0), s.ColumnBlob(1, nil)
		return nil
	}); err != nil || raw == nil {
		return false, plain("take a part", err)
	}
	h, err := journal.DecodeHeader(raw)
	if err != nil {
		return false, nil // Verify names it
	}
	i := int(p.Index)
	if i >= len(h.Parts) || h.Parts[i].Tag == 0 || j.roll.Erased[p] {
		return false, nil
	}
	if journal.Hash(seal.Digest(data)) != h.Parts[i].Digest {
		return false, fmt.Errorf("%w: a part that is not the one its commit names", ErrDamaged)
	}
	there, whole := false, false
	if err := j.db.run("SELECT data FROM part WHERE chain = ? AND idx = ?", []any{chain, i}, func(s *sqlite3.Stmt) error {
		there, whole = true, bytes.Equal(s.ColumnRawBlob(0), data)
		return nil
	}); err != nil || whole {
		return false, plain("take a part", err)
	}
	if err := j.begin(); err != nil {
		return false, err
	}
	if !there {
		if err := j.db.exec("INSERT INTO part (chain, idx, tag, data) VALUES (?,?,?,?)", chain, i, int(h.Parts[i].Tag), data); err != nil {
			return false, plain("take a part", err)
		}
		return true, plain("take a part", j.found(chain, i))
	}
	return true, j.replace(chain, i, h.Parts[i].Tag, data)
}

// replace puts a part where another row stands, damaged or let go of: views read it as one that arrived now.
func (j *Journal) replace(chain int64, index int, tag uint8, data []byte) error {
	next := int64(0) // before the row goes: the newest one's place must not be given twice
	if err := j.db.run("SELECT coalesce(max(arrival), 0) + 1 FROM part", nil, func(s *sqlite3.Stmt) error { next = s.ColumnInt64(0); return nil }); err != nil {
		return plain("mend a commit", err)
	}
	if err := j.db.exec("DELETE FROM part WHERE chain = ? AND idx = ?", chain, index); err != nil {
		return plain("mend a commit", err)
	}
	if err := j.db.exec("INSERT INTO part (arrival, chain, idx, tag, data) VALUES (?,?,?,?,?)", next, chain, index, int(tag), data); err != nil {
		return plain("mend a commit", err)
	}
	return plain("mend a commit", j.found(chain, index))
}
