package family

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"
	"time"

	"amparo/internal/match"
	"amparo/internal/match/linkage"
	"amparo/internal/people"
	"amparo/internal/record"
)

// proposer holds who may be somebody who is sought. It reads everybody once and then only who is new or changed, and a search that is new
// or said anew is compared with everybody. It is kept in memory for a session.
type proposer struct {
	mu       sync.Mutex
	position int64 // of the view, up to which this has read
	model    *linkage.Model
	counted  int64 // the last person's row whose names are counted
	every    int64 // of so many persons one is counted: how often names come shows in a part of them
	person   mark  // the last person there is
	change   mark  // the last change that was read
	total    int   // persons
	seeks    map[record.ID]*search
	unborn   map[record.ID]bool // whose registration has not arrived: it fills the row without standing among the changes
	hidden   map[record.ID]bool // who is not shown, to who asks
	keys     map[string][]part
	stale    bool // keys must be made anew

	made     []met // the list as it was made last
	madeAt   int64
	madeWith int
}

// search is one search that proposes, made ready.
type search struct {
	Seek
	side  *linkage.Side
	rec   linkage.Record
	names []string // sounds of the name parts
	read  int64    // the person's row up to which it was compared
	met   map[record.ID]float64
}

// part is one part of a name that is sought.
type part struct {
	search *search
	part   int
}

const (
	// mostRead is how many persons are compared in one call, so that a page is not waited for; the next call goes on.
	mostRead = 25_000
	// mostMet is how many of the likeliest are kept for one search.
	mostMet = 24
	// leastBits is below what nobody is kept: a name that half the town has.
	leastBits = 3
	// countMost is from about how many persons the frequencies of names are taken.
	countMost = 40_000
)

const candidateColumns = "rowid, id, given, surname1, surname2, nickname, sex, birth, age, age_on, nationality, spoken, written, aliases, _rec IS NULL"

// mark is a row of a table. A view that is made anew, because something was erased, numbers its rows anew: then another row stands
// there, or none.
type mark struct {
	row         int64
	id, subject record.ID // the row's own, and the person whose it is
}

func newProposer() *proposer {
	p := &proposer{}
	p.forget()
	return p
}

// forget begins from nothing.
func (p *proposer) forget() {
	p.model, p.seeks, p.unborn, p.hidden, p.keys, p.made = linkage.Default(), map[record.ID]*search{}, map[record.ID]bool{}, map[record.ID]bool{}, nil, nil
	p.position, p.every, p.counted, p.total, p.person, p.change = -1, 1, 0, 0, mark{}, mark{}
}

// upToDate reads what came since. It reports how far it is when there is more than one call reads.
func (p *proposer) upToDate(a *record.Ask) error {
	position, err := people.Position(a)
	if err != nil {
		return fmt.Errorf("bring proposals up to date: %w", err)
	}
	if position != p.position {
		if err := p.readChanged(a); err != nil {
			return err
		}
		p.position = position
	}
	return p.readOn(a)
}

// readChanged brings the searches in step, and compares again who was changed or is shown again.
func (p *proposer) readChanged(a *record.Ask) error {
	hidden := map[record.ID]bool{}
	if err := a.Select(a.Context, "SELECT person FROM identity.hiding_identity AS h WHERE hides(h.person, h.why, h.home)", nil, func(r record.Row) error {
		hidden[r.ID(0)] = true
		return nil
	}); err != nil {
		return fmt.Errorf("read who is hidden: %w", err)
	}
	stands, err := p.stands(a, hidden)
	if err != nil {
		return err
	}
	if !stands {
		p.forget()
	}
	if err := p.readSeeks(a); err != nil {
		return err
	}
	changed := p.unborn
	for id := range p.hidden {
		if !hidden[id] {
			changed[id] = true
		}
	}
	p.hidden, p.unborn = hidden, map[record.ID]bool{}
	if err := p.readMarks(a, changed); err != nil {
		return err
	}
	p.index()
	for id := range changed {
		for _, s := range p.seeks {
			delete(s.met, id)
		}
		if err := a.Select(a.Context, "SELECT "+candidateColumns+" FROM identity.person WHERE id = ?", []any{id}, func(r record.Row) error {
			p.compare(r, math.MaxInt64)
			return nil
		}); err != nil {
			return fmt.Errorf("read person: %w", err)
		}
	}
	return nil
}

