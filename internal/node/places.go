package node

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// What is remembered of an exchange is kept for each place by itself: what one relay holds says nothing of another, nor of
// a neighbour.

// What a place is.
const (
	PlaceRelay     = "relay"     // this node asks there; Name is its address
	PlaceNeighbour = "neighbour" // this node asks there; Name is the pin of its key
	PlaceGuest     = "guest"     // it asks here; Name is the id of the member on that device
)

// Place is another copy of the workspace that this node exchanged with.
type Place struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Address is where a neighbour answered last (host:port); Member is who works on a neighbour's device, when its link said so.
	Address string    `json:"address,omitempty"`
	Member  record.ID `json:"member,omitzero"`
	// Forgotten is a neighbour that may not be come to any more. What went there went there.
	Forgotten bool `json:"forgotten,omitempty"`

	At    time.Time      `json:"-"` // the last exchange that went to its end; zero: none did
	Known journal.Vector `json:"-"` // what the place said it holds
}

func (p *Place) key() string { return p.Kind + " " + p.Name }

// Notes of the journal: the list of places, and for each place what is remembered of it.
const (
	placesNote   = "places"
	exchangeNote = "exchange" // followed by a place's key; alone: of the only relay, as versions before kept it
	leftNote     = "left"     // what left this machine for places that are not remembered: files
)

// most guests and relays are remembered, the latest used; a device meets that many in years.
const mostPlaces = 64

func (n *Node) placeList() ([]Place, error) {
	raw, err := n.journal.ReadNote(placesNote)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	var list []Place
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, nil // what was kept no longer reads: neighbours must be met anew, and nothing is lost
	}
	return list, nil
}

func (n *Node) keepPlaces(list []Place) error {
	raw, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("remember a place: %w", err)
	}
	return n.note(placesNote, raw)
}

// note writes one by itself: beside a running batch it would be part of it.
func (n *Node) note(name string, value []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.journal.Note(name, value)
}

// changePlace changes what is known of a place; change says whether it did. A new one stands at the end of the list.
func (n *Node) changePlace(p Place, change func(*Place) bool) error {
	n.placeMu.Lock()
	defer n.placeMu.Unlock()
	list, err := n.placeList()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(q Place) bool { return q.key() == p.key() })
	if at < 0 {
		list, at = append(list, p), len(list)
	} else if !change(&list[at]) {
		return nil
	}
	for i := range list {
		if len(list) > mostPlaces && i != at && list[i].Kind != PlaceNeighbour && list[i].Name != n.Relay() {
			if err := n.letPlaceGo(list[i]); err != nil {
				return err
			}
			list = slices.Delete(list, i, i+1)
			break
		}
	}
	return n.keepPlaces(list)
}

// letPlaceGo forgets a place, and not that something went there. placeMu is held.
func (n *Node) letPlaceGo(p Place) error {
	memory, _, err := n.remembered(p)
	if err == nil {
		err = n.haveLeft(memory.Known)
	}
	if err == nil {
		err = n.note(exchangeNote+" "+p.key(), []byte{})
	}
	return err
}

// remembered is what is remembered of a place, and when an exchange with it last went to its end; zero before the first,
// and when what was kept no longer reads: then more is sent than needed, and nothing is lost.
func (n *Node) remembered(p Place) (exchange.Memory, time.Time, error) {
	raw, err := n.journal.ReadNote(exchangeNote + " " + p.key())
	if err != nil || len(raw) < 8 {
		return exchange.Memory{}, time.Time{}, err
	}
	memory, err := exchange.ReadMemory(raw[8:])
	if err != nil {
		return exchange.Memory{}, time.Time{}, nil
	}
	at := time.Time{}
	if ms := int64(binary.BigEndian.Uint64(raw)); ms != 0 {
		at = time.UnixMilli(ms).UTC()
	}
	return memory, at, nil
}

func (n *Node) remember(p Place, m exchange.Memory, at time.Time) error {
	raw, err := m.Encode()
	if err != nil {
		return err
	}
	ms := uint64(0)
	if !at.IsZero() {
		ms = uint64(at.UnixMilli())
	}
	if err := n.note(exchangeNote+" "+p.key(), append(binary.BigEndian.AppendUint64(nil, ms), raw...)); err != nil {
		return err
	}
	return n.noteReceipts(m.Known, n.options.Wall())
}

// relayPlace is the relay where this node exchanges.
func (n *Node) relayPlace() Place { return Place{Kind: PlaceRelay, Name: n.Relay()} }

// relayMemory is what is remembered of the relay. A neighbour may let go of what it holds, so what has to be somewhere for
// good goes by the relay alone.
func (n *Node) relayMemory() (exchange.Memory, error) {
	memory, _, err := n.remembered(n.relayPlace())
	return memory, err
}

// Places lists where this node exchanges and who exchanges with it, the relay first: what they hold is not only here. A
// relay that is no longer the one, and a neighbour that was forgotten, are not in it.
func (n *Node) Places() ([]Place, error) {
	list, err := n.placeList()
	if err != nil {
		return nil, err
	}
	roll := n.journal.Roll()
	list = slices.DeleteFunc(list, func(p Place) bool {
		return p.Kind == PlaceRelay || p.Forgotten || p.Kind == PlaceGuest && !roll.Active(journal.MemberID(p.Member))
	})
	if n.Relay() != "" {
		list = slices.Insert(list, 0, n.relayPlace())
	}
	for i := range list {
		memory, at, err := n.remembered(list[i])
		if err != nil {
			return nil, err
		}
		list[i].At, list[i].Known = at, memory.Known
	}
	return list, nil
}

