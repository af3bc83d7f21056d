package node

import (
	"slices"
	"strings"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/store"
)

// A compartment's key lets whoever holds it say anything in it, with a changed program at least. Who works here, what the
// workspace is called and what was decided on erasing are read by everybody's program and must not be anybody's to say. So
// what counts is chosen before it is projected: by who said it, and never by whether it replaces what somebody else said.

// heed leaves out of an opened part what its author has no voice in, and names it.
func heed(roll *journal.Roll, p *store.Opened) (odd []store.Odd) {
	if p.In != record.FieldWork {
		return nil
	}
	administers := everAdministered(roll, journal.MemberID(p.By))
	kept := p.Body.Facts[:0]
	for _, f := range p.Body.Facts {
		why := ""
		switch f.Kind {
		case workspaceKind.Number, memberKind.Number:
			if !administers {
				why = "it says what only administrators say of who works here"
			}
		case holdingKind.Number:
			if len(f.Replaces[holdingKeys]) > 0 { // nothing takes back that somebody was given a key
				delete(f.Replaces, holdingKeys)
			}
			if who, _ := f.Values[holdingMember].([]byte); !slices.Equal(who, p.By[:]) {
				delete(f.Values, holdingHas)
				delete(f.Replaces, holdingHas)
			}
		case accessCount.Number, glassKind.Number, alarmKind.Number:
			if who, _ := f.Values[readerMember].([]byte); !slices.Equal(who, p.By[:]) {
				why = "it says of a colleague what they opened"
			}
		case deviceKind.Number:
			if who, _ := f.Values[deviceMember].([]byte); !slices.Equal(who, p.By[:]) {
				why = "it says of a colleague when their device was in contact"
			}
		case erasureKind.Number:
			if len(f.Entity) > 0 { // what is erased is said once
				for _, number := range erasureAsked {
					delete(f.Values, number)
					delete(f.Replaces, number)
				}
			}
			if !administers {
				for _, number := range erasureDecided {
					if f.Values[number] != nil || f.Replaces[number] != nil {
						why = "it decides on erasing, which only administrators do"
					}
				}
			}
		}
		if why == "" {
			kept = append(kept, f)
		} else {
			odd = append(odd, store.Odd{Writer: p.Writer, Seq: p.Seq, Fact: f.N, Reason: why})
		}
	}
	p.Body.Facts = kept
	return odd
}

// administered reports a kind of which nothing counts, or not all, that is said by who does not administer.
func administered(k *record.Kind) bool {
	return k == workspaceKind || k == memberKind || k == erasureKind
}

// Numbers of fields that heed looks at.
var (
	holdingMember  = numbered(holdingKind, "member")
	holdingKeys    = numbered(holdingKind, "keys")
	holdingHas     = numbered(holdingKind, "has")
	readerMember   = numbered(glassKind, "member") // as in the kinds beside it
	deviceMember   = numbered(deviceKind, "member")
	erasureAsked   = []uint8{numbered(erasureKind, "person"), numbered(erasureKind, "compartments"), numbered(erasureKind, "reason"), numbered(erasureKind, "authority")}
	erasureDecided = []uint8{numbered(erasureKind, "decision"), numbered(erasureKind, "why")}
)

func numbered(k *record.Kind, name string) uint8 {
	f, _ := k.Field(name)
	return f.Number
}

// voices notes who administers or did. unheard says that one of those who are new had spoken before this was known: what they
// said was left out, and the view is to be made anew so that all who hold the same read the same. No batch is running.
func (s *Session) voices() (note func() error, unheard bool, err error) {
	nothing := func() error { return nil }
	if s.gone == nil || !s.views.Opens(record.FieldWork) { // a view beside the live one
		return nothing, false, nil
	}
	name := "voices " + s.member.ID.String()
	raw, err := s.node.journal.ReadNote(name)
	if err != nil {
		return nothing, false, err
	}
	roll := s.node.journal.Roll()
	now := []string{roll.Founder.String()}
	for id := range roll.Admins {
		now = append(now, id.String())
	}
	slices.Sort(now)
	now = slices.Compact(now)
	before := strings.Fields(string(raw))
	if slices.Equal(before, now) {
		return nothing, false, nil
	}
	if s.views.Positions()[record.FieldWork] > 0 {
		for w, head := range s.node.journal.Heads() {
			by := roll.MemberOf(w).String()
			unheard = unheard || head.Seq > 0 && slices.Contains(now, by) && !slices.Contains(before, by)
		}
	}
	return func() error { return s.node.journal.Note(name, []byte(strings.Join(now, " "))) }, unheard, nil
}
