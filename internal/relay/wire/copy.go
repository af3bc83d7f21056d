package wire

import (
	"context"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// Copy is one copy of a workspace: a node's journal, what a relay holds, or a test's. Its methods use nothing but the
// journal's types, so a store implements it without knowing who exchanges. exchangetest.Conform tries every sentence
// below. All methods may be called from several goroutines.
type Copy interface {
	// Vector says up to where this copy holds each writer's chain. The caller may change the map. Entries of 0 must not
	// be in it. What it says must survive a crash.
	Vector(ctx context.Context) (journal.Vector, error)

	// Runs gives everything held beyond above, each writer's commits in order without gap or overlap, and among writers
	// the one whose next commit is oldest first (by Commit.Time; ties by writer id). A run must end at a commit whose
	// signature is held, and at the first such commit once it has journal.RunLength commits or RunBytes of parts; what
	// follows the last signature is not given yet. Writers of which above says more than is held are left out. No lock may
	// be held while yield runs, for yield writes to a slow network and may call the copy. An error of yield ends Runs
	// and is returned as it is. A chain that no longer reads must not keep the others back: it is left out, and named at
	// the end with a *Fault (several with errors.Join). OldestFirst does all of this.
	Runs(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error

	// Bare is Runs with the sealed parts left out: only their digests are given. What is open is given as in Runs.
	Bare(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error

	// Parts gives those of the sealed parts that are here and may leave, in the order of the list; n says which. What is not
	// here, not the part its commit names, or erased is passed over. No lock may be held while yield runs.
	Parts(ctx context.Context, places []journal.PartPlace, yield func(n int, data []byte) error) error

	// Supply takes sealed parts of commits that are held, durable before it returns, and says how many were missing here.
	// Passed over are those that are here already, that were erased, whose commit is not here or does not name them so.
	Supply(ctx context.Context, parts []journal.Loose) (taken int, err error)

	// Hash names a commit that is held; false: not held.
	Hash(ctx context.Context, w journal.WriterID, seq uint64) (journal.Hash, bool, error)

	// Take verifies runs (as journal.DecodeRun gave them) in order and makes them durable before it returns. The list
	// has one entry a run: nil when the run is now held or was parked (Vector tells which), otherwise why it was set
	// aside, as FaultOf reads it. It must be idempotent; a run that overlaps what is held brings what is new in it. A run
	// whose writer nobody known vouches for yet, or that begins after the next commit, is parked: kept for later or
	// forgotten as the copy likes (who exchanges offers it again), never an error. A run set aside must leave no
	// trace in what the copy holds and must not stop the runs after it. What a revoked member wrote is set aside beyond
	// what stands (FaultRevoked) and taken when it is offered again after a commit that vouches for it; what is held
	// already may stay.
	//
	// The second error is a failure of the copy itself (a full disk); then nothing of the batch is held.
	Take(ctx context.Context, runs []journal.Run) ([]error, error)
}

// RunBytes is after how many bytes of parts a run ends at the next signature: what an interrupted exchange sends again
// at most.
const RunBytes = 128 << 10

// Keys says whom a copy believes. A copy that answers others' questions has it too.
type Keys interface {
	// Writer is the key of a writer some admitted member vouches for; false: nobody does, as far as this copy knows.
	Writer(ctx context.Context, w journal.WriterID) (seal.VerifyKey, bool, error)
	// Member is the signing key of an admitted member.
	Member(ctx context.Context, m journal.MemberID) (seal.VerifyKey, bool, error)
	// Cut is up to where the writer's commits stand when the writer's member is revoked. m is whose a writer says to be
	// that is not known yet.
	Cut(ctx context.Context, w journal.WriterID, m journal.MemberID) (seq uint64, revoked bool, err error)
	// MissingFrom lists sealed parts that this copy lacks and would take from who asks, in the order in which it noted them,
	// from number from on. After the last it goes on with the first, once round at most.
	MissingFrom(ctx context.Context, from int64, most int) ([]journal.Missing, error)
}

// Asker is a copy that knows which sealed parts it wants. Who exchanges asks for them.
type Asker interface {
	// Wanted lists sealed parts that are wanted and not here, noted after the given one, those of the newest commits first.
	Wanted(ctx context.Context, after int64, most int) ([]journal.Missing, error)
	// Unmet lists how far commits that are here had seen chains, where that is further than they are here.
	Unmet(ctx context.Context) ([]journal.Vouch, error)
}
