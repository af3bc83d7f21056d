package exchange

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	randv2 "math/rand/v2"
	"net/http"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// Chunk names a sealed chunk of a file.
type Chunk struct {
	Digest [32]byte
	Size   int // sealed
	Place  journal.PartPlace
	Urgent bool // somebody waits for it: it comes whatever the budget
}

// ChunkCopy is where a copy keeps sealed chunks of files, as one other place sees it.
type ChunkCopy interface {
	// Wanted lists chunks that are missing here, the most wanted first.
	Wanted(most int) ([]Chunk, error)
	// Unsent lists chunks that are here, may leave, and are not known to be at the other place, the newest first.
	Unsent(most int) ([]Chunk, error)
	// Read gives a chunk; false: it is not here after all.
	Read(digest [32]byte) ([]byte, bool, error)
	// Take keeps a chunk that came, durable when it returns.
	Take(data []byte) error
	// There notes that the other place holds chunks.
	There(digests [][32]byte) error
}

// ChunkSummary is what an exchange of files did.
type ChunkSummary struct {
	Sent, Received    int   // chunks, receipt in hand
	BytesOut, BytesIn int64 // of chunks
	RoundTrips        int
	Spent             bool  // the budget kept the rest for later
	Full              bool  // the other place has no more room for this workspace
	None              bool  // the other place keeps no files
	Broken            error // why it ended before it was done; commits were exchanged all the same
}

// Limits of one question about files.
const (
	chunkBatch  = 512 << 10 // bytes that go, and that come
	chunksAsked = 256       // names of which it is asked whether they are there
)

type chunkSession struct {
	o       Options
	copy    ChunkCopy
	budget  int64
	sum     ChunkSummary
	client  *http.Client
	meter   meter
	offset  time.Duration
	unsure  bool // the other place may hold what it is not known to hold
	refused map[[32]byte]bool
	absent  map[[32]byte]bool
}

// Files brings files in step with a place, as far as a budget of bytes allows, both ways together; below 0 there is none. It is
// for after WithRelay with the same options, for what belongs to commits that the place does not hold is not taken there. Every
// chunk that arrived whole is kept on either side, whatever happens then. Errors are those of WithRelay.
func Files(ctx context.Context, o Options, c ChunkCopy, budget int64) (ChunkSummary, error) {
	o.Idle, o.Attempts = cmp.Or(o.Idle, time.Minute), cmp.Or(o.Attempts, 4)
	if o.Now == nil {
		o.Now = time.Now
	}
	x := &chunkSession{o: o, copy: c, budget: budget, unsure: true, refused: map[[32]byte]bool{}, absent: map[[32]byte]bool{}}
	if o.Memory.Skew.Abs() > wire.MaxClockDifference {
		x.offset = -o.Memory.Skew
	}
	x.client = newClient(o.Dial, o.TLS, &x.meter, o.Idle)
	defer x.client.CloseIdleConnections()
	return x.sum, x.run(ctx)
}

func (x *chunkSession) run(ctx context.Context) error {
	corrected := false
	for failures := 0; ; {
		before := x.moved()
		again, err := x.round(ctx)
		if x.moved() > before {
			failures = 0
		}
		var refusal *Refusal
		var wait time.Duration
		switch {
		case err == nil && !again:
			return nil
		case err == nil:
			continue
		case ctx.Err() != nil:
			return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
		case errors.As(err, &refusal):
			switch refusal.Code {
			case wire.RefusedNotFound:
				x.sum.None = true
				return nil
			case wire.RefusedClock:
				if corrected || refusal.Time == 0 {
					return err
				}
				corrected, x.offset = true, time.UnixMilli(refusal.Time).Sub(x.o.Now())
				continue
			case wire.RefusedBusy, wire.RefusedFailed, wire.RefusedCut, wire.RefusedReplay:
				wait = refusal.RetryAfter()
			default:
				return err
			}
		case !errors.Is(err, ErrInterrupted) && !errors.Is(err, ErrUnreachable):
			return err
		}
		x.unsure = true
		if failures++; failures >= x.o.Attempts {
			return err
		}
		wait = max(min(wait, longestWait), 500*time.Millisecond<<min(failures, 8))
		if err := pause(ctx, wait+randv2.N(wait/4)); err != nil {
			return fmt.Errorf("%w: %w", ErrInterrupted, err)
		}
	}
}

