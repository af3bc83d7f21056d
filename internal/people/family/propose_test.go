package family

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"amparo/internal/record"
	"amparo/internal/sample"
)

// madeUp is a person of the made-up registry as a row of the view.
type madeUp struct {
	record.Row
	number int64
	sample.Listed
}

func idOf(number int64) (id record.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(number))
	return id
}

func (m madeUp) Text(column int) string {
	return [...]string{2: m.Given(), 3: m.Surname1, 4: m.Surname2, 5: "", 6: strings.ToLower(m.Sex), 7: m.Birth, 9: "", 11: "", 12: ""}[column]
}
func (m madeUp) Int(int) int64        { return m.number }
func (m madeUp) ID(int) record.ID     { return idOf(m.number) }
func (m madeUp) Null(column int) bool { return column == 8 }
func (m madeUp) Bool(int) bool        { return false }
func (m madeUp) Set(column int) []string {
	if column == 10 {
		return []string{m.Nationality}
	}
	return nil
}

// asRemembered makes searches for some of a registry, described as a second registrar would write them, with all their errors. It gives
// whom each looks for.
func asRemembered(p *proposer, r *sample.Registry, most int) map[*search]record.ID {
	meant := map[*search]record.ID{}
	for again := range r.Duplicates() {
		if len(meant) == most {
			break
		}
		l := again.Listed
		s := Seek{ID: idOf(int64(1_000_000_000 + len(meant))), Person: idOf(2_000_000_000), Given: l.Given(), Surname1: l.Surname1, Surname2: l.Surname2, Sex: strings.ToLower(l.Sex), Birth: l.Birth,
			Nationality: []string{l.Nationality}, State: Open, Consent: "given"}
		made := readySearch(p.model, s)
		p.seeks[s.ID], p.stale = made, true
		meant[made] = idOf(int64(again.Person))
	}
	return meant
}

func (p *proposer) readAll(r *sample.Registry) {
	p.index()
	number := int64(0)
	for l := range r.People() {
		number++
		p.compare(madeUp{number: number, Listed: l}, number)
	}
	p.total = r.Len()
}

// Who is looked for is among the five proposed, however badly a name was written: as far as it can be told apart from everybody else.
func TestWhoIsSoughtIsProposed(t *testing.T) {
	p := newProposer()
	r := sample.NewRegistry(20261121, 4000)
	meant := asRemembered(p, r, 200)
	p.readAll(r)
	prior := registered - math.Log2(float64(p.total))
	proposed, first, strangers := 0, 0, 0
	for s, who := range meant {
		better := 0
		for id, weight := range s.met {
			if id != who && weight > s.met[who] {
				better++
			}
			if id != who && weight+prior >= likelyFrom {
				strangers++
			}
		}
		if weight, met := s.met[who]; met && weight+prior >= possibleFrom && better < eachProposes {
			proposed++
			if better == 0 {
				first++
			}
		}
	}
	t.Logf("of %d sought: %d proposed, %d of them first; %d strangers called likely", len(meant), proposed, first, strangers)
	if proposed < len(meant)*95/100 || first < len(meant)*90/100 || strangers > len(meant)/20 {
		t.Errorf("of %d sought: %d proposed, %d of them first; %d strangers called likely", len(meant), proposed, first, strangers)
	}
}

// BenchmarkPropose compares a hundred thousand persons with two hundred searches.
func BenchmarkPropose(b *testing.B) {
	r := sample.NewRegistry(7, 100_000)
	for b.Loop() {
		p := newProposer()
		p.every = 3
		asRemembered(p, r, 200)
		p.readAll(r)
	}
}
