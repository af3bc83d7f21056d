package exchange

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
)

// round asks once. again: there is more, and asking again will bring it.
func (x *session) round(ctx context.Context) (again bool, err error) {
	mine, err := x.copy.Vector(ctx)
	if err != nil {
		return false, fmt.Errorf("exchange: %w", err)
	}
	body, sent, err := x.question(ctx, mine)
	if err != nil {
		return false, fmt.Errorf("exchange: %w", err)
	}
	x.sum.RoundTrips++
	response, err := x.post(ctx, body)
	if err != nil {
		x.unsure = !x.blind
		return false, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return false, x.refused(response, mine, sent)
	}
	if kind := response.Header.Get("Content-Type"); kind != wire.MediaType {
		return false, fmt.Errorf("%w: it answers with %q", ErrProtocol, kind) // the login page of a hotel
	}
	return x.answer(ctx, response.Body, mine, sent)
}

// question writes what is asked and sent. sent is up to where each chain goes along.
func (x *session) question(ctx context.Context, mine journal.Vector) (body []byte, sent journal.Vector, err error) {
	ask := wire.Ask{Version: wire.Version, Workspace: x.o.Workspace, Writer: x.writer(), Time: x.o.Now().Add(x.offset).UnixMilli(),
		Digest: wire.DigestOf(mine), Bare: x.bare(), Help: x.loose.help}
	if ask.Parts, err = x.wants(ctx); err != nil {
		return nil, nil, err
	}
	if ask.Head, err = x.head(ctx, mine); err != nil {
		return nil, nil, err
	}
	rand.Read(ask.Nonce[:])
	if x.stranger {
		ask.Certificate = &x.o.Certificate
	}
	if x.told && !x.whole {
		base := wire.DigestOf(x.known)
		ask.Base, ask.Vector = base[:], wire.PackVector(mine, x.known)
	} else {
		ask.Vector = wire.PackVector(mine, nil)
	}
	signed, err := ask.Sign(x.o.Signer)
	if err != nil {
		return nil, nil, err
	}
	var buffer bytes.Buffer
	out := wire.NewFrameWriter(&buffer)
	if err := out.Write(wire.FrameAsk, signed); err != nil {
		return nil, nil, err
	}
	sent = journal.Vector{}
	runs := uint64(0)
	x.asking = x.unsure
	if !x.asking {
		above := maps.Clone(x.known)
		for w := range x.skip {
			above[w] = mine[w]
		}
		full := errors.New("full")
		err := x.copy.Runs(ctx, above, func(run journal.Run) error {
			if runs > 0 && out.Bytes >= x.budget {
				return full
			}
			encoded := run.Encode()
			if len(encoded) >= journal.MaxFrame {
				x.skip[run.First().Writer] = true
				x.refuse(Refused{run.First().Writer, run.First().Seq, wire.RefusedSize})
				return nil
			}
			runs++
			sent[run.First().Writer] = run.Last().Seq
			return out.Write(wire.FrameRun, encoded)
		})
		if err = x.unreadable(err); err != nil && !errors.Is(err, full) {
			return nil, nil, err
		}
	}
	retold, err := x.retell(ctx, mine, out)
	if err != nil {
		return nil, nil, err
	}
	runs += retold
	if !x.asking {
		if err := x.supply(ctx, out); err != nil {
			return nil, nil, err
		}
	}
	if err := out.End(wire.Enough{Runs: runs}); err != nil {
		return nil, nil, err
	}
	return buffer.Bytes(), sent, nil
}

// unreadable takes the faults out of what Runs of our own copy returned: one chain that no longer reads here must not
// keep the others from going out, nor anything from coming in.
func (x *session) unreadable(err error) error {
	found := wire.FaultsIn(err)
	for _, f := range found {
		x.skip[f.Writer] = true
		x.own = append(x.own, f)
	}
	if len(found) > 0 {
		return nil
	}
	return err
}

