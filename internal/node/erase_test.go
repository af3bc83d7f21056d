package node_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amparo/internal/care"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

func relock(b *worktest.Bed, s *node.Session, name string) *node.Session {
	b.Helper()
	s.Lock()
	return unlock(b, name)
}

func taken(b *worktest.Bed, r record.Result) record.Result {
	b.Helper()
	if !r.OK {
		b.Fatalf("%s refused: %+v", r.Action, r.Error)
	}
	return r
}

func eraseAsked(b *worktest.Bed, s *node.Session, person string, in ...string) node.Erasing {
	b.Helper()
	return taken(b, run(b, s, "person.erase", "", map[string]any{"person": person, "compartments": in, "reason": "asked_by_person", "authority": "acta 7"})).Result.(node.Erasing)
}

// sound fails unless everything verifies and a view rebuilt from the journal says what the live one does.
func sound(b *worktest.Bed, s *node.Session) {
	b.Helper()
	h, err := s.Node().Check(b.Context(), s, nil)
	if err != nil || !h.OK {
		b.Errorf("check: %+v, %v", h.Problems, err)
	}
}

func finds(b *worktest.Bed, s *node.Session, q string) int {
	b.Helper()
	return len(ask[people.Found](b, s, "person.find", "q", q).Hits)
}

// Who works with a record asks, holders list, who administers confirms; each sees only what is theirs to see, and at the end
// nothing is left of one person and everything of the other.
func TestErasingAPerson(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa, clara, otto := colleague(b, "Rosa", "registrar"), colleague(b, "Clara", "clinician"), colleague(b, "Otto", "administrator")
	maria, jose := registered(b, "María"), registered(b, "José")
	for _, person := range []string{maria, jose} {
		for _, note := range []string{"tos", "fiebre"} {
			worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, map[string]any{"person": person, "service": "medical", "note": note})
		}
	}
	if finds(b, rosa, "maria") != 1 || finds(b, clara, "maria") != 1 {
		t.Fatal("she is not found before: nothing is tried")
	}
	registeredCount := b.Sum("field.registration", "1")

	// Asked by who may: not by who reads nobody, not for another compartment's people, not twice.
	for what, r := range map[string]record.Result{
		"an administrator asks":     run(b, otto, "person.erase", "", map[string]any{"person": maria, "reason": "court", "authority": "x"}),
		"a registrar asks for care": run(b, rosa, "person.erase", "", map[string]any{"person": maria, "compartments": []string{"care"}, "reason": "court", "authority": "x"}),
	} {
		if code(r) != "not_allowed" {
			t.Errorf("%s: %+v", what, r)
		}
	}
	for field, data := range map[string]map[string]any{
		"reason":       {"person": maria, "reason": "because", "authority": "x"},
		"authority":    {"person": maria, "reason": "court", "authority": " "},
		"compartments": {"person": maria, "reason": "court", "authority": "x", "compartments": []string{"field"}},
		"person":       {"person": record.ID{1, 2}.String(), "reason": "court", "authority": "x"},
	} {
		if r := run(b, rosa, "person.erase", "", data); r.OK || r.Error.Field != field {
			t.Errorf("%s: %+v", field, r)
		}
	}
	e := eraseAsked(b, rosa, maria)
	if e.Confirmed || e.Parts == 0 {
		t.Errorf("asked: %+v", e)
	}
	if code(run(b, rosa, "person.erase", "", map[string]any{"person": maria, "compartments": []string{"identity"}, "reason": "court", "authority": "x"})) != "erasure_asked" {
		t.Error("asked twice")
	}
	for name, s := range map[string]*node.Session{"Rosa": rosa, "Clara": clara, "Ana": b.Session} {
		if finds(b, s, "maria") != 0 || finds(b, s, "jose") != 1 {
			t.Errorf("%s: hidden at once is not hidden, or too much is", name)
		}
	}

	// Who administers sees what to decide, and nobody's name.
	seen := func() node.ErasureState {
		t.Helper()
		all := ask[node.Erasures](b, otto, "erasures")
		raw, err := json.Marshal(all)
		if err != nil || strings.Contains(string(raw), "María") || strings.Contains(string(raw), maria) {
			t.Errorf("who administers reads %s, %v", raw, err)
		}
		if len(all.Erasures) == 0 {
			t.Fatal("nothing to decide")
		}
		return all.Erasures[0]
	}
	if got := seen(); got.State != node.ErasureAsked || got.Parts != e.Parts || got.Dropped != 0 || got.ByName != "Rosa" || got.Authority != "acta 7" || len(got.Compartments) != 5 {
		t.Errorf("to decide: %+v", got)
	}
	for name, s := range map[string]*node.Session{"Rosa": rosa, "Clara": clara} {
		if code(run(b, s, "erasure.confirm", "", map[string]any{"erasure": e.ID})) != "not_allowed" {
			t.Errorf("%s confirms", name)
		}
	}
	taken(b, run(b, otto, "erasure.confirm", "", map[string]any{"erasure": e.ID}))
	if got := seen(); got.State != node.ErasureConfirmed || got.Dropped != e.Parts || got.DecidedBy != "Otto" {
		t.Errorf("confirmed: %+v", got)
	}
	if code(run(b, otto, "erasure.refuse", "", map[string]any{"erasure": e.ID, "reason": "x"})) != "erasure_decided" {
		t.Error("what was confirmed is taken back")
	}
	sound(b, b.Session)
	sound(b, rosa)

	// Care is listed by who holds it, when they unlock, and then named by who administers.
	clara = relock(b, clara, "Clara")
	otto = relock(b, otto, "Otto")
	if got := seen(); got.Dropped != got.Parts || got.Dropped <= e.Parts {
		t.Errorf("with care: %+v", got)
	}
	for name, s := range map[string]*node.Session{"Rosa": rosa, "Clara": clara, "Ana": b.Session} {
		if finds(b, s, "maria") != 0 || finds(b, s, "jose") != 1 {
			t.Errorf("%s: after erasing", name)
		}
		if _, err := tryAsk(b, s, "person.timeline", "person", maria); err == nil {
			t.Errorf("%s reads a timeline of nobody", name)
		}
		sound(b, s)
	}
	if got := ask[people.Timeline](b, clara, "person.timeline", "person", jose); len(got.Entries) < 3 {
		t.Errorf("the other person's record lost something: %+v", got.Entries)
	}
	if got := b.Sum("field.registration", "1"); got != registeredCount {
		t.Errorf("what was counted without a name changed: %d, was %d", got, registeredCount)
	}

	// What is said of her later is hidden, listed and erased as it comes, with nobody deciding again.
	sound(b, b.Session)
	r := b.Session.Apply(b.Context(), lang.ES, record.Request{Action: "consultation.record", At: b.Now, Site: site, Data: json.RawMessage(`{"person":"` + maria + `","service":"medical","note":"tarde"}`)})
	if r.OK {
		t.Error("a consultation of somebody who is not known")
	}
}

