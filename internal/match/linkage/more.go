package linkage

import (
	"math"
	"strings"

	"amparo/internal/match"
)

// moreOf weighs a field of Record.More.
func (m *Model) moreOf(i int, a, b value) observed {
	s := moreSlot + slot(i)
	level := valuesAlike(a, b)
	if level == Different {
		return observed{s, level, 0}
	}
	c := &m.t.more[i]
	f, g := c.part(m.t.wordAt(a), -1), c.part(m.t.wordAt(b), -1)
	f, g = max(f, g), min(f, g)
	floor := 20 / (c.sum + 2000)
	switch level {
	case Typo:
		f = max(f*leastTypo, g*waysTypo)
	case Initial, Swapped:
		f = max(f*timesInitial, floor)
	case Weak:
		f = max(f*timesWeak, floor)
	}
	return observed{s, level, math.Log2(min(f, 0.9))}
}

// valuesAlike compares two values of any field.
func valuesAlike(a, b value) Level {
	if a.text == b.text {
		return Same
	}
	la, lb := len(a.text), len(b.text)
	if a.number && b.number {
		if max(la, lb) >= 2 && match.Distance(a.text, b.text, 1) == 1 {
			return Typo
		}
		return Different
	}
	if la > lb {
		a, b, la, lb = b, a, lb, la
	}
	reach := max(1, la/6)
	d := reach + 1
	if lb-la <= reach {
		d = match.Distance(a.text, b.text, reach)
	}
	switch {
	case d == 1 && la > 2:
		return Typo
	case la >= 3 && (strings.HasPrefix(b.text, a.text) || strings.HasSuffix(b.text, a.text)):
		return Initial
	case d <= reach && la > 5:
		return Weak
	case la > 3 && winkler(a.text, b.text) >= 0.9:
		return Weak
	}
	return Different
}
