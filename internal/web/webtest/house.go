package webtest

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"amparo/internal/attachment"
	"amparo/internal/care"
	"amparo/internal/lang"
	"amparo/internal/observatory"
	"amparo/internal/people"
	"amparo/internal/people/child"
	"amparo/internal/people/family"
	"amparo/internal/people/journey"
	"amparo/internal/place"
	"amparo/internal/record"
	"amparo/internal/route"
	"amparo/internal/vault"
	"amparo/internal/web"
)

// Now is the moment at which every example page is made.
var Now = time.Date(2026, 3, 27, 16, 40, 0, 0, time.FixedZone("", -6*3600))

// House is a workspace made up for tests. The zero value is founded and has a full day behind it.
type House struct {
	Empty   bool            // nothing founded yet
	Quiet   bool            // a first day: no sites, no people, no queue
	Bare    bool            // sites, but nobody has come today
	Refuses *record.Problem // what every action is refused with; nil: all are taken
	Shuts   []record.Compartment
	Roles   []string         // of who works; nil: all ten
	Glass   bool             // restricted records were opened in need, and nobody has looked at it yet
	Applied []record.Request // what was asked, in order

	LastDesk *Desk // the one that was unlocked last
	Humble   bool  // nobody administers
	Invited  []web.Inviting
	Changed  []Changed
	Joined   []web.Joining
	Keys     []web.Passkey
	Asked    []web.PasskeyQuestion
	Days     int  // that the device keeps
	Narrow   bool // it follows few
	Departed []web.Gone
	Deserted bool // nobody can unlock
	Settled  bool // nothing is left to settle
	First    bool // the first exchange goes on

	Shut      bool // nobody may exchange with this device
	OpenFor   time.Duration
	Visited   []string // links of devices one went to
	Forgotten []string
}

// Registry is that of the real work, so that kinds, actions and queries are the real ones.
func (h *House) Registry() *record.Registry {
	r, err := record.NewRegistry(people.Module, family.Module, journey.Module, child.Module, place.Module, care.Module, route.Module, attachment.Module, observatory.Module)
	if err != nil {
		panic(err) // the modules of this repository fit together, or nothing starts
	}
	return r
}

// Founded reports whether there is a workspace.
func (h *House) Founded() bool { return !h.Empty }

// Workspace is the organisation.
func (h *House) Workspace() string {
	if h.Empty {
		return ""
	}
	return "Red de Casas del Sureste"
}

// The made-up members.
var (
	Rosa  = web.Member{ID: ID(1), Name: "Rosa Elvira Cruz", Role: "clinician"}
	Julio = web.Member{ID: ID(2), Name: "Julio Santiz", Role: "registrar"}
)

// Passphrase opens both.
const Passphrase = "cuatro caballos cruzan despacio"

// Members lists them.
func (h *House) Members() []web.Member {
	if h.Empty || h.Deserted {
		return nil
	}
	return []web.Member{Rosa, Julio}
}

// Found makes the workspace.
func (h *House) Found(_ context.Context, f web.Founding) (web.Founded, error) {
	if !h.Empty {
		return web.Founded{}, web.ErrFounded
	}
	h.Empty, h.Quiet = false, true
	words := strings.Fields("puente limón cántaro siete nube madera faro tijera campo miel reloj azul")
	return web.Founded{Desk: &Desk{House: h, Who: web.Member{ID: ID(1), Name: f.Member, Role: "administrator"}}, Recovery: words}, nil
}

// Unlock opens a member with the passphrase above.
func (h *House) Unlock(_ context.Context, member record.ID, passphrase string) (web.Desk, error) {
	if passphrase != Passphrase {
		return nil, web.ErrPassphrase
	}
	for _, m := range h.Members() {
		if m.ID == member {
			h.LastDesk = &Desk{House: h, Who: m}
			return h.LastDesk, nil
		}
	}
	return nil, web.ErrPassphrase
}

// Desk is one of the members at work.
type Desk struct {
	House  *House
	Who    web.Member
	locked atomic.Bool
}

// Member says who.
func (d *Desk) Member() web.Member { return d.Who }

func (d *Desk) rights() vault.Rights {
	if d.House.Roles == nil {
		return vault.RightsOf(vault.AllRoles())
	}
	return vault.RightsOf(d.House.Roles)
}

// MayDo is what the roles of the house name.
func (d *Desk) MayDo(action string) bool { return d.rights().Action(action) }

// MayAsk is what the roles of the house name.
func (d *Desk) MayAsk(query string) bool { return d.rights().Query(query) }

// Opens is true for what the roles open, but for what the house shuts.
func (d *Desk) Opens(c record.Compartment) bool {
	for _, shut := range d.House.Shuts {
		if shut == c {
			return false
		}
	}
	return d.rights().May(record.Read, c)
}

// Status is some work that exists only here.
func (d *Desk) Status() web.Status {
	if d.House.Quiet {
		return web.Status{}
	}
	st := web.Status{Pending: 14, Oldest: Now.Add(-26 * time.Hour), Exchanged: Now.Add(-27 * time.Hour), Site: Tapachula.ID, Rivals: 3}
	if d.House.Settled {
		st.Rivals = 0
	}
	if d.House.First {
		st.Pending, st.Coming = 0, 4_120
	}
	return st
}

