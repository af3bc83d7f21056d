package journal_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/journal"
	"amparo/internal/journal/journaltest"
	"amparo/internal/seal"
)

func anyHeader(t *rapid.T) journal.Header {
	seq := rapid.OneOf(rapid.Uint64Range(1, 200), rapid.Uint64Range(1, journal.MaxSeq))
	some := func(n int) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "bytes") }
	h := journal.Header{
		Workspace: journal.WorkspaceID(some(16)), Writer: journal.WriterID(some(16)), Seq: seq.Draw(t, "seq"), Prev: journal.Hash(some(32)),
		Time: journal.Time(rapid.Uint64Max(uint64(journal.MaxTime)).Draw(t, "time")), Salt: [8]byte(some(8)),
	}
	for range rapid.IntRange(0, 3).Draw(t, "seen") {
		h.Seen = append(h.Seen, journal.Seen{Writer: journal.WriterID(some(16)), Seq: seq.Draw(t, "seen seq"), Hash: [16]byte(some(16))})
	}
	for range rapid.IntRange(0, journal.MaxParts).Draw(t, "parts") {
		h.Parts = append(h.Parts, journal.PartHeader{Tag: rapid.Byte().Draw(t, "tag"), Epoch: rapid.Uint32().Draw(t, "epoch"), Shelf: rapid.Uint16().Draw(t, "shelf"),
			Size: rapid.Uint32Range(0, journal.MaxPartSize).Draw(t, "size"), Digest: journal.Hash(some(32))})
	}
	return h
}

func TestHeadersAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := anyHeader(t)
		data := h.Encode()
		back, err := journal.DecodeHeader(data)
		if err != nil || !reflect.DeepEqual(back, h) {
			t.Fatalf("%+v\nreads as %+v, %v", h, back, err)
		}
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		if _, err := journal.DecodeHeader(data[:at]); !errors.Is(err, journal.ErrFormat) {
			t.Fatalf("cut to %d bytes: %v", at, err)
		}
		if _, err := journal.DecodeHeader(append(data, 0)); !errors.Is(err, journal.ErrFormat) {
			t.Fatalf("a byte too many: %v", err)
		}
	})
}

