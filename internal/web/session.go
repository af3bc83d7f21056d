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

	"amparo/internal/people/intake"
	"amparo/internal/record"
)

// session is one unlocked desk. It lives in this process's memory and nowhere else: a restart locks everything.
type session struct {
	desk   Desk
	member record.ID
	key    [32]byte // of its token. Guarded by sessions.mu, as are covered and touched
	free   bool     // a program's: it shows no pages, so nothing is covered

	covered bool // nobody has touched it for a while: it answers nobody until the member has shown who they are
	touched time.Time

	mu       sync.Mutex
	site     record.ID
	places   map[record.ID]string
	before   companion             // registered last: whoever comes next may be with them
	drafts   map[string]url.Values // by address: what was typed and not yet saved
	notice   *notice
	back     *notice      // whose step can still be taken back
	recovery []string     // shown once after the first run
	asked    challenge    // of the authenticator; empty: nothing is
	list     *intake.List // of people, read and not yet taken
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
	idle time.Duration // after which pages are covered
	shut time.Duration // after which the desk locks

	mu     sync.Mutex
	open   map[[32]byte]*session
	parked map[record.ID]parked   // by member: what was typed when the desk locked by itself
	ended  map[[32]byte]record.ID // whose sessions locked by themselves, so that a form sent a moment later can wait for them
	watch  *time.Timer            // looks whose time is over; nil while nothing is open
}

// watchEvery is how often it is looked whose time is over. One watch for all, by the clock on the wall as well: timers stand
// still while a laptop sleeps, and it must not wake up open.
const watchEvery = 5 * time.Second

func newSessions(idle, shut time.Duration) *sessions {
	return &sessions{idle: idle, shut: shut, open: map[[32]byte]*session{}, parked: map[record.ID]parked{}, ended: map[[32]byte]record.ID{}}
}

func keyOf(token string) [32]byte { return sha256.Sum256([]byte(token)) }

// newToken draws the token of a session: 256 random bits, known only to who gets it.
func newToken() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // crypto/rand does not fail: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// begin opens a session and gives its token.
func (s *sessions) begin(d Desk) (string, *session) {
	return s.beginAs(d, false)
}

// beginAs opens a session; free for a program, whose session is never covered.
func (s *sessions) beginAs(d Desk, free bool) (string, *session) {
	token := newToken()
	one := &session{desk: d, member: d.Member().ID, key: keyOf(token), free: free, touched: time.Now(),
		drafts: map[string]url.Values{}, places: map[record.ID]string{}, site: d.Status().Site}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.parked[one.member]; ok {
		delete(s.parked, one.member)
		if time.Now().Before(p.until) {
			one.drafts = p.drafts
		}
	}
	s.open[one.key] = one
	if s.watch == nil {
		s.watch = time.AfterFunc(s.pause(), s.lookOver)
	}
	return token, one
}

func (s *sessions) pause() time.Duration { return min(watchEvery, s.idle/2) }

// lookOver covers and closes what nobody has touched in time.
func (s *sessions) lookOver() {
	s.mu.Lock()
	var over []*session
	for _, one := range s.open {
		away := untouched(one.touched)
		one.covered = one.covered || !one.free && away >= s.idle
		if away >= s.shut {
			over = append(over, one)
		}
	}
	s.mu.Unlock()
	for _, one := range over {
		s.endSession(one, true)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watch = nil; len(s.open) > 0 {
		s.watch = time.AfterFunc(s.pause(), s.lookOver)
	}
}

// untouched is the longer of what the two clocks say: the one on the wall goes on while the machine sleeps, the other does
// not go back when somebody sets the time.
func untouched(since time.Time) time.Duration {
	now := time.Now()
	return max(now.Sub(since), now.Round(0).Sub(since.Round(0)))
}

// find gives the session of a token; nil when there is none or it is covered. touch keeps it awake, and with it the other
// windows of the same session.
func (s *sessions) find(token string, touch bool) *session {
	one, covered := s.look(token)
	if one == nil || covered {
		return nil
	}
	if touch {
		s.mu.Lock()
		defer s.mu.Unlock()
		one.touched = time.Now()
	}
	return one
}

// look gives the session of a token also when it is covered, and does not keep it awake.
func (s *sessions) look(token string) (one *session, covered bool) {
	if token == "" {
		return nil, false
	}
	s.mu.Lock()
	one = s.open[keyOf(token)]
	if one == nil {
		s.mu.Unlock()
		return nil, false
	}
	away := untouched(one.touched)
	one.covered = one.covered || !one.free && away >= s.idle
	covered = one.covered
	s.mu.Unlock()
	if away >= s.shut { // the machine has slept, and nobody has looked over it yet
		s.endSession(one, true)
		return nil, false
	}
	return one, covered
}

// uncover shows the pages of a session again, under a new token, with what was typed and noticed as it was. False: it has
// ended meanwhile.
func (s *sessions) uncover(one *session) (token string, ok bool) {
	token = newToken()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[one.key] != one {
		return "", false
	}
	delete(s.open, one.key)
	one.key, one.covered, one.touched = keyOf(token), false, time.Now()
	s.open[one.key] = one
	return token, true
}

// left says how long a session stays uncovered when nobody touches it.
func (s *sessions) left(one *session) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idle - untouched(one.touched)
}

// carry hands what was typed, and where the member stands, on to the session that takes the place of this one.
func (s *session) carry(to *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for address, typed := range s.drafts {
		to.keepDraft(address, typed)
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.site, to.notice, to.back = s.site, s.notice, s.back
}

// end closes the session of a key; see endSession.
func (s *sessions) end(key [32]byte, park bool) {
	s.mu.Lock()
	one := s.open[key]
	s.mu.Unlock()
	if one != nil {
		s.endSession(one, park)
	}
}

// endSession closes a session. park keeps what was typed for the same member; leaving on purpose keeps nothing. The desk is
// locked with the last session of its member: two windows of one member share the keys.
func (s *sessions) endSession(one *session, park bool) {
	s.mu.Lock()
	if s.open[one.key] != one {
		s.mu.Unlock()
		return
	}
	delete(s.open, one.key)
	last := true
	for _, other := range s.open {
		last = last && other.member != one.member
	}
	if len(s.open) == 0 && s.watch != nil {
		s.watch.Stop()
		s.watch = nil
	}
	if park {
		key := one.key
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
	one.drafts, one.notice, one.back, one.recovery = map[string]url.Values{}, nil, nil, nil
	one.list, one.before = nil, companion{}
	one.mu.Unlock()
	s.mu.Unlock()
	if last {
		one.desk.Lock()
	}
}

// endMember closes all sessions of the member whose token this is, and so locks: the quick exit leaves nothing open.
func (s *sessions) endMember(token string) {
	one, _ := s.look(token)
	s.mu.Lock()
	if one == nil { // locked by itself before: leaving still forgets what was typed
		if member, known := s.ended[keyOf(token)]; known {
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
		s.end(keyOf(token), park)
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
