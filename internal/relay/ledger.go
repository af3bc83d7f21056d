package relay

import (
	"context"
	"errors"

	"amparo/internal/journal"
)

// Used is how much a workspace has brought.
type Used struct {
	Commits int64
	Bytes   int64 // of headers, signatures and parts, before what the database adds; erased parts count: their place is kept
}

// Quota is how much a workspace may bring. Zero fields: as much as there is room for.
type Quota Used

// Standing of a workspace with its operator.
const (
	StandingNone   = ""       // nothing was said of it
	StandingKnown  = "known"  // it may be brought here even if others may not
	StandingClosed = "closed" // nobody of it is answered; what it brought is kept
)

// Terms are what an operator decided about a workspace.
type Terms struct {
	Standing string
	Quota    Quota // zero fields: as for every other; -1: none
}

// ErrTerms reports terms that mean nothing.
var ErrTerms = errors.New("the standing of a workspace is known or closed, and a quota is not below -1")

// Ledger is a Store that counts what each workspace brought, and keeps what its operator decided. A store that is no ledger
// serves whatever is brought.
type Ledger interface {
	Store
	// Workspaces lists those that brought something, and those an operator decided about, by id.
	Workspaces(ctx context.Context) ([]journal.WorkspaceID, error)
	// Used counts what a workspace brought. It may lag behind a Take that is under way.
	Used(ctx context.Context, id journal.WorkspaceID) (Used, error)
	// Terms gives what was decided; the zero Terms when nothing was.
	Terms(ctx context.Context, id journal.WorkspaceID) (Terms, error)
	// Decide replaces it, durable when it returns. The zero Terms take it back.
	Decide(ctx context.Context, id journal.WorkspaceID, t Terms) error
}