// left is how many more bytes may be moved.
func (x *chunkSession) left() int64 {
	if x.budget < 0 {
		return 1 << 60
	}
	return max(0, x.budget-x.sum.BytesOut-x.sum.BytesIn)
}

// round asks once. again: there is more, and asking again will move it.
func (x *chunkSession) round(ctx context.Context) (again bool, err error) {
	unsent, err := x.copy.Unsent(chunksAsked)
	if err != nil {
		return false, fmt.Errorf("exchange files: %w", err)
	}
	unsent = without(unsent, x.refused)
	wanted, err := x.copy.Wanted(chunksAsked + len(x.absent))
	if err != nil {
		return false, fmt.Errorf("exchange files: %w", err)
	}
	wanted = without(wanted, x.absent)
	if len(unsent) == 0 && len(wanted) == 0 {
		return false, nil
	}
	ask := wire.ChunkAsk{Version: wire.Version, Workspace: x.o.Workspace, Writer: journal.WriterOf(x.o.Signer.Public()), Time: x.o.Now().Add(x.offset).UnixMilli()}
	rand.Read(ask.Nonce[:])
	var probe, bring, get []Chunk
	left := x.left()
	if x.unsure {
		probe = unsent // first find out what is there: asking costs 32 bytes, a chunk 4,096 times as many
	} else {
		bring, left = fitting(unsent, chunkBatch, left)
	}
	get, left = fitting(wanted, chunkBatch, left)
	x.sum.Spent = left <= 0 || len(probe) == 0 && len(bring) == 0 && len(get) == 0
	if len(probe) == 0 && len(bring) == 0 && len(get) == 0 {
		return false, nil
	}
	ask.Have, ask.Get = wire.PackNames(namesOf(probe)), wire.PackNames(namesOf(get))
	for _, c := range get {
		ask.Room += uint64(c.Size)
	}
	body, brought, err := x.question(&ask, bring)
	if err != nil {
		return false, err
	}
	x.sum.RoundTrips++
	moved := x.moved()
	if err := x.ask(ctx, body, probe, brought, get); err != nil {
		return false, err
	}
	was := x.unsure
	x.unsure = false
	return was && len(probe) > 0 || x.moved() > moved, nil
}

// moved counts whatever shows that asking again is worth it.
func (x *chunkSession) moved() int {
	return x.sum.Sent + x.sum.Received + len(x.refused) + len(x.absent)
}

func without(list []Chunk, gone map[[32]byte]bool) (out []Chunk) {
	for _, c := range list {
		if !gone[c.Digest] {
			out = append(out, c)
		}
	}
	return out
}

// fitting takes from the front what one question holds and the budget allows, and gives what is left of it.
func fitting(list []Chunk, batch int, left int64) (out []Chunk, rest int64) {
	for _, c := range list {
		if batch -= c.Size; batch < 0 && len(out) > 0 {
			break
		}
		if !c.Urgent {
			if int64(c.Size) > left {
				return out, 0
			}
			left -= int64(c.Size)
		}
		out = append(out, c)
	}
	return out, left
}

func namesOf(list []Chunk) (out [][32]byte) {
	for _, c := range list {
		out = append(out, c.Digest)
	}
	return out
}

// question writes what is asked and brought.
func (x *chunkSession) question(ask *wire.ChunkAsk, bring []Chunk) (body []byte, brought []Chunk, err error) {
	signed, err := ask.Sign(x.o.Signer)
	if err != nil {
		return nil, nil, err
	}
	var buffer bytes.Buffer
	out := wire.NewFrameWriter(&buffer)
	if err := out.Write(wire.FrameAsk, signed); err != nil {
		return nil, nil, err
	}
	for _, c := range bring {
		data, here, err := x.copy.Read(c.Digest)
		if err != nil {
			return nil, nil, fmt.Errorf("exchange files: %w", err)
		}
		if !here {
			x.refused[c.Digest] = true
			continue
		}
		one := wire.Chunk{Place: c.Place, Data: data}
		if err := out.Write(wire.FrameChunk, one.Pack()); err != nil {
			return nil, nil, err
		}
		brought = append(brought, c)
	}
	if err := out.End(wire.Enough{}); err != nil {
		return nil, nil, err
	}
	return buffer.Bytes(), brought, nil
}

