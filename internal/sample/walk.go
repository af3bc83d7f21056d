package sample

import (
	"slices"
	"strings"
	"time"
)

// who is somebody on the way.
type who struct {
	someone
	id     string
	alias  bool              // registered with no more than a nickname
	first  time.Time         // when registered
	came   time.Time         // to the site where they are now
	edited map[string]bool   // fields changed after registration
	said   map[int]time.Time // latest request about this person, by node
}

// traveller is someone at their second or third site.
type traveller struct {
	*who
	before, here int // the node left behind, and that of now
	day          int
	at           time.Time // when found here
}

type visitOpening struct {
	Person  string `json:"person"`
	Service string `json:"service"`
	Reason  string `json:"reason,omitempty"`
}

// foundAgain is the share of people who are met again at another site.
const foundAgain = 0.2

// walk registers everybody and sends some of them on.
func (t *teller) walk(people int) {
	owed := 0.0 // people who should have been met again by now
	for len(t.People) < people {
		special := len(t.People) < 2
		most := people - len(t.People)
		if special {
			most = 1
		}
		unit := t.unit(most)
		direction := unit[0].Direction
		day := t.arrivalDay()
		node := t.entrance(direction)
		if special {
			unit, direction, node, day = []someone{t.special(len(t.People))}, "north", Tapachula, 1+len(t.People)
		}
		var ws []*who
		at := t.at(node, day, 0.02, 0.7)
		for _, p := range unit {
			w := t.register(node, day, at, p, special)
			ws = append(ws, w)
			at = at.Add(t.minutes(node, day, 2, 5))
		}
		t.companies = append(t.companies, company{ws, node, day})
		stay := t.stay(ws, node, day)
		if !special {
			owed += foundAgain * float64(len(unit))
			if owed < float64(len(unit)) {
				continue
			}
		}
		moves := 1
		if special {
			moves = 2
		} else if t.r.Float64() < 0.15 {
			moves = 2
		}
		for range moves {
			next := t.onward(node, direction, special)
			if (next > node) != (direction == "north") { // turned round
				if direction = "south"; next > node {
					direction = "north"
				}
			}
			arrived, ok := t.moveOn(ws, node, next, day+stay, direction, special)
			if !ok {
				break
			}
			owed -= float64(len(unit))
			node, day = next, arrived
			stay = t.stay(ws, node, day)
		}
	}
}

// special is one of the two people every story has: the person of the marker, then one whose way leads through all sites.
func (t *teller) special(n int) someone {
	var o origin
	for _, o = range origins {
		if o.country == "HND" && o.surnames == "HND" {
			break
		}
	}
	p := t.person(o, "f", 29+n)
	p.Direction, p.Consent = "north", []string{"care", "sharing", "statistics"}
	p.Nationality, p.Languages = []string{"HND"}, []string{"es"}
	p.Groups = []string{"woman_alone"}
	if p.Surname2 == "" {
		p.Surname2 = t.book.surname(t.r, o)
	}
	if n == 0 {
		p.Surname1 = MarkerName
	}
	t.taken[p.fullName()] = true
	return p
}

// arrivalDay draws the day somebody first appears: a steady stream with two waves and a full last day.
func (t *teller) arrivalDay() int {
	for {
		day := t.r.IntN(days)
		if x := t.r.Float64(); x < 0.3 {
			day = bell(t.r, 13, 2.5, 0, days-1)
		} else if x < 0.5 {
			day = bell(t.r, 32, 3, 0, days-1)
		} else if x < 0.56 { // the last day is the one that is looked at
			day = t.lastDay()
		}
		if t.open(Tapachula, day) && t.open(Coatzacoalcos, day) && t.open(Reynosa, day) {
			return day
		}
	}
}

// lastDay is the last day on which all three sites work.
func (t *teller) lastDay() int {
	day := days - 1
	for !t.open(Tapachula, day) || !t.open(Coatzacoalcos, day) || !t.open(Reynosa, day) {
		day--
	}
	return day
}

func (t *teller) entrance(direction string) int {
	x := t.r.Float64()
	if direction == "south" {
		switch {
		case x < 0.55:
			return Reynosa
		case x < 0.8:
			return Coatzacoalcos
		}
		return Tapachula
	}
	switch {
	case x < 0.55:
		return Tapachula
	case x < 0.83:
		return Coatzacoalcos
	}
	return Reynosa
}

// onward is the next site in a direction. At the end of the route people turn round; one in four skips the middle.
func (t *teller) onward(node int, direction string, step bool) int {
	switch skip := !step && t.r.Float64() < 0.25; {
	case node == Coatzacoalcos && direction == "south":
		return Tapachula
	case node == Coatzacoalcos:
		return Reynosa
	case skip:
		return Reynosa - node
	}
	return Coatzacoalcos
}

