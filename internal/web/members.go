package web

import (
	"errors"
	"slices"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// MembersPage lists who works in the workspace, for who administers, and takes in who answered an invitation.
type MembersPage struct {
	Shell
	Form
	People, Gone []Person
	Answer       Field
}

// Person is one member with all their devices.
type Person struct {
	ID           record.ID
	Name         string
	Roles, Sites string
	Devices      []Device
	Waits        bool
}

// Device is one of them.
type Device struct {
	ID           record.ID
	Label        string
	Lease        string // when its keys end
	Last         string // when it was last heard of
	Waits        string // what it waits for
	Left         string
	Here, Active bool
}

// steward is the desk of who administers; everybody else is refused.
func (c *call) steward() (Steward, error) {
	if s, can := c.desk.(Steward); can && s.Administers() {
		return s, nil
	}
	return nil, errNotYours
}

// administers reports whether the pages of members are the reader's.
func (c *call) administers() bool {
	_, err := c.steward()
	return err == nil
}

// persons groups devices by whose they are.
func (c *call) persons(all []Holder) (here, gone []Person) {
	var order []record.ID
	by := map[record.ID][]Holder{}
	for _, h := range all {
		if slices.Contains(h.Roles, recoveryRole) { // paper is nobody; it has a page of its own
			continue
		}
		if by[h.Person] == nil {
			order = append(order, h.Person)
		}
		by[h.Person] = append(by[h.Person], h)
	}
	for _, id := range order {
		p := c.person(id, by[id])
		if slices.ContainsFunc(by[id], func(h Holder) bool { return h.Active }) {
			here = append(here, p)
		} else {
			gone = append(gone, p)
		}
	}
	return here, gone
}

func (c *call) person(id record.ID, devices []Holder) Person {
	first := devices[0]
	for _, h := range devices {
		if h.ID == id {
			first = h
		}
	}
	p := Person{ID: id, Name: first.Name, Sites: c.T("members.everywhere")}
	var roles, sites []string
	for _, role := range first.Roles {
		roles = append(roles, c.named("role", role))
	}
	for _, site := range first.Sites {
		sites = append(sites, c.nameOfSite(site))
	}
	if p.Roles = lang.List(c.lang, roles); len(sites) > 0 {
		p.Sites = lang.List(c.lang, sites)
	}
	slices.SortStableFunc(devices, func(a, b Holder) int { // the first device first, those that ended last
		rank := func(h Holder) int {
			switch {
			case !h.Active:
				return 2
			case h.ID != id:
				return 1
			}
			return 0
		}
		return rank(a) - rank(b)
	})
	for i, h := range devices {
		d := Device{ID: h.ID, Label: c.T("members.device", "n", i+1), Left: h.Left, Here: h.Here, Active: h.Active, Last: c.T("members.never")}
		if h.Left == leftReplaced {
			d.Left = c.T("members.replaced")
		}
		if !h.Lease.IsZero() && h.Active {
			d.Lease = lang.Date(c.lang, h.Lease)
		}
		if !h.LastAct.IsZero() {
			d.Last = lang.Ago(c.lang, h.LastAct, c.now())
		}
		var waits []string
		for _, w := range h.Waits {
			waits = append(waits, c.T("compartment."+w.String()))
		}
		d.Waits = lang.List(c.lang, waits)
		p.Waits = p.Waits || len(waits) > 0
		p.Devices = append(p.Devices, d)
	}
	return p
}

// named is the label of a code that stands outside the lists of codes.
func (c *call) named(list, code string) string {
	if key := list + "." + code; lang.Has(key) {
		return c.T(key)
	}
	return code
}

func membersPage(c *call) error {
	s, err := c.steward()
	if err != nil {
		return err
	}
	f, err := c.form("/members", nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		answer, err := f.handed("answer")
		if err != nil {
			return err
		}
		if f.ready() {
			name, err := s.Accept(c.r.Context(), answer)
			if err == nil {
				return f.done("/members", notice{Text: c.T("members.accepted", "name", name)})
			}
			if err := f.refusal("answer", err); err != nil {
				return err
			}
		}
	}
	all, err := s.Holders(c.r.Context())
	if err != nil {
		return err
	}
	p := MembersPage{}
	p.People, p.Gone = c.persons(all)
	p.Answer = f.field("answer", label("members.answer"), hint("members.answer_hint"), rows(3), mono())
	p.Shell, p.Form = c.shell("members.title"), f.close()
	p.Faulty = len(f.Faults) > 0
	return c.show(f.status(), "members.html", p)
}

// refusal puts what an engine said no to beside a box; anything else is given back.
func (f *form) refusal(field string, err error) error {
	var refusal *record.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	if refusal.Code == "internal" {
		return err
	}
	f.wrong(field, refused(f.lang, refusal))
	return nil
}

// handed reads what was pasted into a box, or the file chosen beside it.
func (f *form) handed(name string) ([]byte, error) {
	if f.r.MultipartForm != nil && len(f.r.MultipartForm.File[name+"_file"]) > 0 {
		file, err := f.r.MultipartForm.File[name+"_file"][0].Open()
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return readAll(file)
	}
	text := f.value(name)
	if text == "" {
		f.wrong(name, f.T("members.paper_missing"))
	}
	return []byte(text), nil
}

// InvitePage asks for whom an invitation is, and shows it once it is made.
type InvitePage struct {
	Shell
	Form
	Roles, Sites, Of, Days Field
	Made                   *Paper
	Expires                string
}

// inviteDays are how long an invitation can be answered.
var inviteDays = []int{1, 7, 30}

func invitePage(c *call) error {
	s, err := c.steward()
	if err != nil {
		return err
	}
	f, err := c.form("/members/invite", map[string][]string{"days": {"7"}})
	if err != nil {
		return err
	}
	f.Draft = ""
	all, err := s.Holders(c.r.Context())
	if err != nil {
		return err
	}
	people, _ := c.persons(all)
	p := InvitePage{}
	if f.submitted {
		i := Inviting{Roles: f.values("roles"), Lasts: 7 * 24 * time.Hour}
		for _, days := range inviteDays {
			if n := f.number("days"); n != nil && *n == days {
				i.Lasts = time.Duration(days) * 24 * time.Hour
			}
		}
		i.Sites = f.ids("sites")
		if of := f.ids("of"); len(of) == 1 {
			i.Of = of[0]
		}
		if len(i.Roles) == 0 && i.Of.IsZero() {
			f.wrong("roles", f.T("members.roles_missing"))
		}
		if f.ready() {
			made, err := s.Invite(c.r.Context(), i)
			if err == nil {
				p.Made = c.paper(made.Text, c.T("members.invite_file"))
				p.Expires = lang.Date(c.lang, made.Expires)
			} else if err := f.refusal("roles", err); err != nil {
				return err
			}
		}
	}
	p.Roles = f.field("roles", label("members.roles"), c.roles(), hint("members.roles_hint"))
	p.Sites = f.field("sites", label("members.sites"), hint("members.sites_hint"), c.siteChoices())
	p.Days = f.field("days", label("members.valid"), func(f *form, d *Field) {
		var days []lang.Choice
		for _, n := range inviteDays {
			days = append(days, lang.Choice{Code: lang.Number(lang.EN, int64(n)), Name: f.T("members.days", "n", n)})
		}
		f.offer(d, days)
	})
	p.Of = f.field("of", label("members.of"), hint("members.of_hint"), func(f *form, d *Field) {
		var who []lang.Choice
		for _, one := range people {
			who = append(who, lang.Choice{Code: one.ID.String(), Name: one.Name})
		}
		f.offer(d, who)
	})
	p.Shell, p.Form = c.shell("members.invite"), f.close()
	p.Faulty = len(f.Faults) > 0
	return c.show(f.status(), "member_invite.html", p)
}

func (c *call) roles() with {
	return func(f *form, d *Field) {
		var all []lang.Choice
		if desk, can := c.desk.(Roles); can {
			for _, role := range desk.Roles() {
				all = append(all, lang.Choice{Code: role, Name: c.named("role", role)})
			}
		}
		f.offer(d, all)
	}
}

func (c *call) siteChoices() with {
	return func(f *form, d *Field) {
		var all []lang.Choice
		sites, err := c.sites()
		if err != nil {
			return // none is offered: everywhere
		}
		for _, s := range sites {
			all = append(all, lang.Choice{Code: s.ID.String(), Name: s.Name})
		}
		f.offer(d, all)
	}
}

// ids reads chosen records.
func (f *form) ids(name string) []record.ID {
	var out []record.ID
	for _, text := range f.values(name) {
		id, err := record.ParseID(text)
		if err != nil {
			f.wrong(name, f.T("refuse.unknown_id", "field", f.fieldLabel(name)))
			continue
		}
		out = append(out, id)
	}
	return out
}

// MemberPage is one person: their devices, their roles, and the way to end them.
type MemberPage struct {
	Shell
	Form
	Person       Person
	Roles, Sites Field
	Renews       bool // some of the devices have a term
}

// onePerson finds who an address means.
func (c *call) onePerson(s Steward) (Person, []Holder, error) {
	all, err := s.Holders(c.r.Context())
	if err != nil {
		return Person{}, nil, err
	}
	id, err := record.ParseID(c.r.PathValue("id"))
	if err != nil {
		return Person{}, nil, errNothingHere
	}
	var devices []Holder
	for _, h := range all {
		if h.Person == id {
			devices = append(devices, h)
		}
	}
	if len(devices) == 0 {
		return Person{}, nil, errNothingHere
	}
	return c.person(id, devices), devices, nil
}

func memberPage(c *call) error {
	s, err := c.steward()
	if err != nil {
		return err
	}
	who, devices, err := c.onePerson(s)
	if err != nil {
		return err
	}
	start := map[string][]string{"roles": devices[0].Roles}
	for _, site := range devices[0].Sites {
		start["sites"] = append(start["sites"], site.String())
	}
	address := "/members/" + who.ID.String()
	f, err := c.form(address, start)
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		roles, sites := f.values("roles"), f.ids("sites")
		if len(roles) == 0 {
			f.wrong("roles", f.T("members.roles_missing"))
		}
		if f.ready() {
			err := s.SetRoles(c.r.Context(), who.ID, roles, sites)
			if err == nil {
				return f.done(address, notice{Text: c.T("members.changed", "name", who.Name)})
			}
			if err := f.refusal("roles", err); err != nil {
				return err
			}
		}
	}
	p := MemberPage{Person: who}
	for _, d := range who.Devices {
		p.Renews = p.Renews || d.Lease != ""
	}
	p.Roles = f.field("roles", label("members.roles"), c.roles(), hint("members.change_hint"))
	p.Sites = f.field("sites", label("members.sites"), hint("members.sites_hint"), c.siteChoices())
	p.Shell, p.Form = c.shell("members.one"), f.close()
	p.Faulty = len(f.Faults) > 0
	return c.show(f.status(), "member.html", p)
}

