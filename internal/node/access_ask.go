package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// Accesses is the answer of the query `access`: who read what, newest first. What was read in a compartment that the asker
// does not hold is not there.
type Accesses struct {
	Entries []Access `json:"entries"`
	More    bool     `json:"more"` // there are older ones
	// Glass are the broken glasses that somebody should look at, when nobody in particular is asked about.
	Glass []GlassDue `json:"glass,omitempty"`
}

// Access is one opening of a person's record, or the breaking or reviewing of a glass.
type Access struct {
	At           time.Time            `json:"at"`
	Person       record.ID            `json:"person"`
	By           record.ID            `json:"by"`
	ByName       string               `json:"by_name"`
	Compartments []record.Compartment `json:"compartments"`
	Why          string               `json:"why"` // code list access_why
	Reason       string               `json:"reason,omitempty"`
	Times        int                  `json:"times"`
	Glass        record.ID            `json:"glass,omitzero"`
	Site         record.ID            `json:"site,omitzero"`
	SiteName     string               `json:"site_name,omitempty"`
}

type accessParams struct {
	Person string `json:"person"`
	Member string `json:"member"`
	From   string `json:"from"` // first day, in UTC; with neither person nor from the last 30 days
	To     string `json:"to"`   // last day
	Limit  int    `json:"limit"`
}

const (
	accessUsual = 200
	accessLimit = 5000
	accessDays  = 30
)

// period reads two days as a half-open interval of unix seconds.
func period(from, to string, now time.Time, days int) (first, last int64, err error) {
	first, last = 0, now.Add(48*time.Hour).Unix()
	if days > 0 {
		first = now.AddDate(0, 0, -days).Unix()
	}
	for _, t := range []struct {
		field, text string
		into        *int64
		add         int
	}{{"from", from, &first, 0}, {"to", to, &last, 1}} {
		if t.text == "" {
			continue
		}
		day, err := time.Parse(time.DateOnly, t.text)
		if err != nil {
			return 0, 0, record.Refuse(t.field, "bad_date", "got", t.text).Because(err)
		}
		*t.into = day.AddDate(0, 0, t.add).Unix()
	}
	return first, last, nil
}

func askAccess(a *record.Ask, p accessParams) (any, error) {
	s, ok := a.Engine.(*Session)
	if !ok {
		return nil, errNoEngine
	}
	where, args, days := "", []any{}, accessDays
	for _, t := range []struct{ field, text, column string }{{"person", p.Person, "person"}, {"member", p.Member, "_by"}} {
		if t.text == "" {
			continue
		}
		id, err := a.Ref(t.field, t.text)
		if err != nil {
			return nil, err
		}
		where, args = where+" AND "+t.column+" = ?", append(args, id)
		if t.field == "person" {
			days = 0
		}
	}
	first, last, err := period(p.From, p.To, a.Now, days)
	if err != nil {
		return nil, err
	}
	limit := accessUsual
	if p.Limit > 0 {
		limit = min(p.Limit, accessLimit)
	}
	entries, err := s.accesses(a.Context, a, where+" AND opened >= ? AND opened < ?", append(args, first, last), limit+1)
	if err != nil {
		return nil, err
	}
	out := Accesses{Entries: entries[:min(len(entries), limit)], More: len(entries) > limit}
	if p.Person == "" && p.Member == "" {
		if out.Glass, err = s.glassDue(a, ""); err != nil {
			return nil, err
		}
	}
	return out, nameAccesses(a.Context, a, out.Entries)
}

// reasonOf is the SQL of the words that go with an opening or review a, also while the person is hidden; empty when there are
// none or they were erased.
func (s *Session) reasonOf(c record.Compartment) string {
	return "coalesce((SELECT w.reason FROM " + store.Rows(glassReasons[c], s.node.registry.Kinds()) +
		" AS w WHERE w.glass = a.glass AND w.person = a.person AND coalesce(w.review, 0) = (a.why = 'reviewed')), '')"
}

