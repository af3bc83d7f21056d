package node

import (
	"bytes"
	"context"
	"slices"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// erasure is one erasing as field says it.
type erasure struct {
	id, person record.ID
	in         []record.Compartment
	decision   string // empty: nobody who administers has decided yet
	by         record.ID
	at         int64 // of the decision, unix seconds
	listed     map[journal.PartPlace]record.Compartment
	looked     map[record.Compartment]bool
	records    map[record.Compartment][]record.ID
	others     map[record.Compartment]int
}

// erasures reads all of them, with what was listed for each. A decision counts when somebody said it who administers, and a
// list when somebody made it whose role may erase in that compartment: of who left, as far as it was followed already.
func (s *Session) erasures(ctx context.Context, r record.Reader) (list []erasure, err error) {
	roll := s.node.journal.Roll()
	decision, _ := erasureKind.Field("decision")
	err = r.Select(ctx, "SELECT id, person, compartments, _state FROM field.erasure WHERE person IS NOT NULL ORDER BY id", nil, func(row record.Row) error {
		e := erasure{id: row.ID(0), person: row.ID(1), listed: map[journal.PartPlace]record.Compartment{}, looked: map[record.Compartment]bool{},
			records: map[record.Compartment][]record.ID{}, others: map[record.Compartment]int{}}
		for _, name := range row.Set(2) {
			if c, known := record.ParseCompartment(name); known && s.views.HidingKind(c) != nil {
				e.in = append(e.in, c)
			}
		}
		state, err := record.DecodeState(row.Blob(3))
		if err != nil {
			return err
		}
		for _, st := range state.Standing(decision.Number) {
			said, _ := st.Value.(string)
			if everAdministered(roll, journal.MemberID(st.By)) && e.decision != eraseConfirmed && (said == eraseConfirmed || said == eraseRefused && e.decision == "") {
				e.decision, e.by, e.at = said, st.By, st.At
			}
		}
		list = append(list, e)
		return nil
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	at := map[record.ID]int{}
	for i := range list {
		at[list[i].id] = i
	}
	roster, err := s.roster(ctx, r)
	if err != nil {
		return nil, err
	}
	err = r.Select(ctx, "SELECT erasure, compartment, parts, records, others, _by FROM field.erasure_parts", nil, func(row record.Row) error {
		i, known := at[row.ID(0)]
		in, named := record.ParseCompartment(row.Text(1))
		by := roster[journal.MemberID(row.ID(5))]
		if !known || !named || !slices.Contains(list[i].in, in) || by == nil || !by.Rights().May(record.Erase, in) {
			return nil
		}
		e := &list[i]
		for _, p := range unpackPlaces(row.Blob(2)) {
			if by.Active || s.node.journal.Erased(p) {
				e.listed[p] = in
			}
		}
		if !by.Active {
			return nil // others list what is left of it
		}
		e.looked[in], e.others[in] = true, max(e.others[in], int(row.Int(4)))
		for _, id := range unpackIDs(row.Blob(3)) {
			if !slices.Contains(e.records[in], id) {
				e.records[in] = append(e.records[in], id)
			}
		}
		return nil
	})
	return list, err
}

// mostListed is how many parts one fact lists, and one open part names: far below what a commit holds.
const mostListed = 5000

// listParts says which parts of a compartment speak of the person and of nobody else, as far as they are not listed yet, and
// that somebody looked. It gives how many.
func (s *Session) listParts(c *record.Change, e erasure, in record.Compartment) (int, error) {
	about, err := s.views.AboutPerson(c.Context, c.Reader, in, e.person)
	if err != nil {
		return 0, err
	}
	records, err := s.views.RecordsOf(c.Context, c.Reader, in, e.person)
	if err != nil {
		return 0, err
	}
	for _, id := range e.records[in] {
		if !slices.Contains(records, id) {
			records = append(records, id)
		}
	}
	hiding, err := s.hidingRecord(in, e.person)
	if err != nil {
		return 0, err
	}
	for _, id := range append(slices.Clone(records), hiding) { // late ones: what says whose the record is may be erased already
		more, err := s.views.AboutRecord(c.Context, c.Reader, in, id)
		if err != nil {
			return 0, err
		}
		about = append(about, more...)
	}
	var list []journal.PartPlace
	others := 0
	for _, p := range about {
		if _, listed := e.listed[p]; listed || slices.Contains(list, p) || s.node.journal.Erased(p) {
			continue
		}
		only, err := s.speaksOnlyOf(p, e.person, append(slices.Clone(records), hiding))
		switch {
		case err != nil:
			return 0, err
		case only:
			list = append(list, p)
		default:
			others++
		}
	}
	slices.SortFunc(list, func(a, b journal.PartPlace) int {
		return bytes.Compare(packPlaces([]journal.PartPlace{a}), packPlaces([]journal.PartPlace{b}))
	})
	var owned []byte
	for _, id := range records {
		if !slices.Contains(e.records[in], id) {
			owned = append(owned, id[:]...)
		}
	}
	n := len(list)
	if e.looked[in] && n == 0 && len(owned) == 0 && others <= e.others[in] {
		return 0, nil
	}
	for first := true; first || len(list) > 0; first = false {
		some := list[:min(len(list), mostListed)]
		list = list[len(some):]
		fields := record.Fields{"erasure": e.id, "compartment": in.String(), "parts": packPlaces(some)}
		if len(some) == 0 {
			delete(fields, "parts")
		}
		if first && len(owned) > 0 {
			fields["records"] = owned
		}
		if first && others > 0 {
			fields["others"] = others
		}
		if _, err := c.Happen(erasurePartsKind, fields); err != nil {
			return 0, err
		}
		for _, p := range some {
			e.listed[p] = in
		}
	}
	return n, nil
}

// hidingRecord is the record that hides a person in a compartment. What was typed there goes with the person.
func (s *Session) hidingRecord(in record.Compartment, person record.ID) (record.ID, error) {
	k := s.views.HidingKind(in)
	field, _ := k.Field("person")
	return k.KeyID(map[uint8]any{field.Number: person[:]})
}

// speaksOnlyOf reports whether everything in a part is about the person or the person's records. Programs before this one
// sealed what an action said of two persons as one part: such a part stays, and is counted.
func (s *Session) speaksOnlyOf(p journal.PartPlace, person record.ID, records []record.ID) (bool, error) {
	a, held, err := s.node.journal.Part(p)
	if err != nil || !held {
		return false, err
	}
	opened, err := openPart(s.member.Ring, &a)
	if err != nil {
		return false, nil // damaged, or of a later version: check names it
	}
	return s.views.OnlyAbout(&opened, person, records), nil
}

// tendErasures says what this member can add to the erasures there are: it hides, lists, shows again what is refused, and,
// when it administers, names to every copy what was confirmed.
func (s *Session) tendErasures(c *record.Change) (controls []journal.Control, err error) {
	all, err := s.erasures(c.Context, c.Reader)
	if err != nil {
		return nil, err
	}
	administers := s.node.journal.Roll().Administers(s.member.ID)
	var drop []journal.PartPlace
	for _, e := range all {
		for _, in := range e.in {
			if !s.erases(in) {
				continue
			}
			if e.decision == eraseRefused {
				if !askedBeside(all, e, in) {
					err = s.showRefused(c, e.person, in)
				}
			} else if err = s.hideErased(c, e.person, in); err == nil {
				_, err = s.listParts(c, e, in)
			}
			if err != nil {
				return nil, err
			}
		}
		if administers && e.decision == eraseConfirmed {
			due, err := s.dueParts(e)
			if err != nil {
				return nil, err
			}
			drop = append(drop, due...)
		}
	}
	for len(drop) > 0 {
		some := drop[:min(len(drop), mostListed)]
		drop = drop[len(some):]
		control, err := journal.NewControl(journal.ControlErase, journal.Erasure{Parts: some})
		if err != nil {
			return nil, err
		}
		controls = append(controls, control)
	}
	return controls, nil
}

// askedBeside reports another erasing of the same person and compartment that is not refused.
func askedBeside(all []erasure, e erasure, in record.Compartment) bool {
	return slices.ContainsFunc(all, func(o erasure) bool {
		return o.id != e.id && o.person == e.person && o.decision != eraseRefused && slices.Contains(o.in, in)
	})
}

// dueParts are the listed parts that were not named yet: of the compartment they are listed for, and of a shelf on which the
// person's parts lie, so that a mistake in a list erases nobody else's record but by chance, one in 4,096.
func (s *Session) dueParts(e erasure) (due []journal.PartPlace, err error) {
	shelves := map[record.Compartment][]uint16{}
	for _, in := range e.in {
		hiding, err := s.hidingRecord(in, e.person)
		if err != nil {
			return nil, err
		}
		shelves[in] = append(shelves[in], s.member.Ring.Secret.Shelf(e.person[:]), s.member.Ring.Secret.Shelf(hiding[:]))
	}
	for p, in := range e.listed {
		if s.node.journal.Erased(p) {
			continue
		}
		h, known, err := s.node.journal.PartHeader(p)
		if err != nil {
			return nil, err
		}
		if known && h.Tag == s.member.Ring.Tag(in) && slices.Contains(shelves[in], h.Shelf&^journal.DetailShelf) {
			due = append(due, p)
		}
	}
	slices.SortFunc(due, func(a, b journal.PartPlace) int {
		return bytes.Compare(packPlaces([]journal.PartPlace{a}), packPlaces([]journal.PartPlace{b}))
	})
	return due, nil
}
