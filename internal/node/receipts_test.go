package node

import (
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// receiptOf is where else a tree that was planted is, as a session knows.
func receiptOf(t testing.TB, s *Session, name string) (out record.Receipt) {
	t.Helper()
	if err := s.mending(t.Context(), func() error {
		end, err := s.use()
		if err != nil {
			return err
		}
		defer end()
		var id, by record.ID
		var recorded int64
		if err := s.views.Select(t.Context(), "SELECT id, _by, _rec FROM identity.tree WHERE name = ?", []any{name}, func(r record.Row) error {
			id, by, recorded = r.ID(0), r.ID(1), r.Int(2)
			return nil
		}); err != nil {
			return err
		}
		of, err := s.receipts(t.Context(), id)
		if err != nil {
			return err
		}
		known := false
		if out, known = of(record.Identity, by, time.UnixMilli(recorded)); !known {
			t.Errorf("of %s nothing is known", name)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// What is written is only here until another place says that it has it; what somebody has not agreed to share stays only here,
// also when its commit left long ago, until it is said again and that left.
func TestReceipts(t *testing.T) {
	h, url := turning(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), relayed(t)
	n, err := Found(t.TempDir(), quiet(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap, Wall: h.wall})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	ana := must2(n.Unlock(t.Context(), "", []byte(pass)))
	is := func(s *Session, name, state string) record.Receipt {
		t.Helper()
		r := receiptOf(t, s, name)
		if r.State != state {
			t.Errorf("%s: %+v, want %s", name, r, state)
		}
		return r
	}
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	must(t, do(t, ana, "tree.plant", "t2", map[string]any{"name": "encino", "birds": []string{"owl"}}))
	is(ana, "ceiba", record.ReceiptHere)
	is(ana, "encino", record.ReceiptHeld)

	h.turn(time.Hour)
	inStep(t, url, ana)
	left := h.wall()
	if r := is(ana, "ceiba", record.ReceiptExchanged); !r.At.Equal(left) || len(r.Places) != 1 || r.Places[0] != url {
		t.Errorf("what left: %+v", r)
	}
	is(ana, "encino", record.ReceiptHeld)

	h.turn(time.Hour)
	must(t, do(t, ana, "tree.plant", "t3", map[string]any{"name": "mangle"}))
	is(ana, "mangle", record.ReceiptHere)
	h.turn(time.Hour)
	inStep(t, url, ana)
	if r := is(ana, "ceiba", record.ReceiptExchanged); !r.At.Equal(left) {
		t.Errorf("a later exchange moved when the earlier one was confirmed: %+v", r)
	}
	if r := is(ana, "mangle", record.ReceiptExchanged); !r.At.Equal(h.wall()) {
		t.Errorf("what left later: %+v", r)
	}

	must(t, do(t, ana, "tree.owl", "", map[string]any{"tree": "t2", "birds": []string{"loro"}}))
	is(ana, "encino", record.ReceiptHere)
	h.turn(time.Hour)
	inStep(t, url, ana)
	if r := is(ana, "encino", record.ReceiptExchanged); !r.At.Equal(h.wall()) {
		t.Errorf("what was said again left then: %+v", r)
	}

	if err := n.SetRelay("http://127.0.0.1:9"); err != nil {
		t.Fatal(err)
	}
	is(ana, "ceiba", record.ReceiptHere) // a relay that is no longer the one vouches for nothing
}

// What others wrote is somewhere else: with them.
func TestWhatArrivedIsElsewhere(t *testing.T) {
	url := relayed(t)
	n, ana := founded(t, t.TempDir())
	defer n.Close()
	_, bea := joined(t, ana, url, "Bea")
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	inStep(t, url, ana, bea)
	s := bea.node.journal.Roll()
	where := must2(bea.whereabouts())
	for w, head := range bea.node.journal.Heads() {
		want := record.ReceiptArrived
		if s.MemberOf(w) == bea.member.ID {
			want = record.ReceiptExchanged
		}
		if r := where.of(journal.PartPlace{Writer: w, Seq: head.Seq}); r.State != want {
			t.Errorf("of %s: %+v, want %s", s.MemberOf(w), r, want)
		}
	}
}

// What is remembered of receipts is bounded: of what left before that, it is known that it left.
func TestOldReceiptsAreForgottenHonestly(t *testing.T) {
	var w, other journal.WriterID
	w[0], other[0] = 1, 2
	var list []received
	for i := range mostReceipts {
		list = append(list, received{Writer: w[:], Seq: uint64(100 + i), At: int64(1000 + i)})
	}
	if at := since(list, w, 50); !at.IsZero() {
		t.Errorf("of what left before all that is remembered: %s", at)
	}
	if at := since(list, w, 101); at.Unix() != 1001 {
		t.Errorf("of the second that is remembered: %s", at)
	}
	if at := since(list[:3], w, 50); at.Unix() != 1000 {
		t.Errorf("with nothing forgotten: %s", at)
	}
	if at := since(list, other, 1); !at.IsZero() {
		t.Errorf("of a chain of which nothing is remembered: %s", at)
	}
}

// Each place says what it has of its own, and pending says how old the oldest of each part is.
func TestPendingByPlaceAndPart(t *testing.T) {
	h, url := turning(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), relayed(t)
	_, ana := timed(t, h)
	inStep(t, url, ana)
	h.turn(time.Hour)
	must(t, do(t, ana, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	first := h.wall()
	h.turn(time.Hour)
	must(t, do(t, ana, "tree.plant", "t2", map[string]any{"name": "mangle"}))
	p := must2(ana.Pending())
	if p.Compartment["identity"] != 2 || !p.Since["identity"].Equal(first) || !p.Oldest.Equal(first) {
		t.Errorf("only here: %+v", p)
	}
	if len(p.Places) != 1 || p.Places[0].Name != url || p.Places[0].Lacks != 2 || !p.Places[0].Oldest.Equal(first) || p.Places[0].At.IsZero() {
		t.Errorf("places: %+v", p.Places)
	}
	inStep(t, url, ana)
	if p = must2(ana.Pending()); p.Commits != 0 || len(p.Since) != 0 || p.Places[0].Lacks != 0 {
		t.Errorf("after an exchange: %+v", p)
	}
}
