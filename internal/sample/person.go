package sample

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"amparo/internal/record"
)

// registration is the data of the action person.register.
type registration struct {
	Given       string   `json:"given,omitempty"`
	Surname1    string   `json:"surname1,omitempty"`
	Surname2    string   `json:"surname2,omitempty"`
	Nickname    string   `json:"nickname,omitempty"`
	Sex         string   `json:"sex,omitempty"`
	Gender      string   `json:"gender,omitempty"`
	Birth       string   `json:"birth,omitempty"`
	Age         *int     `json:"age,omitempty"`
	AgeAbout    bool     `json:"age_about,omitempty"`
	Nationality []string `json:"nationality,omitempty"`
	Languages   []string `json:"languages,omitempty"`
	Direction   string   `json:"direction,omitempty"`
	Groups      []string `json:"groups,omitempty"`
	Phone       string   `json:"phone,omitempty"`
	Note        string   `json:"note,omitempty"`
	Consent     []string `json:"consent,omitempty"`
}

// someone is a registration and the age behind it, which the registration may tell as a date of birth or not at all.
type someone struct {
	registration
	years int
}

func (d registration) fullName() string {
	name := strings.Join(strings.Fields(d.Given+" "+d.Surname1+" "+d.Surname2), " ")
	if name == "" {
		return d.Nickname
	}
	return name
}

// cohort draws people, in units that travel together.
type cohort struct {
	r     *rand.Rand
	book  *nameBook
	today time.Time       // ages are of this day
	taken map[string]bool // full names already given
}

func newCohort(seed uint64, today time.Time) *cohort {
	return &cohort{r: rand.New(rand.NewPCG(seed, 0x616d7061726f)), book: names(), today: today, taken: map[string]bool{}}
}

// unit draws up to most people who travel together: mostly one, otherwise a family with its first surnames handed down.
func (c *cohort) unit(most int) []someone {
	o := drawOrigin(c.r)
	direction := c.direction()
	phone := ""
	if c.r.Float64() < 0.45 {
		phone = c.phone(o.country)
	}
	var unit []someone
	x := c.r.Float64()
	switch {
	case most < 2 || x < 0.68: // alone
		sex, age := "m", bell(c.r, 28, 9, 14, 74)
		if c.r.Float64() < 0.33 {
			sex, age = "f", bell(c.r, 29, 9, 15, 72)
		}
		p := c.person(o, sex, age)
		if age < 18 {
			p.Groups = append(p.Groups, "unaccompanied_child")
		} else if sex == "f" {
			p.Groups = append(p.Groups, "woman_alone")
		}
		unit = append(unit, p)
	case x < 0.78: // two adults: siblings, friends, a couple
		a, b := c.person(o, "m", bell(c.r, 27, 7, 18, 60)), c.person(o, []string{"m", "f"}[c.r.IntN(2)], bell(c.r, 26, 7, 18, 60))
		if c.r.Float64() < 0.5 {
			b.Surname1, b.Surname2 = a.Surname1, a.Surname2
		}
		unit = append(unit, a, b)
	default: // mother, or both parents, with children
		mother := c.person(o, "f", bell(c.r, 29, 6, 17, 46))
		family := []someone{mother}
		fatherName := c.book.surname(c.r, o)
		if c.r.Float64() < 0.55 && most > 2 {
			father := c.person(o, "m", bell(c.r, 32, 7, 18, 58))
			fatherName = father.Surname1
			family = append(family, father)
		}
		children := 1 + c.r.IntN(3)
		for range min(children, most-len(family)) {
			child := c.person(o, []string{"f", "m"}[c.r.IntN(2)], c.r.IntN(17))
			child.Surname1 = fatherName
			if child.Surname2 = mother.Surname1; o.oneFamily {
				child.Surname2 = ""
			}
			if o.country == "HTI" && child.years < 9 && c.r.Float64() < 0.6 { // born on the way, years ago
				child.Nationality = append(child.Nationality, []string{"CHL", "BRA"}[c.r.IntN(2)])
			}
			if o.country == "VEN" && child.years < 7 && c.r.Float64() < 0.4 {
				child.Nationality = append(child.Nationality, []string{"COL", "PER", "ECU"}[c.r.IntN(3)])
			}
			child.Phone = ""
			family = append(family, child)
		}
		for i := range family {
			family[i].Groups = append(family[i].Groups, "family_with_children")
		}
		unit = family
	}
	consent := c.consent()
	for i := range unit {
		p := &unit[i]
		p.Direction, p.Consent = direction, consent
		if p.years >= 18 && phone != "" && i == 0 {
			p.Phone = phone
		}
		for range 20 { // nobody in a cohort has exactly the name of another, so that a test can say who is meant
			if !c.taken[p.fullName()] {
				break
			}
			p.Given = c.book.givenName(c.r, o, p.Sex)
		}
		c.taken[p.fullName()] = true
		c.finish(p)
	}
	return unit
}

func (c *cohort) person(o origin, sex string, age int) someone {
	p := someone{years: age}
	p.registration = registration{Given: c.book.givenName(c.r, o, sex), Surname1: c.book.surname(c.r, o), Sex: sex, Age: &age,
		Nationality: []string{o.country}, Languages: []string{o.language}}
	for o.oneFamily && slices.Contains(strings.Fields(p.Given), p.Surname1) { // Jean Jean exists, but nobody could look him up
		p.Surname1 = c.book.surname(c.r, o)
	}
	if !o.oneFamily && c.r.Float64() < 0.93 {
		p.Surname2 = c.book.surname(c.r, o)
	}
	if o.language != "es" && c.r.Float64() < 0.7 { // most also speak the language of the region
		p.Languages = append(p.Languages, "es")
	}
	if o.country == "HTI" && c.r.Float64() < 0.3 {
		p.Languages = append(p.Languages, "fr")
	}
	if c.r.Float64() < 0.004 {
		p.Nationality = []string{[]string{"STATELESS", "UNKNOWN"}[c.r.IntN(2)]}
	}
	return p
}

