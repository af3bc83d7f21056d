package node_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/care"
	"amparo/internal/journal"
	"amparo/internal/node"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// A restricted record is nowhere. In need it opens for four hours, to who gives a reason; those who work with the person see
// who, when and why until somebody else has looked at it.
func TestBreakingTheGlass(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Casa", "07089")
	rosa, clara, auditor := colleague(b, "Rosa", "registrar"), colleague(b, "Clara", "clinician"), colleague(b, "Alma", "auditor")
	coordinator := colleague(b, "Carmen", "coordinator")
	maria := registered(b, "María")
	worktest.Do[care.ConsultationRecorded](b, "consultation.record", site, map[string]any{"person": maria, "service": "medical", "note": "tos"})
	if r := run(b, rosa, "person.glass", "", map[string]any{"person": maria, "reason": "x"}); code(r) != "not_hidden" {
		t.Errorf("a record that is open: %+v", r)
	}
	worktest.Do[people.RestrictedNow](b, "person.restrict", "", map[string]any{"person": maria, "reason": "lo pidió", "authority": "ella"})
	shown := func(s *node.Session) bool {
		t.Helper()
		_, err := tryAsk(b, s, "person.show", "person", maria)
		if err != nil && node.AsRefusal(err).Code != "unknown_id" {
			t.Fatal(err)
		}
		return err == nil
	}
	if shown(rosa) || shown(clara) || shown(b.Session) {
		t.Fatal("restricted and shown")
	}

	for reason, want := range map[string]string{"": "required", "  ": "required", strings.Repeat("á", 501): "too_long", "a\x00b": "bad_character"} {
		if r := run(b, rosa, "person.glass", "", map[string]any{"person": maria, "reason": reason}); code(r) != want {
			t.Errorf("reason %.10q: %s, want %s", reason, code(r), want)
		}
	}
	if r := run(b, rosa, "person.glass", "", map[string]any{"person": record.ID{3}.String(), "reason": "x"}); code(r) != "not_hidden" {
		t.Errorf("nobody: %+v", r)
	}
	if r := run(b, coordinator, "person.glass", "", map[string]any{"person": maria, "reason": "x"}); code(r) != "not_allowed" {
		t.Errorf("a coordinator: %+v", r)
	}
	if shown(rosa) {
		t.Fatal("refused and opened")
	}

	r := run(b, rosa, "person.glass", site, map[string]any{"person": maria, "reason": "Está inconsciente y nadie sabe su alergia"})
	glass, ok := r.Result.(node.Glass)
	if !ok || !slices.Equal(glass.Compartments, []record.Compartment{record.Identity}) || !glass.Until.Equal(b.Now.Add(4*time.Hour)) {
		t.Fatalf("the glass: %+v", r)
	}
	if !shown(rosa) || shown(clara) || shown(b.Session) {
		t.Errorf("it opens for who broke it and for nobody else: %v %v %v", shown(rosa), shown(clara), shown(b.Session))
	}
	if got := ask[people.Timeline](b, rosa, "person.timeline", "person", maria); slices.ContainsFunc(got.Entries, func(e people.Entry) bool { return e.Compartment == record.Care }) {
		t.Error("a broken glass opens what the registrar holds no key of")
	}
	rosa.Lock()
	rosa = unlock(b, "Rosa")
	if !shown(rosa) {
		t.Error("locking and unlocking mends it: work under way would stop")
	}

	due := func(s *node.Session) []node.GlassDue {
		t.Helper()
		return ask[node.Readers](b, s, "person.readers", "person", maria).Glass
	}
	for name, s := range map[string]*node.Session{"a clinician": clara, "the auditor": auditor, "Ana": b.Session} {
		got := due(s)
		if len(got) != 1 || got[0].ByName != "Rosa" || got[0].Reason != "Está inconsciente y nadie sabe su alergia" || got[0].Own || got[0].Overdue || got[0].Due.Sub(got[0].At) != 24*time.Hour {
			t.Errorf("%s sees %+v", name, got)
		}
	}
	if got := ask[node.Audit](b, coordinator, "audit"); len(got.Glass) != 0 || !slices.ContainsFunc(got.Events, func(e node.AuditEvent) bool { return e.What == "glass" && e.ByName == "Rosa" }) {
		t.Errorf("a coordinator sees that a glass was broken and not whose: %+v", got)
	}
	if got := ask[node.Accesses](b, clara, "access").Glass; len(got) != 1 || got[0].ID != glass.ID {
		t.Errorf("who asks about nobody in particular is told what to look at: %+v", got)
	}
	if raw := fieldWords(t, b, coordinator); strings.Contains(raw, "inconsciente") || strings.Contains(raw, hex.EncodeToString(glass.Person[:])) {
		t.Error("the reason or the person stands in field, which everybody holds")
	}

	review := func(s *node.Session, finding string) string {
		return code(run(b, s, "glass.review", "", map[string]any{"glass": glass.ID, "finding": finding, "note": "se habló"}))
	}
	if got := review(rosa, "justified"); got != "own_glass" {
		t.Errorf("reviewing one's own: %q", got)
	}
	if got := review(clara, "perfect"); got != "not_in_list" {
		t.Errorf("another finding: %q", got)
	}
	b.Now = b.Now.Add(4*time.Hour + time.Minute)
	if shown(rosa) {
		t.Error("after four hours it is open still")
	}
	b.Now = b.Now.Add(20 * time.Hour)
	if got := due(clara); len(got) != 1 || !got[0].Overdue {
		t.Errorf("a day later: %+v", got)
	}
	if got := review(auditor, "unjustified"); got != "" { // who may write nothing says what they found
		t.Errorf("the auditor's review: %q", got)
	}
	if got := review(clara, "justified"); got != "glass_reviewed" {
		t.Errorf("a second review: %q", got)
	}
	if got := due(clara); len(got) != 0 {
		t.Errorf("reviewed and still due: %+v", got)
	}
	entries := ask[node.Accesses](b, clara, "access", "person", maria).Entries
	if got, want := said(entries), "Alma [identity] reviewed 1; Rosa [identity] glass 1; Rosa [identity] opened"; !strings.HasPrefix(got, want) {
		t.Errorf("what stays known: %q, want %q…", got, want)
	}
	if r := run(b, clara, "glass.review", "", map[string]any{"glass": record.ID{9}.String(), "finding": "justified"}); code(r) != "unknown_id" {
		t.Errorf("no such glass: %+v", r)
	}
	reasons := func() (out []string) {
		for _, e := range ask[node.Accesses](b, b.Session, "access", "person", maria).Entries {
			if e.Reason != "" {
				out = append(out, e.Reason)
			}
		}
		return out
	}
	if got := reasons(); !slices.Equal(got, []string{"se habló", "Está inconsciente y nadie sabe su alergia"}) { // she is still restricted
		t.Errorf("the reasons: %q", got)
	}
	if r := run(b, b.Session, "person.erase", "", map[string]any{"person": maria, "reason": "asked_by_person", "authority": "ella"}); !r.OK {
		t.Fatalf("erasing: %+v", r.Error)
	}
	if got := reasons(); len(got) != 0 {
		t.Errorf("after erasing the record the reasons, which may name the person, are still there: %q", got)
	}
	if got := said(ask[node.Accesses](b, clara, "access", "person", maria).Entries); !strings.HasPrefix(got, "Alma [identity] reviewed 1; Rosa [identity] glass 1") {
		t.Errorf("that it was opened is forgotten with it: %q", got)
	}
}