func (x *session) post(ctx context.Context, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, wire.Method, strings.TrimSuffix(x.o.URL, "/")+wire.Path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	request.Header.Set("Content-Type", wire.MediaType)
	request.Header.Set("User-Agent", "") // nobody needs it
	before := x.meter.out.Load()
	response, err := x.client.Do(request)
	if errors.Is(err, seal.ErrPin) { // not even the question was sent, and asking again finds no other key
		return nil, fmt.Errorf("exchange: %w", err)
	}
	if err != nil {
		if x.meter.out.Load() == before {
			return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, err)
	}
	return response, nil
}

// refused reads why the relay does not answer.
func (x *session) refused(response *http.Response, mine, sent journal.Vector) error {
	raw, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		x.unsure = !x.blind
		return fmt.Errorf("%w: %w", ErrInterrupted, err)
	}
	var r Refusal
	if err := json.Unmarshal(raw, &r); err != nil || r.Code == "" {
		if response.StatusCode >= 500 { // a proxy before the relay
			return &Refusal{Code: wire.RefusedBusy, Message: response.Status}
		}
		return fmt.Errorf("%w: %s", ErrProtocol, response.Status)
	}
	switch r.Code {
	case wire.RefusedWorkspace, wire.RefusedWriter:
		if x.blind {
			if len(sent) == 0 {
				x.sum.ToSend = 0
				break
			}
			for w, seq := range sent {
				x.offered += seq - x.known[w]
			}
			maps.Copy(x.known, sent) // taken as far as it could be; there is no receipt to tell
			x.sum.ToSend = wire.Lacking(mine, x.known)
		}
	case wire.RefusedSize:
		if x.budget > firstBytes/8 {
			x.budget /= 8
			return &Refusal{Code: wire.RefusedCut, Message: r.Message}
		}
		for w := range sent {
			x.skip[w] = true
			x.refuse(Refused{w, x.known[w] + 1, r.Code})
		}
		return &Refusal{Code: wire.RefusedCut, Message: r.Message}
	}
	return &r
}

// refuse notes what the relay does not take or give; it says so in every round.
func (x *session) refuse(r Refused) {
	if len(x.sum.Refused) < wire.MaxFaults && !slices.Contains(x.sum.Refused, r) {
		x.sum.Refused = append(x.sum.Refused, r)
	}
}

func (x *session) answer(ctx context.Context, body io.Reader, mine, sent journal.Vector) (again bool, err error) {
	frames, differs := wire.NewFrameReader(body), false
	x.unsure = true // until the end frame says what the relay holds
	had, lacked := x.intake.Taken, len(x.later)
	runs, greeted := uint64(0), false
	// What arrived is kept whatever comes after, even when this exchange is being given up.
	kept := func(cause error) (bool, error) {
		if err := x.keep(context.WithoutCancel(ctx)); err != nil {
			return false, err
		}
		return false, cause
	}
	for {
		if frames.Waiting() {
			if err := x.keep(ctx); err != nil {
				return false, err
			}
			x.progress()
		}
		kind, payload, err := frames.Next()
		if err != nil {
			return kept(fmt.Errorf("%w: %w", ErrInterrupted, err))
		}
		if !greeted && kind != wire.FrameHello {
			return kept(fmt.Errorf("%w: an answer that begins with a frame of kind %d", ErrProtocol, kind))
		}
		switch kind {
		case wire.FrameHello:
			var hello wire.Hello
			if err := wire.Unmarshal(payload, &hello); err != nil || hello.Version != wire.Version || greeted {
				return kept(fmt.Errorf("%w: a greeting that does not read", ErrProtocol))
			}
			greeted = true
			x.readClock(hello.Time)
			x.sum.ToCome = hello.Coming
		case wire.FrameNote:
			var note wire.Note
			if err := wire.Unmarshal(payload, &note); err != nil {
				return kept(fmt.Errorf("%w: %w", ErrProtocol, err))
			}
			if note.Code == wire.NoteHead {
				differs = x.headDiffers(note)
				continue
			}
			if x.skip[note.Writer] = true; note.Code == wire.FaultRevoked || note.Code == wire.NoteParked {
				x.postpone(note.Writer)
			}
			x.refuse(Refused(note))
		case wire.FrameRun:
			runs++
			if err := x.intake.Offer(ctx, payload); err != nil {
				return false, fmt.Errorf("exchange: %w", err)
			}
		case wire.FrameParts:
			if err := x.partsCame(payload); err != nil {
				return kept(fmt.Errorf("%w: %w", ErrProtocol, err))
			}
			if x.loose.size >= partsBatch {
				if err := x.keep(ctx); err != nil {
					return false, err
				}
				x.progress()
			}
		case wire.FrameEnd:
			if err := x.keep(ctx); err != nil {
				return false, err
			}
			var end wire.End
			if err := wire.Unmarshal(payload, &end); err != nil || end.Runs != runs {
				return false, fmt.Errorf("%w: an answer that does not end as it should", ErrProtocol)
			}
			again, err := x.settle(ctx, &end, mine, sent, x.intake.Taken > had)
			if len(x.later) > lacked {
				x.noted = x.sum.Sent
			}
			if err != nil {
				return false, err
			}
			if end.Whole { // nothing was given
				return again, nil
			}
			if more, err := x.settleParts(ctx, &end); err != nil || again || more || differs {
				return again || more || differs, err
			}
			return (lacked > 0 && x.sum.Sent > x.noted || x.intake.Taken > had) && x.offerAgain(), nil
		default:
			return kept(fmt.Errorf("%w: a frame of kind %d in an answer", ErrProtocol, kind))
		}
	}
}

