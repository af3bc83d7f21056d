package sample

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"amparo/internal/people"
)

// company is people who came to a site together.
type company struct {
	ws        []*who
	node, day int
}

// drawApart lets a part of the story draw from numbers of its own, so that a change there leaves the rest as it is.
func (t *teller) drawApart(what uint64, part func()) {
	was := t.r
	t.r = rand.New(rand.NewPCG(t.Seed, what))
	part()
	t.r = was
}

// dues are how many of something a story of that many people has: one in each so many, at least one, none in a story of less than few.
func dues(people, few, each int) int {
	if people < few {
		return 0
	}
	return max(1, people/each)
}

// threads tells what runs through a story beside visits: households, families that were parted, cards that were lost, the way that people
// have come.
func (t *teller) threads(people int) {
	t.drawApart(0x686f67617265, t.households)
	t.drawApart(0x6275736361, func() { t.searches(dues(people, 24, 100)) })
	t.drawApart(0x7461726a657461, func() { t.lostCards(dues(people, 6, 60)) })
	t.drawApart(0x63616d696e6f, t.ways)
}

// alone are adults who came by themselves, under a name, and whom nothing else in the story is told of: a thread may take them.
func (t *teller) alone(company company) (*who, bool) {
	w := company.ws[0]
	special := w.id == t.Marker || w.id == t.Walker
	return w, len(company.ws) == 1 && !special && !w.alias && w.years >= 18 && !t.threaded[w.id] && w.Consent != nil &&
		!slices.ContainsFunc(t.travelled, func(tr traveller) bool { return tr.id == w.id })
}

// firstAfter finds a moment of work at a node, in that part of the day, after another.
func (t *teller) firstAfter(node int, after time.Time, low, high float64) (time.Time, bool) {
	if after.IsZero() {
		return after, false
	}
	for day := range days {
		if !t.open(node, day) {
			continue
		}
		if at := t.at(node, day, low, high); at.After(after) && at.Before(t.End.Add(-5*time.Minute)) {
			return at, true
		}
	}
	return time.Time{}, false
}

type householdForming struct {
	Kind    string   `json:"kind"`
	People  int      `json:"people"`
	Members []member `json:"members"`
}

type member struct {
	Person string `json:"person"`
	Role   string `json:"role"`
}

// households writes down which families came together.
func (t *teller) households() {
	for _, c := range t.companies {
		if len(c.ws) < 2 || !slices.Contains(c.ws[0].Groups, "family_with_children") && !slices.Contains(c.ws[1].Groups, "family_with_children") {
			continue
		}
		forming := householdForming{Kind: "family", People: len(c.ws)}
		last := c.ws[len(c.ws)-1].first
		for i, w := range c.ws {
			role := "child"
			switch {
			case i == 0:
				role = "head"
			case w.years >= 18:
				role = "partner"
			}
			forming.Members = append(forming.Members, member{w.id, role})
		}
		at := last.Add(t.minutes(c.node, c.day, 1, 2))
		if at.After(t.End.Add(-4 * time.Minute)) {
			continue
		}
		t.tell(c.ws[0], c.node, at, "household.form", t.newID("g"), forming)
		t.Totals.Households++
	}
}

type seeking struct {
	Person      string   `json:"person"`
	Given       string   `json:"given"`
	Surname1    string   `json:"surname1"`
	Sex         string   `json:"sex,omitempty"`
	Age         *int     `json:"age,omitempty"`
	AgeAbout    bool     `json:"age_about,omitempty"`
	Nationality []string `json:"nationality,omitempty"`
	Relation    string   `json:"relation"`
	Where       string   `json:"where"`
	When        string   `json:"when"`
	How         []string `json:"how"`
	Consent     string   `json:"consent"`
	Language    string   `json:"language"`
	Medium      string   `json:"medium"`
	Understood  bool     `json:"understood"`
	Contact     string   `json:"contact"`
}

type answering struct {
	Seek      string `json:"seek"`
	Candidate string `json:"candidate"`
	Verdict   string `json:"verdict,omitempty"`
	Answer    string `json:"answer,omitempty"`
	Alone     bool   `json:"alone,omitempty"`
	Told      bool   `json:"told,omitempty"`
}

