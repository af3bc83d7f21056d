package web

import (
	"context"
	"errors"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// House is one node's folder as the pages see it before anyone has unlocked it. It is safe for concurrent use.
type House interface {
	// Founded reports whether a workspace is there. While it is not, only the first-run screens are served.
	Founded() bool
	// Workspace is the organisation's name, shown inside pages and never in a tab's title. Empty before Found.
	Workspace() string
	// Members lists who can unlock on this device, in the order to show them.
	Members() []Member
	// Found makes the workspace and its first administrator, and unlocks it. It must refuse when Founded.
	Found(ctx context.Context, f Founding) (Founded, error)
	// Unlock opens a member's desk. A wrong passphrase is ErrPassphrase and costs the same time as a right one.
	Unlock(ctx context.Context, member record.ID, passphrase string) (Desk, error)
	// Registry is every action and query this node knows: the API's document is made from it.
	Registry() *record.Registry
}

// Desk is what one unlocked member can do. Every call carries the member's own rights, so a page that forgets to ask
// cannot show what the member may not see. It is safe for concurrent use; after Lock every call refuses with ErrLocked.
type Desk interface {
	// Apply runs one action as one commit: whole or not at all. When it returns OK the commit is durable.
	// The same Request.ID again returns the first result and writes nothing. Problem.Message is in the given language.
	Apply(ctx context.Context, in lang.Tag, r record.Request) record.Result
	// Query runs a named read. Parameters are text, as they come from an address. The answer is a struct with
	// json tags. A refusal is a *record.Refusal.
	Query(ctx context.Context, in lang.Tag, name string, params map[string][]string) (any, error)
	// Member says who acts.
	Member() Member
	// Opens reports whether the member may read and write a compartment: forms that cannot be saved are not offered.
	Opens(c record.Compartment) bool
	// MayDo reports whether the member's roles name an action, MayAsk whether they name a query: what they do not is not
	// offered. Neither says anything of what it may write or show.
	MayDo(action string) bool
	MayAsk(query string) bool
	// Status is what the line "saved / only here / exchanged" needs. It is called for every page and must be quick.
	Status() Status
	// Lock forgets the member's keys. It may be called more than once.
	Lock()
}

// Exchanger is a Desk that can bring its commits in step now, when someone presses the button.
type Exchanger interface {
	Exchange(ctx context.Context) (Exchanged, error)
}

// Standing is a Desk that remembers where this device stands, so that it is chosen once and not after every start.
type Standing interface {
	Stand(ctx context.Context, site record.ID) error
}

// Member is someone who works here.
type Member struct {
	ID   record.ID
	Name string
	Role string // code; label `role.<code>`; may be empty
}

// Founding is what the first-run screens ask.
type Founding struct {
	Workspace  string // the organisation or mission
	Member     string // the first administrator's name
	Passphrase string
	Lang       lang.Tag
}

// Founded is the new workspace, unlocked.
type Founded struct {
	Desk     Desk
	Recovery []string // words that open the workspace when passphrases are lost: shown once, never stored. May be empty
}

// Status says how much exists only on this device.
type Status struct {
	Pending   int       // commits that exist only here
	Held      int       // sealed parts that stay here until somebody agrees to share their record
	Oldest    time.Time // when the oldest of them was recorded; zero: none
	Exchanged time.Time // the last exchange that succeeded; zero: never
	Coming    int       // sealed parts that this device wants and has not got yet
	Rivals    int       // records with rival values that the member may see
	Site      record.ID // where this device usually works; zero: let the member choose
}

// Exchanged says what one exchange moved.
type Exchanged struct {
	Sent, Received int   // commits
	Bytes          int64 // both ways
}

// What a House or Desk answers when it says no for a reason the pages must tell apart.
var (
	ErrPassphrase = errors.New("web: the passphrase does not open this member")
	ErrLocked     = errors.New("web: the desk is locked")
	ErrFounded    = errors.New("web: there is a workspace in this folder already")
)
