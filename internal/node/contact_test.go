package node

import (
	"testing"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/lang"
	"amparo/internal/record"
)

// timed founds a workspace whose clock a test turns.
func timed(t testing.TB, h *hands) (*Node, *Session) {
	t.Helper()
	n, err := Found(t.TempDir(), forestRegistry(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap, Wall: h.wall})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n, must2(n.Unlock(t.Context(), "", []byte(pass)))
}

func devicesOf(t testing.TB, s *Session) map[string]Device {
	t.Helper()
	answer, ok := must2(s.Query(t.Context(), lang.ES, "devices", nil)).(Devices)
	if !ok {
		t.Fatal("the query devices answers something else")
	}
	out := map[string]Device{}
	for _, d := range answer.Devices {
		out[d.Name] = d
	}
	return out
}

// Each device says once a day, before it exchanges, how it stands. Who coordinates sees who fell silent and who carries work
// that is nowhere else.
func TestDevicesSayHowTheyStand(t *testing.T) {
	h, url := turning(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), relayed(t)
	_, ana := timed(t, h)
	_, bea := member(t, ana, url, "Bea", Options{Wall: h.wall, Version: "7.1"}, roles("registrar"))
	must(t, do(t, bea, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	stand := must2(bea.Status())
	sum := must2(bea.Exchange(t.Context(), url, nil))
	if sum.Sent != uint64(stand.Commits)+1 {
		t.Errorf("sent %d, want the %d that were here and one that says so", sum.Sent, stand.Commits)
	}
	if sum = must2(bea.Exchange(t.Context(), url, nil)); sum.Sent != 0 {
		t.Errorf("at once again: %d sent", sum.Sent)
	}
	letIn(t, ana, forestRegistry(t), "Clara", Options{Wall: h.wall}, roles("registrar")) // and is never heard of
	inStep(t, url, ana)
	got := devicesOf(t, ana)
	d := got["Bea"]
	if d.Unsent != stand.Commits || !d.Oldest.Equal(stand.Oldest.Truncate(time.Second)) || d.Version != "7.1" || !d.Said.Equal(h.wall()) || d.Silent || d.Last.IsZero() || !d.Exchanged.Equal(stand.Exchanged.Truncate(time.Second)) {
		t.Errorf("Bea’s device: %+v; it stood so: %+v", d, stand)
	}
	if c := got["Clara"]; !c.Silent || !c.Last.IsZero() || !c.Said.IsZero() {
		t.Errorf("a device that nobody ever heard of: %+v", c)
	}
	if a := got["Ana"]; !a.Here || a.Silent || a.Unsent != must2(ana.Status()).Commits {
		t.Errorf("this very device: %+v", a)
	}
	if _, err := bea.Query(t.Context(), lang.ES, "devices", nil); err == nil {
		t.Error("who registers was told of everybody’s device")
	}

	before := h.wall()
	h.turn(21 * time.Hour)
	inStep(t, url, bea, ana)
	if d = devicesOf(t, ana)["Bea"]; !d.Said.Equal(h.wall()) || !d.Exchanged.Equal(before) || d.Unsent != 0 || !d.Oldest.IsZero() {
		t.Errorf("the next day: %+v", d)
	}
	h.turn(SilentAfter)
	answer, _ := must2(ana.Query(t.Context(), lang.ES, "devices", nil)).(Devices)
	if len(answer.Devices) != 3 || answer.Devices[0].Name != "Clara" || answer.Devices[1].Name != "Bea" || !answer.Devices[1].Silent || answer.Silent != 2 {
		t.Errorf("nobody exchanged for days: %+v", answer)
	}
}

// While nobody can be reached a device says once how it stands, and does not fill itself with saying so; once somebody was, it
// says how it stood until then.
func TestADeviceOutOfReachSaysItOnce(t *testing.T) {
	h, url := turning(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), relayed(t)
	_, ana := timed(t, h)
	_, bea := member(t, ana, url, "Bea", Options{Wall: h.wall}, roles("registrar"))
	inStep(t, url, bea)
	h.turn(24 * time.Hour)
	must(t, do(t, bea, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	first := h.wall()
	if err := bea.node.SetRelay("http://127.0.0.1:9"); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if _, err := bea.exchange(t.Context(), "", nil, func(o *exchange.Options) { o.Attempts = 1 }); err == nil {
			t.Fatal("something answers where nothing is")
		}
		h.turn(24 * time.Hour)
	}
	if err := bea.node.SetRelay(url); err != nil {
		t.Fatal(err)
	}
	if p := must2(bea.Status()); p.Commits != 2 {
		t.Errorf("%d commits are only here, want the tree and one word of how the device stands", p.Commits)
	}
	inStep(t, url, bea, ana)
	if d := devicesOf(t, ana)["Bea"]; !d.Said.Equal(h.wall()) || d.Unsent != 2 || !d.Oldest.Equal(first) {
		t.Errorf("what she is told of it afterwards: %+v", d)
	}
	if p := must2(bea.Status()); p.Commits != 0 {
		t.Errorf("%d commits are only here after all", p.Commits)
	}
}

// A clock that was far ahead when a device spoke does not silence it for good.
func TestAClockThatWasWrongDoesNotSilence(t *testing.T) {
	h, url := turning(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), relayed(t)
	_, ana := timed(t, h)
	h.turn(90 * 24 * time.Hour)
	inStep(t, url, ana)
	h.turn(-89 * 24 * time.Hour)
	inStep(t, url, ana)
	if err := ana.mending(t.Context(), func() error {
		said, err := contacts(t.Context(), ana.views)
		if d := said[ana.member.ID]; err == nil && !d.Said.Equal(h.wall()) {
			t.Errorf("said %s, and the clock shows %s", d.Said, h.wall())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// Of a colleague's device nobody else says anything that counts.
func TestADeviceSpeaksForItself(t *testing.T) {
	h, url := turning(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), relayed(t)
	_, ana := timed(t, h)
	_, rita := member(t, ana, url, "Rita", Options{Wall: h.wall}, roles("registrar"))
	_, clara := member(t, ana, url, "Clara", Options{Wall: h.wall}, roles("registrar"))
	must(t, do(t, clara, "tree.plant", "t1", map[string]any{"name": "ceiba"}))
	inStep(t, url, clara, rita)
	h.turn(time.Hour)
	says(t, rita, nil, puts(deviceKind, record.Fields{"member": record.ID(clara.member.ID), "unsent": 0, "since": nil, "said": h.wall()}))
	inStep(t, url, rita, ana)
	if d := devicesOf(t, ana)["Clara"]; d.Unsent == 0 || d.Said.Equal(h.wall()) {
		t.Errorf("Rita made Clara’s device look well: %+v", d)
	}
}
