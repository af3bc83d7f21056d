package match

import (
	"math/bits"
	"slices"
)

// Likeness is the way in which a typed name part and a stored one are alike. Its String is the reason's code.
type Likeness uint8

// From alike to barely.
const (
	Unlike    Likeness = iota
	Exact              // same letters, accents aside
	Beginning          // the typed part begins the stored one; only while it is being typed
	Sounds             // same sound
	Nicknamed          // one is a short form of the other
	Typo               // a letter or two missing, added, changed or exchanged
)

// String is the code of the reason.
func (l Likeness) String() string {
	switch l {
	case Exact:
		return "exact"
	case Beginning:
		return "prefix"
	case Sounds:
		return "sounds_alike"
	case Nicknamed:
		return "nickname"
	case Typo:
		return "typo"
	}
	return ""
}

// part is a name part with what comparing needs, computed once.
type part struct {
	text  string
	runes []rune
	sound []rune
	mask  uint32
}

func newPart(text string) part {
	r := []rune(text)
	return part{text: text, runes: r, sound: []rune(Sound(text)), mask: mask(r)}
}

// asked is a typed part with the sounds of its nicknames.
type asked struct {
	part
	nick []string
	open bool // still being typed
}

func newAsked(text string, open bool) asked {
	p := newPart(text)
	return asked{part: p, nick: nicknames()[string(p.sound)], open: open && len(p.runes) >= 2}
}

// reach is how many typing errors are forgiven: in a short part the second error makes another name.
func (q *asked) reach() int {
	if len(q.runes) <= 4 {
		return 1
	}
	return 2
}

// alike compares a typed part with a stored one and gives the cheapest way in which they are alike.
func (q *asked) alike(v *part, s *scratch) (Likeness, float64) {
	if q.text == v.text {
		return Exact, 0
	}
	if q.open && len(v.runes) > len(q.runes) && slices.Equal(v.runes[:len(q.runes)], q.runes) {
		return Beginning, penPrefix
	}
	if slices.Equal(q.sound, v.sound) {
		return Sounds, penSound
	}
	if len(q.nick) > 0 && slices.Contains(q.nick, string(v.sound)) {
		return Nicknamed, penNickname
	}
	dl := len(q.runes) - len(v.runes)
	if dl > 2 || dl < -2 {
		return Unlike, 0
	}
	reach := q.reach()
	changed := bits.OnesCount32(q.mask ^ v.mask)
	if changed > 4 {
		return Unlike, 0
	}
	typo, pen := 3, penTypo2
	if changed <= 2*reach && dl <= reach && dl >= -reach {
		typo = s.distance(q.runes, v.runes, reach)
		if typo == 1 {
			return Typo, penTypo
		}
	}
	// A letter's difference in sound, behind several in writing: Wilmer and Guilmer.
	if len(q.sound) > 3 && len(v.sound) > 3 && s.distance(q.sound, v.sound, 1) == 1 {
		return Sounds, penNearSound
	}
	if typo <= reach {
		return Typo, pen
	}
	return Unlike, 0
}

// Alike compares two written name parts: how they are alike and at which penalty, in natural logarithms.
func Alike(typed, stored string) (Likeness, float64) {
	a, b := Tokens(typed), Tokens(stored)
	if len(a) != 1 || len(b) != 1 {
		return Unlike, 0
	}
	q, v := newAsked(a[0], false), newPart(b[0])
	var s scratch
	return q.alike(&v, &s)
}
