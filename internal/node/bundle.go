package node

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/vault"
)

// Outgoing says what a bundle is to bring.
type Outgoing struct {
	// Since leaves out what who gets it has: SinceRelay, or the name of a bundle of theirs. Empty: nothing is left out.
	Since    string
	Split    int64                  // bytes of a file at most; 0: one file
	Progress func(done, all uint64) // commits
}

// SinceRelay leaves out what the relay has confirmed.
const SinceRelay = "relay"

// leastSplit is how small the files of a bundle may be asked for: what they begin with must not be most of them.
const leastSplit = 1_000_000

// WriteBundle writes everything this node holds to a file that only the active members can open.
func (s *Session) WriteBundle(ctx context.Context, path string) (exchange.Summary, error) {
	done, err := s.WriteBundleFor(ctx, path, Outgoing{})
	return done.Summary, err
}

// Bundled is what writing a bundle did.
type Bundled struct {
	exchange.Summary
	Names []string // of the files that were written
}

// WriteBundleFor writes a bundle: the same runs that would travel to a relay, sealed as a whole. It does not count as
// exchanged, for nobody has confirmed it; but it has left.
func (s *Session) WriteBundleFor(ctx context.Context, path string, o Outgoing) (Bundled, error) {
	return s.writeBundle(ctx, o, func(b exchange.Bundle) (exchange.BundleSummary, error) {
		return exchange.WriteBundle(ctx, path, b, s.node.Copy())
	})
}

// WriteBundleTo writes a bundle of one file to somebody who keeps it.
func (s *Session) WriteBundleTo(ctx context.Context, to io.Writer, o Outgoing) (Bundled, error) {
	return s.writeBundle(ctx, o, func(b exchange.Bundle) (exchange.BundleSummary, error) {
		return exchange.WriteBundleTo(ctx, to, b, s.node.Copy())
	})
}

func (s *Session) writeBundle(ctx context.Context, o Outgoing, write func(exchange.Bundle) (exchange.BundleSummary, error)) (Bundled, error) {
	end, err := s.use()
	if err != nil {
		return Bundled{}, err
	}
	defer end()
	if o.Split != 0 && o.Split < leastSplit {
		return Bundled{}, record.Refuse("split", "split_small", "least", strconv.Itoa(leastSplit/1_000_000)+" MB")
	}
	b := exchange.Bundle{Workspace: s.member.Workspace, To: s.node.openers(s.member), Split: o.Split, Progress: o.Progress}
	if b.Above, err = s.since(o.Since); err != nil {
		return Bundled{}, err
	}
	b.Files = filesBeyond{filesAt{s.node, ""}, b.Above}
	if o.Since == SinceRelay {
		p := s.node.relayPlace()
		b.Files = filesAt{s.node, p.key()}
	}
	done, err := write(b)
	if left := s.node.left(done.Vector); err == nil {
		err = left
	}
	return Bundled{exchange.Summary{Sent: done.Commits, BytesOut: done.Bytes, Faults: done.Faults, Files: exchange.ChunkSummary{Sent: done.Chunks}, Complete: err == nil}, done.Files}, err
}

// filesBeyond are the chunks that belong to commits beyond what somebody has.
type filesBeyond struct {
	filesAt
	above journal.Vector
}

// Unsent implements exchange.ChunkCopy.
func (f filesBeyond) Unsent(most int) ([]exchange.Chunk, error) {
	list, err := f.filesAt.Unsent(most)
	return slices.DeleteFunc(list, func(c exchange.Chunk) bool { return c.Place.Seq <= f.above[c.Place.Writer] }), err
}

// openers are the keys of everybody who is active, and of who writes.
func (n *Node) openers(m *vault.Member) (keys []seal.ReceiverKey) {
	roll := n.journal.Roll()
	for id, member := range roll.Members {
		if roll.Active(id) && id != m.ID {
			keys = append(keys, member.Receiver)
		}
	}
	return append(keys, m.Receiver.Public())
}

func (s *Session) since(what string) (journal.Vector, error) {
	switch what {
	case "":
		return nil, nil
	case SinceRelay:
		memory, err := s.node.relayMemory()
		return memory.Known, err
	}
	about, err := exchange.AboutBundle(what, s.reading(nil))
	return about.Vector, err
}

func (s *Session) reading(progress func(done, all int64)) exchange.Reading {
	return exchange.Reading{Workspace: s.member.Workspace, Keys: []seal.Receiver{s.member.Receiver}, Progress: progress, Files: filesAt{s.node, ""},
		Arrived: func() error { _, err := s.arrive(s.life); return err }}
}

