package node

import (
	"cmp"
	"context"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/vault"
)

// Holder is a key-holder as the roster says: one person on one device. What is said of them counts only when somebody who
// administers said it.
type Holder struct {
	ID      journal.MemberID
	Name    string
	Roles   []string
	Sites   []record.ID      // where they may write; empty: everywhere
	Of      journal.MemberID // the person's first key-holder, when this is a further device of theirs; zero: it is the first
	Lease   time.Time        // when their keys end unless renewed; zero: they do not
	Days    int              // how long a lease is
	Left    string           // why they were revoked
	Active  bool
	Known   bool                            // what administrators say of them is here; before its sealed part came it is not
	Keys    map[record.Compartment][]string // what they were granted, as anybody says: keyName
	Sure    map[record.Compartment][]string // of that what they have for certain: they say so, or who administers does
	Told    map[record.Compartment]bool     // somebody who holds the compartment says that they gave a key of it
	Waits   []record.Compartment            // what their roles name and nobody has granted yet
	LastAct time.Time                       // when the newest commit of theirs that is here was made
}

// Person is the key-holder that stands for the person on all devices.
func (h *Holder) Person() journal.MemberID {
	if h.Of != (journal.MemberID{}) {
		return h.Of
	}
	return h.ID
}

// Rights are what their roles allow.
func (h *Holder) Rights() vault.Rights { return vault.RightsOf(h.Roles) }

// Holds reports whether their roles name a compartment.
func (h *Holder) Holds(c record.Compartment) bool { return slices.Contains(h.Rights().Holds(), c) }

// lost reports a holder who had keys of the compartment and should not be given newer ones. Of who left, the role is enough:
// it is for administrators to say, and what was granted may have been said by anybody.
func (h *Holder) lost(c record.Compartment) bool {
	return !h.Active && (h.Holds(c) || len(h.Keys[c]) > 0) || !h.Holds(c) && len(h.Keys[c]) > 0
}

// Roster is everybody who was ever admitted.
type Roster map[journal.MemberID]*Holder

// Sorted lists them by name, each person's devices together.
func (r Roster) Sorted() []*Holder {
	out := make([]*Holder, 0, len(r))
	for _, h := range r {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b *Holder) int {
		pa, pb := a.Person(), b.Person()
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(pa[:], pb[:]), slices.Compare(a.ID[:], b.ID[:]))
	})
	return out
}

// holding are those who are active and whose roles name the compartment.
func (r Roster) holding(c record.Compartment) (out []*Holder) {
	for _, h := range r.Sorted() {
		if h.Active && h.Holds(c) {
			out = append(out, h)
		}
	}
	return out
}

// Roster reads who works in the workspace.
func (s *Session) Roster(ctx context.Context) (roster Roster, err error) {
	err = s.mending(ctx, func() error {
		end, err := s.use()
		if err != nil {
			return err
		}
		defer end()
		roster, err = s.roster(ctx, s.views)
		return err
	})
	return roster, err
}

func (s *Session) roster(ctx context.Context, r record.Reader) (Roster, error) {
	roll := s.node.journal.Roll()
	out := Roster{}
	for id := range roll.Members {
		out[id] = &Holder{ID: id, Active: roll.Active(id), Keys: map[record.Compartment][]string{}, Sure: map[record.Compartment][]string{}, Told: map[record.Compartment]bool{}}
	}
	type row struct{ state []byte }
	read := func(k *record.Kind, each func(*record.State)) error {
		var rows []row
		if err := r.Select(ctx, "SELECT _state FROM "+k.Table(), nil, func(r record.Row) error {
			rows = append(rows, row{r.Blob(0)})
			return nil
		}); err != nil {
			return err
		}
		for _, row := range rows {
			state, err := record.DecodeState(row.state)
			if err != nil {
				return err
			}
			each(state)
		}
		return nil
	}
	if err := read(memberKind, func(state *record.State) { out.member(roll, state) }); err != nil {
		return nil, err
	}
	if err := read(holdingKind, func(state *record.State) { out.keys(roll, state) }); err != nil {
		return nil, err
	}
	for w, head := range s.node.journal.Heads() {
		if h := out[roll.MemberOf(w)]; h != nil && head.Time.Wall().After(h.LastAct) {
			h.LastAct = head.Time.Wall()
		}
	}
	for _, h := range out {
		if !h.Active {
			continue
		}
		for _, c := range h.Rights().Holds() {
			if len(h.Sure[c]) == 0 && !h.Told[c] {
				h.Waits = append(h.Waits, c)
			}
		}
	}
	return out, nil
}

