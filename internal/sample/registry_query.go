package sample

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Sought is a question typed about somebody of a registry.
type Sought struct {
	Class              string // exact, typo1, typo2, phonetic2, partial, swapped, prefix or nickname
	Person             int    // ID of the person meant
	Text               string // as typed, in small letters
	Age                int    // as it was told, up to three years off; -1: it was not
	Nationality        string // empty: not told
	Sex                string
	Given1, Given2     string // of the person meant
	Surname1, Surname2 string
}

// Classes of questions: as written; one slip; a slip in two parts; two parts by sound; one given name and one surname with a slip;
// surnames first and the second by sound; given name, surname and the beginning of the second; short form and surnames.
var Classes = []string{"exact", "typo1", "typo2", "phonetic2", "partial", "swapped", "prefix", "nickname"}

// perClass is how many questions there are of each class, of a registry large enough.
const perClass = 250

// Queries are 2,000 questions with known answers. Of a registry that was read they are those that were read with it.
func (r *Registry) Queries() []Sought {
	if !r.drawn {
		return slices.Clone(r.read)
	}
	t := r.after
	r.again(&t, func(Again) bool { return true })
	d := drawing{twister: &t, registryNames: theRegistryNames()}
	var all, double, nicked []int
	for i := range r.people {
		all = append(all, i)
		if r.people[i].name[3] != 0 {
			double = append(double, i)
		}
	}
	for i := range r.people {
		if _, ok := d.nick(&t, r.names[r.people[i].name[0]]); ok {
			nicked = append(nicked, i)
		}
	}
	var out []Sought
	for _, class := range Classes {
		pool := all
		switch class {
		case "nickname":
			pool = nicked
		case "swapped", "prefix":
			pool = double
		}
		for _, i := range d.several(len(pool), perClass) {
			out = append(out, d.question(class, r.Person(pool[i])))
		}
	}
	return out
}

func (d drawing) question(class string, p Listed) Sought {
	q := Sought{Class: class, Person: p.ID, Age: -1, Sex: p.Sex, Given1: p.Given1, Given2: p.Given2, Surname1: p.Surname1, Surname2: p.Surname2}
	parts := slices.DeleteFunc([]string{p.Given1, p.Given2, p.Surname1, p.Surname2}, func(s string) bool { return s == "" })
	switch class {
	case "typo1":
		j := d.below(len(parts))
		parts[j] = d.typo(parts[j])
	case "typo2":
		for _, j := range d.several(len(parts), 2) {
			parts[j] = d.typo(parts[j])
		}
	case "phonetic2":
		for _, j := range d.several(len(parts), 2) {
			parts[j] = d.bySound(parts[j])
		}
	case "partial":
		parts = []string{p.Given1, p.Surname1}
		j := d.below(2)
		parts[j] = d.typo(parts[j])
	case "swapped":
		parts = []string{p.Surname1, d.bySound(p.Surname2), p.Given1}
	case "prefix":
		second := []rune(p.Surname2)
		parts = []string{p.Given1, p.Surname1, string(second[:min(len(second), d.within(3, 5))])}
	case "nickname":
		short, _ := d.nick(d.twister, p.Given1)
		parts = []string{short, d.bySound(p.Surname1), p.Surname2}
	}
	q.Text = joined(parts...)
	if d.chance(.7) {
		q.Text = bare(q.Text)
	}
	q.Text = strings.ToLower(q.Text)
	if d.chance(.8) {
		q.Age = max(0, p.Age+one(d.twister, []int{-3, -2, -1, 0, 0, 1, 2, 3}))
	}
	if d.chance(.8) {
		q.Nationality = p.Nationality
	}
	return q
}

// Limit is the part of questions whose answer can stand among the first ten, by class and (All) of all: somebody who undoes every slip
// still faces all who share what was typed, and can do no better than draw ten of them. First is the part whose answer can be the first.
type Limit struct {
	ByClass    map[string]float64
	All, First float64
}

// Limits gives the information limit of questions about the registry: with nothing but the name, and with the age and nationality
// that were told (three years off at most).
func (r *Registry) Limits(queries []Sought) (name, context Limit) {
	folded := make([]int32, len(r.names)) // name -> the first that is the same without marks
	first := map[string]int32{}
	for i, n := range r.names {
		plain := plainName(n)
		if _, ok := first[plain]; !ok {
			first[plain] = int32(i)
		}
		folded[i] = first[plain]
	}
	at := func(name string) int32 {
		if i, ok := first[plainName(name)]; ok {
			return i
		}
		return -1
	}
	// What a reader sees of a person: all four names, or some (the others are open).
	const open = -2
	type seen [4]int32
	asked := map[seen][]int{}
	for i, q := range queries {
		g1, g2, s1, s2 := at(q.Given1), at(q.Given2), at(q.Surname1), at(q.Surname2)
		switch q.Class {
		case "partial", "prefix":
			asked[seen{g1, open, s1, open}] = append(asked[seen{g1, open, s1, open}], i)
		case "swapped":
			asked[seen{g1, open, s1, s2}] = append(asked[seen{g1, open, s1, s2}], i)
		case "nickname":
			for _, g := range theRegistryNames().meantBy(q) {
				if k := (seen{at(g), open, s1, s2}); k[0] >= 0 {
					asked[k] = append(asked[k], i)
				}
			}
		default:
			asked[seen{g1, g2, s1, s2}] = append(asked[seen{g1, g2, s1, s2}], i)
		}
	}
	alike, alikeToo := make([]int, len(queries)), make([]int, len(queries))
	for i := range r.people {
		p := &r.people[i]
		g1, g2, s1, s2 := folded[p.name[0]], folded[p.name[1]], folded[p.name[2]], folded[p.name[3]]
		for _, k := range []seen{{g1, g2, s1, s2}, {g1, open, s1, open}, {g1, open, s1, s2}} {
			for _, j := range asked[k] {
				q := &queries[j]
				if q.Class == "prefix" && !strings.HasPrefix(plainName(r.names[s2]), lastWord(bare(q.Text))) {
					continue
				}
				alike[j]++
				if (q.Nationality == "" || nations[p.nation].code == q.Nationality) && (q.Age < 0 || max(q.Age-int(p.age), int(p.age)-q.Age) <= 3) {
					alikeToo[j]++
				}
			}
		}
	}
	return limitOf(queries, alike), limitOf(queries, alikeToo)
}

// meantBy gives the names, folded, that a question with a short form may mean.
func (n *registryNames) meantBy(q Sought) []string {
	text := plainName(q.Text)
	out := []string{plainName(q.Given1)}
	for short, given := range n.fullOf {
		if strings.HasPrefix(text, short+" ") {
			out = append(out, given...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func lastWord(s string) string {
	words := strings.Fields(s)
	if len(words) == 0 || !utf8.ValidString(s) {
		return s
	}
	return words[len(words)-1]
}

func limitOf(queries []Sought, alike []int) Limit {
	l := Limit{ByClass: map[string]float64{}}
	of := map[string]float64{}
	for i, q := range queries {
		part := min(1, 10/float64(max(1, alike[i])))
		l.ByClass[q.Class] += part
		of[q.Class]++
		l.All += part
		l.First += 1 / float64(max(1, alike[i]))
	}
	l.All /= float64(max(1, len(queries)))
	l.First /= float64(max(1, len(queries)))
	for class := range l.ByClass {
		l.ByClass[class] /= of[class]
	}
	return l
}