// finish adds what depends on age and sex, and turns some ages into dates of birth.
func (c *cohort) finish(p *someone) {
	age := p.years
	add := func(share float64, group string) {
		if c.r.Float64() < share {
			p.Groups = append(p.Groups, group)
		}
	}
	if p.Sex == "f" && age >= 15 && age <= 44 {
		add(0.07, "pregnant")
		add(0.05, "lactating")
	}
	if age >= 60 {
		p.Groups = append(p.Groups, "older")
	}
	add(0.02, "disability")
	add(float64(age)*0.0025, "chronic_illness")
	if age >= 16 {
		add(0.04, "survivor_violence")
		if c.r.Float64() < 0.03 {
			p.Groups = append(p.Groups, "lgbtiq")
			if c.r.Float64() < 0.4 {
				p.Gender = []string{"mujer trans", "hombre trans", "no binario"}[c.r.IntN(3)]
			}
		}
	} else if !slices.Contains(p.Groups, "unaccompanied_child") {
		add(0.05, "separated_child")
	}
	if c.r.Float64() < 0.16 {
		p.Nickname = c.nickname(p.Sex, p.Nationality[0])
	}
	birth := c.today.AddDate(-age, 0, -1-c.r.IntN(364))
	switch x := c.r.Float64(); {
	case x < 0.34:
		p.Birth, p.Age = birth.Format("2006-01-02"), nil
	case x < 0.42:
		p.Birth, p.Age = birth.Format("2006-01"), nil
	case x < 0.55:
		p.Birth, p.Age = birth.Format("2006"), nil
	case x < 0.70:
		p.AgeAbout = true
	}
}

func (c *cohort) direction() string {
	switch x := c.r.Float64(); {
	case x < 0.55:
		return "north"
	case x < 0.87:
		return "south"
	case x < 0.95:
		return "staying"
	}
	return "unknown"
}

// consent is what somebody agrees to when they are registered. The story follows people from site to site, so nobody in it was
// asked about sharing and did not agree: their records would stay where they were written, as they should. Some were not asked.
func (c *cohort) consent() []string {
	switch x := c.r.Float64(); {
	case x < 0.90:
		return []string{"care", "sharing", "statistics"}
	case x < 0.94:
		return nil
	}
	return []string{"care", "sharing"}
}

func (c *cohort) nickname(sex, country string) string {
	list := nicknames[sex]
	if country == "HTI" {
		list = nicknames["HTI "+sex]
	}
	return list[c.r.IntN(len(list))]
}

var dialling = map[string]string{"HND": "504", "GTM": "502", "SLV": "503", "NIC": "505", "VEN": "58", "CUB": "53", "HTI": "509", "ECU": "593", "COL": "57", "MEX": "52"}

// phone gives a number that cannot ring: national numbers of these countries never begin with 000.
func (c *cohort) phone(country string) string {
	return fmt.Sprintf("+%s 000 %03d %03d", dialling[country], c.r.IntN(1000), c.r.IntN(1000))
}

var nicknames = map[string][]string{
	"f":     {"Tita", "Nena", "Mimi", "Lupita", "Yuli", "Chela", "Mari", "La Negra", "Lencha", "Gaby", "Meche", "Chayo", "Concha", "Nany", "Morena"},
	"m":     {"Chepe", "El Flaco", "Beto", "Chele", "Moncho", "Toño", "Nando", "Catracho", "Paco", "Gordo", "Chino", "Keko", "Fito", "Tavo", "Kiko", "Neto", "Chucho", "Nacho"},
	"HTI f": {"Ti Rose", "Fifi", "Mimose", "Nana", "Guerda"},
	"HTI m": {"Ti Jan", "Dodo", "Jojo", "Bob", "Ti Blanc"},
}

// marshal is for structs of strings, numbers and slices, which cannot fail.
func marshal(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("sample: " + err.Error())
	}
	return b
}

// People gives n requests person.register, each with a client id, spread evenly over the 30 days before the day named by
// peopleUntil. Site is left to the device. It is meant for tests and benchmarks that need many records quickly; for work with a course use
// [NewStory].
func People(seed uint64, n int) []record.Request {
	c := newCohort(seed, peopleUntil)
	out := make([]record.Request, 0, n)
	from, step := peopleUntil.AddDate(0, 0, -30), 30*24*time.Hour/time.Duration(max(n, 1))
	for len(out) < n {
		for _, p := range c.unit(n - len(out)) {
			out = append(out, record.Request{
				Action: "person.register",
				ID:     clientID(seed, "p", len(out)),
				At:     from.Add(time.Duration(len(out)) * step).Truncate(time.Second),
				Data:   marshal(p.registration),
			})
		}
	}
	return out
}

var peopleUntil = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// clientID names what a request creates: short, because it travels in every commit, and different for every seed.
func clientID(seed uint64, what string, n int) string {
	return fmt.Sprintf("s%d.%s%d", seed, what, n+1)
}
