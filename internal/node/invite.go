package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/vault"
)

// Roles are what a member can be given, in the order in which they are shown.
func Roles() []string { return vault.AllRoles() }

const (
	// InviteLasts is how long an invitation can be answered when nobody says otherwise.
	InviteLasts = 7 * 24 * time.Hour
	// LeaseDays is how long a member's keys last without an administrator being heard of when nobody says otherwise.
	LeaseDays = 60
	maxLease  = 3650
)

// Invite is what an administrator decides about who will come.
type Invite struct {
	Roles []string
	Sites []record.ID      // where they may write; empty: everywhere
	Of    journal.MemberID // a further device of this member, with the same name and roles; zero: somebody new
	Lasts time.Duration    // how long the invitation can be answered; 0: InviteLasts
	Lease int              // days; 0: LeaseDays, and none for who administers; negative: keys that do not end
}

// Invitation is the file an administrator hands over, small enough for a QR code. Who holds it can ask to join, once; it
// opens nothing.
type Invitation struct {
	Amparo    string    `json:"amparo"` // "invitation 2"
	Workspace string    `json:"workspace"`
	Founder   string    `json:"founder"` // so that nobody between can found another
	ID        string    `json:"id"`
	Token     []byte    `json:"token"`
	Roles     []string  `json:"roles,omitempty"`
	Sites     []string  `json:"sites,omitempty"`
	Of        string    `json:"of,omitempty"`
	Lease     int       `json:"lease,omitempty"` // days
	Expires   time.Time `json:"expires"`
	Relay     string    `json:"relay,omitempty"`
}

// Request answers an invitation: the new key-holder's public keys and name, sealed under the invitation's token.
type Request struct {
	Amparo     string `json:"amparo"` // "request 2"
	Workspace  string `json:"workspace"`
	Invitation []byte `json:"invitation"` // all of it but the token, which only the inviter and the invited know
	Sealed     []byte `json:"sealed"`
}

type requestInside struct {
	Sign     seal.VerifyKey `json:"sign"`
	Receiver []byte         `json:"receiver"`
	Name     string         `json:"name"`
}

const (
	invitationMark = "invitation 2"
	requestMark    = "request 2"
)

// plain is the invitation without its token, spelled in one way.
func (i Invitation) plain() ([]byte, error) {
	i.Token = nil
	return json.Marshal(i)
}

// token follows from the inviter's key and all that the invitation says, so nothing secret has to be kept until it is
// answered, and a changed invitation proves nothing: neither another role nor another relay.
func token(m *vault.Member, plain []byte) ([32]byte, error) {
	sum := sha256.Sum256(plain)
	return m.Sign.Derive("amparo invitation v2 " + hex.EncodeToString(sum[:]))
}

func requestPurpose(plain []byte) string { return "amparo request v2 " + string(plain) }

// mustAdminister refuses who does not.
func (s *Session) mustAdminister() error {
	roll := s.node.journal.Roll()
	if !roll.Active(s.member.ID) || !roll.Administers(s.member.ID) {
		return record.Refuse("", "not_allowed")
	}
	return nil
}

// checkRoles refuses roles that nobody knows.
func checkRoles(roles []string) error {
	if len(roles) == 0 {
		return record.Refuse("role", "required", "field", "role")
	}
	for _, role := range roles {
		if !slices.Contains(Roles(), role) {
			return record.Refuse("role", "not_in_list", "field", "role", "list", strings.Join(Roles(), ", "))
		}
	}
	return nil
}

// leaseDays is how long a lease is: who administers renews the others, so theirs does not end unless they ask for it.
func leaseDays(asked int, roles []string) (int, error) {
	switch {
	case asked < 0 || asked == 0 && slices.Contains(roles, "administrator"):
		return 0, nil
	case asked == 0:
		return LeaseDays, nil
	case asked > maxLease:
		return 0, record.Refuse("lease", "out_of_range", "field", "lease", "got", strconv.Itoa(asked), "low", "0", "high", strconv.Itoa(maxLease))
	}
	return asked, nil
}

// Invite makes an invitation. Only who administers may; whether it was used already is known to who made it, so they
// accept it too.
func (s *Session) Invite(ctx context.Context, i Invite) (Invitation, error) {
	roster, err := s.Roster(ctx)
	if err != nil {
		return Invitation{}, err
	}
	if err := s.mustAdminister(); err != nil {
		return Invitation{}, err
	}
	inv := Invitation{Amparo: invitationMark, Workspace: s.node.settings.Workspace, Founder: s.node.settings.Founder, ID: hex.EncodeToString(draw(16)), Relay: s.node.Relay()}
	if i.Of != (journal.MemberID{}) {
		of := roster[i.Of]
		if of == nil {
			return Invitation{}, record.Refuse("member", "unknown_member")
		}
		inv.Of, i.Roles, i.Sites = of.Person().String(), of.Roles, of.Sites
	}
	if err := checkRoles(i.Roles); err != nil {
		return Invitation{}, err
	}
	if inv.Roles = i.Roles; slices.Equal(sorted(i.Roles), sorted(Roles())) {
		inv.Roles = []string{everyRole} // keeps the code small
	}
	for _, site := range i.Sites {
		inv.Sites = append(inv.Sites, site.String())
	}
	if inv.Lease, err = leaseDays(i.Lease, i.Roles); err != nil {
		return Invitation{}, err
	}
	lasts := i.Lasts
	if lasts <= 0 {
		lasts = InviteLasts
	}
	inv.Expires = s.now().Add(lasts).UTC().Truncate(time.Second)
	plain, err := inv.plain()
	if err != nil {
		return Invitation{}, err
	}
	end, err := s.use()
	if err != nil {
		return Invitation{}, err
	}
	defer end()
	key, err := token(s.member, plain)
	inv.Token = key[:]
	return inv, err
}

