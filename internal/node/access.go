package node

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"amparo/internal/record"
)

const (
	accessWithin = 60 * time.Second // what was opened is written down within this time
	accessMost   = 50               // or when so much has gathered
	accessAgain  = 10 * time.Minute // the same record opened again by the same member within this time is one fact
	alarmWithin  = 10 * time.Minute // more than alarmMost different records opened within this time are unusual
	alarmMost    = 20
	glassLasts   = 4 * time.Hour // how long a broken glass stays broken
)

// opening is a person's record, opened by the member of the session.
type opening struct {
	person record.ID
	at     time.Time
	why    string
	in     []record.Compartment
	times  int
}

// accessLog gathers what the member reads until it is written down.
type accessLog struct {
	mu      sync.Mutex
	waiting []*opening
	alarm   *alarm
	recent  map[record.ID]*opening // of the last minutes; nil: not read yet
	alarmed time.Time
	timer   *time.Timer
	after   func(time.Duration, func()) *time.Timer // nil: time.AfterFunc
	shut    bool                                    // the session is locking: nothing starts a timer any more

	glassMu sync.Mutex // on its own: the views ask in the middle of a statement
	glass   map[record.ID]time.Time
}

type alarm struct {
	n     int
	since time.Time
}

// noteAccess notes that a query opened a person's record. The views are in use.
func (s *Session) noteAccess(ctx context.Context, q record.Query, person record.ID) error {
	in, err := s.readIn(ctx, q, person)
	if err != nil || len(in) == 0 {
		return err
	}
	log, now := &s.access, s.now()
	log.mu.Lock()
	defer log.mu.Unlock()
	if log.recent == nil {
		if err := s.recentAccess(ctx, now); err != nil {
			return err
		}
	}
	why := q.Why
	if why == "" {
		why = whyOpened
	}
	before := log.recent[person]
	again := before != nil && now.Sub(before.at) < accessAgain
	if again && why == whyOpened {
		before.times++ // shows when it is still waiting
		if in = without(in, before.in); len(in) == 0 {
			return nil
		}
	}
	log.waiting = append(log.waiting, &opening{person: person, at: now, why: why, in: in, times: 1})
	if again {
		before.in = append(before.in, in...)
		s.laterWrite()
		return nil
	}
	log.recent[person] = log.waiting[len(log.waiting)-1]
	s.watchVolume(now)
	s.laterWrite()
	return nil
}

