package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// A commit may be held without a sealed part of it: it came bare because the part follows later, whoever passed it on kept it
// back, this device let go of it or never wanted it. What is missing is noted, so that it can be asked for.
const (
	lackWanted = 0
	lackLetGo  = 1 // only brought back when somebody asks for the person
	lackApart  = 2 // beyond the scope: of persons whom this device does not follow
)

// Scope says which sealed parts a device wants. The zero Scope wants all.
type Scope struct {
	Narrow  bool            // only what is needed to find a person, and of whole records those on the shelves
	Shelves map[uint16]bool // without the detail mark
}

func (s Scope) state(shelf uint16) int {
	if !s.Narrow || shelf&journal.DetailShelf == 0 || s.Shelves[shelf&^journal.DetailShelf] {
		return lackWanted
	}
	return lackApart
}

// Wants reports whether a part on that shelf is wanted.
func (s Scope) Wants(shelf uint16) bool { return s.state(shelf) == lackWanted }

// lack notes that a part of a commit is not here. What was noted before is noted anew.
func (j *Journal) lack(chain int64, h *journal.Header, index, state int) error {
	p := h.Parts[index]
	return j.db.exec(`INSERT OR REPLACE INTO lack (chain, idx, shelf, size, time, state) VALUES (?,?,?,?,?,?)`,
		chain, index, int(p.Shelf), int(p.Size), uint64(h.Time), state)
}

// lackNow changes what is to become of a part that is not here. What is wanted now is noted anew: who was asked in vain for what
// was noted before is asked for this at once.
func (j *Journal) lackNow(n int64, state int) error {
	if state != lackWanted {
		return j.db.exec("UPDATE lack SET state = ? WHERE n = ?", state, n)
	}
	return j.db.exec("INSERT OR REPLACE INTO lack (chain, idx, shelf, size, time, state) SELECT chain, idx, shelf, size, time, ? FROM lack WHERE n = ?", state, n)
}

// doubt notes sealed parts of a commit that are no longer what was written: others have them whole, and are asked.
func (j *Journal) doubt(w journal.WriterID, seq uint64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	c, _, there, err := j.commit(j.local[w], seq, false)
	if err != nil || !there {
		return nil // the header itself does not read
	}
	var chain int64
	rows := map[int]bool{}
	if err := j.db.run("SELECT p.chain, p.idx FROM part p JOIN chain c ON c.n = p.chain WHERE c.writer = ? AND c.seq = ? AND "+isHere, []any{j.local[w], seq}, func(s *sqlite3.Stmt) error {
		chain = s.ColumnInt64(0)
		rows[s.ColumnInt(1)] = true
		return nil
	}); err != nil {
		return plain("note what is damaged", err)
	}
	for i, p := range c.Header.Parts {
		if p.Tag == 0 || c.Parts[i] != nil || !rows[i] || j.gone(&c, i) {
			continue
		}
		if err := j.lack(chain, &c.Header, i, lackWanted); err != nil {
			return plain("note what is damaged", err)
		}
	}
	return nil
}

// found takes the note away.
func (j *Journal) found(chain int64, index int) error {
	return j.db.exec("DELETE FROM lack WHERE chain = ? AND idx = ?", chain, index)
}

// scopeNote is where the scope is kept: a byte for narrow, then two for each shelf.
const scopeNote = "scope"

// loadScope reads what is wanted here.
func (j *Journal) loadScope() error {
	j.scope = Scope{}
	return j.db.run("SELECT value FROM note WHERE name = ?", []any{scopeNote}, func(s *sqlite3.Stmt) error {
		raw := s.ColumnBlob(0, nil)
		if len(raw) == 0 || raw[0] != 1 {
			return nil
		}
		j.scope = Scope{Narrow: true, Shelves: map[uint16]bool{}}
		for raw = raw[1:]; len(raw) >= 2; raw = raw[2:] {
			j.scope.Shelves[binary.BigEndian.Uint16(raw)] = true
		}
		return nil
	})
}

// Scope is which sealed parts this device wants. Its map must not be changed.
func (j *Journal) Scope() Scope {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.scope
}

// SetScope changes which parts are wanted, durably; no batch may be running. What is here stays: Beyond lists it, and PutOut lets
// go of it.
func (j *Journal) SetScope(s Scope) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if s.Narrow == j.scope.Narrow && maps.Equal(s.Shelves, j.scope.Shelves) {
		return nil
	}
	if err := j.begin(); err != nil {
		return err
	}
	if err := j.setScope(s); err != nil {
		return errors.Join(plain("change what is wanted", err), j.drop())
	}
	return j.flush()
}

