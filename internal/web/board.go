package web

import (
	"net/http"
	"strconv"
	"time"

	"amparo/internal/care"
	"amparo/internal/lang"
	"amparo/internal/place"
	"amparo/internal/record"
)

// BoardPage is the page left open on the table. Whoever walks past may read it: no full name, ever.
type BoardPage struct {
	Shell
	Heading       string
	Day           string
	Before, After string // the day before and the day after, for looking back
	Today         bool
	Writes        bool   // may count
	People        bool   // may see people
	Registers     bool   // may register them
	Groups        bool   // may register many at once
	Watch         string // that records were opened in an unusual way of late, to who watches over it; empty: they were not
	Queue, Done   []QueueLine
	Waits         int // more in the queue than the page shows
	Seen          int
	Said          string
	Services      []ServiceLine
	Heads, Totals []string
	Mix           string
	Headcount     *HeadcountLine
	Flows         []Fact
	Rivals        int
	Todos         []Todo
	Pending       string
}

// QueueLine is one visit of the day.
type QueueLine struct {
	Number                     string
	Person                     record.ID
	Alias, Card, Service, Icon string
	First                      bool
	Type, Since, State         string
	Turn, Attend               string // Attend is where the consultation is written; empty: not by this member
	Urgent                     bool
}

// ServiceLine sums one service.
type ServiceLine struct {
	Name, Icon                   string
	Waiting, Seen, First, Follow int
}

// HeadcountLine is the latest count of who stays here.
type HeadcountLine struct {
	Total  int
	Range  string
	Parts  []Fact
	When   string
	Method string
	Said   string
}

// mostQueue bounds what the page shows of the waiting and of those seen.
const mostQueue = 40

func boardPage(c *call) error {
	if ok, err := c.sited(); !ok {
		return err
	}
	zone := c.zone()
	today := c.now().In(zone).Format(time.DateOnly)
	day := c.r.URL.Query().Get("day")
	if _, err := time.Parse(time.DateOnly, day); err != nil || day == "" {
		day = today
	}
	b, err := ask[care.Board](c, "site.board", "site", c.siteID().String(), "day", day)
	if err != nil {
		return err
	}
	p := BoardPage{Shell: c.shell("nav.board"), Day: lang.PartialDate(c.lang, b.Day), Today: day == today,
		Writes: c.may("/headcount") && c.may("/flow"), People: c.may("/people/{id}"), Registers: c.may("/register"), Groups: c.may("/group"),
		Said: c.T("board.waiting", "n", b.Waiting), Heading: c.T("board.title", "site", b.Site.Name), Before: shift(day, -1), After: shift(day, 1), Pending: c.kept(c.desk.Status()).Long}
	for _, q := range b.Queue {
		line := QueueLine{Number: strconv.Itoa(q.Number), Person: q.Person, Alias: q.Alias, Card: cardEnd(q.Card), Service: c.coded("service", q.Service), Icon: q.Service,
			First: q.Type == "first", Type: c.coded("visit_type", q.Type), Since: c.T("board.since", "clock", lang.Clock(c.lang, q.At.In(zone))), Turn: c.T("board.turn", "number", strconv.Itoa(q.Number)), Attend: c.attend(q), State: c.coded("visit_state", q.State), Urgent: q.Urgent}
		switch waits := q.State == "waiting"; {
		case waits && len(p.Queue) < mostQueue:
			p.Queue = append(p.Queue, line)
		case waits:
			p.Waits++
		case len(p.Done) < mostQueue:
			p.Done = append(p.Done, line)
		}
	}
	for _, s := range b.Services {
		p.Services = append(p.Services, ServiceLine{c.coded("service", s.Service), s.Service, s.Waiting, s.Seen, s.First, s.FollowUp})
	}
	p.Headcount = c.headcountLine(b.Headcount, zone)
	for _, one := range []struct {
		code string
		n    int
	}{{"north", b.Flows.North}, {"south", b.Flows.South}, {"staying", b.Flows.Staying}, {"unknown", b.Flows.Unknown}} {
		if one.n > 0 {
			p.Flows = append(p.Flows, Fact{c.coded("direction", one.code), lang.Number(c.lang, int64(one.n))})
		}
	}
	if c.may("/conflicts") {
		p.Rivals = c.desk.Status().Rivals
	}
	if p.Todos, err = c.todos(); err != nil {
		return err
	}
	if p.Watch, err = c.watch(); err != nil {
		return err
	}
	p.Heads = []string{c.coded("visit_state", "waiting"), c.coded("visit_state", "seen")}
	p.Totals = []string{lang.Number(c.lang, int64(b.Waiting)), lang.Number(c.lang, int64(b.Seen))}
	p.Seen = b.Seen
	first, follow := 0, 0
	for _, s := range b.Services {
		first, follow = first+s.First, follow+s.FollowUp
	}
	p.Mix = c.T("board.first", "n", first) + " · " + c.T("board.follow_up", "n", follow) + " · " + c.T("board.registered", "n", b.Registered)
	return c.show(http.StatusOK, "board.html", p)
}

func (c *call) headcountLine(h *place.Counted, zone *time.Location) *HeadcountLine {
	if h == nil {
		return nil
	}
	line := &HeadcountLine{Total: h.Total, When: c.T("board.headcount_when", "ago", lang.Ago(c.lang, h.At.In(zone), c.now())), Said: c.T("board.headcount", "n", h.Total), Method: c.coded("count_method", h.Method)}
	if h.Low != nil && h.High != nil {
		line.Range = c.T("headcount.between", "low", *h.Low, "high", *h.High)
	}
	for _, part := range []struct {
		field string
		n     *int
	}{{"women", h.Women}, {"men", h.Men}, {"girls", h.Girls}, {"boys", h.Boys}} {
		if part.n != nil {
			line.Parts = append(line.Parts, Fact{c.fieldLabel(part.field), lang.Number(c.lang, int64(*part.n))})
		}
	}
	return line
}

// attend is where the consultation of a visit is written, when this member may.
func (c *call) attend(q care.Queued) string {
	for _, w := range written {
		if w.service == q.Service && c.attends(w.in) && q.State == "waiting" {
			return "/people/" + q.Person.String() + "/consultation/" + q.Service
		}
	}
	return ""
}

// shift is a day some days off.
func shift(day string, days int) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return at.AddDate(0, 0, days).Format(time.DateOnly)
}

// sited sends the member to choose a site when it is not known where they work. It reports whether the page can go on.
func (c *call) sited() (bool, error) {
	if !c.siteID().IsZero() {
		return true, nil
	}
	if _, err := c.sites(); err != nil {
		return false, err
	}
	if !c.siteID().IsZero() {
		return true, nil
	}
	return false, c.to("/sites")
}
