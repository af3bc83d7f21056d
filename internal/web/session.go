package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"amparo/internal/record"
)

// session is one unlocked desk. It lives in this process's memory and nowhere else: a restart locks everything.
type session struct {
	desk   Desk
	member record.ID

	mu       sync.Mutex
	timer    *time.Timer // locks the desk when nobody has touched it
	site     record.ID   // where the member says they are working
	places   map[record.ID]string
	drafts   map[string]url.Values // by address: what was typed and not yet saved
	notice   *notice
	back     *notice  // whose step can still be taken back
	recovery []string // shown once after the first run
}

// notice is what the next page says first.
type notice struct {
	Text  string
	Link  string // where the offered correction leads
	Label string
	Undo  *record.Request // what takes the last step back; nil: nothing does
	To    string          // where the reader goes after taking it back
}

// sessions holds the open ones by the digest of their token: a memory dump gives no usable cookie.
type sessions struct {
	idle time.Duration

	mu     sync.Mutex
	open   map[[32]byte]*session
	parked map[record.ID]parked   // by member: what was typed when the desk locked by itself
	ended  map[[32]byte]record.ID // whose sessions locked by themselves, so that a form sent a moment later can wait for them
}

// parked is what a member had typed when their desk locked by itself. Only the same member gets it back.
type parked struct {
	drafts map[string]url.Values
	until  time.Time
}

// parkedFor is how long a locked member's drafts are kept.
const parkedFor = 30 * time.Minute

func newSessions(idle time.Duration) *sessions {
	return &sessions{idle: idle, open: map[[32]byte]*session{}, parked: map[record.ID]parked{}, ended: map[[32]byte]record.ID{}}
}

// begin opens a session and gives its token: 256 random bits, known only to the caller.
func (s *sessions) begin(d Desk) (string, *session) {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // crypto/rand does not fail: it ends the program instead
	token := base64.RawURLEncoding.EncodeToString(raw[:])
	key := sha256.Sum256([]byte(token))
	one := &session{desk: d, member: d.Member().ID, drafts: map[string]url.Values{}, places: map[record.ID]string{}, site: d.Status().Site}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.parked[one.member]; ok {
		delete(s.parked, one.member)
		if time.Now().Before(p.until) {
			one.drafts = p.drafts
		}
	}
	s.open[key] = one
	one.timer = time.AfterFunc(s.idle, func() { s.end(key, true) })
	return token, one
}

// find gives the session of a token; nil when there is none. touch keeps it awake.
func (s *sessions) find(token string, touch bool) *session {
	if token == "" {
		return nil
	}
	key := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.open[key]
	if one != nil && touch {
		one.timer.Reset(s.idle)
	}
	return one
}

// end closes a session. park keeps what was typed for the same member; leaving on purpose keeps nothing. The desk is
// locked with the last session of its member: two windows of one member share the keys.
func (s *sessions) end(key [32]byte, park bool) {
	s.mu.Lock()
	one := s.open[key]
	delete(s.open, key)
	last := one != nil
	if one != nil {
		for _, other := range s.open {
			last = last && other.member != one.member
		}
		one.timer.Stop()
		if park {
			s.ended[key] = one.member
			time.AfterFunc(parkedFor, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.ended, key)
			})
		}
		if one.mu.Lock(); park {
			for address, typed := range one.drafts { // beside what another window of the member left
				s.park(one.member, address, typed)
			}
		}
		one.mu.Unlock()
	}
	s.mu.Unlock()
	if last {
		one.desk.Lock()
	}
}

// parkPost keeps a form that was sent after the desk had locked by itself. It reports false when it is not known whose it
// is.
func (s *sessions) parkPost(token, address string, typed url.Values) bool {
	key := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	member, known := s.ended[key]
	if !known {
		return false
	}
	if address == "/draft" { // what the page sends of itself while somebody types
		if address = typed.Get("_for"); !strings.HasPrefix(address, "/") {
			return false
		}
		typed.Del("_for")
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

// endMember closes all sessions of the member whose token this is, and so locks: the quick exit leaves nothing open.
func (s *sessions) endMember(token string) {
	one := s.find(token, false)
	s.mu.Lock()
	if one == nil { // locked by itself before: leaving still forgets what was typed
		if member, known := s.ended[sha256.Sum256([]byte(token))]; known {
			delete(s.parked, member)
		}
		s.mu.Unlock()
		return
	}
	member := one.member
	var keys [][32]byte
	for key, other := range s.open {
		if other.member == member {
			keys = append(keys, key)
		}
	}
	delete(s.parked, member)
	s.mu.Unlock()
	for _, key := range keys {
		s.end(key, false)
	}
}

func (s *sessions) endToken(token string, park bool) {
	if token != "" {
		s.end(sha256.Sum256([]byte(token)), park)
	}
}

// close locks everything.
func (s *sessions) close() {
	s.mu.Lock()
	var keys [][32]byte
	for key := range s.open {
		keys = append(keys, key)
	}
	s.parked = map[record.ID]parked{}
	s.mu.Unlock()
	for _, key := range keys {
		s.end(key, false)
	}
}

// mostDrafts bounds what one session keeps.
const mostDrafts = 20

func (s *session) keepDraft(address string, typed url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.drafts[address]; !there && len(s.drafts) >= mostDrafts {
		return
	}
	s.drafts[address] = typed
}

func (s *session) draft(address string) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drafts[address]
}

func (s *session) dropDraft(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.drafts, address)
}

// say leaves a notice for the next page.
func (s *session) say(n notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notice, s.back = &n, nil
	if n.Undo != nil {
		s.back = &n
	}
}

// said takes the notice: it is shown once. Taking the step back stays possible until something else is done.
func (s *session) said() *notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.notice
	s.notice = nil
	return n
}

// tell shows a notice without anything having been done.
func (s *session) tell(n notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notice = &n
}

// stepBack takes the notice whose step can be taken back; nil when it is not that one: a button left over in another
// window must not undo what was done since.
func (s *session) stepBack(step string) *notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.back
	if n == nil || n.Undo.ID != step {
		return nil
	}
	s.back = nil
	return n
}

// Cookies carry the port in their name, because browsers share cookies between the ports of one machine and the
// demonstration runs several nodes beside each other.
func cookieName(kind string, r *http.Request) string {
	_, port, found := strings.Cut(r.Host, ":")
	if i := strings.LastIndexByte(r.Host, ':'); found && i > 0 {
		port = r.Host[i+1:]
	}
	clean := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, port)
	return kind + clean
}

func setCookie(w http.ResponseWriter, r *http.Request, kind, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(kind, r), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
}

func cookie(r *http.Request, kind string) string {
	c, err := r.Cookie(cookieName(kind, r))
	if err != nil {
		return ""
	}
	return c.Value
}