// accesses reads the newest openings that fulfil a condition, those of one moment joined across compartments.
func (s *Session) accesses(ctx context.Context, r record.Reader, where string, args []any, limit int) ([]Access, error) {
	type key struct {
		person, by, glass record.ID
		at                int64
		why               string
	}
	found := map[key]*Access{}
	for _, c := range record.Compartments() {
		k := accessKinds[c]
		if k == nil || !r.Opens(c) {
			continue
		}
		err := r.Select(ctx, fmt.Sprintf("SELECT person, _by, opened, why, %s, coalesce(n, 1), glass, _site FROM %s AS a WHERE TRUE%s ORDER BY opened DESC, id LIMIT %d", s.reasonOf(c), k.Table(), where, limit), args,
			func(row record.Row) error {
				id := key{person: row.ID(0), by: row.ID(1), at: row.Int(2), why: row.Text(3), glass: row.ID(6)}
				if found[id] == nil {
					found[id] = &Access{At: time.Unix(id.at, 0).UTC(), Person: id.person, By: id.by, Why: id.why, Reason: row.Text(4), Glass: id.glass, Site: row.ID(7)}
				}
				one := found[id]
				one.Times = max(one.Times, int(row.Int(5)))
				if !slices.Contains(one.Compartments, c) {
					one.Compartments = append(one.Compartments, c)
				}
				return nil
			})
		if err != nil {
			return nil, fmt.Errorf("read who read: %w", err)
		}
	}
	out := make([]Access, 0, len(found))
	for _, one := range found {
		out = append(out, *one)
	}
	slices.SortFunc(out, func(x, y Access) int {
		return cmp.Or(y.At.Compare(x.At), slices.Compare(x.Person[:], y.Person[:]), slices.Compare(x.By[:], y.By[:]), cmp.Compare(x.Why, y.Why))
	})
	return out[:min(len(out), limit)], nil
}

func nameAccesses(ctx context.Context, r record.Reader, entries []Access) error {
	members, sites, err := names(ctx, r)
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].ByName, entries[i].SiteName = members[entries[i].By], sites[entries[i].Site]
	}
	return nil
}

// names are what members and sites are called.
func names(ctx context.Context, r record.Reader) (members, sites map[record.ID]string, err error) {
	members, sites = map[record.ID]string{}, map[record.ID]string{}
	for statement, into := range map[string]map[record.ID]string{"SELECT member, name FROM field.member": members, "SELECT id, name FROM field.site": sites} {
		err := r.Select(ctx, statement, nil, func(row record.Row) error {
			into[row.ID(0)] = row.Text(1)
			return nil
		})
		if err != nil {
			return nil, nil, fmt.Errorf("read names: %w", err)
		}
	}
	return members, sites, nil
}

// Readers is the answer of the query `person.readers`: who can read this record now, as far as the asker may know.
type Readers struct {
	Person       record.ID   `json:"person"`
	Compartments []ReadersOf `json:"compartments"`
	Glass        []GlassDue  `json:"glass"`    // broken and not yet reviewed, newest first
	Revoked      int         `json:"revoked"`  // key-holders revoked since the workspace began: they keep what they had read
	Recently     int         `json:"recently"` // openings noted in the last 30 days
}

// ReadersOf names the members whose roles open one compartment.
type ReadersOf struct {
	Compartment record.Compartment `json:"compartment"`
	Members     []Reader           `json:"members"`
}

// Reader is one person who works here.
type Reader struct {
	Member record.ID `json:"member"`
	Name   string    `json:"name"`
	Roles  []string  `json:"roles"` // those of their roles that open it
	Waits  bool      `json:"waits"` // their role opens it, and their key has not reached them yet
}

// GlassDue is a broken glass that somebody should look at.
type GlassDue struct {
	ID      record.ID `json:"id"`
	Person  record.ID `json:"person"`
	By      record.ID `json:"by"`
	ByName  string    `json:"by_name"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until"`
	Due     time.Time `json:"due"` // when it should have been looked at
	Overdue bool      `json:"overdue"`
	Own     bool      `json:"own"` // the asker's own: somebody else looks at it
}