// The digits of the card are enough: who is restricted is found by nobody.
func TestBreakingTheGlassByCard(t *testing.T) {
	b := worktest.New(t)
	maria := worktest.Do[people.Registered](b, "person.register", "", map[string]any{"given": "María"})
	worktest.Do[people.RestrictedNow](b, "person.restrict", "", map[string]any{"person": maria.Person.String(), "reason": "lo pidió", "authority": "ella"})
	for _, wrong := range []string{"", "0000000000", maria.Card + "1", maria.Card[1:], maria.Card + "' OR 1=1"} {
		if r := run(b, b.Session, "person.glass", "", map[string]any{"person": wrong, "reason": "urgente"}); r.OK {
			t.Errorf("card %q opens something", wrong)
		}
	}
	card := maria.Card[:4] + " " + maria.Card[4:]
	r := run(b, b.Session, "person.glass", "", map[string]any{"person": "#" + card, "reason": "urgente"})
	if glass, ok := r.Result.(node.Glass); !ok || glass.Person != maria.Person || len(glass.Compartments) != 5 {
		t.Errorf("by card: %+v", r)
	}
	if got := ask[people.Shown](b, b.Session, "person.show", "person", maria.Person.String()); got.Given != "María" {
		t.Errorf("%+v", got)
	}
}

