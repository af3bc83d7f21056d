package linkage

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Pair is two records of a table, by their places in the lists that were compared.
type Pair struct{ A, B int32 }

// budget bounds how many records that share something are looked at for one record.
const budget = 20_000

// Candidates proposes the pairs worth comparing, without a rule that could hide one: whoever has a name that may be one of the record's, or
// shares a date or another value with it, is scored by how rare what they share is, and each record's foremost each are
// taken. When b is nil, a is compared with itself. Every pair comes once, in order.
func Candidates(a, b []*Side, each int) []Pair {
	c := newCrowded(a, b)
	n, all := int32(len(a)), int32(len(a)+len(b))
	nearest := make([][]int32, all)
	together(int(all), c.seeker, func(s *seeker, from, to int) {
		for i := int32(from); i < int32(to); i++ {
			switch {
			case b == nil:
				nearest[i] = slices.Clone(s.nearest(i, each, 0, n))
			case i < n:
				nearest[i] = slices.Clone(s.nearest(i, each, n, all))
			default:
				nearest[i] = slices.Clone(s.nearest(i, each, 0, n))
			}
		}
	})
	out := make([]Pair, 0, int(all)*each)
	for i := range all {
		for _, j := range nearest[i] {
			p := Pair{min(i, j), max(i, j)}
			if b != nil {
				p.B -= n
			}
			out = append(out, p)
		}
		nearest[i] = nil
	}
	slices.SortFunc(out, func(x, y Pair) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	return slices.Compact(out)
}

// crowded is all records, in the ways in which they are looked up. Nothing in it changes.
type crowded struct {
	names  [][]int32 // by record: the sounds of its name
	beside []brief
	voc    *nearby
	crowd  *crowd
	has    features
}

// brief is what is known of a record beside its name, small, because twenty thousand are looked at for each.
type brief struct {
	born   float32 // 0: unknown
	nation int32   // -1: none, or several
	sex    byte
}

func newCrowded(a, b []*Side) *crowded {
	all := append(slices.Clone(a), b...)
	c := &crowded{names: make([][]int32, len(all)), beside: make([]brief, len(all))}
	nations := map[string]int32{}
	seen := map[string]bool{}
	var sounds []string
	for i, x := range all {
		c.beside[i] = brief{float32(x.born), -1, x.sex}
		if len(x.nation) == 1 {
			n, ok := nations[x.nation[0]]
			if !ok {
				n = int32(len(nations))
				nations[x.nation[0]] = n
			}
			c.beside[i].nation = n
		}
		for _, t := range namesOf(x) {
			if !seen[t.sound] {
				seen[t.sound] = true
				sounds = append(sounds, t.sound)
			}
		}
	}
	slices.Sort(sounds)
	c.voc = newNearby(sounds)
	for i, x := range all {
		for _, t := range namesOf(x) {
			c.names[i] = append(c.names[i], c.voc.at[t.sound])
		}
	}
	c.crowd = newCrowd(c.names, c.beside, len(sounds))
	c.has = newFeatures(all)
	return c
}

// seeker finds the records that share most with one. Each goroutine has its own.
type seeker struct {
	*crowded
	score  []float32
	stamp  []int32 // score counts only where stamp is epoch
	credit []int32 // the last name part that was credited
	epoch  int32
	round  int32
	opened []int32
}

func (c *crowded) seeker() *seeker {
	n := len(c.names)
	return &seeker{crowded: c, score: make([]float32, n), stamp: make([]int32, n), credit: make([]int32, n)}
}

// add adds to a record's score.
func (s *seeker) add(j int32, gain float32) {
	if s.stamp[j] != s.epoch {
		s.stamp[j], s.score[j], s.credit[j] = s.epoch, 0, 0
		s.opened = append(s.opened, j)
	}
	s.score[j] += gain
}

// nearest gives the records from..to that share most with record i.
func (s *seeker) nearest(i int32, each int, from, to int32) []int32 {
	own := s.beside[i]
	s.epoch++
	s.opened = s.opened[:0]
	for _, sound := range s.names[i] {
		s.round++
		for _, v := range s.voc.lists[sound] {
			gain := s.crowd.gain[v.sound] - v.penalty
			if gain <= 0 {
				continue
			}
			s.crowd.each(v.sound, own.nation, own.born, func(x, y int32) {
				for _, j := range s.crowd.people[x:y] {
					if j < from || j >= to || j == i || s.stamp[j] == s.epoch && s.credit[j] == s.round {
						continue
					}
					if s.stamp[j] != s.epoch && len(s.opened) >= budget {
						continue
					}
					s.add(j, gain)
					s.credit[j] = s.round
				}
			})
		}
	}
	for _, x := range s.has.of[s.has.begins[i]:s.has.begins[i+1]] {
		gain := s.has.gain[x]
		for _, j := range s.has.members[s.has.starts[x]:s.has.starts[x+1]] {
			if j >= from && j < to && j != i && (s.stamp[j] == s.epoch || len(s.opened) < budget) {
				s.add(j, gain)
			}
		}
	}
	for _, j := range s.opened {
		s.score[j] += own.with(s.beside[j])
	}
	return s.best(each)
}

// best gives the foremost of those opened, unordered: a heap with the worst of them on top.
func (s *seeker) best(each int) []int32 {
	worse := func(x, y int32) bool { return s.score[x] < s.score[y] || s.score[x] == s.score[y] && x > y }
	top := s.opened[:min(each, len(s.opened))]
	sift := func(i int) {
		for {
			child := 2*i + 1
			if child >= len(top) {
				return
			}
			if child+1 < len(top) && worse(top[child+1], top[child]) {
				child++
			}
			if !worse(top[child], top[i]) {
				return
			}
			top[i], top[child] = top[child], top[i]
			i = child
		}
	}
	for i := len(top)/2 - 1; i >= 0; i-- {
		sift(i)
	}
	for _, x := range s.opened[len(top):] {
		if len(top) > 0 && worse(top[0], x) {
			top[0] = x
			sift(0)
		}
	}
	return top
}

// with weighs what is known beside the names, roughly.
func (b brief) with(o brief) float32 {
	var w float32
	if b.born != 0 && o.born != 0 {
		switch years := max(b.born-o.born, o.born-b.born); {
		case years <= 1.1:
			w += 2.5
		case years <= 3.1:
			w += 1.5
		case years <= 6.1:
			w--
		default:
			w -= 4
		}
	}
	if b.sex != 0 && o.sex != 0 && b.sex != o.sex {
		w -= 4
	}
	if b.nation >= 0 && o.nation >= 0 {
		if b.nation == o.nation {
			w += 2
		} else {
			w -= 3
		}
	}
	return w
}

// features is an inverted index from what records have beside their names to the records.
type features struct {
	members []int32   // records by feature
	starts  []int32   // where a feature begins in members
	gain    []float32 // bits, by feature
	of      []int32   // features by record
	begins  []int32   // where a record begins in of
}

// recordBits is how many bits of a feature's word hold the record: 134 million.
const recordBits = 27

// widest is how many records may share a feature that is still looked at.
const widest = 1000

func newFeatures(all []*Side) features {
	var words []uint64
	var own []feature
	for i, s := range all {
		own = featuresOf(s, own[:0])
		for _, x := range own {
			words = append(words, x.hash&^(1<<(recordBits+2)-1)|uint64(x.kind)<<recordBits|uint64(i))
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	f := features{begins: make([]int32, len(all)+1)}
	const mask = 1<<recordBits - 1
	for at := 0; at < len(words); {
		end := at + 1
		for end < len(words) && words[end]>>recordBits == words[at]>>recordBits {
			end++
		}
		if n := end - at; n > 1 && n <= widest {
			f.starts = append(f.starts, int32(len(f.members)))
			f.gain = append(f.gain, float32(math.Log2(float64(len(all))/float64(n)))*kindWeight[words[at]>>recordBits&3])
			for _, w := range words[at:end] {
				f.members = append(f.members, int32(w&mask))
				f.begins[w&mask+1]++
			}
		}
		at = end
	}
	f.starts = append(f.starts, int32(len(f.members)))
	for i := range all {
		f.begins[i+1] += f.begins[i]
	}
	f.of = make([]int32, len(f.members))
	next := slices.Clone(f.begins)
	for x := range len(f.starts) - 1 {
		for _, i := range f.members[f.starts[x]:f.starts[x+1]] {
			f.of[next[i]] = int32(x)
			next[i]++
		}
	}
	return f
}

// feature is one thing a record has, hashed, with its kind.
type feature struct {
	hash uint64
	kind uint8
}

// The kinds of features, by how much of what they say other features of the same record say again.
const (
	whole   uint8 = iota // a date, a value
	joint                // a value with a name
	lacking              // a number with a digit left out
	part                 // a word of a value, a part of a date
)

var kindWeight = [4]float32{whole: 1, joint: 0.4, lacking: 0.3, part: 0.4}

// hasher is FNV-1a, 64 bits, finished so that the upper bits can be used alone.
type hasher uint64

func start(field byte) hasher { return hasher(14695981039346656037).byte(field) }

func (h hasher) byte(b byte) hasher { return (h ^ hasher(b)) * 1099511628211 }

func (h hasher) text(s string) hasher {
	for i := range len(s) {
		h = h.byte(s[i])
	}
	return h.byte(0)
}

func (h hasher) number(n int) hasher {
	for ; n > 0; n >>= 8 {
		h = h.byte(byte(n))
	}
	return h.byte(0)
}

func (h hasher) end() uint64 {
	x := uint64(h)
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

func featuresOf(s *Side, out []feature) []feature {
	if d := s.birth; d.year != 0 && !d.vague() {
		low, high := min(d.month, d.day), max(d.month, d.day)
		out = append(out,
			feature{start('b').number(d.year).number(low*100 + high).end(), whole},
			feature{start('c').number(low*100 + high).end(), part},
			feature{start('e').number(d.year).number(d.month).end(), part},
			feature{start('f').number(d.year).number(d.day).end(), part})
	}
	for i, v := range s.more {
		if v.text == "" {
			continue
		}
		out = append(out, feature{start('v').byte(byte(i)).text(v.text).end(), whole})
		if v.number {
			for at := range len(v.text) {
				if len(v.text) > 3 {
					out = append(out, feature{start('w').byte(byte(i)).text(v.text[:at] + v.text[at+1:]).end(), lacking})
				}
			}
			continue
		}
		if words := strings.FieldsFunc(v.text, apartAt); len(words) > 1 {
			for _, w := range words[:min(len(words), 8)] {
				out = append(out, feature{start('x').byte(byte(i)).text(w).end(), part})
			}
		}
		for _, list := range [][]token{s.given, s.surname} {
			for _, t := range list[:min(len(list), 1)] {
				out = append(out, feature{start('z').byte(byte(i)).text(v.text).text(t.sound).end(), joint})
			}
		}
	}
	return out
}

// apartAt parts the words of a value.
func apartAt(r rune) bool {
	return r == ' ' || r == ',' || r == '.' || r == '-' || r == '/' || r == '@' || r == '_' || r == ';'
}