// everyRole stands for all ten in an invitation: a further device of who founded the workspace.
const everyRole = "*"

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// answer makes the request that answers an invitation.
func (i Invitation) answer(m *vault.Member, name string) (Request, error) {
	keys := m.Keys()
	plain, err := i.plain()
	if err != nil {
		return Request{}, err
	}
	if len(i.Token) != 32 {
		return Request{}, record.Refuse("invite", "not_an_invitation")
	}
	inside, err := json.Marshal(requestInside{Sign: keys.Sign, Receiver: keys.Receiver, Name: name})
	if err != nil {
		return Request{}, err
	}
	sealed, err := seal.SealUnder([32]byte(i.Token), requestPurpose(plain), inside)
	return Request{Amparo: requestMark, Workspace: i.Workspace, Invitation: plain, Sealed: sealed}, err
}

// Accept admits who answered an invitation of this member and gives them what their roles name, as far as this member
// holds it: others give the rest when they next exchange. The same request twice is refused.
func (s *Session) Accept(ctx context.Context, req Request) (name string, err error) {
	if req.Amparo != requestMark || req.Workspace != s.node.settings.Workspace {
		return "", record.Refuse("request", "wrong_workspace")
	}
	err = s.managing(ctx, func(Roster) error {
		inv, inside, err := s.openRequest(req)
		if err != nil {
			return err
		}
		if s.now().After(inv.Expires) {
			return record.Refuse("request", "invitation_expired")
		}
		if len(inv.Roles) == 1 && inv.Roles[0] == everyRole {
			inv.Roles = Roles()
		}
		used := "invitation " + inv.ID
		if before, err := s.node.journal.ReadNote(used); err != nil {
			return err
		} else if before != nil {
			return record.Refuse("request", "invitation_used")
		}
		name = inside.Name
		keys := journal.MemberKeys{Sign: inside.Sign, Receiver: inside.Receiver}
		return s.admit(ctx, keys, admission{name: name, roles: inv.Roles, sites: inv.Sites, of: inv.Of, lease: inv.Lease}, used)
	})
	return name, err
}

func (s *Session) openRequest(req Request) (inv Invitation, inside requestInside, err error) {
	wrong := record.Refuse("request", "not_your_invitation")
	key, err := token(s.member, req.Invitation)
	if err != nil {
		return inv, inside, err
	}
	opened, err := seal.OpenUnder(key, requestPurpose(req.Invitation), req.Sealed)
	if err != nil {
		return inv, inside, wrong.Because(err)
	}
	if err := errors.Join(json.Unmarshal(req.Invitation, &inv), json.Unmarshal(opened, &inside)); err != nil {
		return inv, inside, wrong.Because(err)
	}
	if inv.Founder != s.node.settings.Founder || inv.Workspace != req.Workspace {
		return inv, inside, wrong
	}
	if _, err := vault.Grant(s.member.Workspace, journal.MemberKeys{Sign: inside.Sign, Receiver: inside.Receiver}, s.member.Ring.Part(), 0); err != nil {
		return inv, inside, wrong.Because(err) // nothing could ever be given to them
	}
	inside.Name, err = memberName(inside.Name) // it answered with a program of its own choosing
	return inv, inside, err
}

// admission is what the roster says of somebody new.
type admission struct {
	name  string
	roles []string
	sites []string
	of    string
	lease int // days; 0: none
}

func (a admission) put(c *record.Change, id journal.MemberID) error {
	fields := record.Fields{"member": record.ID(id), "name": a.name, "roles": a.roles, "lease_days": a.lease}
	if len(a.sites) > 0 {
		fields["sites"] = a.sites
	}
	var of journal.MemberID
	if a.of != "" {
		if err := of.Parse(a.of); err != nil {
			return record.Refuse("request", "not_your_invitation").Because(err)
		}
		fields["of"] = record.ID(of)
	}
	_, _, err := c.Put(memberKind, fields)
	return err
}

// admit writes the commit that lets a key-holder in, and in the same batch the one that gives them keys. Node.mu is held.
func (s *Session) admit(ctx context.Context, keys journal.MemberKeys, a admission, used string) error {
	controls := []journal.Control{}
	admit, err := journal.NewControl(journal.ControlAdmit, keys)
	if err != nil {
		return err
	}
	controls = append(controls, admit)
	if slices.Contains(a.roles, "administrator") {
		empower, err := journal.NewControl(journal.ControlEmpower, journal.Empowerment{Member: keys.Member()})
		if err != nil {
			return err
		}
		controls = append(controls, empower)
	}
	err = s.manage(ctx, controls, func(c *record.Change) error { return a.put(c, keys.Member()) }, func() error {
		if used == "" {
			return nil
		}
		return s.node.journal.Note(used, []byte{1})
	})
	return err
}

// manage writes one commit with control records and what is said beside them, then what follows from it, and makes both
// durable together. Node.mu is held.
func (s *Session) manage(ctx context.Context, controls []journal.Control, say func(*record.Change) error, also func() error) error {
	d := draft{time: s.node.clock.Now(), controls: controls}
	change, err := s.change(ctx, "", record.Request{}, &d)
	if err != nil {
		return err
	}
	if say != nil {
		if err := say(change); err != nil {
			return err
		}
	}
	d.facts = change.Facts()
	err = s.writeControls(ctx, d)
	if err == nil && also != nil {
		err = also()
	}
	var then *draft
	if err == nil {
		then, err = s.tending(ctx, s.views.Working())
	}
	if err == nil && then != nil {
		err = s.writeControls(ctx, *then)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("members: %w", err), s.drop())
	}
	return errors.Join(s.flush(), s.keepUp(ctx)) // what it says of this member too
}
