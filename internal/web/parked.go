package web

import (
	"net/url"
	"strings"
	"time"

	"amparo/internal/record"
)

// parked is what a member had typed when their desk locked by itself. Only the same member gets it back.
type parked struct {
	drafts map[string]url.Values
	until  time.Time
}

// parkedFor is how long a locked member's drafts are kept.
const parkedFor = 30 * time.Minute

// passphraseBoxes are the boxes into which passphrases are typed. What they hold waits for nobody: a locked desk would still know
// what opens it.
var passphraseBoxes = []string{"passphrase", "before", "again"}

// parkPost keeps a form that was sent after the desk had locked or was covered by itself. It reports false when it is not
// known whose it is.
func (s *sessions) parkPost(token, address string, typed url.Values) bool {
	key := keyOf(token)
	s.mu.Lock()
	defer s.mu.Unlock()
	member, known := s.ended[key]
	one := s.open[key]
	if one != nil && one.covered {
		member, known = one.member, true
	}
	if !known || !ofMember(typed, member) {
		return false
	}
	for _, secret := range passphraseBoxes {
		typed.Del(secret)
	}
	if address == "/draft" { // what the page sends of itself while somebody types
		if address = typed.Get("_for"); !strings.HasPrefix(address, "/") {
			return false
		}
		typed.Del("_for")
	}
	if one != nil { // covered: it comes back with the page
		one.keepDraft(address, typed)
		return true
	}
	s.park(member, address, typed)
	return true
}

// park keeps a draft for a member who is locked out, for half an hour and no longer. s.mu is held.
func (s *sessions) park(member record.ID, address string, typed url.Values) {
	p := s.parked[member]
	if p.drafts == nil {
		p.drafts = map[string]url.Values{}
	}
	if len(p.drafts) < mostDrafts {
		p.drafts[address] = typed
	}
	p.until = time.Now().Add(parkedFor)
	s.parked[member] = p
	time.AfterFunc(parkedFor, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if p, ok := s.parked[member]; ok && !time.Now().Before(p.until) {
			delete(s.parked, member)
		}
	})
}
