package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// patient gives a body as long as bytes keep coming and limit is not passed: slow is welcome, silent is not.
type patient struct {
	body    io.Reader
	control *http.ResponseController
	idle    time.Duration
	limit   int64
	read    int64
}

func (p *patient) Read(into []byte) (int, error) {
	if p.read >= p.limit {
		return 0, &http.MaxBytesError{Limit: p.limit}
	}
	if err := p.control.SetReadDeadline(time.Now().Add(p.idle)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := p.body.Read(into[:min(int64(len(into)), p.limit-p.read)])
	p.read += int64(n)
	return n, err
}

type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
}

// Write writes piece by piece, so that a run as long as runs get may take its time on a slow line.
func (p patientWriter) Write(b []byte) (sent int, err error) {
	const piece = 4 << 10
	for err == nil && len(b) > 0 {
		if err = p.control.SetWriteDeadline(time.Now().Add(p.idle)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return sent, err
		}
		var n int
		n, err = p.ResponseWriter.Write(b[:min(piece, len(b))])
		sent, b = sent+n, b[n:]
	}
	return sent, err
}

// askBytes bounds the first frame: whoever sends it is not known yet. A vector of a hundred thousand writers fits.
const askBytes = 5 << 19

// question is one request on its way.
type question struct {
	*server
	visit    *visit
	ask      *wire.SignedAsk
	copy     Workspace
	body     *patient
	frames   *wire.FrameReader
	intake   *wire.Intake
	asker    toldKey
	theirs   journal.Vector      // what the asker holds; nil when base is wanted and not remembered
	base     journal.Vector      // what the asker was told last
	whole    bool                // the asker must tell its vector whole
	wants    []journal.PartPlace // sealed parts asked for
	brought  []journal.Loose     // sealed parts that came and were not taken yet
	size     int                 // bytes of those
	supplied int                 // sealed parts that were lacking here
}