func (j *Journal) setScope(s Scope) error {
	raw := []byte{0}
	if s.Narrow {
		raw[0] = 1
		for _, shelf := range slices.Sorted(maps.Keys(s.Shelves)) {
			raw = binary.BigEndian.AppendUint16(raw, shelf)
		}
	}
	if err := j.db.exec("INSERT INTO note (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", scopeNote, raw); err != nil {
		return err
	}
	j.scope = s
	change := map[int64]int{}
	if err := j.db.run("SELECT n, shelf, state FROM lack WHERE state IN (?, ?)", []any{lackWanted, lackApart}, func(row *sqlite3.Stmt) error {
		if now := s.state(uint16(row.ColumnInt(1))); now != row.ColumnInt(2) {
			change[row.ColumnInt64(0)] = now
		}
		return nil
	}); err != nil {
		return err
	}
	for n, state := range change {
		if err := j.lackNow(n, state); err != nil {
			return err
		}
	}
	return nil
}

// WantAgain takes back that parts were let go of on purpose: they come with the next exchange.
func (j *Journal) WantAgain() error { return j.wantAgain(func(uint16) bool { return true }) }

// WantOn is WantAgain for parts on these shelves, without the detail mark.
func (j *Journal) WantOn(shelves map[uint16]bool) error {
	if len(shelves) == 0 {
		return nil
	}
	return j.wantAgain(func(shelf uint16) bool { return shelves[shelf&^journal.DetailShelf] })
}

func (j *Journal) wantAgain(which func(shelf uint16) bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	again := map[int64]int{}
	if err := j.db.run("SELECT n, shelf FROM lack WHERE state = ?", []any{lackLetGo}, func(row *sqlite3.Stmt) error {
		if shelf := uint16(row.ColumnInt(1)); which(shelf) {
			again[row.ColumnInt64(0)] = j.scope.state(shelf)
		}
		return nil
	}); err != nil || len(again) == 0 {
		return plain("want again", err)
	}
	if err := j.begin(); err != nil {
		return err
	}
	for n, state := range again {
		if err := j.lackNow(n, state); err != nil {
			return errors.Join(plain("want again", err), j.drop())
		}
	}
	return j.flush()
}

// Beyond lists the sealed parts that are here and not wanted, of commits that another copy is known to hold.
func (j *Journal) Beyond(known journal.Vector) (list []journal.PartPlace, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.scope.Narrow {
		return nil, nil
	}
	err = j.db.run("SELECT c.header, p.idx FROM part p JOIN chain c ON c.n = p.chain WHERE p.tag <> 0 AND "+isHere, nil, func(s *sqlite3.Stmt) error {
		h, err := journal.DecodeHeader(s.ColumnRawBlob(0))
		i := s.ColumnInt(1)
		if err != nil || i >= len(h.Parts) || h.Seq > known[h.Writer] || j.scope.Wants(h.Parts[i].Shelf) {
			return nil
		}
		list = append(list, journal.PartPlace{Writer: h.Writer, Seq: h.Seq, Index: uint8(i)})
		return nil
	})
	return list, plain("look for what is not wanted", err)
}

// Wanted lists sealed parts that are wanted and not here, noted after the given one, those of the newest commits first.
func (j *Journal) Wanted(after int64, most int) (list []journal.Missing, err error) {
	return j.missing("WHERE l.state = 0 AND l.n > ? ORDER BY l.time DESC, l.n DESC LIMIT ?", after, most)
}

// MissingFrom lists what is wanted and not here in the order in which it was noted, from the given one on.
func (j *Journal) MissingFrom(from int64, most int) ([]journal.Missing, error) {
	return j.missing("WHERE l.state = 0 AND l.n >= ? ORDER BY l.n LIMIT ?", from, most)
}

// MissingOn lists what is not here on a shelf, wanted or not, the newest first.
func (j *Journal) MissingOn(shelf uint16, most int) ([]journal.Missing, error) {
	return j.missing("WHERE l.shelf IN (?, ?) ORDER BY l.time DESC, l.n DESC LIMIT ?", int(shelf&^journal.DetailShelf), int(shelf|journal.DetailShelf), most)
}

func (j *Journal) missing(which string, args ...any) (list []journal.Missing, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT l.n, w.id, c.seq, l.idx, l.size, c.header FROM lack l JOIN chain c ON c.n = l.chain JOIN writer w ON w.n = c.writer "+which, args, func(s *sqlite3.Stmt) error {
		m := journal.Missing{N: s.ColumnInt64(0), Place: journal.PartPlace{Seq: uint64(s.ColumnInt64(2)), Index: uint8(s.ColumnInt(3))}, Size: uint32(s.ColumnInt64(4))}
		h, err := journal.DecodeHeader(s.ColumnRawBlob(5))
		if err == nil && copy(m.Place.Writer[:], s.ColumnRawBlob(1)) == len(m.Place.Writer) && int(m.Place.Index) < len(h.Parts) { // else damaged: Verify names it
			m.Digest = h.Parts[m.Place.Index].Digest
			list = append(list, m)
		}
		return nil
	})
	return list, plain("list what is missing", err)
}

