package web

import (
	"context"
	"time"

	"amparo/internal/record"
)

// Steward is a Desk that knows who works in the workspace. Whoever administers may change it; the others are refused.
type Steward interface {
	// Administers reports whether the member may admit and revoke.
	Administers() bool
	// Holders lists everybody who was ever let in, each device by itself, a person's together.
	Holders(ctx context.Context) ([]Holder, error)
	// Invite makes an invitation, to be handed over in person.
	Invite(ctx context.Context, i Inviting) (Invited, error)
	// Accept lets in who answered one, and gives their name.
	Accept(ctx context.Context, answer []byte) (name string, err error)
	// SetRoles says what a person may do from now on, on all their devices.
	SetRoles(ctx context.Context, person record.ID, roles []string, sites []record.ID) error
	// Revoke ends devices. It cannot take back what was read.
	Revoke(ctx context.Context, devices []record.ID, reason string) error
	// RenewLeases gives a person's devices a whole new term.
	RenewLeases(ctx context.Context, person record.ID) error
}

// Roles are what a member can be given, in the order of the list. Labels are `role.<code>`.
type Roles interface{ Roles() []string }

// Holder is one person on one device.
type Holder struct {
	ID      record.ID
	Person  record.ID // the first device of the person
	Name    string
	Roles   []string
	Sites   []record.ID // where they may write; empty: everywhere
	Lease   time.Time   // when the keys end unless somebody who administers is heard of; zero: they do not
	LastAct time.Time   // when the newest commit of theirs that is here was made; zero: none is
	Active  bool
	Left    string               // why they were revoked
	Waits   []record.Compartment // what their roles name and nobody has given yet
	Here    bool                 // on this device
}

// Inviting is what an administrator decides about who will come.
type Inviting struct {
	Roles []string
	Sites []record.ID
	Of    record.ID     // a further device of this person, who keeps roles and sites; zero: somebody new
	Lasts time.Duration // how long the invitation can be answered
}

// Invited is an invitation to hand over: text for a file and for a QR code.
type Invited struct {
	Text    string
	Expires time.Time
}

// Joiner is a House that takes in who was invited elsewhere: beside its members, or as the first of an empty folder.
type Joiner interface {
	// Join makes the keys of who holds an invitation. The answer is to be carried back to who invited them.
	Join(ctx context.Context, j Joining) (answer string, err error)
}

// Joining is what somebody who was invited gives.
type Joining struct {
	Invitation []byte
	Member     string
	Passphrase string
}

// Departed is a House that remembers whose keys were wiped from this device.
type Departed interface{ Gone() []Gone }

// Gone is one whose keys were wiped. Why is not said to whoever opens the laptop.
type Gone struct {
	Name string
	At   time.Time
}
