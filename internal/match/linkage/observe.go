package linkage

import (
	"math"
	"slices"
	"unicode/utf8"
)

// How much likelier than the value itself something that is merely alike comes by chance.
const (
	timesNickname = 3.0
	timesInitial  = 8.0
	timesWeak     = 12.0
)

// What is near a name by a sound or a typing error is counted; before much is counted it is at least this part of the name itself, and what was
// written instead is one of so many ways to miss it.
const (
	leastSound = 0.2
	waysSound  = 3.0
	leastTypo  = 0.1
	waysTypo   = 30.0
)

// observe compares two records and appends what it found of each slot.
func (m *Model) observe(a, b *Side, out []observed) []observed {
	ga, gb := a.group(), b.group()
	full, nation := int32(-1), int32(-1)
	if ga.nation == gb.nation {
		nation = m.t.groupOf(group{nation: ga.nation}, false)
		if ga.sex == gb.sex && ga.sex != 0 {
			full = m.t.groupOf(ga, false)
		}
	}
	at := len(out)
	out = m.names(a, b, full, nation, out)
	if w := m.sum(out[at:]); w < 4 && len(a.given) > 0 && len(a.surname) > 0 && len(b.given) > 0 && len(b.surname) > 0 {
		// Names put into the wrong boxes: weighed only when they do not agree as they stand.
		var buf [8]observed
		turned := m.names(a, turn(b), -1, -1, buf[:0])
		for i := range turned {
			if turned[i].slot == givenOrder {
				turned[i].level = Exchanged
			}
		}
		if m.sum(turned) > w {
			out = append(out[:at], turned...)
		}
	}
	out = m.births(a, b, out)
	if a.sex != 0 && b.sex != 0 {
		sum := m.t.sexes[0] + m.t.sexes[1] + 20
		f, male := (m.t.sexes[0]+10)/sum, (m.t.sexes[1]+10)/sum
		switch {
		case a.sex != b.sex:
			out = append(out, observed{sexSlot, Different, math.Log2(2 * f * male)})
		case a.sex == 'f':
			out = append(out, observed{sexSlot, Same, math.Log2(f)})
		default:
			out = append(out, observed{sexSlot, Same, math.Log2(male)})
		}
	}
	if len(a.nation) > 0 && len(b.nation) > 0 {
		o := observed{nationSlot, Different, -0.15}
		for _, code := range a.nation {
			if slices.Contains(b.nation, code) {
				if u := math.Log2(m.t.nation.part(m.t.find(code), -1)); o.level == Different || u < o.u {
					o = observed{nationSlot, Same, u}
				}
			}
		}
		out = append(out, o)
	}
	for i := range a.more {
		if va, vb := a.more[i], b.more[i]; va.text != "" && vb.text != "" {
			out = append(out, m.moreOf(i, va, vb))
		}
	}
	return out
}

func (m *Model) sum(seen []observed) float64 {
	var w float64
	for _, o := range seen {
		w += m.m[o.slot][o.level] - o.u
	}
	return w
}

// turn puts given names where the surnames stand, and the other way round.
func turn(s *Side) *Side {
	t := *s
	t.given, t.surname = s.surname, s.given[:min(len(s.given), 2)]
	return &t
}

// names aligns given names with given names and surnames with surnames, in the way that weighs most.
func (m *Model) names(a, b *Side, full, nation int32, out []observed) []observed {
	given, other := a.given, b.given
	var alsoA, alsoB []token
	switch {
	case len(given) > 0 && len(other) > 0:
		alsoA, alsoB = a.also, b.also
	case len(given) == 0: // who has no given name may have a nickname
		given = a.also
		fallthrough
	default:
		if len(other) == 0 {
			other = b.also
		}
	}
	if len(given) > 0 && len(other) > 0 {
		out = m.aligned(&m.t.given, full, m.t.second.part(0.5), givenOrder, given, other, alsoA, alsoB, out)
	}
	if len(a.surname) > 0 && len(b.surname) > 0 {
		out = m.aligned(&m.t.surname, nation, m.t.mother.part(0.6), surnameOrder, a.surname, b.surname, nil, nil, out)
	}
	return out
}

