package journaltest_test

import (
	"errors"
	"slices"
	"testing"

	"amparo/internal/journal"
	"amparo/internal/journal/journaltest"
)

func TestADrawingIsARealHistory(t *testing.T) {
	h := journaltest.Draw(t, "A1 A2 B1(A2) A3(B1) B2(A3) B2' B3 B3' C1(A3,B2')")
	roll := h.Roll()
	heads := map[journal.WriterID]journal.Head{}
	for i, run := range h.Runs() {
		name := h.Order[i]
		run, err := journal.DecodeRun(run.Encode())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		key, err := roll.KeyFor(&run)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := run.Last()
		err = run.Verify(heads[c.Writer], key)
		if fork := len(name) > 2; fork != errors.Is(err, journal.ErrChain) {
			t.Fatalf("%s: %v", name, err)
		} else if fork {
			continue
		}
		if err := roll.Learn(c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if roll.MemberOf(c.Writer) != h.Member(name[:1]).Member() || h.Writer(name[:1]) != c.Writer {
			t.Errorf("%s is written by another", name)
		}
		heads[c.Writer] = journal.Head{Seq: c.Seq, Hash: c.Hash, Time: c.Time}
		if says := h.Open(c).Facts[0]; says.Values[1] != name || says.Kind != journaltest.Kind {
			t.Errorf("%s says %v", name, says.Values)
		}
	}
	if len(roll.Members) != 3 || len(roll.Writers) != 3 {
		t.Errorf("%d members, %d writers", len(roll.Members), len(roll.Writers))
	}
	fork := h.Run("B1", "B3'")
	if names := []journal.Hash{h.Commit("B1").Hash, h.Commit("B2'").Hash, h.Commit("B3'").Hash}; len(fork.Commits) != 3 ||
		!slices.EqualFunc(fork.Commits, names, func(c journal.Commit, n journal.Hash) bool { return c.Hash == n }) {
		t.Errorf("the fork is %d commits", len(fork.Commits))
	}
	if err := fork.Verify(journal.Head{}, h.WriterSigner("B").Public()); err != nil {
		t.Errorf("the fork: %v", err)
	}
	seen := h.Commit("C1").Seen
	if len(seen) != 2 || seen[1].Seq != 2 || seen[1].Hash != [16]byte(h.Commit("B2'").Hash[:16]) {
		t.Errorf("C1 has seen %v", seen)
	}
}

func TestADrawingIsTheSameInEveryRunAndSaysWhatTheTestWants(t *testing.T) {
	a, b := journaltest.Draw(t, "A1 B1(A1)"), journaltest.Draw(t, "A1 B1(A1)")
	if a.Commit("B1").Hash != b.Commit("B1").Hash || a.Sign("B1") != b.Sign("B1") || a.Tag == 0 {
		t.Error("two drawings of one history differ")
	}
	c := journaltest.Draw(t, "A1 A2", func(name string) journal.Body {
		return journal.Body{Client: []byte(name), Facts: []journal.Fact{{Kind: 7}}}
	})
	if body := c.Open(c.Commit("A2")); string(body.Client) != "A2" || body.Facts[0].Kind != 7 {
		t.Errorf("A2 says %+v", body)
	}
}
