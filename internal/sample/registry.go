package sample

import (
	"iter"
	"strings"
	"time"
)

// Registry is a register of made-up people to search in: namesakes as many as there are among people on the move, names of sixteen
// nationalities in the shapes their countries give them, people registered twice by a tired colleague ([Registry.Duplicates]), and
// questions as they are typed, whose answer is known ([Registry.Queries]). A million people take some 30 MB.
//
// A registry is a pure function of its seed and size, and the same, letter by letter, as the files that the benchmark's
// reference program writes for them (persons.csv, dups.csv, queries.csv). The error model:
//
//   - typo: of a letter, not the first one in 85 of 100, a neighbour on the keyboard (30 %), nothing (25 %), a letter before it (20 %),
//     exchanged with the next (17 %), doubled (8 %)
//   - sound: one of 38 ways to write what sounds alike in Spanish, French, Portuguese and Mayan names (b/v, s/z/c, ll/y, g/j, qu/k,
//     x/j/sh, tz/s, w/gu/hu, ñ/n/ni, ou/u …), or a typo where none fits
//   - a short form of the given name, the beginning of a surname, surnames first, parts left out
//   - re-registration: second given name lost (35 %), second surname lost (25 %), surnames exchanged (6 %), given names exchanged
//     (5 %), each name by sound (22 %), mistyped (12 %), without marks (30 %), a short form (6 %), given names joined (3 %); a date
//     of birth as it was (55 %), none (10 %), day and month exchanged (10 %), 1 January of a near year (15 %) or of
//     the same (10 %); age up to three years off; another nationality (2 %), another sex (1 %)
type Registry struct {
	names  []string // every name that somebody has, once; the first is empty
	places map[string]int32
	people []listed
	after  twister // as it stood when the last person was drawn; zero of a registry that was read
	read   []Sought
	drawn  bool
}

// listed is a person in 24 bytes.
type listed struct {
	name    [4]int32 // given, second given, first and second surname: places in names
	born    int32    // days since 1970; noDate when unknown
	age     uint8
	nation  uint8 // place in codes
	culture uint8
	woman   bool
}

const noDate = -1 << 31

// Listed is one record of a registry.
type Listed struct {
	ID                 int // from 1
	Given1, Given2     string
	Surname1, Surname2 string
	Sex                string // F or M
	Birth              string // YYYY-MM-DD; empty when nobody knows it
	Age                int    // as told, in 2024
	Nationality        string // ISO 3166-1 alpha-3
	Culture            string // where the name comes from: es, ht, pt, af, maya, nah, qu, gar
}

// Given is both given names.
func (l Listed) Given() string { return joined(l.Given1, l.Given2) }

// FullName is all names in the order of a document.
func (l Listed) FullName() string { return joined(l.Given1, l.Given2, l.Surname1, l.Surname2) }

func joined(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " ")
}

var nations = []struct {
	code  string
	share float64
}{{"VEN", .24}, {"HND", .18}, {"GTM", .13}, {"SLV", .07}, {"CUB", .07}, {"HTI", .09}, {"COL", .05}, {"ECU", .06}, {"MEX", .04}, {"BRA", .02},
	{"NIC", .02}, {"PER", .01}, {"SEN", .008}, {"COD", .004}, {"CMR", .004}, {"GHA", .004}}

var nationsUpTo = func() []float64 {
	out, sum := make([]float64, len(nations)), 0.0
	for i, n := range nations {
		sum += n.share
		out[i] = sum
	}
	return out
}()

var cultures = []string{"es", "ht", "pt", "af", "maya", "nah", "qu", "gar"}

// NewRegistry draws n people.
func NewRegistry(seed uint64, n int) *Registry {
	r := emptyRegistry(n)
	d := drawing{twister: newTwister(seed), registryNames: theRegistryNames()}
	for i := range n {
		r.add(d.person(i + 1))
	}
	r.after, r.drawn = *d.twister, true
	return r
}

func emptyRegistry(n int) *Registry {
	return &Registry{names: []string{""}, places: map[string]int32{"": 0}, people: make([]listed, 0, n)}
}

// Len is how many people there are.
func (r *Registry) Len() int { return len(r.people) }

// Person gives the i-th person, from 0. Its ID is i+1.
func (r *Registry) Person(i int) Listed {
	p := &r.people[i]
	l := Listed{ID: i + 1, Given1: r.names[p.name[0]], Given2: r.names[p.name[1]], Surname1: r.names[p.name[2]], Surname2: r.names[p.name[3]],
		Sex: "M", Age: int(p.age), Nationality: nations[p.nation].code, Culture: cultures[p.culture]}
	if p.woman {
		l.Sex = "F"
	}
	if p.born != noDate {
		l.Birth = time.Unix(int64(p.born)*86400, 0).UTC().Format(time.DateOnly)
	}
	return l
}

// People are all persons in order.
func (r *Registry) People() iter.Seq[Listed] {
	return func(yield func(Listed) bool) {
		for i := range r.people {
			if !yield(r.Person(i)) {
				return
			}
		}
	}
}

