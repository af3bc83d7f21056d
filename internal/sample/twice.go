package sample

import (
	"slices"
	"time"
)

type linking struct {
	Person string `json:"person"`
	Other  string `json:"other"`
	Reason string `json:"reason"`
}

// registeredTwice registers up to n people a second time, at another site and under a name that was heard wrong, because a colleague did
// not find them. Of three pairs two are found later and linked; the third waits for somebody to see it. It says nothing of people who
// are met again by name: nobody may find the wrong record of two.
func (t *teller) registeredTwice(n int) {
	for i := 0; i < len(t.companies) && t.Totals.Twice < n; i++ {
		c := t.companies[i]
		if w, ok := t.alone(c); ok && len([]rune(w.Surname1)) > 4 && len(w.edited) == 0 && t.again(w, c) {
			t.threaded[w.id] = true
			t.Totals.Twice++
		}
	}
}

// again registers somebody once more.
func (t *teller) again(w *who, c company) bool {
	node := (c.node + 1 + t.r.IntN(2)) % Coordination
	at, ok := t.firstAfter(node, w.first.Add(time.Duration(60+t.r.IntN(100))*time.Hour), 0.05, 0.6)
	if !ok {
		return false
	}
	known := t.arrives(c.node, w.said[c.node], node)
	if known.Before(at) && !known.IsZero() {
		known = at
	}
	linked, ok := t.firstAfter(node, known, 0.2, 0.9)
	if !ok {
		return false
	}
	second := w.someone
	if second.Surname1 = mistype(t.r, w.Surname1); second.Surname1 == w.Surname1 || t.taken[second.fullName()] {
		return false
	}
	if t.r.Float64() < 0.35 {
		second.Surname2 = ""
	}
	years := max(18, w.years+t.r.IntN(3)-1)
	second.Birth, second.Age, second.AgeAbout, second.Nickname, second.Phone = "", &years, true, "", ""
	second.Groups = slices.Clone(w.Groups)
	t.taken[second.fullName()] = true
	two := &who{someone: second, id: t.newID("p"), first: at, came: at, edited: map[string]bool{}, said: map[int]time.Time{}}
	t.tell(two, node, at, "person.register", two.id, second.registration)
	t.People = append(t.People, Person{ID: two.id, Name: second.fullName(), Node: node})
	for day := range days {
		if from, to := t.midnight(node, day), t.midnight(node, day+1); !at.Before(from) && at.Before(to) {
			t.visit(two, node, day, at, "medical")
		}
	}
	t.threaded[two.id] = true
	if t.Totals.Twice%3 != 2 {
		t.tell(two, node, linked, "person.link", t.newID("l"), linking{two.id, w.id, pick(t.r, "said_it", "looks_alike_known")})
		t.Totals.Linked++
	}
	return true
}
