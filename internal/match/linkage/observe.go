package linkage

import (
	"math"
	"slices"
)

// How much likelier than the value itself something that is merely alike comes by chance.
const (
	timesTypo     = 4.0
	timesNickname = 3.0
	timesInitial  = 8.0
	timesWeak     = 12.0
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
	if w := m.sum(out[at:]); w < 4 && len(a.given) > 0 && len(a.first) > 0 && len(b.given) > 0 && len(b.first) > 0 {
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
	t.given = append(slices.Clone(s.first), s.second...)
	t.first, t.second = s.given[:1], s.given[1:]
	return &t
}

// names aligns given names with given names and surnames with surnames, in the way that weighs most.
func (m *Model) names(a, b *Side, full, nation int32, out []observed) []observed {
	if len(a.given) > 0 && len(b.given) > 0 {
		out = m.aligned(&m.t.given, full, m.t.second.part(0.5), givenOrder, split(a.given), split(b.given), a.also, b.also, out)
	} else if len(a.also) > 0 && len(b.also) > 0 && (len(a.given) == 0 || len(b.given) == 0) {
		out = m.aligned(&m.t.given, full, m.t.second.part(0.5), givenOrder, split(append(a.given, a.also...)), split(append(b.given, b.also...)), nil, nil, out)
	}
	if len(a.first) > 0 && len(b.first) > 0 {
		out = m.aligned(&m.t.surname, nation, m.t.mother.part(0.6), surnameOrder, surnames(a), surnames(b), nil, nil, out)
	}
	return out
}

// two is a name of one or two parts.
type two struct {
	part [2]token
	n    int
}

// split takes the first name and the one after it.
func split(list []token) two {
	var t two
	t.n = copy(t.part[:], list)
	return t
}

// surnames gives both surnames. Two surnames typed into one box are two surnames.
func surnames(s *Side) two {
	switch {
	case len(s.second) > 0:
		return two{[2]token{join(s.first), join(s.second)}, 2}
	case len(s.first) > 1:
		return two{[2]token{s.first[0], join(s.first[1:])}, 2}
	}
	return two{[2]token{s.first[0]}, 1}
}

// aligned weighs a name of up to two parts in every order and appends the best: the order, the first part and the second.
func (m *Model) aligned(c *counter, group int32, with float64, order slot, a, b two, alsoA, alsoB []token, out []observed) []observed {
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
	part := func(s slot, x, y token) observed {
		level := alike(x, y)
		return observed{s, level, m.chance(c, group, level, x, y)}
	}
	tail := func(x, y token, hasX, hasY bool) observed {
		o := rest(hasX, hasY)
		if o.level == Same {
			p := part(second, x, y)
			o.level, o.u = p.level, p.u+both
		}
		return o
	}
	try(Same, part(first, a.part[0], b.part[0]), tail(a.part[1], b.part[1], a.n > 1, b.n > 1))
	if kept[1].level != Same || kept[2].level == Different {
		if b.n > 1 {
			try(Swapped, part(first, a.part[0], b.part[1]), tail(a.part[1], b.part[0], a.n > 1, true))
		}
		if a.n > 1 {
			try(Swapped, part(first, a.part[1], b.part[0]), tail(a.part[0], b.part[1], true, b.n > 1))
		}
		if a.n+b.n == 3 {
			long, short := a, b
			if b.n > 1 {
				long, short = b, a
			}
			if whole := join(long.part[:]); len(short.part[0].text) > len(long.part[0].text)+1 {
				if level := alike(whole, short.part[0]); level == Same || level == Sounds || level == Typo {
					// By chance this comes as often as both parts do together.
					u := math.Log2(c.part(m.t.find(long.part[0].text), group)) + math.Log2(c.part(m.t.find(long.part[1].text), group))
					try(Joined, observed{first, level, max(u, -20)}, rest(true, true))
				}
			}
		}
		for _, x := range alsoB {
			try(Elsewhere, part(first, a.part[0], x), rest(a.n > 1, b.n > 1))
		}
		for _, x := range alsoA {
			try(Elsewhere, part(first, x, b.part[0]), rest(a.n > 1, b.n > 1))
		}
	}
	return append(out, kept[0], kept[1], kept[2])
}

// chance is how often (log2) two strangers of a group give a level with these values.
func (m *Model) chance(c *counter, group int32, level Level, a, b token) float64 {
	if level == Different {
		return 0
	}
	wa := m.t.find(a.text)
	f := c.part(wa, group)
	if level == Same {
		return math.Log2(f)
	}
	wb := m.t.find(b.text)
	if g := c.part(wb, group); g > f {
		f, wa, a = g, wb, b
	}
	// What comes by chance near a rare name comes at least as often as a floor.
	floor := 20 / (c.sum + 2000)
	switch level {
	case Sounds:
		f = max(f*c.soundPart(wa, a.sound), f)
	case Typo:
		f = max(f*timesTypo, floor/3)
	case Nickname:
		f = max(f*timesNickname, floor/3)
	case Initial:
		if min(len([]rune(a.text)), len([]rune(b.text))) == 1 {
			f = max(f*timesInitial, 0.07)
		} else {
			f = max(f*timesInitial, floor)
		}
	default:
		f = max(f*timesWeak, floor)
	}
	return math.Log2(min(f, 0.5))
}