// searches lets people look for a partner or a cousin from whom they were parted and who came to another site. Of three the first ends
// well (the two are compared, the person found says yes when asked alone, the one who looks is told), the second waits for
// somebody to compare them, and the third looks for somebody who never came.
func (t *teller) searches(n int) {
	for i := range t.companies {
		if t.Totals.Searches >= n {
			return
		}
		if one, ok := t.alone(t.companies[i]); ok {
			for j := range t.companies {
				other, ok := t.alone(t.companies[j])
				if ok && t.companies[i].node != t.companies[j].node && other.Nationality[0] == one.Nationality[0] && other.Surname1 != one.Surname1 &&
					len(one.Languages) > 0 && t.search(t.companies[i], one, t.companies[j], other, t.Totals.Searches%3) {
					t.threaded[one.id], t.threaded[other.id] = true, true
					t.Totals.Searches++
					break
				}
			}
		}
	}
}

func (t *teller) search(from company, one *who, at company, other *who, how int) bool {
	asked := one.first.Add(t.minutes(from.node, from.day, 12, 40))
	if asked.After(t.End.Add(-5 * time.Minute)) {
		return false
	}
	given, _, _ := strings.Cut(other.Given, " ")
	parted := asked.AddDate(0, 0, -12-t.r.IntN(20))
	s := seeking{Person: one.id, Given: given, Surname1: other.Surname1, Sex: other.Sex, AgeAbout: true, Nationality: other.Nationality, Relation: "cousin",
		Where: t.Sites[from.node].Municipality[:2], When: parted.Format("2006-01"), How: []string{pick(t.r, "transport", "raid", "crowd", "sent_ahead")},
		Consent: "given", Language: one.Languages[0], Medium: "spoken", Understood: true, Contact: "name"}
	years := other.years + t.r.IntN(3) - 1
	s.Age = &years
	if other.Sex != one.Sex {
		s.Relation = "partner"
	}
	id := t.newID("b")
	if how == 2 {
		s.Surname1 = MissingName
		t.tell(one, from.node, asked, "family.seek", id, s)
		return true
	}
	known := t.arrives(from.node, asked, at.node)
	if other.first.After(known) && !known.IsZero() {
		known = other.first
	}
	compared, ok := t.firstAfter(at.node, known, 0.1, 0.6)
	if !ok {
		return false
	}
	if how == 1 {
		t.tell(one, from.node, asked, "family.seek", id, s)
		return true
	}
	agreed := compared.Add(t.minutes(at.node, at.day, 10, 50))
	told, ok := t.firstAfter(from.node, t.arrives(at.node, agreed, from.node), 0.1, 0.8)
	if !ok {
		return false
	}
	t.tell(one, from.node, asked, "family.seek", id, s)
	t.tell(other, at.node, compared, "family.answer", t.newID("a"), answering{Seek: id, Candidate: other.id, Verdict: "same"})
	t.tell(other, at.node, agreed, "family.answer", t.newID("a"), answering{Seek: id, Candidate: other.id, Answer: "agrees", Alone: true})
	t.tell(one, from.node, told, "family.answer", t.newID("a"), answering{Seek: id, Candidate: other.id, Told: true})
	t.Totals.Reunited++
	return true
}

// MissingName is the surname of whom nobody in a story has: somebody looks for a person of that name.
const MissingName = "Ixtacuyahua"