// minutes draws a span in minutes of a ten-hour day; on a day cut short they shrink with it.
func (t *teller) minutes(node, day, low, high int) time.Duration {
	from, to := t.hours(node, day)
	n := low*60 + t.r.IntN((high-low)*60+1)
	return max(time.Second, (to.Sub(from) * time.Duration(n) / (10 * 60 * 60)).Truncate(time.Second))
}

// tell adds a request about a person.
func (t *teller) tell(w *who, node int, at time.Time, action, id string, data any) {
	t.do(node, at, action, id, data)
	if at.After(w.said[node]) {
		w.said[node] = at
	}
}

// update changes fields of a person. fields is alternately name and value.
func (t *teller) update(w *who, node int, at time.Time, fields ...any) {
	data := map[string]any{"person": w.id}
	for i := 0; i+1 < len(fields); i += 2 {
		name := fields[i].(string)
		data[name] = fields[i+1]
		w.edited[name] = true
	}
	t.tell(w, node, at, "person.update", t.newID("u"), data)
}

// register opens somebody's record. One in twenty-five is written down wrong and put right within the hour; a few people give no more
// than a nickname, and some of those tell their name a day or two later.
func (t *teller) register(node, day int, at time.Time, p someone, plain bool) *who {
	w := &who{someone: p, id: t.newID("p"), first: at, came: at, edited: map[string]bool{}, said: map[int]time.Time{}}
	name := p.fullName()
	x := t.r.Float64()
	switch {
	case !plain && x < 0.03 && p.years >= 18:
		w.alias = true
		known := p.registration
		told := registration{Nickname: t.nickname(p.Sex, p.Nationality[0]), Sex: p.Sex, Age: &w.years, AgeAbout: true, Nationality: p.Nationality,
			Direction: p.Direction, Groups: p.Groups, Consent: p.Consent}
		w.registration = told
		t.tell(w, node, at, "person.register", w.id, told)
		name = told.Nickname
		if later := day + 1 + t.r.IntN(2); t.r.Float64() < 0.5 && t.open(node, later) {
			fields := []any{"given", known.Given, "surname1", known.Surname1}
			if known.Surname2 != "" {
				fields = append(fields, "surname2", known.Surname2)
			}
			t.update(w, node, t.at(node, later, 0.1, 0.9), fields...)
			name = known.fullName()
		}
	case !plain && x < 0.07:
		wrong := p.registration
		if wrong.Surname1 = mistype(t.r, p.Surname1); wrong.Surname1 == p.Surname1 {
			wrong.Surname1 += "s"
		}
		t.tell(w, node, at, "person.register", w.id, wrong)
		t.update(w, node, at.Add(t.minutes(node, day, 6, 50)), "surname1", p.Surname1)
	default:
		t.tell(w, node, at, "person.register", w.id, p.registration)
	}
	t.People = append(t.People, Person{ID: w.id, Name: name, Node: node})
	switch {
	case len(t.People) == 1:
		t.Marker, t.Walker = w.id, w.id
	case len(t.People) == 2:
		t.Walker = w.id
	}
	return w
}

// stay is what happens while people are at a site from a day on: visits on arrival and on some days after. It gives the number of
// days until they leave.
func (t *teller) stay(ws []*who, node, day int) int {
	length := min(t.r.IntN(6)+t.r.IntN(7), 10)
	special := ws[0].id == t.Walker || ws[0].id == t.Marker
	if special {
		length = 3
	}
	for _, w := range ws {
		arrived := w.came
		if special {
			t.visit(w, node, day, arrived, "medical")
			if node == Coatzacoalcos {
				t.visit(w, node, day, arrived, "mental_health")
			} else {
				t.visit(w, node, day, arrived, "social")
			}
			continue
		}
		var had []string
		if t.r.Float64() < 0.92 {
			had = append(had, t.visit(w, node, day, arrived, t.service(w, node, had)))
		}
		if t.r.Float64() < 0.2 {
			t.visit(w, node, day, arrived, t.service(w, node, had))
		}
		for d := day + 1; d <= day+length; d++ {
			if t.r.Float64() < 0.17 && t.open(node, d) {
				t.visit(w, node, d, t.at(node, d, 0, 0.85), t.service(w, node, nil))
			}
		}
	}
	return length
}

// service draws what somebody comes for, among what the site offers.
func (t *teller) service(w *who, node int, had []string) string {
	for {
		s := "medical"
		switch x := t.r.Float64(); {
		case x < 0.58:
		case x < 0.77:
			s = "mental_health"
		case x < 0.92:
			s = "social"
		case x < 0.96:
			s = "nursing"
		default:
			s = "distribution"
		}
		if s == "mental_health" && w.years < 3 || s == "social" && w.years < 12 || slices.Contains(had, s) {
			continue
		}
		if slices.Contains(t.Sites[node].Services, s) {
			return s
		}
	}
}