func (r *Registry) add(l Listed) {
	p := listed{born: noDate, age: uint8(min(max(l.Age, 0), 255)), woman: l.Sex == "F"}
	for i, name := range [...]string{l.Given1, l.Given2, l.Surname1, l.Surname2} {
		place, ok := r.places[name]
		if !ok {
			place = int32(len(r.names))
			name = strings.Clone(name)
			r.names = append(r.names, name)
			r.places[name] = place
		}
		p.name[i] = place
	}
	for i := range nations {
		if nations[i].code == l.Nationality {
			p.nation = uint8(i)
		}
	}
	for i, c := range cultures {
		if c == l.Culture {
			p.culture = uint8(i)
		}
	}
	if t, err := time.Parse(time.DateOnly, l.Birth); err == nil {
		p.born = int32(t.Unix() / 86400)
	}
	r.people = append(r.people, p)
}

// drawing is a run of the generator. The order in which it draws is the reference program's and must stay.
type drawing struct {
	*twister
	*registryNames
}

func (d drawing) surname() string {
	switch u := d.part(); {
	case u < .10:
		return one(d.twister, d.rareNames)
	case u < .13:
		return one(d.twister, d.plain["es_sur_p"])
	}
	return d.from("es_sur")
}

func (d drawing) from(list string) string { return d.zipf[list].draw(d.twister) }

func (d drawing) given(sex string) string {
	rare, list := d.rareMen, "es_m"
	if sex == "F" {
		rare, list = d.rareWomen, "es_f"
	}
	if d.part() < .07 {
		return one(d.twister, rare)
	}
	return d.from(list)
}

// chance draws whether something of that probability happens.
func (d drawing) chance(p float64) bool { return d.part() < p }

func (d drawing) person(id int) Listed {
	l := Listed{ID: id, Nationality: nations[d.weighed(nationsUpTo)].code, Sex: "F", Culture: "es"}
	sexed := "_f"
	if d.chance(.58) {
		l.Sex, sexed = "M", "_m"
	}
	switch nation := l.Nationality; {
	case nation == "HTI" || nation == "BRA" && d.chance(.35):
		l.Culture = "ht"
		l.Given1 = d.from("ht" + sexed)
		if d.chance(.35) {
			l.Given2 = d.from("ht" + sexed)
		}
		l.Surname1 = d.from("ht_s")
	case nation == "BRA":
		l.Culture = "pt"
		l.Given1 = d.from("pt" + sexed)
		if d.chance(.4) {
			l.Given2 = d.from("pt" + sexed)
		}
		l.Surname1 = d.from("pt_s")
		if d.chance(.75) {
			l.Surname2 = d.from("pt_s")
		}
	case nation == "SEN" || nation == "COD" || nation == "CMR" || nation == "GHA":
		l.Culture = "af"
		l.Given1 = one(d.twister, d.plain["af"+sexed])
		if d.chance(.3) {
			l.Given2 = one(d.twister, d.plain["af"+sexed])
		}
		l.Surname1 = d.from("af_s")
	default:
		d.spanish(&l)
	}
	if d.chance(.2) { // the reference asks for more than 0.2, which differs in no number it can draw
		l.Age = d.within(0, 14)
	} else {
		l.Age = int(d.bell(27, 13))
	}
	l.Age = min(90, max(0, l.Age))
	l.Birth = time.Date(2024-l.Age, 1, 1+d.within(0, 364), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	return l
}

// spanish gives the names of somebody from a Spanish-speaking country, who may belong to one of its other peoples.
func (d drawing) spanish(l *Listed) {
	l.Given1 = d.given(l.Sex)
	if d.chance(.62) {
		l.Given2 = d.given(l.Sex)
	}
	if l.Given2 == l.Given1 {
		l.Given2 = ""
	}
	l.Surname1 = d.surname()
	if d.chance(.85) {
		l.Surname2 = d.surname()
	}
	u := d.part()
	switch nation := l.Nationality; {
	case nation == "GTM" && u < .45:
		l.Culture, l.Surname1, l.Surname2 = "maya", d.from("maya_s"), ""
		if d.chance(.8) {
			l.Surname2 = d.from("maya_s")
		}
		if d.chance(.25) {
			l.Given1 = one(d.twister, d.plain["maya_g"])
		}
	case nation == "MEX" && u < .25:
		l.Culture = "nah"
		if d.chance(.6) {
			l.Surname1 = d.from("nah_s")
		} else {
			l.Surname1 = d.from("maya_s")
		}
	case (nation == "ECU" || nation == "PER") && u < .25:
		l.Culture, l.Surname1 = "qu", d.from("qu_s")
		if d.chance(.7) {
			l.Surname2 = d.from("qu_s")
		}
	case nation == "HND" && u < .06:
		l.Culture, l.Surname1, l.Surname2 = "gar", d.from("gar_s"), d.from("gar_s")
	}
}