func TestHeadersHaveOneSpellingAndLimits(t *testing.T) {
	h := journal.Header{Seq: 1, Time: 5}
	good := h.Encode()
	const seqAt, timeAt, seenAt = 33, 66, 82
	change := func(at int, to ...byte) []byte { return slices.Concat(good[:at], to, good[at+1:]) }
	for name, data := range map[string][]byte{
		"format 0": change(0, 0), "sequence number 0": change(seqAt, 0), "a number spelled longer": change(seqAt, 0x81, 0x00),
		"a sequence number beyond any database": change(seqAt, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
		"a number without end":                  change(seqAt, bytes.Repeat([]byte{0xff}, 11)...),
		"a time beyond the calendar":            change(timeAt, 0x80), "4097 seen": change(seenAt, 0x81, 0x20), "17 parts": change(seenAt+1, 17),
		"seen at 0":     slices.Concat(good[:seenAt], []byte{1}, make([]byte, 16), []byte{0}, make([]byte, 16), []byte{0}),
		"a part of 4 G": slices.Concat(good[:seenAt+1], []byte{1, 1, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}, make([]byte, 32)),
		"epoch 2^32":    slices.Concat(good[:seenAt+1], []byte{1, 1, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 0, 1}, make([]byte, 32)),
		"nothing":       {},
	} {
		if _, err := journal.DecodeHeader(data); !errors.Is(err, journal.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := journal.DecodeHeader(change(0, 2)); !errors.Is(err, journal.ErrNewer) || errors.Is(err, journal.ErrFormat) {
		t.Errorf("format 2: %v", err)
	}
	if _, err := journal.DecodeRun([]byte{2}); !errors.Is(err, journal.ErrNewer) {
		t.Errorf("a run of format 2: %v", err)
	}
}

func decodedRun(t testing.TB, run *journal.Run) journal.Run {
	t.Helper()
	back, err := journal.DecodeRun(run.Encode())
	must(t, err)
	return back
}

func TestARunTravelsWithOneSignature(t *testing.T) {
	h := journaltest.Draw(t, "A1 A2 B1(A2) A3(B1) A4 A5")
	key := h.WriterSigner("A").Public()
	run := h.Run("A1", "A5")
	back := decodedRun(t, run)
	must(t, back.Verify(journal.Head{}, key))
	for i, name := range []string{"A1", "A2", "A3", "A4", "A5"} {
		if want := h.Commit(name); !reflect.DeepEqual(back.Commits[i], *want) {
			t.Errorf("%s arrives as %+v", name, back.Commits[i])
		}
	}
	// From the middle on, and what it costs to say what follows from the commit before.
	middle := decodedRun(t, h.Run("A3", "A5"))
	must(t, middle.Verify(journal.Head{Seq: 2, Hash: h.Commit("A2").Hash}, key))
	if overhead := len(run.Encode()) - len(h.Run("A1", "A4").Encode()) - len(h.Commit("A5").Parts[0]); overhead > 24 {
		t.Errorf("one more commit costs %d bytes beyond its part", overhead)
	}
}

func TestSealedPartsMayBeWithheldAndOpenOnesMayNot(t *testing.T) {
	h := journaltest.Draw(t, "A1 A2 A3")
	key := h.WriterSigner("A").Public()
	run := h.Run("A1", "A3")
	run.Commits[0].Parts[1], run.Commits[2].Parts[0] = nil, nil
	back := decodedRun(t, run)
	must(t, back.Verify(journal.Head{}, key))
	if back.Commits[0].Parts[1] != nil || back.Commits[0].Hash != h.Commit("A1").Hash || back.Commits[1].Parts[0] == nil {
		t.Error("what was withheld is here, or what was not is away")
	}
	if size := back.Commits[2].Header.Parts[0].Size; int(size) != len(h.Commit("A3").Parts[0]) {
		t.Errorf("the size of what was withheld is %d", size)
	}
	run.Commits[0].Parts[0] = nil
	if _, err := journal.DecodeRun(run.Encode()); !errors.Is(err, journal.ErrFormat) {
		t.Errorf("the founding was hidden: %v", err)
	}
}

// Whatever a relay changes in a run, it does not read or it does not verify; in the parts too.
func TestEveryBitOfARunCounts(t *testing.T) {
	h := journaltest.Draw(t, "A1 A2 A3")
	key := h.WriterSigner("A").Public()
	whole, withheld := h.Run("A1", "A3"), h.Run("A2", "A3")
	withheld.Commits[1].Parts[0] = nil
	for name, c := range map[string]struct {
		run  *journal.Run
		head journal.Head
	}{"whole": {whole, journal.Head{}}, "with a part withheld": {withheld, journal.Head{Seq: 1, Hash: h.Commit("A1").Hash}}} {
		data := c.run.Encode()
		try := func(what string, at int, bad []byte) {
			run, err := journal.DecodeRun(bad)
			if err != nil {
				if !errors.Is(err, journal.ErrFormat) && !errors.Is(err, journal.ErrNewer) {
					t.Errorf("%s, %s at %d: %v", name, what, at, err)
				}
				return
			}
			if err := run.Verify(c.head, key); err == nil {
				t.Errorf("%s, %s at %d: believed", name, what, at)
			} else if !errors.Is(err, journal.ErrChain) && !errors.Is(err, seal.ErrSignature) {
				t.Errorf("%s, %s at %d: %v", name, what, at, err)
			}
		}
		for i := range data {
			for bit := range 8 {
				if bit != i%8 && i > 120 && i < len(data)-500 { // long keys: one bit each is enough
					continue
				}
				bad := bytes.Clone(data)
				bad[i] ^= 1 << bit
				try("bit flipped", i, bad)
			}
			try("cut", i, data[:i])
			try("byte lost", i, slices.Delete(bytes.Clone(data), i, i+1))
			try("byte doubled", i, slices.Insert(bytes.Clone(data), i, data[i]))
		}
		try("byte added", len(data), append(bytes.Clone(data), 0))
	}
}

func TestARunMustFollow(t *testing.T) {
	h := journaltest.Draw(t, "A1 A2 A3 A3' A4' B1 B2")
	key := h.WriterSigner("A").Public()
	head := func(name string) journal.Head {
		c := h.Commit(name)
		return journal.Head{Seq: c.Seq, Hash: c.Hash}
	}
	for name, c := range map[string]struct {
		first, last string
		head        journal.Head
		key         seal.VerifyKey
		good        bool
	}{
		"in order":               {"A2", "A3", head("A1"), key, true},
		"a gap":                  {"A3", "A3", head("A1"), key, false},
		"again":                  {"A2", "A3", head("A2"), key, false},
		"from the start again":   {"A1", "A3", head("A3"), key, false},
		"the middle at first":    {"A2", "A3", journal.Head{}, key, false},
		"a fork after the fork":  {"A4'", "A4'", head("A3"), key, false},
		"the other branch":       {"A3'", "A4'", head("A2"), key, true},
		"another writer's key":   {"A2", "A3", head("A1"), h.WriterSigner("B").Public(), false},
		"another writer's chain": {"B2", "B2", head("A1"), key, false},
		"the member's key":       {"A2", "A3", head("A1"), h.MemberSigner("A").Public(), false},
	} {
		run := decodedRun(t, h.Run(c.first, c.last))
		if err := run.Verify(c.head, c.key); (err == nil) != c.good || err != nil && !errors.Is(err, journal.ErrChain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A signature of the member, or of another commit, or for another purpose, is none.
	for name, sig := range map[string]seal.Signature{
		"of another commit":   h.Sign("A2"),
		"of the fork":         h.Sign("A3'"),
		"for another purpose": h.WriterSigner("A").Sign("amparo writer certificate v1", h.Commit("A3").Hash[:]),
		"of the member":       h.MemberSigner("A").Sign(journal.SignPurpose, h.Commit("A3").Hash[:]),
		"none":                {},
	} {
		run := h.Run("A2", "A3")
		run.Sig = sig
		back := decodedRun(t, run)
		if err := back.Verify(head("A1"), key); !errors.Is(err, seal.ErrSignature) {
			t.Errorf("signature %s: %v", name, err)
		}
	}
	// Commits of a run in another order are another run.
	run := h.Run("A1", "A3")
	slices.Reverse(run.Commits)
	if back, err := journal.DecodeRun(run.Encode()); err == nil {
		if err := back.Verify(journal.Head{}, key); err == nil {
			t.Error("a run in another order was believed")
		}
	}
}

func TestRunsHaveLimits(t *testing.T) {
	h := journaltest.Draw(t, "A1 A2")
	good := h.Run("A2", "A2").Encode()
	const seqAt, countAt, timeAt = 33, 66, 67
	for name, data := range map[string][]byte{
		"no commits":           slices.Concat(good[:countAt], []byte{0}, good[len(good)-64:]),
		"4097 commits":         slices.Concat(good[:countAt], []byte{0x81, 0x20}, good[countAt+1:]),
		"beyond the last seq":  slices.Concat(good[:seqAt], []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40}, good[seqAt+1:]),
		"before 1970":          slices.Concat(good[:timeAt], []byte{0x01}, good[timeAt+9:]),
		"a time spelled twice": slices.Concat(good[:timeAt], []byte{0x82, 0x00}, good[timeAt+9:]),
		"a time without end":   slices.Concat(good[:timeAt], bytes.Repeat([]byte{0xff}, 11), good[timeAt+9:]),
	} {
		if _, err := journal.DecodeRun(data); !errors.Is(err, journal.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFrames(t *testing.T) {
	var pipe bytes.Buffer
	frames := [][]byte{{}, []byte("x"), counted(0, 70<<10), {}}
	for _, f := range frames {
		must(t, journal.WriteFrame(&pipe, f))
	}
	whole := bytes.Clone(pipe.Bytes())
	for i, f := range frames {
		if got, err := journal.ReadFrame(&pipe); err != nil || !bytes.Equal(got, f) {
			t.Errorf("frame %d: %d bytes, %v", i, len(got), err)
		}
	}
	if _, err := journal.ReadFrame(&pipe); !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("at the end: %v", err)
	}
	for _, cut := range []int{1, 2, 3, 5, 8, 9, 10, 5000, len(whole) - 5, len(whole) - 1} {
		r := bytes.NewReader(whole[:cut])
		var err error
		for err == nil {
			_, err = journal.ReadFrame(r)
		}
		if clean := slices.Contains([]int{4, 9, len(whole) - 4}, cut); clean != errors.Is(err, io.EOF) || !clean && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut to %d bytes: %v", cut, err)
		}
	}
	if _, err := journal.ReadFrame(bytes.NewReader([]byte{0xff, 0xff, 0xff, 0xff, 1})); !errors.Is(err, journal.ErrFormat) {
		t.Errorf("a frame of 4 G: %v", err)
	}
	broken := errors.New("the line is cut")
	if _, err := journal.ReadFrame(io.MultiReader(bytes.NewReader([]byte{0, 0, 0, 9, 1}), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("a broken line: %v", err)
	}
	if err := journal.WriteFrame(failing{broken}, nil); !errors.Is(err, broken) {
		t.Errorf("writing to a broken line: %v", err)
	}
	var nothing bytes.Buffer
	if err := journal.WriteFrame(&nothing, make([]byte, journal.MaxFrame+1)); !errors.Is(err, journal.ErrTooLarge) || nothing.Len() > 0 {
		t.Errorf("a frame nobody would read: %v, %d bytes written", err, nothing.Len())
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestALieAboutALengthCostsTheLiar(t *testing.T) {
	took := allocated(func() {
		for range 50 {
			if _, err := journal.ReadFrame(bytes.NewReader([]byte{0x03, 0xff, 0xff, 0xff, 1, 2, 3})); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatal(err)
			}
		}
	})
	if took > 50*(300<<10) {
		t.Errorf("50 lies took %d bytes", took)
	}
}

// allocated is how much memory something takes in all.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzDecodeHeader(f *testing.F) {
	h := sampleHeader()
	f.Add(h.Encode())
	f.Add((&journal.Header{Seq: 1}).Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := journal.DecodeHeader(data)
		if err != nil {
			if !errors.Is(err, journal.ErrFormat) && !errors.Is(err, journal.ErrNewer) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if again := h.Encode(); !bytes.Equal(again, data) {
			t.Errorf("%x was read and is written %x", data, again)
		}
	})
}

func FuzzDecodeRun(f *testing.F) {
	h := journaltest.Draw(f, "A1 A2 B1(A2) A3(B1)")
	run := h.Run("A2", "A3")
	f.Add(run.Encode())
	run.Commits[1].Parts[0] = nil
	f.Add(run.Encode())
	f.Add(h.Run("A1", "A3").Encode())
	key := h.WriterSigner("A").Public()
	roll, known := h.Roll(), []journal.Hash{h.Commit("A1").Hash, h.Commit("A2").Hash, h.Commit("A3").Hash}
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := journal.DecodeRun(data)
		if err != nil {
			if !errors.Is(err, journal.ErrFormat) && !errors.Is(err, journal.ErrNewer) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if again := run.Encode(); !bytes.Equal(again, data) {
			t.Errorf("%x was read and is written %x", data, again)
		}
		for i := range run.Commits {
			c := &run.Commits[i]
			if journal.HashOf(c.Header.Encode()) != c.Hash || len(c.Parts) != len(c.Header.Parts) || i > 0 && c.Prev != run.Commits[i-1].Hash {
				t.Errorf("commit %d is not whole", i)
			}
			if _, err := c.Controls(); err != nil && !errors.Is(err, journal.ErrFormat) {
				t.Errorf("controls refused with %v", err)
			}
		}
		if _, err := roll.KeyFor(&run); err == nil && run.Verify(journal.Head{}, key) == nil && !slices.Contains(known, run.Last().Hash) {
			t.Error("a forgery")
		}
	})
}

func FuzzReadFrame(f *testing.F) {
	var pipe bytes.Buffer
	must(f, journal.WriteFrame(&pipe, []byte("hola")))
	f.Add(pipe.Bytes())
	f.Add([]byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var again bytes.Buffer
		for r := bytes.NewReader(data); ; {
			frame, err := journal.ReadFrame(r)
			if err != nil {
				if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !bytes.Equal(again.Bytes(), data) {
					t.Errorf("%x ended early", data)
				}
				return
			}
			must(t, journal.WriteFrame(&again, frame))
		}
	})
}
