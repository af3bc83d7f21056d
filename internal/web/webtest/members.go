package webtest

import (
	"context"
	"slices"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/web"
)

// The made-up roster: Rosa with two devices, Julio who waits for keys, and one who left.
func holders() []web.Holder {
	return []web.Holder{
		{ID: Rosa.ID, Person: Rosa.ID, Name: Rosa.Name, Roles: []string{"clinician", "administrator"}, LastAct: Now.Add(-3 * time.Hour), Active: true, Here: true},
		{ID: ID(61), Person: Rosa.ID, Name: Rosa.Name, Roles: []string{"clinician", "administrator"}, LastAct: Now.Add(-50 * time.Hour), Active: true},
		{ID: Julio.ID, Person: Julio.ID, Name: Julio.Name, Roles: []string{"registrar"}, Sites: []record.ID{Tapachula.ID}, Lease: Now.AddDate(0, 0, 44), Active: true,
			Waits: []record.Compartment{record.Identity}, Here: true},
		{ID: ID(62), Person: ID(62), Name: "Nora Pech", Roles: []string{"psychologist"}, LastAct: Now.AddDate(0, -2, 0), Left: "Terminó su contrato"},
		{ID: ID(64), Person: Julio.ID, Name: Julio.Name, Roles: []string{"registrar"}, LastAct: Now.AddDate(0, -1, 0), Left: "replaced"},
		{ID: ID(63), Person: ID(63), Name: "EF14-399F (3/5)", Roles: []string{"recovery"}, Active: true, Waits: []record.Compartment{record.Mind}},
	}
}

// Administers is true for Rosa.
func (d *Desk) Administers() bool { return d.Who.ID == Rosa.ID && !d.House.Humble }

// Holders lists the roster above.
func (d *Desk) Holders(context.Context) ([]web.Holder, error) { return holders(), nil }

// Roles are those that can be given.
func (d *Desk) Roles() []string {
	return []string{"registrar", "clinician", "psychologist", "social_worker", "monitor", "logistician", "coordinator", "epidemiologist", "administrator", "auditor"}
}

// Invitation is what a made-up invitation reads; Answer is what answers it.
const (
	Invitation = `{"amparo":"invitation 2","workspace":"5d1f0f8de2a94b6f8a41b4ce07a1f3b2","founder":"c0ffee00c0ffee00c0ffee00c0ffee00","id":"00112233445566778899aabbccddeeff","token":"q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kBI0Vng=","roles":["registrar"],"expires":"2026-04-03T16:40:00Z","relay":"https://relay.example"}`
	Answer     = `{"amparo":"request 2","workspace":"5d1f0f8de2a94b6f8a41b4ce07a1f3b2"}`
)

// Invite gives the one above.
func (d *Desk) Invite(_ context.Context, i web.Inviting) (web.Invited, error) {
	d.House.Invited = append(d.House.Invited, i)
	if slices.Contains(i.Roles, "nobody") {
		return web.Invited{}, record.Refuse("role", "not_in_list", "field", "role", "list", "…")
	}
	return web.Invited{Text: Invitation, Expires: Now.Add(i.Lasts)}, nil
}

// Accept lets in who brings the answer above.
func (d *Desk) Accept(_ context.Context, answer []byte) (string, error) {
	if string(answer) != Answer {
		return "", record.Refuse("request", "not_your_invitation")
	}
	return "Ana Chan", nil
}

// SetRoles notes what was asked.
func (d *Desk) SetRoles(_ context.Context, person record.ID, roles []string, sites []record.ID) error {
	d.House.Changed = append(d.House.Changed, Changed{Person: person, Roles: roles, Sites: sites})
	return nil
}

// Revoke refuses the member's own end.
func (d *Desk) Revoke(_ context.Context, devices []record.ID, reason string) error {
	if slices.Contains(devices, d.Who.ID) {
		return record.Refuse("member", "revoke_yourself")
	}
	d.House.Changed = append(d.House.Changed, Changed{Devices: devices, Reason: reason})
	return nil
}

// RenewLeases notes whose.
func (d *Desk) RenewLeases(_ context.Context, person record.ID) error {
	d.House.Changed = append(d.House.Changed, Changed{Person: person, Renewed: true})
	return nil
}

// Changed is one thing that was done to a member.
type Changed struct {
	Person  record.ID
	Roles   []string
	Sites   []record.ID
	Devices []record.ID
	Reason  string
	Renewed bool
}

// ChangePassphrase takes any but the made-up one's neighbours.
func (d *Desk) ChangePassphrase(_ context.Context, before, after string) (string, error) {
	if before != Passphrase {
		return "", web.ErrPassphrase
	}
	return d.House.Judge(after)
}

// Passkeys lists those of the house.
func (d *Desk) Passkeys() ([]web.Passkey, error) { return d.House.Keys, nil }

// AddPasskey takes the answer "made".
func (d *Desk) AddPasskey(label string, q web.PasskeyQuestion, a web.PasskeyAnswer) error {
	d.House.Asked = append(d.House.Asked, q)
	if string(a.Key) != "made" {
		return web.ErrPasskey
	}
	d.House.Keys = append(d.House.Keys, web.Passkey{ID: a.ID, Label: label, Made: Now})
	return nil
}

// RemovePasskey forgets one.
func (d *Desk) RemovePasskey(id []byte) error {
	d.House.Keys = slices.DeleteFunc(d.House.Keys, func(p web.Passkey) bool { return string(p.ID) == string(id) })
	return nil
}

// CheckPasskey takes the signature "yes".
func (d *Desk) CheckPasskey(q web.PasskeyQuestion, a web.PasskeyAnswer) error {
	d.House.Asked = append(d.House.Asked, q)
	if string(a.Signature) != "yes" {
		return web.ErrPasskey
	}
	return nil
}

// Join takes the invitation above.
func (h *House) Join(_ context.Context, j web.Joining) (string, error) {
	if string(j.Invitation) != Invitation {
		return "", record.Refuse("invite", "not_an_invitation")
	}
	h.Joined = append(h.Joined, j)
	return Answer, nil
}

// Judge wants ten characters.
func (h *House) Judge(phrase string, _ ...string) (string, error) {
	if len([]rune(phrase)) < 10 {
		return "", record.Refuse("passphrase", "short_passphrase", "n", 10)
	}
	return "good", nil
}

// Suggest is always the same.
func (h *House) Suggest(lang.Tag) string { return "puente limón cántaro siete nube madera" }

// FieldDays is what the house keeps.
func (d *Desk) FieldDays() int { return d.House.Days }

// SetFieldDays takes what a person may say.
func (d *Desk) SetFieldDays(_ context.Context, days int) error {
	if days > 3650 {
		return record.Refuse("days", "out_of_range", "field", "days", "got", "9999", "low", "0", "high", "3650")
	}
	d.House.Days = days
	return nil
}

// Narrow is what the house follows.
func (d *Desk) Narrow() bool { return d.House.Narrow }

// SetNarrow is refused where somebody administers.
func (d *Desk) SetNarrow(_ context.Context, narrow bool) error {
	if narrow && !d.House.Humble {
		return record.Refuse("narrow", "narrow_administers")
	}
	d.House.Narrow = narrow
	return nil
}

// Missing is something when the house follows few.
func (d *Desk) Missing(record.ID) (int, error) {
	if d.House.Narrow {
		return 3, nil
	}
	return 0, nil
}

// Fetch finds what is missing.
func (d *Desk) Fetch(_ context.Context, person record.ID) (int, error) { return d.Missing(person) }

// Gone are those of the house.
func (h *House) Gone() []web.Gone { return h.Departed }