func (x *chunkSession) ask(ctx context.Context, body []byte, probe, brought, get []Chunk) error {
	request, err := http.NewRequestWithContext(ctx, wire.Method, strings.TrimSuffix(x.o.URL, "/")+wire.ChunksPath, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	request.Header.Set("Content-Type", wire.MediaType)
	request.Header.Set("User-Agent", "") // nobody needs it
	before := x.meter.out.Load()
	response, err := x.client.Do(request)
	if err != nil {
		if x.meter.out.Load() == before {
			return fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		return fmt.Errorf("%w: %w", ErrInterrupted, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return refusalIn(response)
	}
	if kind := response.Header.Get("Content-Type"); kind != wire.MediaType {
		return fmt.Errorf("%w: it answers with %q", ErrProtocol, kind)
	}
	return x.answer(response.Body, probe, brought, get)
}

func refusalIn(response *http.Response) error {
	raw, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInterrupted, err)
	}
	var r Refusal
	if err := json.Unmarshal(raw, &r); err != nil || r.Code == "" {
		switch {
		case response.StatusCode == http.StatusNotFound: // an older relay's proxy, or a neighbour without files
			return &Refusal{Code: wire.RefusedNotFound, Message: response.Status}
		case response.StatusCode >= 500:
			return &Refusal{Code: wire.RefusedBusy, Message: response.Status}
		}
		return fmt.Errorf("%w: %s", ErrProtocol, response.Status)
	}
	return &r
}

// answer takes what comes, each chunk durable before the next is read.
func (x *chunkSession) answer(body io.Reader, probe, brought, get []Chunk) error {
	asked := map[[32]byte]bool{}
	for _, c := range get {
		asked[c.Digest] = true
	}
	frames := wire.NewFrameReader(body)
	for first := true; ; first = false {
		kind, payload, err := frames.Next()
		if err != nil {
			return fmt.Errorf("%w: %w", ErrInterrupted, err)
		}
		switch {
		case first != (kind == wire.FrameHello):
			return fmt.Errorf("%w: an answer about files that begins or goes on with a frame of kind %d", ErrProtocol, kind)
		case first:
		case kind == wire.FrameChunk:
			digest := seal.Digest(payload)
			if !asked[digest] {
				return fmt.Errorf("%w: a chunk that was not asked for", ErrProtocol)
			}
			delete(asked, digest)
			if err := x.copy.Take(bytes.Clone(payload)); err != nil {
				return fmt.Errorf("exchange files: %w", err)
			}
			x.sum.Received, x.sum.BytesIn = x.sum.Received+1, x.sum.BytesIn+int64(len(payload))
			if err := x.copy.There([][32]byte{digest}); err != nil {
				return fmt.Errorf("exchange files: %w", err)
			}
		case kind == wire.FrameEnd:
			var end wire.ChunkEnd
			if err := wire.Unmarshal(payload, &end); err != nil || len(end.Have) != len(probe) || len(end.Took) != len(brought) || len(end.Missing) > len(get) {
				return fmt.Errorf("%w: an answer about files that does not end as it should", ErrProtocol)
			}
			return x.settle(&end, probe, brought, get)
		default:
			return fmt.Errorf("%w: a frame of kind %d in an answer about files", ErrProtocol, kind)
		}
	}
}

func (x *chunkSession) settle(end *wire.ChunkEnd, probe, brought, get []Chunk) error {
	var there [][32]byte
	for i, c := range probe {
		if end.Have[i] == 1 {
			there = append(there, c.Digest)
		}
	}
	for i, c := range brought {
		switch end.Took[i] {
		case wire.ChunkKept:
			there = append(there, c.Digest)
			x.sum.Sent, x.sum.BytesOut = x.sum.Sent+1, x.sum.BytesOut+int64(c.Size)
			continue
		case wire.ChunkFull:
			x.sum.Full = true
		}
		x.refused[c.Digest] = true // erased, or before its commit: it is offered again at the next exchange
	}
	for i, c := range get[:len(end.Missing)] {
		if end.Missing[i] == 1 {
			x.absent[c.Digest] = true
		}
	}
	if len(there) == 0 {
		return nil
	}
	if err := x.copy.There(there); err != nil {
		return fmt.Errorf("exchange files: %w", err)
	}
	return nil
}