// Who can read a record now, in the compartments of who asks: people, not devices, and nobody who was revoked.
func TestWhoCanReadNow(t *testing.T) {
	b := worktest.New(t)
	rosa, clara, pablo := colleague(b, "Rosa", "registrar"), colleague(b, "Clara", "clinician"), colleague(b, "Pablo", "psychologist", "social_worker")
	colleague(b, "Carmen", "coordinator")
	colleague(b, "Adela", "administrator")
	eva := colleague(b, "Eva", "clinician")
	gone, _ := eva.Member()
	maria := registered(b, "María")
	readers := func(s *node.Session) string {
		t.Helper()
		var out []string
		for _, c := range ask[node.Readers](b, s, "person.readers", "person", maria).Compartments {
			var names []string
			for _, m := range c.Members {
				names = append(names, m.Name+" ("+strings.Join(m.Roles, " ")+")")
				if m.Waits {
					t.Errorf("%s waits for keys that are here", m.Name)
				}
			}
			out = append(out, c.Compartment.String()+": "+strings.Join(names, ", "))
		}
		return strings.Join(out, "; ")
	}
	if got := readers(rosa); !strings.Contains(got, "Eva (clinician)") {
		t.Errorf("before she leaves: %s", got)
	}
	if err := b.Session.Revoke(b.Context(), []journal.MemberID{journal.MemberID(gone)}, "se fue"); err != nil {
		t.Fatal(err)
	}
	const ana = "Ana (auditor clinician monitor psychologist registrar social_worker)"
	if got, want := readers(rosa), "identity: "+ana+", Clara (clinician), Pablo (psychologist social_worker), Rosa (registrar)"; got != want {
		t.Errorf("a registrar is told %s\nwant %s", got, want)
	}
	if got, want := readers(clara), "identity: "+ana+", Clara (clinician), Pablo (psychologist social_worker), Rosa (registrar); care: Ana (clinician), Clara (clinician); survivor: Ana (clinician psychologist), Clara (clinician), Pablo (psychologist)"; got != want {
		t.Errorf("a clinician is told %s\nwant %s", got, want)
	}
	if got := readers(pablo); strings.Contains(got, "care:") || !strings.Contains(got, "mind: Ana (psychologist), Pablo (psychologist)") || !strings.Contains(got, "law: ") {
		t.Errorf("who has two roles is told %s", got)
	}
	if got := ask[node.Readers](b, rosa, "person.readers", "person", maria); got.Revoked != 1 {
		t.Errorf("%d revoked, want 1", got.Revoked)
	}
	if got := ask[node.Audit](b, b.Session, "audit"); true {
		count := map[string]int{}
		for _, e := range got.Events {
			count[e.What]++
			if e.At.IsZero() || e.ByName == "" {
				t.Errorf("an event without when or who: %+v", e)
			}
		}
		if count["admitted"] != 6 || count["revoked"] != 1 || count["rotated"] < 1 || count["founded"] != 1 || count["granted"] < 6 || count["empowered"] != 1 {
			t.Errorf("the events: %v", count)
		}
	}
	late := ask[node.Audit](b, b.Session, "audit", "from", b.Now.AddDate(0, 0, 2).Format(time.DateOnly))
	if len(late.Events)+len(late.Volume) != 0 {
		t.Errorf("from the day after tomorrow: %+v", late)
	}
}

