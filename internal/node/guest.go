package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
	"amparo/internal/store"
)

// answering is the handler behind the door: questions of the exchange protocol, and nothing else.
func (n *Node) answering(log *slog.Logger) http.Handler {
	inner := relay.New(relay.Config{Store: guests{n}, Log: log, Now: n.options.Wall, Limits: doorLimits})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != wire.Method || r.URL.Path != wire.Path && r.URL.Path != wire.ChunksPath {
			w.WriteHeader(http.StatusNotFound) // there is nothing to see for who looks around
			return
		}
		ask, err := firstFrame(w, r)
		if err != nil {
			refuseGuest(w, wire.Refuse(wire.RefusedFormat, "a question begins with who asks"))
			return
		}
		if ask.Workspace != n.Workspace() {
			refuseGuest(w, wire.Refuse(wire.RefusedWorkspace, "nothing of this workspace is here"))
			return
		}
		g := &guest{JournalCopy: n.Copy(), node: n, ask: ask, gave: journal.Vector{}}
		before := n.grown.Load()
		defer func() {
			g.leaves()
			if n.grown.Load() != before {
				n.follow()
			}
		}()
		inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), guestKey{}, g)))
	})
}

// firstBytes is more than who asks ever needs to say: what it holds of a hundred thousand writers.
const firstBytes = 3 << 20

// firstFrame reads who asks, and puts it back. It believes nothing.
func firstFrame(w http.ResponseWriter, r *http.Request) (*wire.Ask, error) {
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(doorLimits.Idle)); err != nil {
		return nil, err
	}
	frame, err := journal.ReadFrame(io.LimitReader(r.Body, firstBytes))
	if err != nil || len(frame) == 0 || frame[0] != wire.FrameAsk {
		return nil, journal.ErrFormat
	}
	ask, err := readAsk(r.URL.Path, frame[1:])
	if err != nil {
		return nil, err
	}
	var again bytes.Buffer
	if err := journal.WriteFrame(&again, frame); err != nil {
		return nil, err
	}
	rest := r.Body
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&again, rest), rest}
	return ask, nil
}

func readAsk(path string, payload []byte) (*wire.Ask, error) {
	if path == wire.ChunksPath {
		files, err := wire.ReadChunkAsk(payload)
		if err != nil {
			return nil, err
		}
		return &wire.Ask{Workspace: files.Workspace, Writer: files.Writer}, nil
	}
	ask, err := wire.ReadAsk(payload)
	if err != nil {
		return nil, err
	}
	return &ask.Ask, nil
}

