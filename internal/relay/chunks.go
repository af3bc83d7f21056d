package relay

import (
	"context"
	"net/http"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// files answers a question about sealed chunks of files. Only writers that are known here are answered: who is new brings
// commits first.
func (s *server) files(w http.ResponseWriter, r *http.Request) {
	began := s.now()
	store, keeps := s.store.(ChunkStore)
	if !keeps {
		s.refuse(w, wire.Refuse(wire.RefusedNotFound, "no files are kept here"))
		return
	}
	control := http.NewResponseController(w)
	visit, refusal := s.gate.enter(control, r)
	if refusal != nil {
		s.refuse(w, refusal)
		return
	}
	defer visit.leave()
	body := &patient{body: pacedBody{r.Body, visit}, control: control, idle: s.limits.Idle, limit: min(askBytes, s.limits.Question)}
	q := &fileQuestion{question: question{server: s, visit: visit, body: body, frames: wire.NewFrameReader(body)}, store: store}
	refusal = q.read(r.Context())
	s.metrics.arrived(&q.question)
	if refusal != nil {
		s.log.Info("refused", "about", "files", "workspace", q.workspaceShort(), "writer", q.writerShort(), "code", refusal.Code)
		s.refuse(w, refusal)
		return
	}
	w.Header().Set("Content-Type", wire.MediaType)
	out := wire.NewFrameWriter(patientWriter{pacedWriter{w, visit}, control, s.limits.Idle})
	log := s.log.With("about", "files", "workspace", q.workspaceShort(), "writer", q.writerShort(), "in", q.frames.Bytes, "brought", len(q.end.Took))
	err := q.answer(r.Context(), out)
	s.metrics.answered(out.Bytes, s.now().Sub(began), err)
	if err != nil {
		log.Warn("an answer broke off", "out", out.Bytes, "err", err)
		panic(http.ErrAbortHandler) // the status is sent: only a broken connection can say that the answer is not whole
	}
	log.Info("exchanged", "out", out.Bytes, "took", s.now().Sub(began))
}

// fileQuestion is one on its way.
type fileQuestion struct {
	question
	store ChunkStore
	files *wire.SignedChunkAsk
	end   wire.ChunkEnd
}

// read takes the question in. Chunks that arrived whole are kept even when the rest does not come.
func (q *fileQuestion) read(ctx context.Context) *wire.Refusal {
	payload, refusal := q.first()
	if refusal != nil {
		return refusal
	}
	var err error
	if q.files, err = wire.ReadChunkAsk(payload); err != nil {
		return wire.Refuse(wire.RefusedFormat, "%v", err)
	}
	if refusal := spoken(q.files.Version); refusal != nil {
		return refusal
	}
	q.ask = &wire.SignedAsk{Ask: wire.Ask{Version: q.files.Version, Workspace: q.files.Workspace, Writer: q.files.Writer, Time: q.files.Time, Nonce: q.files.Nonce}}
	if refusal := q.open(ctx); refusal != nil {
		return refusal
	}
	if refusal := q.known(ctx); refusal != nil {
		return refusal
	}
	if refusal := q.asked.clock(&q.ask.Ask, q.now()); refusal != nil {
		return refusal
	}
	if refusal := q.sit(ctx, true); refusal != nil {
		return refusal
	}
	q.body.limit = q.limits.Question
	if refusal := q.asked.once(&q.ask.Ask, q.now()); refusal != nil {
		return refusal
	}
	return q.take(ctx)
}

// known refuses whoever is not a writer here, and who is revoked: they are given nothing sealed, and bring nothing.
func (q *fileQuestion) known(ctx context.Context) *wire.Refusal {
	key, known, err := q.copy.Writer(ctx, q.ask.Writer)
	if err != nil {
		return q.failed(err)
	}
	if !known {
		return wire.Refuse(wire.RefusedWriter, "no member admitted here vouches for this writer")
	}
	if err := q.files.Verify(key); err != nil {
		return wire.Refuse(wire.RefusedSignature, "%v", err)
	}
	_, revoked, err := q.copy.Cut(ctx, q.ask.Writer, journal.MemberID{})
	if err != nil {
		return q.failed(err)
	}
	if revoked {
		return wire.Refuse(wire.RefusedWriter, "this writer's member is revoked")
	}
	return nil
}

// take keeps what is brought, one by one.
func (q *fileQuestion) take(ctx context.Context) *wire.Refusal {
	for {
		kind, payload, err := q.frames.Next()
		if err != nil {
			return broken(err)
		}
		switch kind {
		case wire.FrameChunk:
			c, err := wire.ReadChunk(payload)
			if err != nil || len(q.end.Took) >= wire.MaxChunkNames {
				return wire.Refuse(wire.RefusedFormat, "a chunk that is none, or too many of them")
			}
			code, err := q.keep(context.WithoutCancel(ctx), c)
			if err != nil {
				return q.failed(err)
			}
			q.end.Took = append(q.end.Took, code)
		case wire.FrameEnd:
			return nil
		default:
			return wire.Refuse(wire.RefusedFormat, "a frame of kind %d in a question about files", kind)
		}
	}
}

// keep takes one chunk, when the workspace may bring so much.
func (q *fileQuestion) keep(ctx context.Context, c wire.Chunk) (byte, error) {
	if q.house.ledger != nil {
		a, err := q.house.account(ctx, q.ask.Workspace)
		if err != nil {
			return 0, err
		}
		if left, all := q.house.room(a, false); !all && int64(len(c.Data)) > left.Bytes {
			return wire.ChunkFull, nil
		}
	}
	code, err := q.store.PutChunk(ctx, q.ask.Workspace, c)
	if err == nil && code == wire.ChunkKept {
		q.house.brought(q.ask.Workspace, Used{Bytes: int64(len(c.Data))})
	}
	return code, err
}

func (q *fileQuestion) answer(ctx context.Context, out *wire.FrameWriter) error {
	if err := write(out, wire.FrameHello, wire.Hello{Version: wire.Version, Time: q.now().UnixMilli()}); err != nil {
		return err
	}
	if names := wire.Names(q.files.Have); len(names) > 0 {
		have, err := q.store.HaveChunks(ctx, q.ask.Workspace, names)
		if err != nil {
			return err
		}
		for _, there := range have {
			q.end.Have = append(q.end.Have, flag(there))
		}
	}
	room, given := q.limits.Answer, int64(0)
	if q.files.Room > 0 && q.files.Room < uint64(room) {
		room = int64(q.files.Room)
	}
	for _, name := range wire.Names(q.files.Get) {
		if given >= room || given > 0 && q.visit.giveWay() {
			break // asked for again
		}
		data, here, err := q.store.Chunk(ctx, q.ask.Workspace, name)
		if err != nil {
			return err
		}
		if q.end.Missing = append(q.end.Missing, flag(!here)); !here {
			continue
		}
		given += int64(len(data))
		if err := out.Write(wire.FrameChunk, data); err != nil {
			return err
		}
	}
	return out.End(q.end)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}