// visit opens a visit some minutes after a moment, and the consultation when the queue has come to it before the story ends.
func (t *teller) visit(w *who, node, day int, after time.Time, service string) string {
	at := after.Add(t.minutes(node, day, 1, 12))
	var c complaint
	switch service {
	case "medical":
		c = drawComplaint(t.r, medical, w.Sex, w.years)
	case "mental_health":
		c = drawComplaint(t.r, mentalHealth, w.Sex, w.years)
	case "social":
		c = drawComplaint(t.r, social, w.Sex, w.years)
	case "nursing":
		c.reason = "curación|toma de presión|inyección"
	default:
		c.reason = "cobija y ropa|artículos de higiene|agua y alimento para el camino"
	}
	which := t.r.IntN(6) // divides evenly by the numbers of alternatives there are
	reason, visit := say(t.r, c.reason, which, w.Sex), t.newID("v")
	t.tell(w, node, at, "visit.open", visit, visitOpening{w.id, service, reason})
	seen := at.Add(t.minutes(node, day, 8, 110))
	if c.note == "" || seen.After(t.End.Add(-4*time.Minute)) {
		return service
	}
	d := consultation{Person: w.id, Visit: visit, Service: service, Reason: reason, Diagnosis: c.diagnosis, Note: say(t.r, c.note, which, w.Sex),
		Treatment: say(t.r, c.treatment, which, w.Sex), Plan: say(t.r, c.plan, which, w.Sex)}
	if w.id == t.Marker && service == "medical" && node == Tapachula {
		d.Note = MarkerNote + ". " + d.Note
	}
	if c.referral != "" && t.r.Float64() < 0.5 {
		d.Referral = c.referral
	}
	if service != "social" {
		severity := c.severity[0] + t.r.IntN(c.severity[1]-c.severity[0]+1)
		d.Severity = &severity
	}
	if t.r.Float64() < 0.25 {
		d.Next = seen.In(t.Sites[node].Zone).AddDate(0, 0, 2+t.r.IntN(13)).Format("2006-01-02")
	}
	t.tell(w, node, seen, "consultation.record", t.newID("c"), d)
	return service
}

// moveOn takes people from one site to another, four to eight days away, once everything written about them has arrived there, and finds
// them again. It reports the day, or that the story ends before.
func (t *teller) moveOn(ws []*who, from, to, leave int, direction string, special bool) (int, bool) {
	day := leave + 4 + t.r.IntN(5)
	var at, known time.Time
	for _, w := range ws {
		arrives := t.arrives(from, w.said[from], to)
		if arrives.IsZero() {
			return 0, false
		}
		if arrives.After(known) {
			known = arrives
		}
	}
	for ; ; day++ {
		if !t.open(to, day) {
			return 0, false
		}
		if at = t.at(to, day, 0.02, 0.7); at.After(known) {
			break
		}
	}
	for _, w := range ws {
		t.recognise(w, to, at)
		w.came, w.said[to] = at, at
		if w.Direction != direction && !w.edited["direction"] {
			w.Direction = direction
			t.update(w, to, at.Add(t.minutes(to, day, 1, 2)), "direction", direction)
		}
		t.travelled = append(t.travelled, traveller{who: w, before: from, here: to, day: day, at: at})
		at = at.Add(t.minutes(to, day, 2, 5))
	}
	return day, true
}

// recognise looks somebody up: by the card, by the name as it is written, or as it is heard and typed in a hurry.
func (t *teller) recognise(w *who, node int, at time.Time) {
	l := Lookup{By: "card", Expect: w.id}
	if x := t.r.Float64(); !w.alias && w.id != t.Marker && (x > 0.25 || w.id == t.Walker) {
		given, _, _ := strings.Cut(w.Given, " ")
		if t.r.Float64() < 0.6 {
			given = w.Given
		}
		l.By, l.Query = "name", strings.TrimSpace(given+" "+w.Surname1+" "+w.Surname2)
		if x > 0.45 || w.id == t.Walker {
			l.By = "typo"
			if wrong := mistype(t.r, w.Surname1); wrong != w.Surname1 {
				l.Query = strings.TrimSpace(given + " " + wrong + " " + w.Surname2)
			} else {
				l.Query = strings.TrimSpace(mistype(t.r, given) + " " + w.Surname1 + " " + w.Surname2)
			}
		}
	}
	t.Steps = append(t.Steps, Step{Kind: Find, Node: node, At: at.In(t.Sites[node].Zone), Find: l})
}