// aligned weighs a name of up to two parts in every order and appends the best: the order, the first part and the second.
func (m *Model) aligned(c *counter, group int32, with float64, order slot, a, b []token, alsoA, alsoB []token, out []observed) []observed {
	first, second := order+1, order+2
	best := math.Inf(-1)
	var kept [3]observed
	try := func(how Level, one, two observed) {
		o := observed{slot: order, level: how}
		if w := m.m[order][how] + m.m[first][one.level] - one.u + m.m[second][two.level] - two.u; w > best {
			best, kept = w, [3]observed{o, one, two}
		}
	}
	// How often two strangers have a second part: both, one or none.
	both, one, none := math.Log2(with*with), math.Log2(2*with*(1-with)), math.Log2((1-with)*(1-with))
	rest := func(x, y bool) observed {
		switch {
		case x && y:
			return observed{second, Same, both}
		case x || y:
			return observed{second, Missing, one}
		}
		return observed{second, None, none}
	}
	part := func(s slot, x, y *token) observed {
		level := m.memo.alike(x, y)
		return observed{s, level, m.chance(c, group, level, x, y)}
	}
	at := func(list []token, i int) *token {
		if i < len(list) && i < 2 {
			return &list[i]
		}
		return nil
	}
	a0, a1, b0, b1 := &a[0], at(a, 1), &b[0], at(b, 1)
	tail := func(x, y *token) observed {
		o := rest(x != nil, y != nil)
		if o.level == Same {
			p := part(second, x, y)
			o.level, o.u = p.level, p.u+both
		}
		return o
	}
	try(Same, part(first, a0, b0), tail(a1, b1))
	if kept[1].level == Same && kept[2].level != Different {
		return append(out, kept[:]...)
	}
	if b1 != nil {
		try(Swapped, part(first, a0, b1), tail(a1, b0))
	}
	if a1 != nil {
		try(Swapped, part(first, a1, b0), tail(a0, b1))
	}
	if (a1 == nil) != (b1 == nil) {
		long, short := a[:min(len(a), 2)], b0
		if a1 == nil {
			long, short = b[:2], a0
		}
		if len(short.text) > len(long[0].text)+1 {
			whole := join(long)
			if level := alike(whole, *short); level == Same || level == Sounds || level == Typo {
				// By chance this comes as often as both parts do together.
				u := math.Log2(c.part(m.t.wordOf(&long[0]), group)) + math.Log2(c.part(m.t.wordOf(&long[1]), group))
				try(Joined, observed{first, level, max(u, -20)}, rest(true, true))
			}
		}
	}
	for i := range alsoB {
		try(Elsewhere, part(first, a0, &alsoB[i]), rest(a1 != nil, b1 != nil))
	}
	for i := range alsoA {
		try(Elsewhere, part(first, &alsoA[i], b0), rest(a1 != nil, b1 != nil))
	}
	return append(out, kept[:]...)
}

// chance is how often (log2) two strangers of a group give a level with these values.
func (m *Model) chance(c *counter, group int32, level Level, a, b *token) float64 {
	if level == Different {
		return 0
	}
	wa := m.t.wordOf(a)
	f := c.part(wa, group)
	if level == Same {
		return math.Log2(f)
	}
	wb := m.t.wordOf(b)
	g := c.part(wb, group)
	if g > f { // the commoner is taken for what was meant
		f, g, wa, wb = g, f, wb, wa
		a, b = b, a
	}
	floor := 20 / (c.sum + 2000)
	switch level {
	case Sounds:
		f = max(f*c.soundPart(wa, a.sound), f*leastSound, g*waysSound)
	case Typo:
		u := max(f*leastTypo, g*waysTypo)
		if wa >= 0 {
			var others float64
			for _, w := range m.t.typos.near(wa, m.t.texts) {
				others += c.count(w, group, wb)
			}
			u = max(u, others)
		}
		f = u
	case Nickname:
		f = max(f*timesNickname, floor/3)
	case Initial:
		if min(utf8.RuneCountInString(a.text), utf8.RuneCountInString(b.text)) == 1 {
			f = max(f*timesInitial, 0.07)
		} else {
			f = max(f*timesInitial, floor)
		}
	default:
		f = max(f*timesWeak, floor)
	}
	return math.Log2(min(f, 0.5))
}