// Lock closes the desk.
func (d *Desk) Lock() { d.locked.Store(true) }

// Locked reports whether it was.
func (d *Desk) Locked() bool { return d.locked.Load() }

// Exchange moves nothing and says that it did.
func (d *Desk) Exchange(context.Context) (web.Exchanged, error) {
	return web.Exchanged{Sent: 14, Received: 32, Bytes: 12_480}, nil
}

// Apply takes every action.
func (d *Desk) Apply(_ context.Context, _ lang.Tag, r record.Request) record.Result {
	if d.Locked() {
		return record.Result{Action: r.Action, Error: &record.Problem{Code: "locked"}}
	}
	d.House.Applied = append(d.House.Applied, r)
	if d.House.Refuses != nil {
		return record.Result{Action: r.Action, ID: r.ID, Error: d.House.Refuses}
	}
	done := record.Result{OK: true, Action: r.Action, ID: r.ID, Commit: "a1/15"}
	switch r.Action {
	case "site.open":
		done.Result = map[string]any{"id": Tapachula.ID, "site": Tapachula.ID}
	case "person.register":
		done.Result = enrolled(r.Data)
	case "group.register":
		done.Result = json.RawMessage(`{"people":[{"person":"` + Maria.ID.String() + `"}],"incomplete":1}`)
	case "child.step":
		done.Result = json.RawMessage(`{"open":8}`)
	case "person.card":
		done.Result = people.CardGiven{Person: Maria.ID, Card: BlankCard}
	case "person.consent":
		done.Result = people.Consented{ID: ID(73), Consent: ID(73), Person: Maria.ID, Travels: true}
	case "person.glass":
		done.Result = map[string]any{"id": ID(60), "person": Maria.ID, "until": Now.Add(4 * time.Hour), "compartments": []record.Compartment{record.Identity, record.Care}}
	case "family.seek":
		done.Result = family.SoughtNow{ID: ID(120), Seek: ID(120), Person: Maria.ID, State: family.Open, Proposes: true}
	case "family.answer":
		done.Result = family.Answered{Seek: ID(120), Candidate: ID(14), Stage: family.ToAsk, Changed: true}
	case "conflict.settle":
		done.Result = settled(r.Data)
	case "visit.open":
		done.Result = care.VisitOpened{ID: ID(90), Visit: ID(90), Type: "follow_up", Number: 42}
	default:
		done.Result = json.RawMessage(`{}`)
	}
	return done
}

// Query answers with what is written in people.go and day.go.
func (d *Desk) Query(_ context.Context, in lang.Tag, name string, params map[string][]string) (any, error) {
	if d.Locked() {
		return nil, web.ErrLocked
	}
	p := url.Values(params)
	switch name {
	case "site.list":
		return Sites(d.House.Quiet), nil
	case "site.board":
		return Board(d.House.Quiet || d.House.Bare), nil
	case "person.find":
		return searched(p.Get("q"))
	case "child.path":
		return childPath(p.Get("person"))
	case "child.list":
		return children(d), nil
	case "group.incomplete":
		return incompletes(d), nil
	case "person.duplicates":
		return duplicates(d, p), nil
	case "person.alike":
		return alike(p), nil
	case "person.compare":
		return compared(p)
	case "person.cards":
		return cardsOf(d, p.Get("person"))
	case "card.read":
		return readCard(p.Get("code"))
	case "card.blank":
		return blank(p.Get("n"))
	case "person.show":
		return show(p.Get("person"))
	case "attachment.list":
		return Filed(d, p.Get("person")), nil
	case "attachment.content":
		return attachment.Content{File: Filed(d, p.Get("person")).Files[0], FileName: "ultrasonido.pdf", Content: []byte("%PDF-1.7 inventado")}, nil
	case "person.readers":
		return readers(d), nil
	case "access":
		return accesses(d, p.Get("person")), nil
	case "audit":
		return audit(d), nil
	case "erasures":
		return erasures(d), nil
	case "person.timeline":
		return Timeline(d), nil
	case "person.history":
		return past(p.Get("person"))
	case "journey.show":
		return way(p.Get("person"))
	case "family.show":
		return familyOf(d, p.Get("person"))
	case "family.proposals":
		return familyProposals(d, p.Get("person")), nil
	case "family.proposal":
		return familyProposal(d, p.Get("seek"), p.Get("candidate"))
	case "person.consents":
		return Wishes(p.Get("person"))
	case "person.restrictions":
		return restrictions(d, p.Get("person"))
	case "person.copy":
		return copyOf(d, p.Get("person"))
	case "retention":
		return Due(d), nil
	case "flows":
		return Flows(d.House.Quiet), nil
	case "series.list":
		return seriesList(d.House.Quiet), nil
	case "series":
		return Series(in, p), nil
	case "conflicts":
		return conflicts(d.House.Quiet), nil
	case "devices":
		return devices(d.House.Quiet), nil
	case "pending":
		return pending(d), nil
	}
	return nil, record.Refuse("query", "unknown_query", "query", name)
}

// ID is a record id that is the same in every run.
func ID(n byte) record.ID {
	var id record.ID
	for i := range id {
		id[i] = byte(i*7) ^ n
	}
	id[len(id)-1] = n
	return id
}