func memberRenew(c *call) error {
	s, err := c.steward()
	if err != nil {
		return err
	}
	who, _, err := c.onePerson(s)
	if err != nil {
		return err
	}
	if err := s.RenewLeases(c.r.Context(), who.ID); err != nil {
		return err
	}
	c.session.say(notice{Text: c.T("members.renewed", "name", who.Name)})
	return c.to("/members/" + who.ID.String())
}

// RevokePage ends a person or one of their devices. It says plainly what that does and what it cannot undo.
type RevokePage struct {
	Shell
	Form
	Person         Person
	Device, Reason Field
	Several        bool
	Until          string // when the keys of the last device end by themselves; empty: they do not
}

func memberRevoke(c *call) error {
	s, err := c.steward()
	if err != nil {
		return err
	}
	who, devices, err := c.onePerson(s)
	if err != nil {
		return err
	}
	address := "/members/" + who.ID.String()
	f, err := c.form(address+"/revoke", map[string][]string{"device": {"all"}})
	if err != nil {
		return err
	}
	f.Draft = ""
	devices = slices.DeleteFunc(slices.Clone(devices), func(h Holder) bool { return !h.Active })
	if len(devices) == 0 {
		return c.to(address)
	}
	if f.submitted {
		var ids []record.ID
		for _, h := range devices {
			if on := f.value("device"); on == "all" || on == "" || on == h.ID.String() {
				ids = append(ids, h.ID)
			}
		}
		if strings.TrimSpace(f.value("reason")) == "" {
			f.wrong("reason", f.T("members.reason_missing"))
		}
		if f.ready() {
			err := s.Revoke(c.r.Context(), ids, f.value("reason"))
			if err == nil {
				return f.done("/members", notice{Text: c.T("members.revoked", "name", who.Name), Link: "/pending", Label: c.T("status.exchange_now")})
			}
			if err := f.refusal("reason", err); err != nil {
				return err
			}
		}
	}
	p := RevokePage{Person: who, Several: len(devices) > 1}
	var last time.Time
	for _, h := range devices {
		if last = later(last, h.Lease); h.Lease.IsZero() {
			last = time.Time{}
			break
		}
	}
	if !last.IsZero() {
		p.Until = lang.Date(c.lang, last)
	}
	p.Device = f.field("device", label("members.which"), func(f *form, d *Field) {
		all := []lang.Choice{{Code: "all", Name: f.T("members.all_devices")}}
		for _, one := range who.Devices {
			if one.Active {
				all = append(all, lang.Choice{Code: one.ID.String(), Name: one.Label + " · " + one.Last})
			}
		}
		f.offer(d, all)
	})
	p.Reason = f.field("reason", label("members.reason"), hint("members.reason_hint"))
	p.Shell, p.Form = c.shell("members.revoke"), f.close()
	p.Faulty = len(f.Faults) > 0
	return c.show(f.status(), "member_revoke.html", p)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// DeviceTable is what the part of the page that lists devices needs.
type DeviceTable struct {
	Shell
	Devices []Device
}

func devicesOf(s Shell, p Person) DeviceTable { return DeviceTable{s, p.Devices} }

// FileBox is the box for a file beside one for text.
type FileBox struct{ ID, Label string }

func fileOf(beside Field, label string) FileBox { return FileBox{beside.Name + "_file", label} }

// Suggestion is a passphrase that nobody has used yet.
type Suggestion struct {
	Shell
	Text string
}

func suggestionOf(s Shell, text string) Suggestion { return Suggestion{s, text} }