// Who may work at one site writes nothing at another.
func TestAMembersSites(t *testing.T) {
	b := worktest.New(t)
	here, there := b.Site("Casa", "07089"), b.Site("Puente", "07089")
	id, err := record.ParseID(here)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := b.Session.Invite(b.Context(), node.Invite{Roles: []string{"registrar"}, Sites: []record.ID{id}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := b.Session.Node().JoinHere(inv, "Rosa", phrase)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Session.Accept(b.Context(), req); err != nil {
		t.Fatal(err)
	}
	rosa := unlock(b, "Rosa")
	for site, want := range map[string]string{here: "", there: "not_your_site", "nowhere": "unknown_id", record.ID{5}.String(): "not_your_site"} {
		r := run(b, rosa, "person.register", site, map[string]any{"given": "Uno"})
		if code(r) != want {
			t.Errorf("at %s: %q, want %q", site, code(r), want)
		}
	}
	if r := run(b, b.Session, "person.register", there, map[string]any{"given": "Dos"}); !r.OK {
		t.Errorf("who is not limited: %+v", r.Error)
	}
}

// fieldWords is all that stands in field, as one text.
func fieldWords(t *testing.T, b *worktest.Bed, s *node.Session) string {
	t.Helper()
	var all strings.Builder
	for _, k := range s.Node().Registry().Kinds() {
		if k.In != record.FieldWork {
			continue
		}
		for _, f := range k.Fields {
			word, err := s.Word(b.Context(), "SELECT group_concat(CASE typeof("+f.Name+") WHEN 'blob' THEN lower(hex("+f.Name+")) ELSE "+f.Name+" END, ' ') FROM "+k.Table())
			if err != nil {
				t.Fatal(err)
			}
			all.WriteString(word + "\n")
		}
	}
	return all.String()
}

// Lifting a restriction, reading and restricting again would be a way round the glass: it takes a reason, which those who work
// with the person and the auditor read, and it stands in the audit without a word of whom.
func TestLiftingARestrictionLeavesATrace(t *testing.T) {
	b := worktest.New(t)
	b.Site("Casa", "07089")
	rosa, clara, coordinator := colleague(b, "Rosa", "registrar"), colleague(b, "Clara", "clinician"), colleague(b, "Carmen", "coordinator")
	maria := registered(b, "María")
	worktest.Do[people.RestrictedNow](b, "person.restrict", "", map[string]any{"person": maria, "reason": "lo pidió", "authority": "ella"})
	if r := run(b, rosa, "person.restrict", "", map[string]any{"person": maria, "lift": true}); code(r) != "required" {
		t.Fatalf("lifted without a reason: %+v", r)
	}
	if r := run(b, rosa, "person.restrict", "", map[string]any{"person": maria, "lift": true, "reason": "Quiero ver"}); !r.OK {
		t.Fatalf("lifting: %+v", r)
	}
	if r := run(b, rosa, "person.restrict", "", map[string]any{"person": maria, "reason": "lo pidió", "authority": "ella"}); !r.OK {
		t.Fatalf("restricting again: %+v", r)
	}
	traced := func(e node.Access) bool { return e.Why == "lifted" && e.ByName == "Rosa" && e.Reason == "Quiero ver" }
	if got := ask[node.Accesses](b, clara, "access", "person", maria); !slices.ContainsFunc(got.Entries, traced) {
		t.Errorf("a clinician does not see who lifted it: %+v", got.Entries)
	}
	if got := ask[node.Audit](b, coordinator, "audit"); len(got.Glass) != 0 ||
		!slices.ContainsFunc(got.Events, func(e node.AuditEvent) bool { return e.What == "lifted" && e.ByName == "Rosa" }) {
		t.Errorf("the audit does not say that one was lifted: %+v", got.Events)
	}
	if got := ask[node.Readers](b, clara, "person.readers", "person", maria); len(got.Glass) != 0 || got.Recently != 0 {
		t.Errorf("a lifting counts as an opening: %+v", got)
	}
}

// What a colleague finds unjustified is shut at once, for who is unlocked and for who comes back; what was justified stays open.
func TestAnUnjustifiedOpeningIsShut(t *testing.T) {
	b := worktest.New(t)
	rosa, clara := colleague(b, "Rosa", "registrar"), colleague(b, "Clara", "clinician")
	for finding, stays := range map[string]bool{"justified": true, "unjustified": false} {
		maria := registered(b, "María")
		worktest.Do[people.RestrictedNow](b, "person.restrict", "", map[string]any{"person": maria, "reason": "lo pidió", "authority": "ella"})
		shown := func() bool {
			_, err := tryAsk(b, rosa, "person.show", "person", maria)
			return err == nil
		}
		r := run(b, rosa, "person.glass", "", map[string]any{"person": maria, "reason": "curiosidad"})
		glass, ok := r.Result.(node.Glass)
		if !ok || !shown() {
			t.Fatalf("the glass: %+v", r)
		}
		if r := run(b, clara, "glass.review", "", map[string]any{"glass": glass.ID, "finding": finding}); !r.OK {
			t.Fatalf("the review: %+v", r)
		}
		if shown() != stays {
			t.Errorf("found %s: open %v", finding, !stays)
		}
		rosa.Lock()
		rosa = unlock(b, "Rosa")
		if shown() != stays {
			t.Errorf("found %s and unlocked again: open %v", finding, !stays)
		}
	}
}