func (s *server) exchange(w http.ResponseWriter, r *http.Request) {
	began := s.now()
	control := http.NewResponseController(w)
	visit, refusal := s.gate.enter(control, r)
	if refusal != nil {
		s.refuse(w, refusal)
		return
	}
	defer visit.leave()
	body := &patient{body: pacedBody{r.Body, visit}, control: control, idle: s.limits.Idle, limit: min(askBytes, s.limits.Stranger, s.limits.Question)}
	q := &question{server: s, visit: visit, body: body, frames: wire.NewFrameReader(body)}
	refusal = q.read(r.Context())
	if q.intake != nil {
		defer q.intake.Release()
	}
	s.metrics.arrived(q)
	log := s.log.With("workspace", q.workspaceShort(), "writer", q.writerShort(), "in", q.frames.Bytes)
	if q.intake != nil {
		log = log.With("taken", q.intake.Taken, "supplied", q.supplied, "parked", len(q.intake.Parked()), "aside", len(q.intake.Faults))
		for _, f := range q.intake.Faults {
			log.Warn("a run is set aside", "of", short(f.Writer[:]), "seq", f.Seq, "code", f.Code)
		}
	}
	if refusal != nil {
		log.Info("refused", "code", refusal.Code)
		s.refuse(w, refusal)
		return
	}
	w.Header().Set("Content-Type", wire.MediaType)
	out := wire.NewFrameWriter(patientWriter{pacedWriter{w, visit}, control, s.limits.Idle})
	err := q.answer(r.Context(), out)
	took := s.now().Sub(began)
	s.metrics.answered(out.Bytes, took, err)
	log = log.With("out", out.Bytes, "took", took)
	if err != nil {
		// The status is sent: only a broken connection can say that the answer is not whole.
		log.Warn("an answer broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
	log.Info("exchanged")
}

// failed tells the client that it is not its fault, and the log why.
func (q *question) failed(err error) *wire.Refusal {
	q.metrics.failed.Inc()
	q.log.Error("the store failed", "workspace", q.workspaceShort(), "err", err)
	return wire.Refuse(wire.RefusedFailed, "the relay could not use its store")
}

// broken says why reading the question ended early.
func broken(err error) *wire.Refusal {
	var tooMuch *http.MaxBytesError
	switch {
	case errors.As(err, &tooMuch):
		return wire.Refuse(wire.RefusedSize, "a question may have %d bytes", tooMuch.Limit)
	case errors.Is(err, journal.ErrFormat), errors.Is(err, wire.ErrChanged):
		return wire.Refuse(wire.RefusedFormat, "the question cannot be read to its end: %v", err)
	}
	return wire.Refuse(wire.RefusedCut, "the question did not arrive whole")
}

// first gives the frame with which a question begins: who asks, and what.
func (q *question) first() ([]byte, *wire.Refusal) {
	kind, payload, err := q.frames.Next()
	if err != nil {
		return nil, broken(err)
	}
	if kind != wire.FrameAsk {
		return nil, wire.Refuse(wire.RefusedFormat, "a question begins with who asks")
	}
	return payload, nil
}

// open finds the copy of the workspace that the question is about.
func (q *question) open(ctx context.Context) (refusal *wire.Refusal) {
	var err error
	q.asker = toldKey{q.ask.Workspace, q.ask.Writer}
	if q.copy, refusal, err = q.house.open(ctx, q.ask.Workspace); err != nil {
		return q.failed(err)
	}
	return refusal
}

// spoken refuses a question in a version that is not spoken here.
func spoken(version uint) *wire.Refusal {
	if version != wire.Version {
		return wire.Refuse(wire.RefusedVersion, "this relay speaks version %d", wire.Version)
	}
	return nil
}

// read takes the question in. What arrived whole is kept even when the rest is refused.
func (q *question) read(ctx context.Context) *wire.Refusal {
	payload, refusal := q.first()
	if refusal != nil {
		return refusal
	}
	var err error
	if q.ask, err = wire.ReadAsk(payload); err != nil {
		return wire.Refuse(wire.RefusedFormat, "%v", err)
	}
	if refusal := spoken(q.ask.Version); refusal != nil {
		return refusal
	}
	if q.wants, err = wire.UnpackPlaces(q.ask.Parts); err != nil {
		return wire.Refuse(wire.RefusedFormat, "%v", err)
	}
	if refusal := q.open(ctx); refusal != nil {
		return refusal
	}
	vouched, refusal := q.believe(ctx)
	if refusal != nil {
		return refusal
	}
	if refusal := q.asked.clock(&q.ask.Ask, q.now()); refusal != nil {
		return refusal
	}
	if refusal := q.sit(ctx, vouched); refusal != nil {
		return refusal
	}
	q.body.limit = min(q.limits.Stranger, q.limits.Question)
	if vouched {
		q.body.limit = q.limits.Question
		if refusal := q.asked.once(&q.ask.Ask, q.now()); refusal != nil {
			return refusal
		}
		if refusal := q.held(); refusal != nil {
			return refusal
		}
	}
	if q.intake, err = wire.NewIntake(ctx, q.copy); err != nil {
		return q.failed(err)
	}
	if q.intake.Spare = q.spare; !vouched {
		q.intake.Spare = q.spareOfStrangers
	}
	if refusal := q.take(ctx); refusal != nil || vouched {
		return refusal
	}
	// A stranger may have brought what vouches for it: the founding, or the commit that admits its member.
	if vouched, refusal = q.believe(ctx); refusal != nil {
		return refusal
	}
	if vouched {
		if refusal := q.asked.once(&q.ask.Ask, q.now()); refusal != nil {
			return refusal
		}
		return q.held()
	}
	if len(q.intake.Held()) == 0 {
		return wire.Refuse(wire.RefusedWorkspace, "nothing of this workspace was brought here yet")
	}
	return wire.Refuse(wire.RefusedWriter, "no member admitted here vouches for this writer")
}

// believe checks who asks. Without vouched the signature is only known to be of the key the question itself names.
func (q *question) believe(ctx context.Context) (vouched bool, _ *wire.Refusal) {
	key, known, err := q.copy.Writer(ctx, q.ask.Writer)
	if err != nil {
		return false, q.failed(err)
	}
	cert := q.ask.Certificate
	if !known && cert != nil {
		member, admitted, err := q.copy.Member(ctx, cert.Member)
		if err != nil {
			return false, q.failed(err)
		}
		if admitted {
			if err := cert.Verify(q.ask.Workspace, member); err != nil {
				return false, wire.Refuse(wire.RefusedSignature, "%v", err)
			}
		}
		key, known = cert.Writer, admitted
	} else if !known {
		// Not even a key to check the signature with.
		held, err := q.copy.Vector(ctx)
		switch {
		case err != nil:
			return false, q.failed(err)
		case len(held) == 0:
			return false, wire.Refuse(wire.RefusedWorkspace, "nothing of this workspace was brought here yet")
		}
		return false, wire.Refuse(wire.RefusedWriter, "no member admitted here vouches for this writer")
	}
	if err := q.ask.Verify(key); err != nil {
		return false, wire.Refuse(wire.RefusedSignature, "%v", err)
	}
	return known, nil
}

func (q *question) take(ctx context.Context) *wire.Refusal {
	for runs := uint64(0); ; {
		if q.frames.Waiting() {
			if err := q.flush(ctx); err != nil {
				return q.failed(err)
			}
		}
		kind, payload, err := q.frames.Next()
		if err != nil {
			// Even then, what came whole is stored: the client resumes after it. Its connection may be gone already.
			if kept := q.flush(context.WithoutCancel(ctx)); kept != nil {
				return q.failed(kept)
			}
			return broken(err)
		}
		switch kind {
		case wire.FrameRun:
			runs++
			if err := q.intake.Offer(ctx, payload); err != nil {
				return q.failed(err)
			}
		case wire.FrameSupply:
			if err := q.supply(ctx, payload); err != nil {
				return q.failed(err)
			}
		case wire.FrameEnd:
			if err := q.flush(ctx); err != nil {
				return q.failed(err)
			}
			var e wire.Enough
			if err := wire.Unmarshal(payload, &e); err != nil || e.Runs != runs {
				return wire.Refuse(wire.RefusedFormat, "the question does not end as it should")
			}
			return nil
		default:
			if kept := q.flush(ctx); kept != nil {
				return q.failed(kept)
			}
			return wire.Refuse(wire.RefusedFormat, "a frame of kind %d in a question", kind)
		}
	}
}

func (q *question) answer(ctx context.Context, out *wire.FrameWriter) error {
	held, err := q.copy.Vector(ctx)
	if err != nil {
		return err
	}
	end := wire.End{Base: q.ask.Base, Digest: wire.DigestOf(held), Whole: q.whole}
	if q.whole {
		end.Base = nil
	}
	end.Vector = wire.PackVector(held, q.base)
	hello := wire.Hello{Version: wire.Version, Time: q.now().UnixMilli()}
	if !end.Whole {
		hello.Coming = wire.Lacking(held, q.theirs)
	}
	if err := write(out, wire.FrameHello, hello); err != nil {
		return err
	}
	for _, f := range q.intake.Faults {
		if err := write(out, wire.FrameNote, wire.Note{Writer: f.Writer, Seq: f.Seq, Code: f.Code}); err != nil {
			return err
		}
	}
	for _, run := range q.intake.Parked() {
		first := run.First()
		if err := write(out, wire.FrameNote, wire.Note{Writer: first.Writer, Seq: first.Seq, Code: wire.NoteParked}); err != nil {
			return err
		}
	}
	if !end.Whole {
		if err := q.sayHead(ctx, out); err != nil {
			return err
		}
		if err := q.give(ctx, out, held, &end); err != nil {
			return err
		}
	}
	// Remembered before the client can know it: it may ask again the moment it has read the end.
	q.told.remember(q.asker, held)
	return out.End(end)
}

// sayHead tells the asker that another commit is held here with the number of its own newest: numbers alone would be taken for
// a receipt.
func (q *question) sayHead(ctx context.Context, out *wire.FrameWriter) error {
	seq := q.theirs[q.ask.Writer]
	if len(q.ask.Head) == 0 || seq == 0 {
		return nil
	}
	hash, held, err := q.copy.Hash(ctx, q.ask.Writer, seq)
	if err != nil || !held || bytes.Equal(q.ask.Head, hash[:16]) {
		return err
	}
	return write(out, wire.FrameNote, wire.Note{Writer: q.ask.Writer, Seq: seq, Code: wire.NoteHead})
}

// held finds out what the asker holds, and what both remember of the last answer.
func (q *question) held() *wire.Refusal {
	var err error
	q.theirs, err = q.ask.Held(func(d wire.Digest) (base journal.Vector, ok bool) {
		q.base, ok = q.told.known(q.asker, d)
		return q.base, ok
	})
	switch {
	case errors.Is(err, wire.ErrBase):
		q.whole = true
	case err != nil:
		return wire.Refuse(wire.RefusedFormat, "%v", err)
	}
	return nil
}

func (q *question) give(ctx context.Context, out *wire.FrameWriter, held journal.Vector, end *wire.End) error {
	room := q.limits.Answer
	if asked := q.ask.Room; asked > 0 && asked < uint64(room) {
		room = int64(asked)
	}
	var member journal.MemberID
	if q.ask.Certificate != nil {
		member = q.ask.Certificate.Member
	}
	_, revoked, err := q.copy.Cut(ctx, q.ask.Writer, member)
	if err != nil {
		return err
	}
	full := errors.New("full")
	give := func(run journal.Run) error {
		if end.Runs > 0 && (out.Bytes >= room || q.visit.giveWay()) {
			end.More = true
			return full
		}
		end.Runs++
		return out.Write(wire.FrameRun, run.Encode())
	}
	// A revoked member is given who signed what and what is said openly, and so learns of the revocation from who revoked; what
	// others write from then on is not for the revoked, not even sealed.
	if revoked || q.ask.Bare > 0 && wire.Lacking(held, q.theirs) >= q.ask.Bare {
		err = q.copy.Bare(ctx, q.theirs, give)
	} else {
		err = q.copy.Runs(ctx, q.theirs, give)
	}
	if errors.Is(err, full) {
		end.Unread = uint64(len(q.wants))
		return nil
	}
	faults := wire.FaultsIn(err)
	if err != nil && len(faults) == 0 {
		return err
	}
	for _, f := range faults {
		q.log.Error("stored commits cannot be read", "workspace", q.workspaceShort(), "of", short(f.Writer[:]), "seq", f.Seq, "code", f.Code)
		if err := write(out, wire.FrameNote, wire.Note{Writer: f.Writer, Seq: f.Seq, Code: f.Code}); err != nil {
			return err
		}
	}
	if revoked {
		return nil
	}
	return q.giveParts(ctx, out, end, room)
}

func write(out *wire.FrameWriter, kind byte, message any) error {
	raw, err := wire.Marshal(message)
	if err != nil {
		return err
	}
	return out.Write(kind, raw)
}

// short is as much of an id as a log may hold.
func short(id []byte) string { return fmt.Sprintf("%x", id[:4]) }

func (q *question) workspaceShort() string {
	if q.ask == nil {
		return ""
	}
	return short(q.ask.Workspace[:])
}

func (q *question) writerShort() string {
	if q.ask == nil {
		return ""
	}
	return short(q.ask.Writer[:])
}
