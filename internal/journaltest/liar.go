package journaltest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// Lies of a relay. Whatever it does, nobody takes anything wrong from it, and what can be known of it is named at once: what
// it says it holds and does not give, what others had seen, what is not as it was written.
const (
	honest    = iota
	hides     // a writer's newest commits, as if it had never got them
	withholds // them, and says that it has them
	forgets   // throws away what it is brought, and gives receipts for it
	replays   // gives an old answer once more
	reorders  // the runs of an answer
	shortens  // ends an answer early, as if that were all
	flips     // a bit on the way
	forges    // a bit in a run, and makes the sums right
	strips    // the sealed parts from commits, and has none when asked
	swaps     // the bytes of sealed parts for others
	boasts    // of more than anybody wrote
	lies
)

var lieNames = [lies]string{"honest", "hides", "withholds", "forgets", "replays", "reorders", "shortens", "flips", "forges", "strips", "swaps", "boasts"}

// lie makes a relay dishonest from now on, or honest again.
func (w *world) lie(s Step) {
	r, ok := w.host(s.Who).(*station)
	if !ok {
		return
	}
	r.lying, r.luck = s.N["how"]%lies, s.N["luck"]
	r.everLied = r.everLied || r.lying != honest
	w.note("%s %s", r.name, lieNames[r.lying])
}

// liar answers in the place of a relay.
type liar struct{ *station } // which it changes

// frame is one of an answer or a question.
type frame struct {
	kind    byte
	payload []byte
}

func framesOf(body []byte) (all []frame, whole bool) {
	for in := wire.NewFrameReader(bytes.NewReader(body)); ; {
		kind, payload, err := in.Next()
		if err != nil {
			return all, false
		}
		if all = append(all, frame{kind, payload}); kind == wire.FrameEnd {
			return all, true
		}
	}
}

func (l liar) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	question, err := io.ReadAll(r.Body)
	if asked, whole := framesOf(question); l.lying == forgets && err == nil && whole && len(asked) > 2 {
		question = l.forget(asked)
		r.ContentLength = int64(len(question))
	}
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(question), failing{err}))
	answer := &kept{head: http.Header{}}
	l.serve.ServeHTTP(answer, r)
	body := answer.body.Bytes()
	if all, whole := framesOf(body); whole && answer.head.Get("Content-Type") == wire.MediaType {
		body = l.tell(r, all, body)
	}
	maps.Copy(out.Header(), answer.head)
	out.WriteHeader(max(answer.status, http.StatusOK))
	out.Write(body)
}

// failing goes on as a body that broke off.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// kept is an answer before it is told.
type kept struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header { return k.head }
func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }

// forget takes the runs out of a question and remembers for what it will give receipts.
func (l liar) forget(asked []frame) []byte {
	var b bytes.Buffer
	out := wire.NewFrameWriter(&b)
	for _, f := range asked {
		switch f.kind {
		case wire.FrameRun:
			if run, err := journal.DecodeRun(f.payload); err == nil {
				l.claimed[run.Last().Writer] = max(l.claimed[run.Last().Writer], run.Last().Seq)
			}
		case wire.FrameEnd:
			out.End(wire.Enough{})
		default:
			out.Write(f.kind, f.payload)
		}
	}
	return b.Bytes()
}

// tell changes an answer.
func (l liar) tell(r *http.Request, all []frame, honestly []byte) []byte {
	w := l.world
	defer func() { l.lied++ }()
	n := l.luck + l.lied
	_, held, err := l.held()
	if err != nil {
		return honestly
	}
	ids := writers(held)
	victim := ids[l.luck%len(ids)]
	upTo := uint64(l.luck) % (held[victim] + 1)
	switch l.lying {
	case replays:
		if old := l.told; len(old) > 0 {
			return old[n%len(old)]
		}
	case shortens:
		all = slices.Delete(all, 1, len(all)-1)
	case flips:
		changed := bytes.Clone(honestly)
		changed[n%len(changed)] ^= 1 << (n % 8)
		return changed
	case reorders:
		if runs := all[1 : len(all)-1]; len(runs) > 1 {
			slices.Reverse(runs)
		}
	}
	l.told = append(l.told, honestly)

	var b bytes.Buffer
	out := wire.NewFrameWriter(&b)
	runs := uint64(0)
	for _, f := range all {
		switch f.kind {
		case wire.FrameRun:
			run, err := journal.DecodeRun(f.payload)
			if err != nil {
				w.failf("%s gives what does not read: %v", l.name, err)
				return honestly
			}
			switch l.lying {
			case hides, withholds:
				if run.Last().Writer == victim && run.Last().Seq > upTo {
					continue
				}
			case forges:
				if n%3 == 0 {
					f.payload = bytes.Clone(f.payload)
					f.payload[(n*7919)%len(f.payload)] ^= 1 << (n % 8)
				}
			case strips:
				wire.Withhold(&run)
				f.payload = run.Encode()
			}
			runs++
		case wire.FrameParts:
			if l.lying == strips {
				continue
			}
			if f.payload = bytes.Clone(f.payload); l.lying == swaps && len(f.payload) > 8 {
				f.payload[len(f.payload)-1-n%8] ^= 1
			}
		case wire.FrameEnd:
			var end wire.End
			if err := wire.Unmarshal(f.payload, &end); err != nil {
				w.failf("%s ends with what does not read: %v", l.name, err)
				return honestly
			}
			claim := maps.Clone(held)
			switch l.lying {
			case hides:
				if claim[victim] = min(claim[victim], upTo); upTo == 0 {
					delete(claim, victim)
				}
			case forgets:
				for id, seq := range l.claimed {
					claim[id] = max(claim[id], seq)
				}
			case boasts:
				claim[victim] += 1 + uint64(n%5)
			}
			end.Runs = runs
			if l.lying == hides || l.lying == forgets || l.lying == boasts {
				end.Base, end.Vector, end.Digest = nil, wire.PackVector(claim, nil), wire.DigestOf(claim)
			}
			out.End(end)
			continue
		}
		out.Write(f.kind, f.payload)
	}
	return b.Bytes()
}

// known checks, after an exchange that went to its end, that everything is named that it could show: what commits that are
// here had seen and is not here, and what the relay says it holds and did not give.
func (w *world) known(d *device, to host, sum *exchange.Summary) {
	here := d.vector()
	named := map[journal.WriterID]bool{}
	for _, h := range sum.Hidden {
		named[h.Writer] = true
		w.accused[h.Writer] = max(w.accused[h.Writer], h.To) // elsewhere, and by others, it need not be said again
	}
	for _, f := range sum.Faults {
		named[f.Writer] = true
	}
	for _, r := range sum.Refused {
		named[r.Writer] = true
	}
	missing := journal.Vector{}
	for id, n := range sum.Memory.Known {
		if n > here[id] {
			missing[id] = n
		}
	}
	seen, err := d.journal.Unmet()
	if err != nil {
		w.failf("%s: %v", d.name, err)
		return
	}
	for _, v := range seen { // whichever way they came
		missing[v.Of] = max(missing[v.Of], v.Seq)
	}
	for _, id := range writers(missing) {
		if !named[id] && missing[id] > w.accused[id] && sum.Parked == 0 {
			w.failf("%s knows that %d commits by %s are missing, and does not say that %s keeps them back", d.name, missing[id]-here[id], id, to.label())
		}
	}
	if len(missing) > 0 {
		w.count.Named++
	}
	if len(missing) == 0 && len(sum.Hidden) > 0 {
		w.failf("%s accuses %s of hiding what is here: %v", d.name, to.label(), sum.Hidden)
	}
}