// Coming is how many sealed parts are wanted and not here, and how many bytes they have.
func (j *Journal) Coming() (parts int, bytes int64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT count(*), coalesce(sum(size), 0) FROM lack WHERE state = 0", nil, func(s *sqlite3.Stmt) error {
		parts, bytes = s.ColumnInt(0), s.ColumnInt64(1)
		return nil
	})
	return parts, bytes, plain("count what is coming", err)
}

// Sealed gives the bytes of a sealed part that is here and may leave this machine.
func (j *Journal) Sealed(p journal.PartPlace) (data []byte, here bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.held[p] || j.roll.Erased[p] || p.Seq > j.saved[p.Writer].Seq {
		return nil, false, nil
	}
	err = j.db.run("SELECT p.data, c.header FROM part p JOIN chain c ON c.n = p.chain WHERE p.idx = ?3 AND p.tag <> 0 AND c.writer = ?1 AND c.seq = ?2 AND "+isHere,
		[]any{j.local[p.Writer], p.Seq, int(p.Index)}, func(s *sqlite3.Stmt) error {
			data = s.ColumnBlob(0, []byte{})
			h, err := journal.DecodeHeader(s.ColumnRawBlob(1))
			here = err == nil && int(p.Index) < len(h.Parts) && journal.Hash(seal.Digest(data)) == h.Parts[p.Index].Digest
			if err != nil || !here {
				err = fmt.Errorf("%w: part %d of commit %d", ErrDamaged, p.Index, p.Seq)
			}
			return err
		})
	return data, here, plain("read a part", err)
}

// Apart reports that a part is not here because it is beyond the scope.
func (j *Journal) Apart(p journal.PartPlace) (apart bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.db.run("SELECT l.state FROM lack l JOIN chain c ON c.n = l.chain WHERE l.idx = ?3 AND c.writer = ?1 AND c.seq = ?2", []any{j.local[p.Writer], p.Seq, int(p.Index)}, func(s *sqlite3.Stmt) error {
		apart = s.ColumnInt(0) == lackApart
		return nil
	})
	return apart, plain("look for a part", err)
}

// fillLack notes what is missing in a journal of version 2.
func fillLack(db *session) error {
	erased := map[journal.PartPlace]bool{}
	if err := db.run("SELECT writer, seq, idx FROM erased", nil, func(s *sqlite3.Stmt) error {
		p := journal.PartPlace{Seq: uint64(s.ColumnInt64(1)), Index: uint8(s.ColumnInt(2))}
		copy(p.Writer[:], s.ColumnRawBlob(0))
		erased[p] = true
		return nil
	}); err != nil {
		return err
	}
	type short struct {
		chain  int64
		header journal.Header
	}
	var some []short // of most commits everything is here
	if err := db.run("SELECT c.n, c.header, (SELECT count(*) FROM part p WHERE p.chain = c.n AND "+isHere+") FROM chain c", nil, func(s *sqlite3.Stmt) error {
		h, err := journal.DecodeHeader(s.ColumnRawBlob(1))
		if err == nil && s.ColumnInt(2) < len(h.Parts) { // a damaged one is named by Verify
			some = append(some, short{s.ColumnInt64(0), h})
		}
		return nil
	}); err != nil {
		return err
	}
	j := &Journal{db: db}
	for i := range some {
		here, letGo := map[int]bool{}, map[int]bool{}
		if err := db.run("SELECT idx, "+isHere+" FROM part WHERE chain = ?", []any{some[i].chain}, func(s *sqlite3.Stmt) error {
			here[s.ColumnInt(0)], letGo[s.ColumnInt(0)] = s.ColumnBool(1), !s.ColumnBool(1)
			return nil
		}); err != nil {
			return err
		}
		h := &some[i].header
		for p := range h.Parts {
			if h.Parts[p].Tag == 0 || here[p] || erased[journal.PartPlace{Writer: h.Writer, Seq: h.Seq, Index: uint8(p)}] {
				continue
			}
			state := lackWanted
			if letGo[p] {
				state = lackLetGo
			}
			if err := j.lack(some[i].chain, h, p, state); err != nil {
				return err
			}
		}
	}
	return nil
}
