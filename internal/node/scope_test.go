package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/lang"
	"amparo/internal/record"
)

func doAt(t testing.TB, s *Session, site record.ID, action string, data any) record.ID {
	t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	r := must(t, s.Apply(t.Context(), lang.ES, record.Request{Action: action, Site: site.String(), Data: raw}))
	made, _ := r.Result.(map[string]record.ID)
	return made["id"]
}

// A device that follows its own site finds everybody, holds the whole record of who was met there, and fetches one other in one
// round trip; a week later it lets go of it.
func TestADeviceFollowsItsOwnSite(t *testing.T) {
	url := relayed(t)
	now := turning(time.Now())
	admin, ana := founded(t, t.TempDir())
	north := record.ID{1}
	south := record.ID{2}
	var elsewhere []record.ID
	for i := range 30 {
		id := doAt(t, ana, north, "tree.plant", map[string]any{"name": fmt.Sprintf("abeto %02d", i)})
		doAt(t, ana, north, "storm.note", map[string]any{"tree": id.String(), "note": fmt.Sprintf("rayo %02d", i)})
		elsewhere = append(elsewhere, id)
	}
	inStep(t, url, ana)
	beto, s := member(t, ana, url, "Beto", Options{Wall: now.wall}, Invite{Roles: []string{"clinician"}})
	if err := beto.SetSite(south); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, s)
	if got := storms(t, s); len(got) != 30 {
		t.Fatalf("everything came at first: %q", got)
	}
	if err := ana.SetNarrow(t.Context(), true); err == nil || admin.Narrow() {
		t.Errorf("who administers follows few: %v", err)
	}
	if err := s.SetNarrow(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if got := storms(t, s); len(got) != 0 {
		t.Errorf("of others is still here: %q", got)
	}
	if got := trees(t, s); len(got) != 30 {
		t.Errorf("%d persons can be found", len(got))
	}

	// Who is written about there stays, and what others write of them elsewhere comes.
	own := doAt(t, s, south, "tree.plant", map[string]any{"name": "ceiba"})
	doAt(t, s, south, "storm.note", map[string]any{"tree": own.String(), "note": "aquí"})
	inStep(t, url, s, ana)
	doAt(t, ana, north, "storm.note", map[string]any{"tree": own.String(), "note": "allá"})
	doAt(t, ana, north, "storm.note", map[string]any{"tree": elsewhere[3].String(), "note": "de otro"})
	inStep(t, url, ana, s)
	if got := storms(t, s); !slices.Equal(got, []string{"allá", "aquí"}) {
		t.Errorf("of its own: %q", got)
	}

	// One other person, in one round trip.
	sum, err := s.Fetch(t.Context(), elsewhere[7], url, nil)
	if err != nil || sum.RoundTrips != 1 || sum.Parts == 0 {
		t.Fatalf("%v, %+v", err, sum)
	}
	if got := storms(t, s); !slices.Contains(got, "rayo 07") || len(got) > 6 {
		t.Errorf("fetched: %q", got)
	}
	if n, err := s.Missing(elsewhere[7]); err != nil || n != 0 {
		t.Errorf("%d parts of who was fetched are missing: %v", n, err)
	}
	inStep(t, url, s)
	if got := storms(t, s); !slices.Contains(got, "rayo 07") {
		t.Errorf("let go of too early: %q", got)
	}
	now.turn((followedDays + 1) * 24 * time.Hour)
	if _, err := s.Exchange(t.Context(), url, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := storms(t, s); !slices.Equal(got, []string{"allá", "aquí"}) {
		t.Errorf("a week later: %q", got)
	}

	// Wide again, everything comes back.
	if err := s.SetNarrow(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, s)
	if got := storms(t, s); len(got) != 33 {
		t.Errorf("%d notes came back", len(got))
	}
	if digestsOf(t, s) == "" {
		t.Error("no digests")
	}
	if h, err := beto.Check(t.Context(), s, nil); err != nil || slices.ContainsFunc(h.Problems, func(a Ailment) bool { return !strings.HasPrefix(a.Code, "clock") }) {
		t.Errorf("check: %+v, %v", h, err)
	}
}

// The relay lost everything. A device that follows few brings the commits, a device that holds all brings the rest.
func TestANarrowDeviceFillsARelay(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	north := record.ID{1}
	for i := range 20 {
		id := doAt(t, ana, north, "tree.plant", map[string]any{"name": fmt.Sprintf("abeto %02d", i)})
		doAt(t, ana, north, "storm.note", map[string]any{"tree": id.String(), "note": fmt.Sprintf("rayo %02d", i)})
	}
	inStep(t, url, ana)
	_, s := member(t, ana, url, "Beto", Options{}, Invite{Roles: []string{"clinician"}})
	inStep(t, url, s, ana)
	if err := s.SetNarrow(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if got := storms(t, s); len(got) != 0 {
		t.Fatalf("%q", got)
	}
	other := relayed(t)
	inStep(t, other, s)
	var sum exchange.Summary
	var err error
	if sum, err = ana.Exchange(t.Context(), other, nil); err != nil || !sum.Complete {
		t.Fatalf("%v, %+v", err, sum)
	}
	_, fresh := member(t, ana, other, "Caro", Options{}, Invite{Roles: []string{"clinician"}})
	inStep(t, other, fresh)
	if got := storms(t, fresh); len(got) != 20 {
		t.Errorf("%d notes came from the relay that was filled again", len(got))
	}
	if err := errors.Join(err, s.SetNarrow(t.Context(), false)); err != nil {
		t.Fatal(err)
	}
}

// What comes into view again is asked for at once, also where other parts were asked for in vain a moment ago.
func TestWhatComesIntoViewIsAskedForAtOnce(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	id := doAt(t, ana, record.ID{1}, "tree.plant", map[string]any{"name": "abeto"})
	doAt(t, ana, record.ID{1}, "storm.note", map[string]any{"tree": id.String(), "note": "rayo"})
	inStep(t, url, ana)
	n, s := member(t, ana, url, "Beto", Options{}, Invite{Roles: []string{"clinician"}})
	inStep(t, url, s)
	if err := s.SetNarrow(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	before, err := n.journal.MissingOn(s.member.Ring.Secret.Shelf(id[:]), 10)
	if err != nil || len(before) != 1 {
		t.Fatalf("%+v, %v", before, err)
	}
	p := n.relayPlace()
	memory, at, err := n.remembered(p)
	if err != nil {
		t.Fatal(err)
	}
	memory.Vain, memory.VainAt = before[0].N, n.options.Wall()
	if err := n.remember(p, memory, at); err != nil {
		t.Fatal(err)
	}
	if err := s.SetNarrow(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, s)
	if got := storms(t, s); !slices.Equal(got, []string{"rayo"}) {
		t.Errorf("%q", got)
	}
}

// Two who work at different sites share a device. It follows the people of both, whoever of them exchanges.
func TestADeviceFollowsTheSitesOfAllWhoWorkOnIt(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	south, west := record.ID{2}, record.ID{3}
	for name, site := range map[string]record.ID{"ceiba": south, "mangle": west, "abeto": {1}} {
		id := doAt(t, ana, site, "tree.plant", map[string]any{"name": name})
		doAt(t, ana, site, "storm.note", map[string]any{"tree": id.String(), "note": "de " + name})
	}
	n, beto := member(t, ana, url, "Beto", Options{}, Invite{Roles: []string{"clinician"}, Sites: []record.ID{south}})
	letInHere(t, ana, n, "Caro", pass, Invite{Roles: []string{"clinician"}, Sites: []record.ID{west}})
	inStep(t, url, ana)
	must2(n.ExchangeAs(t.Context(), "Caro", []byte(pass), url, nil))
	caro := must2(n.Unlock(t.Context(), "Caro", []byte(pass)))
	inStep(t, url, beto, caro)
	if err := beto.SetNarrow(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, caro, beto)
	both := []string{"de ceiba", "de mangle"}
	for round := range 2 {
		for _, s := range []*Session{beto, caro} {
			sum := must2(s.Exchange(t.Context(), url, nil))
			if err := s.refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := storms(t, s); round > 0 && (!slices.Equal(got, both) || sum.Parts > 0) {
				t.Errorf("%s: %q, %d parts came again", s.member.Label, got, sum.Parts)
			}
		}
	}
}

// A device that is never online again lets go of who was fetched when the week is over, at the next unlocking.
func TestWhoWasFetchedGoesAlsoWithoutARelay(t *testing.T) {
	url := relayed(t)
	now := turning(time.Now())
	_, ana := founded(t, t.TempDir())
	id := doAt(t, ana, record.ID{1}, "tree.plant", map[string]any{"name": "abeto"})
	doAt(t, ana, record.ID{1}, "storm.note", map[string]any{"tree": id.String(), "note": "rayo"})
	inStep(t, url, ana)
	n, s := member(t, ana, url, "Beto", Options{Wall: now.wall}, Invite{Roles: []string{"clinician"}, Lease: -1})
	inStep(t, url, s)
	if err := s.SetNarrow(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Fetch(t.Context(), id, url, nil); err != nil {
		t.Fatal(err)
	}
	for _, days := range []int{followedDays - 1, 2} {
		s.Lock()
		now.turn(time.Duration(days) * 24 * time.Hour)
		s = must2(n.Unlock(t.Context(), "", []byte(pass)))
		if err := s.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := storms(t, s); (len(got) == 1) != (days > 2) {
			t.Errorf("after %d more days: %q", days, got)
		}
	}
}

// What was held back of somebody and follows later, carried, is no more wanted by a device that follows few than what came at once:
// it is not taken and let go of at every exchange. Who asks for the person has it.
func TestWhatIsCarriedIsWantedNoMore(t *testing.T) {
	url := relayed(t)
	n, err := Found(t.TempDir(), quiet(t), Founding{Workspace: "Bosque", Member: "Ana", Passphrase: pass, Lang: "es"}, Options{Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana := must2(n.Unlock(t.Context(), "", []byte(pass)))
	north := record.ID{1}
	id := doAt(t, ana, north, "tree.plant", map[string]any{"name": "abeto", "birds": []string{"owl"}})
	doAt(t, ana, north, "nest.note", map[string]any{"tree": id.String(), "note": "nido"})
	inStep(t, url, ana)
	other := letIn(t, ana, quiet(t), "Beto", Options{}, roles("clinician"))
	inStep(t, url, ana)
	s := firstContact(t, url, other)
	if err := other.SetSite(record.ID{2}); err != nil {
		t.Fatal(err)
	}
	inStep(t, url, s)
	if err := s.SetNarrow(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	doAt(t, ana, north, "tree.owl", map[string]any{"tree": id.String(), "birds": []string{}})
	inStep(t, url, ana, s, ana, s)
	if err := s.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := trees(t, s); len(got) != 1 {
		t.Fatalf("who agreed can be found: %q", got)
	}
	nests := func() (notes []string) {
		t.Helper()
		end := must2(s.use())
		defer end()
		if err := s.views.Select(t.Context(), "SELECT note FROM identity.nest", nil, func(r record.Row) error {
			notes = append(notes, r.Text(0))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return notes
	}
	for range 2 {
		inStep(t, url, s)
		if s.due.Load() != 0 {
			t.Error("the views are made anew although nothing came")
		}
		if err := s.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := nests(); len(got) != 0 {
			t.Errorf("%q", got)
		}
	}
	if _, err := s.Fetch(t.Context(), id, url, nil); err != nil {
		t.Fatal(err)
	}
	if got := nests(); !slices.Equal(got, []string{"nido"}) {
		t.Errorf("fetched: %q", got)
	}
}