// keep makes durable what arrived.
func (x *session) keep(ctx context.Context) error {
	if err := x.intake.Flush(ctx); err != nil {
		return fmt.Errorf("exchange: %w", err)
	}
	x.sum.Received = x.intake.Taken
	return x.keepParts(ctx)
}

// othersBrought reports that the relay holds commits that were here, that it had not confirmed and that were not sent now.
func (x *session) othersBrought(relay, mine, sent journal.Vector) bool {
	for w, seq := range mine {
		if min(seq, relay[w]) > max(x.known[w], sent[w]) {
			return true
		}
	}
	return false
}

// partsBatch is how many bytes of sealed parts are made durable together at most.
const partsBatch = 1 << 20

// settle reads the receipt and decides whether to ask again.
func (x *session) settle(ctx context.Context, end *wire.End, mine, sent journal.Vector, gained bool) (again bool, err error) {
	relay, err := end.Held(func(d wire.Digest) (journal.Vector, bool) { return x.known, x.told && d == wire.DigestOf(x.known) })
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	pushed := uint64(0)
	for w, seq := range sent {
		if up := min(seq, relay[w]); up > x.known[w] && !x.skip[w] {
			pushed += up - x.known[w]
		}
	}
	x.sum.Sent += pushed + x.offered
	x.offered = 0
	first, back := !x.told, x.wentBack(relay)
	x.sum.WentBack = x.sum.WentBack || back
	// Who lost something, or was brought by others what is here, may have been brought it without its sealed parts.
	if (back || end.Whole || x.othersBrought(relay, mine, sent)) && !x.loose.helped {
		x.loose.help, x.loose.owed = true, true
	}
	x.known, x.told, x.unsure, x.blind, x.budget = relay, true, false, false, roundBytes
	x.stranger = relay[journal.WriterOf(x.o.Signer.Public())] == 0 // until the relay holds a commit of ours it cannot know who vouches for us
	if back {
		if x.backs++; x.backs > maxBacks {
			return false, fmt.Errorf("%w: again and again it holds less than it said", ErrProtocol)
		}
	}
	if end.Whole && x.whole {
		return false, fmt.Errorf("%w: it wants what it was given", ErrProtocol)
	}
	x.whole = end.Whole
	held, err := x.copy.Vector(ctx)
	if err != nil {
		return false, fmt.Errorf("exchange: %w", err)
	}
	if err := x.witness.compare(ctx, held); err != nil {
		return false, fmt.Errorf("exchange: %w", err)
	}
	x.sum.ToSend, x.sum.ToCome = wire.Lacking(held, relay), wire.Lacking(relay, held)
	sendable := false
	for w, seq := range held {
		sendable = sendable || seq > relay[w] && !x.skip[w]
	}
	// Without this, what one side keeps refusing would be offered for ever.
	return x.whole || sendable && (pushed > 0 || x.asking || first || back) || x.sum.ToCome > 0 && gained, nil
}
