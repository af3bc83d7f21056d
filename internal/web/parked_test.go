package web

import (
	"net/url"
	"testing"
	"time"

	"amparo/internal/people/intake"
	"amparo/internal/record"
)

// rosa is a desk of which only the member and the lock matter here.
type rosa struct{ Desk }

func (rosa) Member() Member { return Member{ID: record.ID{7}, Name: "Rosa"} }
func (rosa) Status() Status { return Status{} }
func (rosa) Lock()          {}

// What is typed after the desk locked by itself comes back to the same member under the form's own address; leaving on
// purpose forgets it, also when the desk had locked before.
func TestWhatWasTypedWaitsOrIsForgotten(t *testing.T) {
	const form = "/people/x/consultation/medical"
	s := newSessions(time.Hour, time.Hour)
	defer s.close()
	locked := func() string {
		token, _ := s.begin(rosa{})
		s.endToken(token, true)
		if !s.parkPost(token, "/draft", url.Values{"_for": {form}, "note": {"typed late"}}) {
			t.Fatal("what was typed was refused")
		}
		return token
	}
	locked()
	token, again := s.begin(rosa{})
	if got := again.draft(form); got.Get("note") != "typed late" || got.Has("_for") {
		t.Errorf("came back: %v", got)
	}
	s.endToken(token, false)

	s.endMember(locked())
	if _, after := s.begin(rosa{}); after.draft(form) != nil {
		t.Error("a quick exit left what was typed")
	}
	if s.parkPost(locked(), "/draft", url.Values{"_for": {"https://elsewhere"}}) {
		t.Error("a draft for an address that is not ours")
	}
}

// A list of people that was read and not taken goes with the session, however it ends.
func TestAListDoesNotOutlastTheSession(t *testing.T) {
	s := newSessions(time.Hour, time.Hour)
	defer s.close()
	for _, park := range []bool{true, false} {
		token, one := s.begin(rosa{})
		one.keepList(&intake.List{})
		one.registered(companion{record.ID{3}, "Ana", time.Now()})
		s.endToken(token, park)
		if one.keptList() != nil || !one.before.person.IsZero() {
			t.Errorf("parked %v: somebody is still in memory", park)
		}
	}
}

// A passphrase that is sent a moment after the desk locked or was covered is not kept: a locked desk must not know what opens it.
func TestAPassphraseIsNotParked(t *testing.T) {
	typed := func() url.Values {
		return url.Values{"before": {"secret"}, "passphrase": {"secret"}, "again": {"secret"}, "label": {"Llave azul"}}
	}
	s := newSessions(time.Hour, time.Hour)
	defer s.close()
	token, _ := s.begin(rosa{})
	s.endToken(token, true)
	s.parkPost(token, "/me", typed())
	token, one := s.begin(rosa{})
	locked := one.draft("/me")
	one.covered = true
	s.parkPost(token, "/me", typed())
	for where, got := range map[string]url.Values{"locked": locked, "covered": one.draft("/me")} {
		if got.Get("label") != "Llave azul" || len(got) != 1 {
			t.Errorf("%s: kept %v", where, got)
		}
	}
}

func TestNumbersAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]int{"125": 125, "1,250": 1250, "1.250": 1250, "1 250": 1250, "1\u202f250": 1250, "12.5": -1, "1,25": -1, "1.2.3": -1, "-3": -1, "doce": -1} {
		f := &form{call: &call{}, typed: url.Values{"total": {text}}}
		got := -1
		if n := f.number("total"); n != nil {
			got = *n
		}
		if got != want || (want < 0) != (len(f.Faults) > 0) {
			t.Errorf("%q reads as %d with %d faults, want %d", text, got, len(f.Faults), want)
		}
	}
}
