package match

import (
	"fmt"
	"slices"
)

// What it costs when a part of a stored name was not typed, or was: nobody types all of a long name, everybody the first parts.
const (
	missingGiven    = 2.3 // the first given name
	missingFurther  = 0.7 // another given name
	missingSurname1 = 2.6
	missingSurname2 = 1.3
	missingWord     = 1.2 // a further word of one surname: Montes de Oca
	typedFurther    = 0.7
	typedFirst      = 0.1
	typedSurname2   = 0.3
	missingLeast    = 0.5 // what is taken off at least for each part too many, when people are opened

	surnamesFirst = 1.8
	otherOrder    = 2.2
	eachTurn      = 0.8
	inOrder       = 0.3
)

// option is one way to read a typed part: as a stored part, with the next typed part as one stored part, or as two stored parts.
type option struct {
	span, name, second int8
	how                Likeness
	gain               float32
}

// arrangement says which stored part answers for which typed part: each answers once.
type arrangement struct {
	score float32
	taken []option // by typed part; span 0: nobody's name
}

// leaves says whether no name answers for any of n typed parts.
func (a *arrangement) leaves(first, n int) bool {
	for t, o := range a.taken[:first+n] {
		if t+int(o.span) > first {
			return false
		}
	}
	return true
}

// table looks up what every word gains for every part.
func (ix *Index) table(l *line, s *search) {
	if s.meant == nil {
		s.meant = map[int32]int{}
	}
	clear(s.meant)
	s.gains, s.how = s.gains[:0], s.how[:0]
	l.columns = 0
	for i := range l.parts {
		l.columns++
		if l.parts[i].half != nil {
			l.columns += 2
		}
	}
	column := 0
	enter := func(words []meant) {
		for _, m := range words {
			row, ok := s.meant[m.word]
			if !ok {
				row = len(s.gains)
				s.meant[m.word] = row
				for range l.columns {
					s.gains, s.how = append(s.gains, 0), append(s.how, Unlike)
				}
			}
			if m.gain > s.gains[row+column] {
				s.gains[row+column], s.how[row+column] = m.gain, m.how
			}
		}
		column++
	}
	for i := range l.parts {
		x := &l.parts[i]
		enter(x.words)
		if x.half != nil {
			enter(x.half.left.words)
			enter(x.half.right.words)
		}
	}
}

// exact scores one person, each stored part answering for one typed part, with the order in which they stand and what was left
// out; it says why when reasons is not nil.
func (ix *Index) exact(l *line, s *search, slot uint32, reasons *[]Reason) (float32, bool) {
	b, i := ix.at(slot)
	p := b.head[i]
	words := ix.heap.words(p.at, int(p.names)+int(p.seen))
	names := words[:p.names]
	score := ix.context(&l.q, &l.hints, b, i)
	if len(l.q.Parts) > 0 {
		s.arrange(l, names)
		score += s.best.score
		for k := range l.hints.doubtful {
			d := &l.hints.doubtful[k]
			if known, fits := d.fits(b, i, words[p.names:]); known && !fits && s.best.leaves(d.first, d.n) {
				score += d.other
			}
		}
	}
	named := slices.ContainsFunc(s.best.taken, func(o option) bool { return o.span > 0 }) && len(l.q.Parts) > 0
	card := uint64(0)
	if l.card != 0 {
		if card = ix.cardEnding(slot, l.card); card != 0 {
			score += l.cardGain
		}
	}
	if reasons != nil {
		ix.why(l, s, names, card, reasons)
		ix.whyBeside(l, b, i, words[p.names:], reasons)
	}
	if len(l.parts) == 0 && l.card == 0 {
		return score, score > 0
	}
	return score, named || card != 0
}

// arrange finds the likeliest reading of the typed parts as a person's names, into s.best.
func (s *search) arrange(l *line, names []uint32) {
	typed := len(l.q.Parts)
	for len(s.options) < typed {
		s.options = append(s.options, nil)
	}
	options := s.options[:typed]
	for t := range options {
		options[t] = options[t][:0]
	}
	for n, w := range names {
		row, ok := s.meant[int32(w>>fieldBits)]
		if !ok {
			continue
		}
		column := 0
		for k := range l.parts {
			x := &l.parts[k]
			if gain := s.gains[row+column]; gain > 0 {
				options[x.first] = append(options[x.first], option{int8(x.last - x.first + 1), int8(n), -1, s.how[row+column], gain})
			}
			column++
			if x.half == nil {
				continue
			}
			if left := s.gains[row+column]; left > 0 {
				for m, v := range names {
					if other, ok := s.meant[int32(v>>fieldBits)]; ok && m != n {
						if right := s.gains[other+column+1]; right > 0 {
							options[x.first] = append(options[x.first], option{1, int8(n), int8(m), Joined, left + right})
						}
					}
				}
			}
			column += 2
		}
	}
	s.bounds = append(s.bounds[:0], make([]float32, typed+1)...)
	for t := typed - 1; t >= 0; t-- {
		slices.SortFunc(options[t], func(a, b option) int {
			switch {
			case a.gain > b.gain:
				return -1
			case a.gain < b.gain:
				return 1
			}
			return int(a.name) - int(b.name)
		})
		s.bounds[t] = s.bounds[t+1]
		if len(options[t]) > 0 {
			s.bounds[t] += options[t][0].gain
		}
	}
	s.best.score, s.best.taken = never*-1, append(s.best.taken[:0], make([]option, typed)...)
	s.trial.taken = append(s.trial.taken[:0], make([]option, typed)...)
	s.steps = mostReadings
	s.arrangeFrom(0, 0, 0, names)
}

// mostReadings bounds how many readings of a line are tried for one person. The first is nearly always the best.
const mostReadings = 600