// stands says whether the rows read last are still where they were.
func (p *proposer) stands(a *record.Ask, hidden map[record.ID]bool) (bool, error) {
	for _, t := range []struct {
		of    mark
		query string
	}{{p.person, "SELECT id FROM identity.person WHERE rowid = ?"}, {p.change, "SELECT id FROM identity._change WHERE rowid = ?"}} {
		if t.of.row == 0 || hidden[t.of.subject] || p.hidden[t.of.subject] {
			continue
		}
		there := false
		if err := a.Select(a.Context, t.query, []any{t.of.row}, func(r record.Row) error { there = r.ID(0) == t.of.id; return nil }); err != nil {
			return false, fmt.Errorf("look for the last row: %w", err)
		}
		if !there {
			return false, nil
		}
	}
	return true, nil
}

// readSeeks brings the searches in step.
func (p *proposer) readSeeks(a *record.Ask) error {
	open, err := seeksOf(a.Context, a, "s.search_state = ?", Open)
	if err != nil {
		return err
	}
	there := map[record.ID]bool{}
	for _, s := range open {
		if !s.Proposes() {
			continue
		}
		there[s.ID] = true
		made := readySearch(p.model, s)
		if old := p.seeks[s.ID]; old != nil && sameRecord(old.rec, made.rec) && old.Person == s.Person {
			old.Seek = s
			continue
		}
		p.seeks[s.ID], p.stale = made, true
	}
	for id := range p.seeks {
		if !there[id] {
			delete(p.seeks, id)
			p.stale = true
		}
	}
	return nil
}