// member takes in what administrators said of a key-holder. Of rival values the latest counts: the roster must always have
// an answer, and a person sees and settles them all the same.
func (r Roster) member(roll *journal.Roll, state *record.State) {
	value := func(name string) any {
		f, _ := memberKind.Field(name)
		var latest *record.Standing
		for _, st := range state.Standing(f.Number) {
			if everAdministered(roll, journal.MemberID(st.By)) && (latest == nil || st.Rec > latest.Rec) {
				latest = &st
			}
		}
		if latest == nil {
			return nil
		}
		return latest.Value
	}
	words := func(name string) (out []string) {
		f, _ := memberKind.Field(name)
		for _, st := range state.Standing(f.Number) {
			if set, isSet := st.Value.([]string); isSet && everAdministered(roll, journal.MemberID(st.By)) {
				out = append(out, set...)
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	raw, isID := value("member").([]byte)
	if !isID || len(raw) != len(journal.MemberID{}) || r[journal.MemberID(raw)] == nil {
		return
	}
	h := r[journal.MemberID(raw)]
	h.Known = true
	h.Name, _ = value("name").(string)
	h.Left, _ = value("left").(string)
	h.Roles = words("roles")
	if role, old := value("role").(string); old && len(h.Roles) == 0 { // before a member could have several
		if h.Roles = []string{role}; h.ID == roll.Founder {
			h.Roles = vault.AllRoles()
		}
	}
	for _, text := range words("sites") {
		if id, err := record.ParseID(text); err == nil {
			h.Sites = append(h.Sites, id)
		}
	}
	if of, isID := value("of").([]byte); isID && len(of) == len(h.Of) {
		h.Of = journal.MemberID(of)
	}
	if at, ok := value("lease").(int64); ok && at > 0 {
		h.Lease = time.Unix(at, 0).UTC()
	}
	if days, ok := value("lease_days").(int64); ok {
		h.Days = int(days)
	}
}

// everAdministered: what somebody said while they administered stands, also after they left.
func everAdministered(roll *journal.Roll, id journal.MemberID) bool {
	return id == roll.Founder || roll.Admins[id]
}

// keys takes in who was given what. Anybody may say it, for anybody may have given it.
func (r Roster) keys(roll *journal.Roll, state *record.State) {
	of := func(name string) any {
		f, _ := holdingKind.Field(name)
		return state.Value(f)
	}
	raw, isID := of("member").([]byte)
	name, _ := of("compartment").(string)
	c, known := record.ParseCompartment(name)
	if !isID || !known || len(raw) != len(journal.MemberID{}) || r[journal.MemberID(raw)] == nil {
		return
	}
	h := r[journal.MemberID(raw)]
	has, _ := of("has").([]string)
	h.Sure[c] = slices.Clone(has)
	for _, st := range state.Standing(holdingKeys) {
		given, _ := st.Value.([]string)
		if everAdministered(roll, journal.MemberID(st.By)) {
			h.Sure[c] = append(h.Sure[c], given...)
		}
		by := r[journal.MemberID(st.By)]
		h.Told[c] = h.Told[c] || by != nil && by.Holds(c)
	}
	given, _ := of("keys").([]string)
	h.Keys[c] = slices.Compact(sorted(append(slices.Clone(has), given...)))
}

// learnRights takes the member's roles and sites from the roster. Node.mu is held, or nobody else knows the session yet.
func (s *Session) learnRights(ctx context.Context) error {
	roster, err := s.roster(ctx, s.views)
	if err != nil {
		return err
	}
	me := roster[s.member.ID]
	if me == nil {
		return ErrNotYetGranted
	}
	if !me.Known { // it came without its sealed parts: to shut the views now would keep from reading what is said of them
		return nil
	}
	rights := me.Rights()
	s.rights.Store(&rights)
	s.sites = me.Sites
	may := s.compartments()
	for _, c := range record.Compartments() {
		if s.views.Opens(c) != slices.Contains(may, c) && s.due.Load() == 0 {
			s.due.Store(dueReopen)
		}
	}
	return s.noteCompartments(may)
}
