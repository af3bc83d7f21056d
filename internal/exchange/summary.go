package exchange

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

var (
	// ErrUnreachable reports that nothing answers at the relay's address.
	ErrUnreachable = errors.New("the relay cannot be reached")
	// ErrInterrupted reports an exchange that broke off. What arrived whole is kept on both sides; the next one resumes.
	ErrInterrupted = errors.New("the exchange was interrupted")
	// ErrNotAdmitted reports that no member the relay knows of vouches for this writer, even after all that this copy
	// holds was offered.
	ErrNotAdmitted = errors.New("the relay knows nobody who vouches for this device")
	// ErrProtocol reports an answer that no relay gives.
	ErrProtocol = errors.New("what answers does not speak this protocol")
)

// Summary is what an exchange did. It holds as far as it went when there was an error too.
type Summary struct {
	Sent       uint64 // commits that the other side did not hold before, receipt in hand (at first contact: all it was given)
	Received   uint64 // commits that this copy did not hold before
	BytesOut   int64  // on the connection, all in
	BytesIn    int64
	RoundTrips int
	Complete   bool // neither side lacks anything of the other but what was set aside or is parked

	RelayTime time.Time     // of the last answer
	Skew      time.Duration // how far this machine's clock is ahead of the relay's (before it: negative), to the second

	Parked  int      // runs that arrived before what they follow
	Faults  []*Fault // what arrived and was set aside, chains of which two stories are told, and what this copy cannot read
	Refused []Refused
	Revoked bool // who asked is revoked: this copy says so, from what administrators signed, and no relay can
	Hidden  []Hidden
	ToSend  uint64 // commits the other side still lacks
	ToCome  uint64 // commits this copy still lacks
	Parts   uint64 // sealed parts that were missing here and came by themselves

	WentBack bool         // the other side holds less than it did: it was put back to an earlier state
	Files    ChunkSummary // what was moved of files after everything else

	Memory Memory // to be given to the next exchange with the same relay
}

// Refused is a run that the relay did not take.
type Refused struct {
	Writer journal.WriterID
	Seq    uint64
	Code   string // of a Fault, wire.NoteParked, or wire.RefusedSize
}

// Hidden says that a writer had seen commits which the relay does not give.
type Hidden struct {
	Writer   journal.WriterID // whose commits are missing
	From, To uint64
	SeenBy   journal.WriterID // who had seen the last of them; zero: only the relay speaks of them
	Claimed  bool             // the relay says that it holds them: it withholds them. Otherwise it lost, hides or never got them
}

func (h Hidden) String() string {
	if h.Claimed {
		return fmt.Sprintf("the relay withholds commits %d to %d by %s, which it says it holds", h.From, h.To, h.Writer)
	}
	return fmt.Sprintf("the relay does not give commits %d to %d by %s, which %s had seen", h.From, h.To, h.Writer, h.SeenBy)
}

// Skewed reports a clock so far off that a person should be told.
func (s *Summary) Skewed() bool { return s.Skew.Abs() > wire.MaxClockDifference }

// Progress is how far an exchange is.
type Progress struct {
	Sent, ToSend      uint64 // commits
	Received, ToCome  uint64
	Parts             uint64 // sealed parts that came after their commits
	BytesOut, BytesIn int64
}

// Memory is what a copy remembers of a relay from one exchange to the next. It saves bytes and round trips and is safe
// to lose: the zero Memory is a first contact.
type Memory struct {
	Known  journal.Vector // what the relay said it held: the receipts. What this copy holds beyond is only here
	Unsure bool           // the last exchange broke off: the relay may hold more than Known
	Skew   time.Duration  // this clock before the relay's
	Expect []Expected     // seen by others and not yet here

	Vain     int64     // sealed parts that were noted as missing up to there were asked for in vain …
	VainAt   time.Time // … since then
	HelpedAt time.Time // when the other side last said which parts it lacks; zero: it may lack some of what it confirmed
}

// Expected is a commit that somebody had seen.
type Expected struct {
	_      struct{} `cbor:",toarray"`
	Writer journal.WriterID
	Seq    uint64
	Hash   [16]byte // the first half of its hash
	SeenBy journal.WriterID
}

// maxExpected bounds what is remembered.
const maxExpected = 4096

type storedMemory struct {
	Version uint       `cbor:"1,keyasint"`
	Known   []byte     `cbor:"2,keyasint,omitempty"`
	Unsure  bool       `cbor:"3,keyasint,omitempty"`
	Skew    int64      `cbor:"4,keyasint,omitempty"` // milliseconds
	Expect  []Expected `cbor:"5,keyasint,omitempty"`
	Vain    int64      `cbor:"7,keyasint,omitempty"` // 6 was how a version before asked for missing parts
	VainAt  int64      `cbor:"8,keyasint,omitempty"` // unix seconds, as the next
	Helped  int64      `cbor:"9,keyasint,omitempty"`
}

// Encode writes the memory, to be kept.
func (m Memory) Encode() ([]byte, error) {
	return wire.Marshal(storedMemory{Version: 1, Known: wire.PackVector(m.Known, nil), Unsure: m.Unsure, Skew: m.Skew.Milliseconds(), Expect: m.Expect,
		Vain: m.Vain, VainAt: seconds(m.VainAt), Helped: seconds(m.HelpedAt)})
}

// ReadMemory reads what Encode wrote. On an error the zero Memory will do.
func ReadMemory(data []byte) (Memory, error) {
	var s storedMemory
	if err := wire.Unmarshal(data, &s); err != nil {
		return Memory{}, fmt.Errorf("what is remembered of a relay: %w", err)
	}
	if s.Version != 1 {
		return Memory{}, fmt.Errorf("what is remembered of a relay: %w", journal.ErrNewer)
	}
	known, err := wire.UnpackVector(s.Known, nil)
	if err != nil {
		return Memory{}, fmt.Errorf("what is remembered of a relay: %w", err)
	}
	return Memory{Known: known, Unsure: s.Unsure, Skew: time.Duration(s.Skew) * time.Millisecond, Expect: s.Expect, Vain: s.Vain, VainAt: moment(s.VainAt), HelpedAt: moment(s.Helped)}, nil
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// Add takes in a second exchange right after this one: what was moved adds up, what it says of now is the later one's word.
func (s *Summary) Add(later Summary) {
	sent, received, out, in, trips := s.Sent, s.Received, s.BytesOut, s.BytesIn, s.RoundTrips
	faults, refused, parts, back := s.Faults, s.Refused, s.Parts, s.WentBack
	*s = later
	s.Sent, s.Received, s.BytesOut, s.BytesIn, s.RoundTrips = sent+later.Sent, received+later.Received, out+later.BytesOut, in+later.BytesIn, trips+later.RoundTrips
	s.Parts, s.WentBack = s.Parts+parts, s.WentBack || back
	for _, f := range faults {
		if !slices.ContainsFunc(s.Faults, func(g *Fault) bool { return g.Writer == f.Writer && g.Seq == f.Seq && g.Code == f.Code }) {
			s.Faults = append(s.Faults, f)
		}
	}
	for _, r := range refused {
		if !slices.ContainsFunc(s.Refused, func(q Refused) bool { return q.Writer == r.Writer && q.Seq == r.Seq && q.Code == r.Code }) {
			s.Refused = append(s.Refused, r)
		}
	}
}