func refuseGuest(w http.ResponseWriter, refusal *wire.Refusal) {
	raw, err := json.Marshal(refusal)
	if err != nil {
		raw = nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(refusal.Status())
	w.Write(raw) // who went away is nobody's error
}

// guests is this node's journal as a relay's handler sees it (relay.Store).
type guests struct{ node *Node }

type guestKey struct{}

// Workspace gives the guest of this question.
func (s guests) Workspace(ctx context.Context, id journal.WorkspaceID) (relay.Workspace, error) {
	g, asked := ctx.Value(guestKey{}).(*guest)
	if !asked || id != s.node.Workspace() {
		return nil, record.Refuse("", "wrong_workspace")
	}
	return g, nil
}

// Ping and Close are relay.Store's; the journal is the node's to close.
func (guests) Ping(context.Context) error { return nil }

func (guests) Close() error { return nil }

// PutChunk is relay.ChunkStore's. A chunk is taken when a file that is known here has it: a locked machine learns of new files
// when it is unlocked, and takes them the next time.
func (s guests) PutChunk(_ context.Context, _ journal.WorkspaceID, c wire.Chunk) (byte, error) {
	if s.node.journal.Roll().Erased[c.Place] {
		return wire.ChunkErased, nil
	}
	switch _, err := s.node.files.Take(c.Data); {
	case errors.Is(err, store.ErrDamaged):
		return wire.ChunkEarly, nil
	case err != nil:
		return 0, err
	}
	return wire.ChunkKept, nil
}

// HaveChunks is relay.ChunkStore's.
func (s guests) HaveChunks(_ context.Context, _ journal.WorkspaceID, names [][32]byte) ([]bool, error) {
	return s.node.files.Here(names)
}

// Chunk is relay.ChunkStore's. Who names a chunk has read the record that it belongs to; what is held back here is not given all
// the same.
func (s guests) Chunk(_ context.Context, _ journal.WorkspaceID, name [32]byte) ([]byte, bool, error) {
	places, err := s.node.files.Of(name)
	if err != nil || !slices.ContainsFunc(places, func(p journal.PartPlace) bool { return !s.node.journal.IsHeld(p) }) {
		return nil, false, err
	}
	return s.node.files.Read(name)
}

// guest is the journal while one question is answered: what was given is remembered, and what the asker says it holds.
type guest struct {
	*exchange.JournalCopy
	node *Node
	ask  *wire.Ask
	gave journal.Vector
}

// Runs is wire.Copy's. It is only asked for once it is known who asks, with what they hold.
func (g *guest) Runs(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	if err := g.heard(ctx, above); err != nil {
		return err
	}
	return g.JournalCopy.Runs(ctx, above, g.giving(yield))
}

// Bare is wire.Copy's.
func (g *guest) Bare(ctx context.Context, above journal.Vector, yield func(journal.Run) error) error {
	return g.JournalCopy.Bare(ctx, above, g.giving(yield))
}

func (g *guest) giving(yield func(journal.Run) error) func(journal.Run) error {
	return func(run journal.Run) error {
		last := run.Last()
		g.gave[last.Writer] = max(g.gave[last.Writer], last.Seq)
		return yield(run)
	}
}

// heard takes what the asker says it holds as a receipt: signed, and as good as a relay's word. Who has commits without their
// parts has no receipt to give, and who is revoked is not believed.
func (g *guest) heard(ctx context.Context, holds journal.Vector) error {
	member := g.node.journal.Roll().MemberOf(g.ask.Writer)
	if _, revoked, err := g.Cut(ctx, g.ask.Writer, member); err != nil || revoked || member == (journal.MemberID{}) || len(g.ask.Parts) > 0 || g.ask.Bare == 1 {
		return err
	}
	// Of more than is here nothing is believed: else who says that it holds what is written tomorrow makes it count as kept.
	here := g.node.journal.Heads()
	holds = maps.Clone(holds)
	for w, seq := range holds {
		holds[w] = min(seq, here[w].Seq)
	}
	p := Place{Kind: PlaceGuest, Name: member.String(), Member: record.ID(member)}
	memory, at, err := g.node.remembered(p)
	if err != nil {
		return err
	}
	// Once an hour is often enough to know when somebody was last here.
	if now := g.node.options.Wall(); wire.DigestOf(memory.Known) != wire.DigestOf(holds) || now.Sub(at).Abs() > time.Hour {
		if err := g.node.met(p); err != nil {
			return err
		}
		return g.node.remember(p, exchange.Memory{Known: holds}, now)
	}
	return nil
}

// leaves remembers what left this machine, whether or not it arrived.
func (g *guest) leaves() {
	_ = g.node.left(g.gave) // what could not be noted is given again, and then noted
}

// follow takes what neighbours brought into the sessions that are open, as after an exchange of their own, and wipes keys that
// ended.
func (n *Node) follow() {
	n.later.Add(1)
	go func() {
		defer n.later.Done()
		n.followMu.Lock()
		defer n.followMu.Unlock()
		for _, s := range n.Unlocked() {
			if s.grown.Load() == n.grown.Load() {
				continue
			}
			if end, err := s.use(); err == nil {
				_, _ = s.arrive(s.life) // what could not be done now is at the next use of the session
				end()
			}
		}
		_ = n.expel()
	}()
}

// backNote is where it is kept that commits of a writer of a member of this device came from elsewhere while the member was
// not unlocked: the writers, one after the other.
func backNote(m journal.MemberID) string { return "back " + m.String() }

// cameBack notes commits that a member of this device wrote and that were not here: the folder was put back to an earlier
// state, and who wrote them must not go on with the same chain. Part of the running batch.
func (n *Node) cameBack(w journal.WriterID) error {
	m := n.journal.Roll().MemberOf(w)
	if _, err := os.Stat(n.keep.WriterPath(m)); err != nil {
		return nil // nobody of this device
	}
	raw, err := n.journal.ReadNote(backNote(m))
	if err != nil || hasWriter(raw, w) {
		return err
	}
	return n.journal.Note(backNote(m), append(raw, w[:]...))
}

func hasWriter(raw []byte, w journal.WriterID) bool {
	for ; len(raw) >= len(w); raw = raw[len(w):] {
		if journal.WriterID(raw[:len(w)]) == w {
			return true
		}
	}
	return false
}
