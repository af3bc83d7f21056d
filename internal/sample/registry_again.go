package sample

import (
	"iter"
	"strings"
	"time"
	"unicode"
)

// Again is a record of somebody who is in the registry already, written by a colleague who did not find them.
type Again struct {
	Listed     // ID goes on after the last person's
	Person int // ID of whom it is
}

// keyboard gives the keys around each letter.
var keyboard = map[rune]string{'q': "wa", 'w': "qes", 'e': "wrd", 'r': "etf", 't': "ryg", 'y': "tuh", 'u': "yij", 'i': "uok", 'o': "ipl", 'p': "ol",
	'a': "qsz", 's': "adw", 'd': "sfe", 'f': "dgr", 'g': "fht", 'h': "gjy", 'j': "hku", 'k': "jli", 'l': "kop", 'z': "xa", 'x': "zc", 'c': "xv",
	'v': "cb", 'b': "vn", 'n': "bm", 'm': "n"}

// typo puts one slip of a finger into a name of three letters or more.
func (d drawing) typo(name string) string {
	s := []rune(name)
	var letters []int
	for i, c := range s {
		if unicode.IsLetter(c) {
			letters = append(letters, i)
		}
	}
	if len(letters) < 3 {
		return name
	}
	k := d.part()
	if d.chance(.85) {
		letters = letters[1:]
	}
	i := one(d.twister, letters)
	put := func(at int, letter rune) string { return string(s[:at]) + string(letter) + string(s[at:]) }
	switch {
	case k < .30:
		near := "aeiou"
		if plain := []rune(plainName(string(s[i]))); len(plain) == 1 && keyboard[plain[0]] != "" {
			near = keyboard[plain[0]]
		}
		s[i] = one(d.twister, []rune(near))
		return string(s)
	case k < .55:
		return string(s[:i]) + string(s[i+1:])
	case k < .75:
		return put(i, one(d.twister, []rune("aeiourslntm")))
	case k < .92 && i+1 < len(s):
		s[i], s[i+1] = s[i+1], s[i]
		return string(s)
	}
	return put(i, s[i])
}

// heard are the ways to write what sounds alike.
var heard = [][2]string{{"b", "v"}, {"v", "b"}, {"z", "s"}, {"s", "z"}, {"ce", "se"}, {"ci", "si"}, {"se", "ce"}, {"ge", "je"}, {"gi", "ji"}, {"je", "ge"},
	{"ji", "gi"}, {"ll", "y"}, {"y", "ll"}, {"h", ""}, {"qu", "k"}, {"c", "k"}, {"k", "c"}, {"x", "j"}, {"ñ", "n"}, {"ñ", "ni"}, {"rr", "r"}, {"i", "y"},
	{"y", "i"}, {"w", "gu"}, {"hu", "w"}, {"ou", "u"}, {"ph", "f"}, {"j", "y"}, {"ç", "s"}, {"ão", "ao"}, {"ss", "s"}, {"th", "t"}, {"é", "e"},
	{"tz", "s"}, {"x", "sh"}, {"n", "m"}, {"o", "u"}, {"e", "i"}}

// bySound writes a name, in small letters, in one of the other ways that sound alike; where there is none it makes a slip.
func (d drawing) bySound(name string) string {
	low := strings.ToLower(name)
	var fit [][2]string
	for _, h := range heard {
		if strings.Contains(low, h[0]) {
			fit = append(fit, h)
		}
	}
	if len(fit) == 0 {
		return d.typo(name)
	}
	h := one(d.twister, fit)
	return strings.Replace(low, h[0], h[1], 1)
}

// Duplicates are people registered a second time, and some a third and fourth: 8 in 100. A registry that was read has none.
func (r *Registry) Duplicates() iter.Seq[Again] {
	return func(yield func(Again) bool) {
		if r.drawn {
			t := r.after
			r.again(&t, yield)
		}
	}
}

func (r *Registry) again(t *twister, yield func(Again) bool) bool {
	d := drawing{twister: t, registryNames: theRegistryNames()}
	id := r.Len()
	for _, i := range d.several(r.Len(), int(float64(r.Len())*.08)) {
		times := 1
		if !d.chance(.75) {
			times = one(t, []int{2, 3})
		}
		for range times {
			id++
			l := d.again(r.Person(i))
			l.ID = id
			if !yield(Again{Listed: l, Person: i + 1}) {
				return false
			}
		}
	}
	return true
}

// again is one more registration of a person.
func (d drawing) again(p Listed) Listed {
	l := p
	if d.chance(.35) {
		l.Given2 = ""
	}
	if d.chance(.25) {
		l.Surname2 = ""
	}
	if d.chance(.06) && l.Surname2 != "" {
		l.Surname1, l.Surname2 = l.Surname2, l.Surname1
	}
	if d.chance(.05) && l.Given2 != "" {
		l.Given1, l.Given2 = l.Given2, l.Given1
	}
	for _, name := range []*string{&l.Given1, &l.Surname1, &l.Surname2} {
		if *name == "" {
			continue
		}
		if d.chance(.22) {
			*name = everyCapital(d.bySound(*name))
		}
		if d.chance(.12) {
			*name = d.typo(*name)
		}
		if d.chance(.30) {
			*name = bare(*name)
		}
	}
	if d.chance(.06) {
		if _, ok := d.nick(d.twister, p.Given1); ok { // the reference asks twice
			l.Given1, _ = d.nick(d.twister, p.Given1)
		}
	}
	if d.chance(.03) {
		l.Given1 += l.Given2
	}
	l.Birth = d.birthAgain(p.Birth)
	l.Age = max(0, p.Age+one(d.twister, []int{0, 0, 0, -1, 1, -2, 2, 3, -3}))
	if d.chance(.02) {
		l.Nationality = nations[d.below(len(nations))].code
	}
	if d.chance(.01) {
		l.Sex = map[string]string{"F": "M", "M": "F"}[l.Sex]
	}
	return l
}

func (d drawing) birthAgain(birth string) string {
	born, err := time.Parse(time.DateOnly, birth)
	v := d.part()
	if err != nil || v < .55 {
		return birth
	}
	year, month, day := born.Date()
	switch {
	case v < .65: // only an age
		return ""
	case v < .75: // day and month exchanged
		month, day = time.Month(min(12, day)), int(month)
	case v < .9:
		year, month, day = year+one(d.twister, []int{-2, -1, 1, 2}), 1, 1
	default:
		month, day = 1, 1
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}