// ReadBundle takes in a file, and the volumes that follow it. What was whole in a damaged or cut one is kept; the error
// says so, and reading it again when it is whole brings the rest.
func (s *Session) ReadBundle(ctx context.Context, path string) (exchange.Summary, error) {
	return s.ReadBundleTelling(ctx, path, nil)
}

// ReadBundleTelling is ReadBundle that tells how many bytes of a file are read.
func (s *Session) ReadBundleTelling(ctx context.Context, path string, progress func(done, all int64)) (exchange.Summary, error) {
	return s.readBundle(ctx, func(c exchange.Copy) (exchange.BundleSummary, error) {
		return exchange.ReadBundle(ctx, path, s.reading(progress), c)
	})
}

// ReadBundleFrom takes in one file that somebody else opened.
func (s *Session) ReadBundleFrom(ctx context.Context, from io.Reader) (exchange.Summary, error) {
	return s.readBundle(ctx, func(c exchange.Copy) (exchange.BundleSummary, error) {
		return exchange.ReadBundleFrom(ctx, from, s.reading(nil), c)
	})
}

func (s *Session) readBundle(ctx context.Context, read func(exchange.Copy) (exchange.BundleSummary, error)) (exchange.Summary, error) {
	end, err := s.use()
	if err != nil {
		return exchange.Summary{}, err
	}
	defer end()
	done, err := read(s.node.Copy())
	_, arrived := s.arrive(ctx)
	return taken(done, errors.Join(err, arrived))
}

// taken says what reading did, and names the file with which a bundle goes on.
func taken(done exchange.BundleSummary, err error) (exchange.Summary, error) {
	var next *exchange.NextVolume
	switch {
	case errors.As(err, &next) && next.Name == "":
		err = record.Refuse("", "bundle_goes_on").Because(err)
	case errors.As(err, &next):
		err = record.Refuse("", "bundle_next", "file", next.Name).Because(err)
	}
	return exchange.Summary{Received: done.New, BytesIn: done.Bytes, Parked: done.Parked, Faults: done.Faults, Files: exchange.ChunkSummary{Received: done.Chunks}, Complete: err == nil}, err
}

// TakeBundleAs takes in a file for a member who has no keys yet: it brings who joined their grant where there is no network.
func (n *Node) TakeBundleAs(ctx context.Context, name string, passphrase []byte, path string, progress func(done, all int64)) (exchange.Summary, error) {
	m, err := n.member(name, passphrase)
	if err != nil {
		return exchange.Summary{}, err
	}
	defer m.Wipe()
	done, err := exchange.ReadBundle(ctx, path, exchange.Reading{Workspace: m.Workspace, Keys: []seal.Receiver{m.Receiver}, Progress: progress}, n.Copy())
	return taken(done, err)
}

// CheckBundleAs looks through a bundle with a member's key: whether it opens and what would be taken. Nothing is kept.
func (n *Node) CheckBundleAs(ctx context.Context, name string, passphrase []byte, path string, progress func(done, all int64)) (exchange.BundleSummary, error) {
	m, err := n.member(name, passphrase)
	if err != nil {
		return exchange.BundleSummary{}, err
	}
	defer m.Wipe()
	done, err := exchange.ReadBundle(ctx, path, exchange.Reading{Workspace: m.Workspace, Keys: []seal.Receiver{m.Receiver}, Progress: progress}, n.Copy().Trial())
	_, err = taken(done, err)
	return done, err
}

// member opens a member's keys without beginning a session.
func (n *Node) member(name string, passphrase []byte) (*vault.Member, error) {
	listed, err := n.keep.Find(name)
	if err != nil {
		return nil, err
	}
	return n.keep.Unlock(listed.ID, passphrase)
}

// Parts counts the sealed parts this journal holds, by compartment.
func (s *Session) Parts() (map[string]int, error) {
	all, err := s.node.journal.OnlyHere(nil)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for tag, n := range all.Parts {
		if c, named := s.member.Ring.Named(tag); named {
			out[c.String()] += n
		}
	}
	return out, nil
}

// Unlocked lists the sessions of who is unlocked here, by member.
func (n *Node) Unlocked() []*Session {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.SortedFunc(maps.Values(n.sessions), func(a, b *Session) int { return slices.Compare(a.member.ID[:], b.member.ID[:]) })
}