type cardGiving struct {
	Person string `json:"person"`
	Number string `json:"number,omitempty"`
	New    bool   `json:"new,omitempty"`
	Lost   string `json:"lost,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// lostCards gives some people a printed card and lets them lose it. The walker loses hers between the first site and the second.
func (t *teller) lostCards(n int) {
	for _, tr := range t.travelled {
		if tr.id == t.Walker && t.Totals.CardsLost == 0 && n > 0 {
			t.loseCard(tr.who, tr.before, tr.here, tr.at.Add(t.minutes(tr.here, tr.day, 2, 6)), "stolen")
		}
	}
	for tries := 0; t.Totals.CardsLost < n && tries < 8*n; tries++ {
		c := pick(t.r, t.companies...)
		w := pick(t.r, c.ws...)
		if t.threaded[w.id] || w.id == t.Marker || w.id == t.Walker {
			continue
		}
		if lost, ok := t.firstAfter(c.node, w.first.Add(20*time.Hour), 0.1, 0.9); ok && t.loseCard(w, c.node, c.node, lost, pick(t.r, "lost", "stolen", "damaged")) {
			t.threaded[w.id] = true
		}
	}
}

func (t *teller) loseCard(w *who, from, at int, lost time.Time, reason string) bool {
	given := w.first.Add(40 * time.Second)
	if known := t.arrives(from, given, at); known.IsZero() || !known.Before(lost) || lost.After(t.End.Add(-4*time.Minute)) {
		return false
	}
	number := people.CheckedCard(t.r.Uint64())
	t.tell(w, from, given, "person.card", t.newID("t"), cardGiving{Person: w.id, Number: number})
	t.tell(w, at, lost, "person.card", t.newID("t"), cardGiving{Person: w.id, Lost: number, Reason: reason, New: true})
	t.Totals.CardsLost++
	return true
}

type wayStep struct {
	Person    string   `json:"person"`
	What      string   `json:"what"`
	Origin    string   `json:"origin,omitempty"`
	Place     string   `json:"place,omitempty"`
	Started   string   `json:"started,omitempty"`
	Ended     string   `json:"ended,omitempty"`
	Transport string   `json:"transport,omitempty"`
	Manner    string   `json:"manner,omitempty"`
	Direction string   `json:"direction,omitempty"`
	Decision  string   `json:"decision,omitempty"`
	Reasons   []string `json:"reasons,omitempty"`
}

// ways tells how some people came: the walker, and one in four of those who are met again. At the last site of the route some say that
// they wait or turn round.
func (t *teller) ways() {
	for _, tr := range t.travelled {
		if tr.alias || tr.id == t.Marker || tr.id != t.Walker && t.r.Float64() > 0.25 {
			continue
		}
		from, to := t.Sites[tr.before].Municipality[:2], t.Sites[tr.here].Municipality[:2]
		at := tr.at.Add(t.minutes(tr.here, tr.day, 6, 20))
		if at.After(t.End.Add(-6 * time.Minute)) {
			continue
		}
		step := func(s wayStep) {
			s.Person = tr.id
			t.tell(tr.who, tr.here, at, "journey.record", t.newID("w"), s)
			at = at.Add(time.Duration(20+t.r.IntN(30)) * time.Second)
			t.Totals.Steps++
		}
		month, before := at.Format("2006-01"), tr.first.AddDate(0, 0, -25).Format("2006-01")
		direction := "north"
		if tr.here < tr.before {
			direction = "south"
		}
		if country := tr.Nationality[0]; len(country) == 3 && country != "MEX" && country != "GTM" && direction == "north" && !t.threaded["way "+tr.id] {
			step(wayStep{What: "leg", Origin: country, Place: "GTM", Ended: before, Transport: pick(t.r, "bus", "foot", "truck"), Direction: "north"})
			step(wayStep{What: "leg", Origin: "GTM", Place: t.Sites[Tapachula].Municipality[:2], Ended: before, Transport: pick(t.r, "foot", "boat", "bus"), Direction: "north"})
		}
		t.threaded["way "+tr.id] = true
		transport := pick(t.r, "bus", "truck", "foot")
		if tr.before == Coatzacoalcos {
			transport = "train"
		}
		manner := "own"
		if direction == "south" && t.r.Float64() < 0.3 {
			manner = "moved"
		}
		step(wayStep{What: "leg", Origin: from, Place: to, Ended: month, Transport: transport, Manner: manner, Direction: direction})
		switch {
		case tr.here == Reynosa:
			step(wayStep{What: "stranded", Place: to, Started: month, Reasons: []string{pick(t.r, "procedure", "closed", "money")}})
		case direction == "south":
			step(wayStep{What: "decision", Decision: "return", Place: to, Started: month, Reasons: []string{pick(t.r, "closed", "family", "fear_road")}})
		}
	}
}
