package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/vault"
	"amparo/internal/vault/shares"
	"amparo/internal/web"
)

// What follows shows the pages who works in the workspace (web.Steward), and what a member has of their own on this device
// (web.Rephraser, web.Passkeys).

func (d *desk) Administers() bool { return d.session.Rights().Administers() }

func (d *desk) Roles() []string { return node.Roles() }

func (d *desk) Holders(ctx context.Context) ([]web.Holder, error) {
	roster, err := d.session.Roster(ctx)
	if err != nil {
		return nil, asWeb(err)
	}
	here, err := d.session.Node().Members()
	if err != nil {
		return nil, asWeb(err)
	}
	var out []web.Holder
	for _, h := range roster.Sorted() {
		out = append(out, web.Holder{ID: record.ID(h.ID), Person: record.ID(h.Person()), Name: h.Name, Roles: h.Roles, Sites: h.Sites,
			Lease: h.Lease, LastAct: h.LastAct, Active: h.Active, Left: h.Left, Waits: h.Waits,
			Here: slices.ContainsFunc(here, func(l vault.Listed) bool { return l.ID == h.ID })})
	}
	return out, nil
}

func (d *desk) Invite(ctx context.Context, i web.Inviting) (web.Invited, error) {
	inv, err := d.session.Invite(ctx, node.Invite{Roles: i.Roles, Sites: i.Sites, Of: journal.MemberID(i.Of), Lasts: i.Lasts})
	if err != nil {
		return web.Invited{}, asWeb(err)
	}
	raw, err := json.Marshal(inv)
	return web.Invited{Text: string(raw), Expires: inv.Expires}, err
}

func (d *desk) Accept(ctx context.Context, answer []byte) (string, error) {
	var req node.Request
	if err := json.Unmarshal(bytes.TrimSpace(answer), &req); err != nil {
		return "", record.Refuse("request", "not_your_invitation").Because(err)
	}
	name, err := d.session.Accept(ctx, req)
	if err != nil {
		return "", asWeb(err)
	}
	return name, nil
}

func (d *desk) SetRoles(ctx context.Context, person record.ID, roles []string, sites []record.ID) error {
	return webError(d.session.SetRoles(ctx, journal.MemberID(person), roles, sites, 0))
}

func (d *desk) Revoke(ctx context.Context, devices []record.ID, reason string) error {
	ids := make([]journal.MemberID, len(devices))
	for i, id := range devices {
		ids[i] = journal.MemberID(id)
	}
	return webError(d.session.Revoke(ctx, ids, reason))
}

func (d *desk) RenewLeases(ctx context.Context, person record.ID) error {
	return webError(d.session.RenewLeases(ctx, journal.MemberID(person)))
}

func (d *desk) ChangePassphrase(ctx context.Context, before, after string) (string, error) {
	strength, err := d.session.ChangePassphrase(ctx, []byte(before), []byte(after))
	return string(strength), webError(err)
}

func (d *desk) Passkeys() ([]web.Passkey, error) {
	all, err := d.session.Passkeys()
	if err != nil {
		return nil, webError(err)
	}
	out := make([]web.Passkey, len(all))
	for i, p := range all {
		out[i] = web.Passkey{ID: p.ID, Label: p.Label, Made: time.Unix(p.Made, 0)}
	}
	return out, nil
}

func (d *desk) AddPasskey(label string, q web.PasskeyQuestion, a web.PasskeyAnswer) error {
	return webError(d.session.AddPasskey(label, vault.PasskeyQuestion(q), vault.PasskeyAnswer(a)))
}

func (d *desk) RemovePasskey(id []byte) error { return webError(d.session.RemovePasskey(id)) }

func (d *desk) CheckPasskey(q web.PasskeyQuestion, a web.PasskeyAnswer) error {
	return webError(d.session.CheckPasskey(vault.PasskeyQuestion(q), vault.PasskeyAnswer(a)))
}

// webError is asWeb for what may have gone well.
func webError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, vault.ErrPasskey):
		return errors.Join(web.ErrPasskey, err)
	}
	return asWeb(err)
}

// Join makes the keys of who was invited, in a new folder or beside the members of this one (web.Joiner).
func (h *house) Join(_ context.Context, j web.Joining) (string, error) {
	var inv node.Invitation
	if err := json.Unmarshal(bytes.TrimSpace(j.Invitation), &inv); err != nil {
		return "", record.Refuse("invite", "not_an_invitation").Because(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var req node.Request
	var err error
	if h.node == nil {
		var n *node.Node
		if n, req, err = node.Join(h.dir, h.registry, inv, j.Member, j.Passphrase, h.options); err == nil {
			h.node = n
		}
	} else {
		req, err = h.node.JoinHere(inv, j.Member, j.Passphrase)
	}
	if err != nil {
		return "", webError(err)
	}
	raw, err := json.Marshal(req)
	return string(raw), err
}

// Judge and Suggest are web.Phrases.
func (h *house) Judge(phrase string, names ...string) (string, error) {
	strength, err := vault.JudgePassphrase(phrase, names...)
	return string(strength), err
}

// suggestedWords are sixty-six bits.
const suggestedWords = 6

func (h *house) Suggest(in lang.Tag) string { return shares.Phrase(in, suggestedWords) }

// Gone tells whose keys were wiped (web.Departed).
func (h *house) Gone() []web.Gone {
	n := h.open()
	if n == nil {
		return nil
	}
	all, err := n.Gone()
	if err != nil {
		return nil // the page says less; unlocking says what is wrong
	}
	var out []web.Gone
	for _, g := range all {
		if g.Why != vault.GoneReplaced {
			out = append(out, web.Gone{Name: g.Label, At: g.At})
		}
	}
	return out
}

// FieldDays and SetFieldDays are web.FieldMode.
func (d *desk) FieldDays() int { return d.session.Node().FieldDays() }

func (d *desk) SetFieldDays(ctx context.Context, days int) error {
	return webError(d.session.SetFieldDays(ctx, days))
}

// What follows is web.Follower.

func (d *desk) Narrow() bool { return d.session.Node().Narrow() }

func (d *desk) SetNarrow(ctx context.Context, narrow bool) error {
	return webError(d.session.SetNarrow(ctx, narrow))
}

func (d *desk) Missing(person record.ID) (int, error) { return d.session.Missing(person) }

func (d *desk) Fetch(ctx context.Context, person record.ID) (int, error) {
	sum, err := d.session.Fetch(ctx, person, "", nil)
	return int(sum.Parts), webError(err)
}