// Refused, the record is shown again to everybody, and can be asked for again.
func TestErasingIsRefused(t *testing.T) {
	b := worktest.New(t)
	rosa, clara, otto := colleague(b, "Rosa", "registrar"), colleague(b, "Clara", "clinician"), colleague(b, "Otto", "administrator")
	maria := registered(b, "María")
	clara = relock(b, clara, "Clara")
	e := eraseAsked(b, rosa, maria, "identity")
	if finds(b, clara, "maria") != 0 {
		t.Error("not hidden")
	}
	if code(run(b, otto, "erasure.refuse", "", map[string]any{"erasure": e.ID})) != "required" {
		t.Error("refused without saying why")
	}
	taken(b, run(b, otto, "erasure.refuse", "", map[string]any{"erasure": e.ID, "reason": "la ley pide guardarla"}))
	rosa = relock(b, rosa, "Rosa")
	if finds(b, rosa, "maria") != 1 || finds(b, clara, "maria") != 1 {
		t.Error("she is still hidden")
	}
	got := ask[node.Erasures](b, otto, "erasures")
	if got.Pending != 0 || got.Erasures[0].State != node.ErasureRefused || got.Erasures[0].Why == "" {
		t.Errorf("%+v", got)
	}
	again := eraseAsked(b, clara, maria, "identity")
	if again.ID == e.ID || finds(b, rosa, "maria") != 0 {
		t.Error("asked again")
	}
	// What somebody says who does not administer decides nothing.
	taken(b, run(b, otto, "erasure.confirm", "", map[string]any{"erasure": again.ID}))
	if finds(b, b.Session, "maria") != 0 {
		t.Error("erased, and found")
	}
	sound(b, b.Session)
}