// arrangeFrom tries every reading of the typed parts from t on; used are the stored parts that have answered.
func (s *search) arrangeFrom(t int, used uint64, gain float32, names []uint32) {
	if s.steps--; s.steps < 0 && s.best.score > -never || gain+s.bounds[min(t, len(s.bounds)-1)] <= s.best.score {
		return
	}
	if t >= len(s.trial.taken) {
		if score := gain - structure(s.trial.taken, used, names); score > s.best.score {
			s.best.score = score
			copy(s.best.taken, s.trial.taken)
		}
		return
	}
	for _, o := range s.options[t] {
		bit := uint64(1) << o.name
		if o.second >= 0 {
			bit |= 1 << o.second
		}
		if used&bit != 0 || t+int(o.span) > len(s.trial.taken) {
			continue
		}
		s.trial.taken[t] = o
		for k := 1; k < int(o.span); k++ {
			s.trial.taken[t+k] = option{}
		}
		s.arrangeFrom(t+int(o.span), used|bit, gain+o.gain, names)
	}
	s.trial.taken[t] = option{}
	s.arrangeFrom(t+1, used, gain, names)
}

// structure is the cost of the order in which the parts were typed, and of what was left out.
func structure(taken []option, used uint64, names []uint32) float32 {
	cost := float32(0)
	var before Field = Other + 1
	calledOtherwise := false // who types a nickname need not type the name
	for n, w := range names {
		calledOtherwise = calledOtherwise || used>>n&1 == 1 && Field(w&(1<<fieldBits-1)) >= Nickname
	}
	for n, w := range names {
		field := Field(w & (1<<fieldBits - 1))
		first := field != before
		before = field
		cost += presence(field, first, used>>n&1 == 1)
	}
	if calledOtherwise {
		cost /= 2
	}
	last, turns, moved := int8(-1), 0, false
	for _, o := range taken {
		if o.span == 0 || Field(names[o.name]&(1<<fieldBits-1)) >= Nickname {
			continue
		}
		if o.name < last {
			turns++
			moved = moved || Field(names[o.name]&(1<<fieldBits-1)) != Given || Field(names[last]&(1<<fieldBits-1)) == Given
		}
		last = o.name
	}
	switch {
	case turns == 0:
		return cost + inOrder
	case turns == 1 && !moved: // the turn is from a surname back to the given names
		return cost + surnamesFirst
	}
	return cost + otherOrder + eachTurn*float32(turns)
}

func presence(field Field, first, typed bool) float32 {
	switch {
	case field >= Nickname:
		return 0
	case field == Given && first && typed, field == Surname1 && first && typed:
		return typedFirst
	case field == Given && first:
		return missingGiven
	case field == Given && typed:
		return typedFurther
	case field == Given:
		return missingFurther
	case typed:
		return typedSurname2
	case !first:
		return missingWord
	case field == Surname1:
		return missingSurname1
	}
	return missingSurname2
}

// why says which stored part answered for what was typed.
func (ix *Index) why(l *line, s *search, names []uint32, card uint64, reasons *[]Reason) {
	first, second := -1, -1 // where the surnames were typed
	say := func(t int, name int8, how Likeness) {
		w := names[name]
		field := Field(w & (1<<fieldBits - 1))
		*reasons = append(*reasons, Reason{Code: how.String(), Field: field, Text: ix.parts[w>>fieldBits].text})
		switch field {
		case Surname1:
			first = t
		case Surname2:
			if second < 0 {
				second = t
			}
		}
	}
	if len(l.q.Parts) > 0 {
		for t, o := range s.best.taken {
			if o.span == 0 {
				continue
			}
			say(t, o.name, o.how)
			if o.second >= 0 {
				say(t, o.second, o.how)
			}
		}
	}
	if first >= 0 && second >= 0 && second < first {
		*reasons = append(*reasons, Reason{Code: "swapped"})
	}
	switch {
	case card&cardLost != 0:
		*reasons = append(*reasons, Reason{Code: "card_lost", Text: l.q.Card})
	case card != 0:
		*reasons = append(*reasons, Reason{Code: "card_ends", Text: l.q.Card})
	}
}

// whyBeside says what beside the name fits.
func (ix *Index) whyBeside(l *line, b *block, i uint32, seen []uint32, reasons *[]Reason) {
	if born := b.born[i]; l.q.Born != 0 && born != 0 {
		if years := l.q.apart(born); years <= 3.6 {
			code := "born_near"
			if l.q.ByAge {
				code = "age_near"
			}
			*reasons = append(*reasons, Reason{Code: code, Years: int(years + 0.4)})
		}
	}
	for _, h := range l.q.hints() {
		switch h.About {
		case Nation:
			if slices.Contains(ix.nation.list[b.trait[i]>>16], h.Code) {
				*reasons = append(*reasons, Reason{Code: "same_nationality", Text: h.Code})
			}
		case Language:
			if slices.Contains(ix.tongue.list[b.trait[i]&0xffff], h.Code) {
				*reasons = append(*reasons, Reason{Code: "same_language", Text: h.Code})
			}
		}
	}
	said := func(code, text string) {
		r := Reason{Code: code, Text: text}
		if !slices.Contains(*reasons, r) {
			*reasons = append(*reasons, r)
		}
	}
	for _, w := range l.hints.place {
		for _, k := range seen {
			if w.is(k) {
				said("seen_place", ix.place.name[k>>16])
				break
			}
		}
	}
	for _, w := range l.hints.month {
		for _, k := range seen {
			if w.is(k) {
				month := int(k & 0xffff)
				said("seen_month", fmt.Sprintf("%04d-%02d", month/12, month%12+1))
				break
			}
		}
	}
}
