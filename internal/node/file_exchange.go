package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/record"
	"amparo/internal/store"
)

// Files go after commits: nothing that somebody wrote waits for a photograph. What an exchange and a day may move is this
// device's own to say, for links that are paid by the byte.

// Budget is what this device moves of files, both ways together.
type Budget struct {
	Exchange int64 `json:"exchange"` // bytes of one exchange; 0: no limit
	Day      int64 `json:"day"`      // bytes of a day; 0: no limit
}

// usualBudget suits a link of which nothing is known: nine minutes at 64 kbit/s.
var usualBudget = Budget{Exchange: 4 << 20}

// mostBudget bounds what is a limit and not a slip of the finger.
const mostBudget = 1 << 40

const (
	budgetNote = "budget"
	spentNote  = "spent" // how much was moved on the day
)

// FileBudget is what was said last, or the usual.
func (n *Node) FileBudget() (Budget, error) {
	raw, err := n.files.ReadNote(budgetNote)
	if err != nil || len(raw) == 0 {
		return usualBudget, err
	}
	var b Budget
	if err := json.Unmarshal(raw, &b); err != nil {
		return usualBudget, nil // what was kept no longer reads: it is said again
	}
	return b, nil
}

// SetFileBudget changes it. It fails with the refusal out_of_range.
func (n *Node) SetFileBudget(b Budget) error {
	for field, v := range map[string]int64{"exchange": b.Exchange, "day": b.Day} {
		if v < 0 || v > mostBudget {
			return record.Refuse(field, "out_of_range", "field", field, "got", fmt.Sprint(v), "low", "0", "high", fmt.Sprint(int64(mostBudget)))
		}
	}
	raw, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("keep the budget: %w", err)
	}
	return n.files.Note(budgetNote, raw)
}

type spentOn struct {
	Day   string `json:"day"`
	Bytes int64  `json:"bytes"`
}

// spent is how much of files was moved today, by the clock of this machine.
func (n *Node) spent() (spentOn, error) {
	today := n.options.Wall().Format(time.DateOnly)
	raw, err := n.files.ReadNote(spentNote)
	if err != nil {
		return spentOn{}, err
	}
	var s spentOn
	if json.Unmarshal(raw, &s) != nil || s.Day != today {
		s = spentOn{Day: today}
	}
	return s, nil
}

func (n *Node) spend(bytes int64) error {
	s, err := n.spent()
	if err != nil || bytes == 0 {
		return err
	}
	s.Bytes += bytes
	raw, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("keep what was moved: %w", err)
	}
	return n.files.Note(spentNote, raw)
}

// allowance is how many bytes of files an exchange may move now; below 0: no limit.
func (n *Node) allowance() (int64, error) {
	b, err := n.FileBudget()
	if err != nil {
		return 0, err
	}
	left := int64(math.MaxInt64)
	if b.Exchange > 0 {
		left = b.Exchange
	}
	if b.Day > 0 {
		s, err := n.spent()
		if err != nil {
			return 0, err
		}
		left = min(left, max(0, b.Day-s.Bytes))
	}
	if left == math.MaxInt64 {
		left = -1
	}
	return left, nil
}

// FilesCount is what there is to move of files.
type FilesCount struct {
	Coming store.Counted `json:"coming"` // missing here
	Going  store.Counted `json:"going"`  // only here, and may leave
	Held   store.Counted `json:"held"`   // only here, of persons who have not agreed that their record leaves
	Budget Budget        `json:"budget"`
	Today  int64         `json:"today"` // bytes moved today
}

// Files counts what there is to move.
func (n *Node) Files() (c FilesCount, err error) {
	if c.Coming, err = n.files.Coming(); err != nil {
		return c, err
	}
	only, err := n.files.OnlyHere()
	if err != nil {
		return c, err
	}
	for _, one := range only {
		to := &c.Going
		if n.journal.IsHeld(one.Place) {
			to = &c.Held
		}
		to.Chunks, to.Bytes = to.Chunks+1, to.Bytes+int64(one.Size)
	}
	if c.Budget, err = n.FileBudget(); err != nil {
		return c, err
	}
	s, err := n.spent()
	c.Today = s.Bytes
	return c, err
}

// believed is for how long what a place said that it holds is believed: one that was put back to an earlier state without
// anybody noticing is filled again after that.
const believed = 7 * 24 * time.Hour

// filesAt are the chunks of this device as one other place sees them (exchange.ChunkCopy).
type filesAt struct {
	node  *Node
	place string
}

// everything is more chunks than any device holds.
const everything = 1 << 30

// Wanted implements exchange.ChunkCopy.
func (f filesAt) Wanted(most int) ([]exchange.Chunk, error) {
	list, err := f.node.files.Wanted(most)
	if err != nil {
		return nil, err
	}
	out := make([]exchange.Chunk, len(list))
	for i, c := range list {
		out[i] = exchange.Chunk{Digest: c.Digest, Size: c.Size, Place: c.Place}
		if out[i].Urgent, err = f.node.files.Asked(c.Digest); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Unsent implements exchange.ChunkCopy. What is held back stays here.
func (f filesAt) Unsent(most int) ([]exchange.Chunk, error) {
	list, err := f.node.files.Unsent(f.place, f.node.options.Wall().Add(-believed), everything)
	if err != nil {
		return nil, err
	}
	var out []exchange.Chunk
	for _, c := range list {
		if len(out) < most && !f.node.journal.IsHeld(c.Place) && !f.node.journal.Erased(c.Place) {
			out = append(out, exchange.Chunk{Digest: c.Digest, Size: c.Size, Place: c.Place})
		}
	}
	return out, nil
}

// Read implements exchange.ChunkCopy.
func (f filesAt) Read(digest [32]byte) ([]byte, bool, error) { return f.node.files.Read(digest) }

// Take implements exchange.ChunkCopy.
func (f filesAt) Take(data []byte) error {
	_, err := f.node.files.Take(data)
	if errors.Is(err, store.ErrDamaged) { // its file was erased meanwhile
		return nil
	}
	return err
}

// There implements exchange.ChunkCopy.
func (f filesAt) There(digests [][32]byte) error { return f.node.files.There(f.place, digests) }

// exchangeFiles moves files after an exchange of commits with the same place; back: that showed that the place was put back
// to an earlier state. That it failed is said in what it gives: the
// commits are exchanged.
func (s *Session) exchangeFiles(ctx context.Context, where string, back bool, change ...func(*exchange.Options)) (sum exchange.ChunkSummary, err error) {
	n := s.node
	p, pin, err := n.place(where)
	if err != nil {
		return sum, err
	}
	memory, _, err := n.remembered(p)
	if err != nil {
		return sum, err
	}
	n.mu.Lock()
	signer := s.member.Writer
	n.mu.Unlock()
	options := exchange.Options{URL: p.url(), Workspace: s.member.Workspace, Signer: signer, Memory: memory, Now: n.options.Wall}
	for _, c := range change {
		c(&options)
	}
	if options.CommitsOnly {
		return sum, nil
	}
	if pin != nil {
		options.TLS, options.Attempts = pin.TLS(), neighbourAttempts
		options.Dial = (&net.Dialer{Timeout: neighbourDial}).DialContext
	}
	at := filesAt{n, p.key()}
	if back { // what it said that it holds of files is in doubt too
		if err := n.files.Doubt(at.place); err != nil {
			return sum, err
		}
	}
	budget, err := n.allowance()
	if err != nil {
		return sum, err
	}
	sum, sum.Broken = exchange.Files(ctx, options, at, budget)
	return sum, n.spend(sum.BytesOut + sum.BytesIn)
}