// elsewhere is what is not only here, and when something was last exchanged, wherever.
func (n *Node) elsewhere() (journal.Vector, time.Time, error) {
	places, err := n.Places()
	if err != nil {
		return nil, time.Time{}, err
	}
	known, last := journal.Vector{}, time.Time{}
	for _, p := range places {
		joinInto(known, p.Known)
		if p.At.After(last) {
			last = p.At
		}
	}
	list, err := n.placeList()
	for i := 0; i < len(list) && err == nil; i++ { // also with a relay that is no longer the one
		var at time.Time
		if _, at, err = n.remembered(list[i]); at.After(last) {
			last = at
		}
	}
	return known, last, err
}

// gone is what has left this machine, wherever to: it cannot be held back any more.
func (n *Node) gone() (journal.Vector, error) {
	list, err := n.placeList()
	if err != nil {
		return nil, err
	}
	raw, err := n.journal.ReadNote(leftNote)
	if err != nil {
		return nil, err
	}
	known, err := wire.UnpackVector(raw, nil)
	if err != nil {
		known = journal.Vector{}
	}
	for _, p := range append(list, n.relayPlace()) {
		memory, _, err := n.remembered(p)
		if err != nil {
			return nil, err
		}
		joinInto(known, memory.Known)
	}
	return known, nil
}

// left remembers what was given to somebody who does not say what arrived: a file, a neighbour that asked.
func (n *Node) left(v journal.Vector) error {
	n.placeMu.Lock()
	defer n.placeMu.Unlock()
	return n.haveLeft(v)
}

// haveLeft is left with placeMu held.
func (n *Node) haveLeft(v journal.Vector) error {
	if len(v) == 0 {
		return nil
	}
	raw, err := n.journal.ReadNote(leftNote)
	if err != nil {
		return err
	}
	known, err := wire.UnpackVector(raw, nil)
	if err != nil {
		known = journal.Vector{}
	}
	before := maps.Clone(known)
	if joinInto(known, v); maps.Equal(before, known) {
		return nil
	}
	return n.note(leftNote, wire.PackVector(known, nil))
}

func joinInto(into, v journal.Vector) {
	for w, seq := range v {
		into[w] = max(into[w], seq)
	}
}

// keyOldMemory gives what versions before remembered of the only relay its key.
func (n *Node) keyOldMemory() error {
	raw, err := n.journal.ReadNote(exchangeNote)
	if err != nil || len(raw) < 8 || n.Relay() == "" {
		return err
	}
	p := n.relayPlace()
	if err := n.changePlace(p, func(*Place) bool { return false }); err != nil {
		return err
	}
	if err := n.note(exchangeNote+" "+p.key(), raw); err != nil {
		return err
	}
	return n.note(exchangeNote, []byte{})
}

// place is a place to go to: the relay when where is empty, a neighbour when it is a link, another relay otherwise.
func (n *Node) place(where string) (p Place, pin *seal.Pin, err error) {
	if strings.Contains(where, "#") {
		l, err := ParseLink(where)
		p = Place{Kind: PlaceNeighbour, Name: l.Pin.String(), Address: l.Address, Member: l.Member}
		if err == nil {
			err = n.mayVisit(p)
		}
		return p, &l.Pin, err
	}
	if p = n.relayPlace(); where != "" {
		p.Name = where
	}
	if p.Name == "" {
		err = record.Refuse("relay", "no_relay")
	}
	return p, nil, err
}

// mayVisit refuses the device of somebody who was revoked, as far as a link ever said whose it is: they are brought nothing,
// not even sealed.
func (n *Node) mayVisit(p Place) error {
	list, err := n.placeList()
	if err != nil {
		return err
	}
	for _, q := range list {
		if q.key() == p.key() && p.Member.IsZero() {
			p.Member = q.Member
		}
	}
	roll, id := n.journal.Roll(), journal.MemberID(p.Member)
	if _, admitted := roll.Members[id]; admitted && !roll.Active(id) {
		return record.Refuse("link", "neighbour_revoked")
	}
	return nil
}

// url is where questions go.
func (p *Place) url() string {
	if p.Kind == PlaceNeighbour {
		return "https://" + p.Address
	}
	return p.Name
}

// Met is a neighbour that this node exchanged with.
type Met struct {
	Link
	At time.Time // the last exchange that went to its end; zero: none did
}

// Neighbours lists the neighbours that were met and not forgotten, the latest first.
func (n *Node) Neighbours() ([]Met, error) {
	places, err := n.Places()
	if err != nil {
		return nil, err
	}
	var list []Met
	for _, p := range places {
		if pin, err := seal.ParsePin(p.Name); p.Kind == PlaceNeighbour && err == nil {
			list = append(list, Met{Link{p.Address, pin, p.Member}, p.At})
		}
	}
	slices.SortStableFunc(list, func(a, b Met) int { return b.At.Compare(a.At) })
	return list, nil
}

// ForgetNeighbour lets nobody come to a neighbour by its code any more. What went there is not called back, and what it
// holds no longer counts as being elsewhere. It refuses with `unknown_neighbour`.
func (n *Node) ForgetNeighbour(pin seal.Pin) error {
	list, err := n.Neighbours()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(m Met) bool { return m.Pin == pin }) {
		return record.Refuse("code", "unknown_neighbour")
	}
	return n.changePlace(Place{Kind: PlaceNeighbour, Name: pin.String()}, func(p *Place) bool {
		p.Forgotten = true
		return true
	})
}

// met remembers where something answered.
func (n *Node) met(p Place) error {
	return n.changePlace(p, func(q *Place) bool {
		if q.Address == p.Address && !q.Forgotten && (q.Member == p.Member || p.Member.IsZero()) {
			return false
		}
		q.Address, q.Forgotten = p.Address, false
		if !p.Member.IsZero() {
			q.Member = p.Member
		}
		return true
	})
}