// readIn lists the compartments of persons that a query opened of a person: those that the member holds and in which
// something is said of the person.
func (s *Session) readIn(ctx context.Context, q record.Query, person record.ID) ([]record.Compartment, error) {
	var out []record.Compartment
	for _, c := range q.In {
		if accessKinds[c] == nil || !s.views.Opens(c) {
			continue
		}
		read := c == record.Identity
		if !read {
			err := s.views.Select(ctx, "SELECT 1 FROM "+c.String()+"._timeline WHERE subject = ? LIMIT 1", []any{person}, func(record.Row) error {
				read = true
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("note what is read: %w", err)
			}
		}
		if read {
			out = append(out, c)
		}
	}
	return out, nil
}

func without(list, drop []record.Compartment) []record.Compartment {
	return slices.DeleteFunc(slices.Clone(list), func(c record.Compartment) bool { return slices.Contains(drop, c) })
}

// recentAccess reads what this member opened in the last minutes in earlier sessions: locking or many short commands hide
// nothing.
func (s *Session) recentAccess(ctx context.Context, now time.Time) error {
	log, me := &s.access, record.ID(s.member.ID)
	recent := map[record.ID]*opening{}
	from := now.Add(-accessAgain)
	for c, k := range accessKinds {
		if !s.views.Opens(c) {
			continue
		}
		err := s.views.Select(ctx, "SELECT person, opened FROM "+k.Table()+" WHERE opened > ? AND _by = ? AND why NOT IN (?, ?, ?)",
			[]any{from.Unix(), me, whyGlass, whyReviewed, whyLifted}, func(r record.Row) error {
				id, at := r.ID(0), time.Unix(r.Int(1), 0)
				if recent[id] == nil {
					recent[id] = &opening{person: id, at: at}
				}
				if at.Before(recent[id].at) {
					recent[id].at = at
				}
				recent[id].in = append(recent[id].in, c)
				return nil
			})
		if err != nil {
			return fmt.Errorf("read what was opened: %w", err)
		}
	}
	err := s.views.Select(ctx, "SELECT max(_at) FROM field.access_alarm WHERE member = ? AND _at > ?", []any{me, now.Add(-alarmWithin).Unix()}, func(r record.Row) error {
		if !r.Null(0) {
			log.alarmed = time.Unix(r.Int(0), 0)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what was opened: %w", err)
	}
	log.recent = recent
	return nil
}

// watchVolume forgets openings that are long past and notices when there are unusually many.
func (s *Session) watchVolume(now time.Time) {
	log := &s.access
	n, from := 0, now
	for id, o := range log.recent {
		if now.Sub(o.at) >= alarmWithin {
			delete(log.recent, id)
			continue
		}
		n++
		if o.at.Before(from) {
			from = o.at
		}
	}
	if n > alarmMost && now.Sub(log.alarmed) >= alarmWithin {
		log.alarm, log.alarmed = &alarm{n: n, since: from}, now
	}
}

// laterWrite makes sure that what waits is written in time, whether or not anything else is opened.
func (s *Session) laterWrite() {
	log := &s.access
	if log.timer == nil && !log.shut {
		after := log.after
		if after == nil {
			after = time.AfterFunc
		}
		log.timer = after(accessWithin, func() {
			_ = s.writeAccess(s.life) // what cannot be written now waits for the next time
		})
	}
}

// accessDue reports that what waits should be written now.
func (s *Session) accessDue() bool {
	log := &s.access
	log.mu.Lock()
	defer log.mu.Unlock()
	return log.alarm != nil || len(log.waiting) >= accessMost || len(log.waiting) > 0 && s.now().Sub(log.waiting[0].at) >= accessWithin
}

// writeAccess writes down what was opened, as one commit. What cannot be written waits for the next time.
func (s *Session) writeAccess(ctx context.Context) error {
	log := &s.access
	log.mu.Lock()
	waiting, alarm := log.waiting, log.alarm
	log.waiting, log.alarm = nil, nil
	if log.timer != nil {
		log.timer.Stop()
		log.timer = nil
	}
	log.mu.Unlock()
	if len(waiting) == 0 && alarm == nil {
		return nil
	}
	err := s.mending(ctx, func() error {
		return s.writing(ctx, func() error { return s.sayAccess(ctx, waiting, alarm) })
	})
	if err != nil {
		log.mu.Lock()
		log.waiting = append(waiting, log.waiting...)
		if log.alarm == nil {
			log.alarm = alarm
		}
		log.mu.Unlock()
	}
	return err
}

func (s *Session) sayAccess(ctx context.Context, waiting []*opening, alarm *alarm) error {
	d := draft{time: s.node.clock.Now()}
	change, err := s.change(ctx, "", record.Request{}, &d)
	if err != nil {
		return err
	}
	me, days := record.ID(s.member.ID), map[string]int{}
	for _, o := range waiting {
		fields := record.Fields{"person": o.person, "why": o.why, "opened": o.at}
		if o.times > 1 {
			fields["n"] = o.times
		}
		for _, c := range o.in {
			if !s.views.Opens(c) {
				continue
			}
			if _, err := change.Happen(accessKinds[c], fields); err != nil {
				return err
			}
		}
		days[o.at.Format(time.DateOnly)]++
	}
	for day, n := range days {
		if err := change.Count(accessCount, record.Fields{"member": me, "day": day, "n": n}); err != nil {
			return err
		}
	}
	if alarm != nil {
		if _, err := change.Happen(alarmKind, record.Fields{"member": me, "n": alarm.n, "since": alarm.since}); err != nil {
			return err
		}
	}
	d.facts, d.site = change.Facts(), change.Site
	return s.commitControls(ctx, d)
}

// endAccess writes what waits before the keys are forgotten.
func (s *Session) endAccess() {
	log := &s.access
	log.mu.Lock()
	log.shut = true
	log.mu.Unlock()
	_ = s.writeAccess(context.WithoutCancel(s.life)) // the disk is full or the views are gone: locking must not wait for it
}

// about is the person whose record a query opened.
func (s *Session) about(ctx context.Context, q record.Query, params map[string][]string) (record.ID, error) {
	given := params[q.About]
	if q.About == "" || len(given) == 0 || given[len(given)-1] == "" {
		return record.ID{}, nil
	}
	text := given[len(given)-1]
	id, found, err := s.resolve(ctx, s.views, text)
	if err != nil || found {
		return id, err
	}
	if id, err = record.ParseID(text); err != nil {
		return record.ID{}, nil
	}
	return id, nil
}

// hides reports whether who reads here does not see a person who is hidden for these reasons: the views ask it.
func (s *Session) hides(person record.ID, why []string, home record.ID) bool {
	if s.brokeGlass(person) {
		return false
	}
	if len(why) == 1 && why[0] == "unshared" { // shown at its home only
		return !s.atHome(home)
	}
	return len(why) > 0
}

func (s *Session) brokeGlass(person record.ID) bool {
	s.access.glassMu.Lock()
	defer s.access.glassMu.Unlock()
	until, broken := s.access.glass[person]
	return broken && s.now().Before(until)
}

// openGlass is another number whenever a broken glass begins or ends to be open.
func (s *Session) openGlass() (which int64) {
	s.access.glassMu.Lock()
	defer s.access.glassMu.Unlock()
	now := s.now()
	for person, until := range s.access.glass {
		if now.Before(until) {
			which += int64(binary.BigEndian.Uint64(person[8:])) ^ until.Unix()
		}
	}
	return which
}

func (s *Session) someBroken() bool {
	s.access.glassMu.Lock()
	defer s.access.glassMu.Unlock()
	return len(s.access.glass) > 0
}

// setGlass remembers that the glass is broken for the member until then.
func (s *Session) setGlass(person record.ID, until time.Time) {
	s.access.glassMu.Lock()
	defer s.access.glassMu.Unlock()
	if s.access.glass == nil {
		s.access.glass = map[record.ID]time.Time{}
	}
	s.access.glass[person] = until
}

// brokenHere joins the breaking of a glass g with what field's companion a says of it: both stand in one commit, and so under one
// site and moment, by which every table has an index.
const brokenHere = "a._site IS g._site AND a._at = g._at AND a.glass = g.id AND a.why = 'glass' AND g.of IS NULL"

// learnGlass finds what the member broke in the last hours, and where they work.
func (s *Session) learnGlass(ctx context.Context) error {
	if err := s.learnBroken(ctx); err != nil {
		return err
	}
	return s.learnHomes(ctx)
}

// learnBroken finds what the member broke in the last hours: another session or command of theirs sees the same. What a colleague
// found unjustified is shut again.
func (s *Session) learnBroken(ctx context.Context) error {
	glass := map[record.ID]time.Time{}
	for c, k := range accessKinds {
		if !s.views.Opens(c) {
			continue
		}
		err := s.views.Select(ctx, "SELECT a.person, g.until FROM field.glass AS g JOIN "+k.Table()+" AS a ON "+brokenHere+
			" WHERE g.until > ? AND g.member = ? AND NOT EXISTS (SELECT 1 FROM field.glass AS r WHERE r.of = g.id AND r.member <> g.member AND r.finding = ?) ORDER BY g.until",
			[]any{s.now().Unix(), record.ID(s.member.ID), glassFindings[1]}, func(r record.Row) error {
				glass[r.ID(0)] = time.Unix(r.Int(1), 0)
				return nil
			})
		if err != nil {
			return fmt.Errorf("read broken glass: %w", err)
		}
	}
	s.access.glassMu.Lock()
	defer s.access.glassMu.Unlock()
	s.access.glass = glass
	return nil
}
