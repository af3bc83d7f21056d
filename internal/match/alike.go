package match

import "math"

// Likeness is the way in which a typed name part and a stored one are alike. Its String is the reason's code.
type Likeness uint8

// From alike to barely.
const (
	Unlike    Likeness = iota
	Exact              // same letters, accents aside
	Beginning          // the typed part begins the stored one; only while it is being typed
	Sounds             // written by ear
	Nicknamed          // one is a short form of the other
	Typo               // a letter or two missing, added, changed or exchanged
	Joined             // two parts written as one, or one as two
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
	case Joined:
		return "joined"
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
	open bool    // still being typed
	late float32 // what it costs more to be a beginning
}

func newAsked(text string, open bool) asked {
	p := newPart(text)
	return asked{part: p, nick: nicknames()[string(p.sound)], open: open && len(p.runes) >= 2}
}

// reach is how many letters may differ before a part is not looked at any more: in a short part the second makes another name.
func (q *asked) reach() int {
	if len(q.runes) <= 4 {
		return 1
	}
	return 2
}

// price is what it costs to type q where v is meant, and in which way.
func (q *asked) price(v *stored, s *scratch, limit float32) (Likeness, float32) {
	slip := s.slips(v.runes, q.runes, false, limit)
	heard := s.heard(v.runes, q.runes, false, min(limit, slip))
	if heard < slip {
		if heard > byEar+slipLeftOut { // by ear, and slipped besides
			return Typo, costExact + heard
		}
		return Sounds, costExact + heard
	}
	return Typo, costExact + slip
}

// Alike compares two written name parts: how they are alike, and what that costs: minus the natural logarithm of how often who
// means the stored one types the other.
func Alike(typed, stored string) (Likeness, float64) {
	a, b := Tokens(typed), Tokens(stored)
	if len(a) != 1 || len(b) != 1 {
		return Unlike, 0
	}
	return alikeParts(a[0], b[0])
}

// alikeParts compares two parts as Tokens gives them.
func alikeParts(typed, stored_ string) (Likeness, float64) {
	q, p := newAsked(typed, false), newPart(stored_)
	if q.text == p.text {
		return Exact, costExact
	}
	for _, nick := range q.nick {
		if nick == string(p.sound) {
			return Nicknamed, costNickname
		}
	}
	for _, stem := range stems(q.text) {
		if stem == p.text {
			return Nicknamed, costStem
		}
	}
	var s scratch
	v := stored{text: p.text, runes: p.runes, sound: p.sound}
	same := string(q.sound) == string(p.sound)
	if !same && s.distance(q.runes, p.runes, q.reach()) > q.reach() && (len(q.sound) <= 2 || len(p.sound) <= 2 || s.distance(q.sound, p.sound, 1) > 1) {
		return Unlike, 0
	}
	how, cost := q.price(&v, &s, never)
	return how, math.Round(float64(cost)*100) / 100
}