// Who administers and works with the record does all in one step; what was erased stays so after everything is opened anew.
func TestErasingInOneStep(t *testing.T) {
	b := worktest.New(t)
	rosa := colleague(b, "Rosa", "registrar")
	maria := registered(b, "María")
	registered(b, "José")
	rosa.Lock() // her views are on the disk, with María in them
	e := eraseAsked(b, b.Session, maria)
	if !e.Confirmed {
		t.Errorf("%+v", e)
	}
	got := ask[node.Erasures](b, b.Session, "erasures")
	if len(got.Erasures) != 1 || got.Erasures[0].State != node.ErasureDone || got.Erasures[0].Dropped == 0 || got.Pending != 0 {
		t.Errorf("%+v", got)
	}
	if finds(b, b.Session, "maria") != 0 || finds(b, b.Session, "jose") != 1 {
		t.Error("after erasing")
	}
	sound(b, b.Session)
	rosa = unlock(b, "Rosa")
	if finds(b, rosa, "maria") != 0 || finds(b, rosa, "jose") != 1 {
		t.Error("who was locked meanwhile")
	}
	sound(b, rosa)
	// A second time there is nothing to erase and nobody to find.
	b.Refused("person.erase", "", map[string]any{"person": maria, "reason": "court", "authority": "x"}, "person", "unknown_id")
	if !slices.ContainsFunc(got.Erasures[0].Compartments, func(c node.ErasureCompartment) bool {
		return c.Compartment == record.Identity && c.Looked && c.Parts > 0
	}) {
		t.Errorf("%+v", got.Erasures[0].Compartments)
	}
}

// Views that were made before an erasing, and are put back beside a journal that knows of it, are not believed: nor are those
// of a device that was cut off between the one and the other.
func TestViewsOfBeforeAnErasing(t *testing.T) {
	b := worktest.New(t)
	maria := registered(b, "María")
	registered(b, "José")
	n, folder := b.Session.Node(), t.TempDir()
	b.Session.Lock()
	for _, part := range []string{"views", "vault"} {
		if err := os.CopyFS(filepath.Join(folder, part), os.DirFS(filepath.Join(n.Dir(), part))); err != nil {
			t.Fatal(err)
		}
	}
	again := func() {
		t.Helper()
		var err error
		if b.Session, err = n.Unlock(t.Context(), "", []byte("una frase larga")); err != nil {
			t.Fatal(err)
		}
	}
	again()
	eraseAsked(b, b.Session, maria)
	b.Session.Lock()
	for _, part := range []string{"views", "vault"} {
		if err := os.RemoveAll(filepath.Join(n.Dir(), part)); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(n.Dir(), part), os.DirFS(filepath.Join(folder, part))); err != nil {
			t.Fatal(err)
		}
	}
	again()
	if finds(b, b.Session, "maria") != 0 || finds(b, b.Session, "jose") != 1 {
		t.Error("the views of before are believed")
	}
	sound(b, b.Session)
	for _, part := range []string{"views", "vault"} { // of the old views nothing is left, and no key that opens them
		old, err := filepath.Glob(filepath.Join(folder, part, "*", "identity.view"))
		if err != nil || part == "views" && len(old) != 1 {
			t.Fatal(old, err)
		}
		for _, path := range old {
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			now, err := os.ReadFile(filepath.Join(n.Dir(), part, filepath.Base(filepath.Dir(path)), "identity.view"))
			if err != nil || len(before) < 8192 || bytes.Contains(now, before[4096:4160]) {
				t.Errorf("pages of the old view are still there, %v", err)
			}
		}
	}
}

// What somebody typed when they limited the use of a record goes with the person; that the person is hidden stays.
func TestErasingTakesTheReasonsOfLimits(t *testing.T) {
	b := worktest.New(t)
	rosa := colleague(b, "Rosa", "registrar")
	maria, jose := registered(b, "María"), registered(b, "José")
	for _, person := range []string{maria, jose} {
		taken(b, run(b, b.Session, "person.restrict", "", map[string]any{"person": person, "compartments": []string{"identity", "care"}, "reason": "su exmarido la busca", "authority": "ella"}))
	}
	texts := func(person string) (out int) {
		t.Helper()
		for _, l := range ask[people.Restrictions](b, b.Session, "person.restrictions", "person", person).Limits {
			if l.Reason != "" || l.Authority != "" {
				out++
			}
		}
		return out
	}
	if texts(maria) != 2 || texts(jose) != 2 {
		t.Fatalf("%d and %d reasons are there before: nothing is tried", texts(maria), texts(jose))
	}
	eraseAsked(b, rosa, maria, "identity")
	eraseAsked(b, b.Session, maria)
	if texts(maria) != 0 || texts(jose) != 2 {
		t.Errorf("after erasing there are %d and %d reasons", texts(maria), texts(jose))
	}
	if got := ask[people.Restrictions](b, b.Session, "person.restrictions", "person", maria); got.Shown || len(got.Limits) == 0 || !slices.Equal(got.Limits[0].Why, []string{"erasure"}) {
		t.Errorf("she is no longer hidden: %+v", got)
	}
	if finds(b, b.Session, "jose") != 0 {
		t.Error("the other one is no longer restricted")
	}
	sound(b, b.Session)
}