// reviewWithin is how soon somebody should look at why a glass was broken.
const reviewWithin = 24 * time.Hour

type readersParams struct {
	Person string `json:"person"`
}

func askReaders(a *record.Ask, p readersParams) (any, error) {
	s, ok := a.Engine.(*Session)
	if !ok {
		return nil, errNoEngine
	}
	person, err := a.Ref("person", p.Person)
	if err != nil {
		return nil, err
	}
	roster, err := s.roster(a.Context, a.Reader)
	if err != nil {
		return nil, err
	}
	out := Readers{Person: person, Compartments: []ReadersOf{}, Revoked: roster.revoked()}
	for _, c := range record.Compartments() {
		if accessKinds[c] != nil && a.Opens(c) {
			out.Compartments = append(out.Compartments, ReadersOf{Compartment: c, Members: roster.readers(c)})
		}
	}
	if out.Glass, err = s.glassDue(a, " AND a.person = ?", person); err != nil {
		return nil, err
	}
	entries, err := s.accesses(a.Context, a, " AND person = ? AND opened >= ? AND why NOT IN (?, ?)", []any{person, a.Now.AddDate(0, 0, -accessDays).Unix(), whyReviewed, whyLifted}, accessLimit)
	out.Recently = len(entries)
	return out, err
}

func (r Roster) revoked() (n int) {
	for _, h := range r {
		if !h.Active {
			n++
		}
	}
	return n
}

// readers are the people whose roles open a compartment, each once however many devices they have.
func (r Roster) readers(c record.Compartment) []Reader {
	out, at := []Reader{}, map[journal.MemberID]int{}
	for _, h := range r.holding(c) {
		waits := len(h.Keys[c]) == 0
		if i, there := at[h.Person()]; there {
			out[i].Waits = out[i].Waits && waits
			continue
		}
		at[h.Person()] = len(out)
		out = append(out, Reader{Member: record.ID(h.Person()), Name: h.Name, Roles: openedBy(h.Roles, c), Waits: waits})
	}
	return out
}

// openedBy are those of the roles that open a compartment.
func openedBy(roles []string, c record.Compartment) (out []string) {
	for _, one := range roles {
		if vault.RightsOf([]string{one}).May(record.Read, c) {
			out = append(out, one)
		}
	}
	return out
}

// glassDue lists the broken glasses that nobody has reviewed, as far as the asker holds what was opened.
func (s *Session) glassDue(a *record.Ask, where string, args ...any) ([]GlassDue, error) {
	found := map[record.ID]GlassDue{}
	for _, c := range record.Compartments() {
		k := accessKinds[c]
		if k == nil || !a.Opens(c) {
			continue
		}
		err := a.Select(a.Context, "SELECT g.id, a.person, a._by, "+s.reasonOf(c)+", a.opened, g.until FROM field.glass AS g JOIN "+k.Table()+" AS a ON "+brokenHere+
			" WHERE NOT EXISTS (SELECT 1 FROM field.glass AS r WHERE r.of = g.id)"+where, args, func(r record.Row) error {
			g := GlassDue{ID: r.ID(0), Person: r.ID(1), By: r.ID(2), Reason: r.Text(3), At: time.Unix(r.Int(4), 0).UTC(), Until: time.Unix(r.Int(5), 0).UTC()}
			g.Due, g.Own = g.At.Add(reviewWithin), g.By == a.Member
			g.Overdue = a.Now.After(g.Due)
			found[g.ID] = g
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read broken glass: %w", err)
		}
	}
	members, _, err := names(a.Context, a)
	if err != nil {
		return nil, err
	}
	out := []GlassDue{}
	for _, g := range found {
		g.ByName = members[g.By]
		out = append(out, g)
	}
	slices.SortFunc(out, func(x, y GlassDue) int { return cmp.Or(y.At.Compare(x.At), slices.Compare(x.ID[:], y.ID[:])) })
	return out, nil
}