// readMarks reads how many persons there are, and adds who was changed since. The first time nobody was: everybody is read.
func (p *proposer) readMarks(a *record.Ask, changed map[record.ID]bool) error {
	was := p.person
	if err := a.Select(a.Context, "SELECT rowid, id FROM identity.person ORDER BY rowid DESC LIMIT 1", nil, func(r record.Row) error {
		if r.Int(0) > was.row {
			p.person = mark{r.Int(0), r.ID(1), r.ID(1)}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("read the last person: %w", err)
	}
	if err := a.Select(a.Context, "SELECT count(*) FROM identity.person WHERE rowid > ?", []any{was.row}, func(r record.Row) error {
		p.total += int(r.Int(0))
		p.every = max(p.every, int64(p.total)/countMost)
		return nil
	}); err != nil {
		return fmt.Errorf("count persons: %w", err)
	}
	query := "SELECT rowid, id, entity, kind FROM identity._change WHERE rowid > ? ORDER BY rowid"
	if p.change.row == 0 && was.row == 0 {
		query += " DESC LIMIT 1"
	}
	err := a.Select(a.Context, query, []any{p.change.row}, func(r record.Row) error {
		person := r.ID(2)
		if r.Int(3) == int64(people.Person.Number) {
			changed[person] = true
		}
		p.change = mark{r.Int(0), r.ID(1), person}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	return nil
}

// readOn compares who was not compared yet, as far as one call goes.
func (p *proposer) readOn(a *record.Ask) error {
	from := p.person.row
	for _, s := range p.seeks {
		from = min(from, s.read)
	}
	if len(p.seeks) == 0 || from >= p.person.row {
		return nil
	}
	p.index()
	n, row := 0, from
	err := a.Select(a.Context, "SELECT "+candidateColumns+" FROM identity.person WHERE rowid > ? ORDER BY rowid LIMIT ?", []any{from, mostRead}, func(r record.Row) error {
		n, row = n+1, r.Int(0)
		p.compare(r, row)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read persons: %w", err)
	}
	if n < mostRead {
		row = p.person.row
	}
	for _, s := range p.seeks {
		s.read = max(s.read, row)
	}
	return nil
}

// looked is how many persons every search was compared with, as near as rows say it.
func (p *proposer) looked() int {
	from := p.person.row
	for _, s := range p.seeks {
		from = min(from, s.read)
	}
	if p.person.row == 0 {
		return 0
	}
	return int(int64(p.total) * from / p.person.row)
}

// index finds searches by the sounds of the names they look for.
func (p *proposer) index() {
	if !p.stale && p.keys != nil {
		return
	}
	p.keys, p.stale = map[string][]part{}, false
	for _, s := range p.seeks {
		for i, name := range s.names {
			for _, key := range keysOf([]string{name}) {
				p.keys[key] = append(p.keys[key], part{s, min(i, 31)})
			}
		}
	}
}

// keysOf are the sounds, each whole and each with one letter left out, so that one wrong letter hides nobody.
func keysOf(sounds []string) []string {
	var out []string
	for _, s := range sounds {
		out = append(out, s)
		if len(s) > 3 {
			for i := range len(s) {
				out = append(out, "-"+s[:i]+s[i+1:])
			}
			out = append(out, "-"+s)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// compare weighs one person with the searches that share a sound of a name with them and have not met them yet.
func (p *proposer) compare(r record.Row, row int64) {
	id, rec := r.ID(1), recordOf(r)
	if r.Bool(14) {
		p.unborn[id] = true
	}
	var side *linkage.Side
	if row != math.MaxInt64 && row > p.counted {
		p.counted = row
		if row%p.every == 0 {
			side = p.model.Ready(&rec)
			p.model.CountReady(side)
		}
	}
	for _, s := range p.near(&rec) {
		if s.Person == id || row != math.MaxInt64 && row <= s.read {
			continue
		}
		if side == nil {
			side = p.model.Ready(&rec)
		}
		if weight := p.model.Weigh(s.side, side); weight >= leastBits {
			s.meet(id, weight)
		}
	}
}

// recordOf reads a person as they are compared.
func recordOf(r record.Row) linkage.Record {
	rec := linkage.Record{Key: match.Key(r.ID(1)), Given: r.Text(2), Surname1: r.Text(3), Surname2: r.Text(4), Sex: r.Text(6), Birth: r.Text(7), Nationality: r.Set(10)}
	for _, also := range append([]string{r.Text(5), r.Text(11), r.Text(12)}, r.Set(13)...) {
		if also != "" {
			rec.Also = append(rec.Also, also)
		}
	}
	if !r.Null(8) {
		age := int(r.Int(8))
		rec.Born = bornAt(&age, r.Text(9))
	}
	return rec
}

// near lists the searches whose names sound alike enough to be weighed: two parts, or one when there are few to go by and nothing
// speaks against it.
func (p *proposer) near(rec *linkage.Record) []*search {
	names := soundsOf(rec)
	shared := map[*search]uint32{} // which parts of the name that is sought
	for _, key := range keysOf(names) {
		for _, k := range p.keys[key] {
			shared[k.search] |= 1 << k.part
		}
	}
	var out []*search
	for s, parts := range shared {
		if bits.OnesCount32(parts) >= 2 || (len(names) == 1 || len(s.names) <= 2) && s.mayBe(rec) {
			out = append(out, s)
		}
	}
	return out
}

// mayBe reports that neither sex nor age speaks against a person.
func (s *search) mayBe(rec *linkage.Record) bool {
	if a, b := s.rec.Sex, rec.Sex; (a == "f" || a == "m") && (b == "f" || b == "m") && a != b {
		return false
	}
	a, b := moment(&s.rec), moment(rec)
	return a == 0 || b == 0 || math.Abs(a-b) <= 8
}

func moment(rec *linkage.Record) float64 {
	if born, ok := match.BornDate(rec.Birth); ok {
		return born
	}
	return rec.Born
}

// meet keeps a candidate among the likeliest.
func (s *search) meet(id record.ID, weight float64) {
	s.met[id] = weight
	if len(s.met) <= mostMet {
		return
	}
	least := id
	for other, w := range s.met {
		if w < s.met[least] {
			least = other
		}
	}
	delete(s.met, least)
}

func soundsOf(rec *linkage.Record) []string {
	var out []string
	for _, text := range append([]string{rec.Given, rec.Surname1, rec.Surname2}, rec.Also...) {
		for _, part := range match.Tokens(text) {
			if sound := match.Sound(part); sound != "" {
				out = append(out, sound)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func readySearch(m *linkage.Model, s Seek) *search {
	rec := linkage.Record{Key: match.Key(s.ID), Given: s.Given, Surname1: s.Surname1, Surname2: s.Surname2, Sex: s.Sex, Birth: s.Birth, Nationality: s.Nationality}
	if s.Nickname != "" {
		rec.Also = []string{s.Nickname}
	}
	if s.Birth == "" {
		rec.Born = bornAt(s.Age, s.AgeOn)
	}
	return &search{Seek: s, rec: rec, side: m.Ready(&rec), names: soundsOf(&rec), met: map[record.ID]float64{}}
}

func sameRecord(a, b linkage.Record) bool {
	return a.Given == b.Given && a.Surname1 == b.Surname1 && a.Surname2 == b.Surname2 && slices.Equal(a.Also, b.Also) && a.Sex == b.Sex && a.Birth == b.Birth && a.Born == b.Born &&
		slices.Equal(a.Nationality, b.Nationality)
}

// bornAt estimates when somebody was born who was so old on a day; 0 when it is not known.
func bornAt(age *int, on string) float64 {
	at, err := time.Parse(time.DateOnly, on)
	if age == nil || err != nil {
		return 0
	}
	return match.BornAge(*age, at)
}
