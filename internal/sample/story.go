package sample

import (
	"math/rand/v2"
	"slices"
	"time"
	_ "time/tzdata" // the story keeps local hours of four places, on any machine

	"amparo/internal/place"
	"amparo/internal/record"
)

// Length is how long a story lasts. To end a story now, start it Length ago.
const Length = 42 * 24 * time.Hour

// One person of every story and one note carry strings that occur nowhere else. A test looks for them where they must be
// (pages) and where they must not (files, wire).
const (
	MarkerName = "Brumaventosa"                              // first surname of [Story.Marker]
	MarkerNote = "Nota marcadora: quebrantahuesos azul 7341" // begins the note of a medical consultation of that person
)

// StepKind says what a step asks of the player.
type StepKind string

// The kinds of step.
const (
	Do       StepKind = "do"       // carry out Request at the node
	Find     StepKind = "find"     // look someone up at the node with the query person.find
	Exchange StepKind = "exchange" // bring the node and the relay in step
)

// Site is a place of the story, and the node that works there.
type Site struct {
	Folder       string // of the node: "tapachula", "coatzacoalcos", "reynosa", "coordination"
	ID           string // client id of its site.open, given as Request.Site afterwards
	Name         string
	Type         string
	Municipality string // INEGI code
	Services     []string
	Zone         *time.Location
}

// Step is one thing that happens.
type Step struct {
	Kind    StepKind
	Node    int // index into Story.Sites
	At      time.Time
	Request record.Request // of Do
	Find    Lookup         // of Find
}

// Lookup is somebody being recognised at a site where they were not registered.
type Lookup struct {
	By     string // "name", "typo" or "card"
	Query  string // what is typed; empty by card: type the card that the registration of Expect gave
	Expect string // client id of the person meant: the first hit among hundreds, now and then a later one among thousands of namesakes
}

// Person is who is who, for whoever plays or checks a story.
type Person struct {
	ID   string // client id
	Name string // full, as at the end of the story; the nickname when no more is known
	Node int    // where registered
}

// Totals is what a whole story holds, by the steps in it.
type Totals struct {
	Persons, Visits, Consultations int
	Found                          int // Find steps
	Updates                        int // person.update, all
	Rivals                         int // fields that two sites changed while apart, to different values
	Settled                        int // of those, settled before the end
	Merges                         int // persons whom two sites changed in different fields while apart
	Headcounts, Flows              int
	Exchanges                      int
	Twice                          int // people registered a second time because they were not found; they count among Persons
	Linked                         int // of those, found and linked
	Households                     int
	Searches, Reunited             int // families that look for somebody; of those, the one who looks was told
	CardsLost                      int
	Steps                          int // of people's way
}

// Story is an ordered list of steps. Ids in it are client ids: a node knows those of its own requests at once and those of others
// after an exchange; a step never names one that its node cannot know yet.
type Story struct {
	Seed       uint64
	Start, End time.Time
	Sites      []Site // three of the route, then the coordination
	Steps      []Step // by time; all requests of a node ascend
	People     []Person
	Walker     string // client id of someone met at all three sites, with a medical, a mental-health and a social consultation
	Marker     string // client id of the person of MarkerName, also met at a second site
	Totals     Totals
}

// The nodes of a story.
const (
	Tapachula = iota
	Coatzacoalcos
	Reynosa
	Coordination
)

func sites(seed uint64) []Site {
	list := []Site{
		{Folder: "tapachula", Name: "Tapachula, albergue", Type: "shelter", Municipality: "07089",
			Services: []string{"medical", "mental_health", "social", "nursing", "distribution"}},
		{Folder: "coatzacoalcos", Name: "Coatzacoalcos, junto a las vías", Type: "transport_hub", Municipality: "30039",
			Services: []string{"medical", "mental_health", "nursing", "distribution"}},
		{Folder: "reynosa", Name: "Reynosa, campamento", Type: "informal_camp", Municipality: "28032",
			Services: []string{"medical", "mental_health", "social", "distribution"}},
		{Folder: "coordination", Name: "Coordinación", Type: "office", Municipality: "09015", Services: []string{}},
	}
	for i := range list {
		zone, err := place.Zone(list[i].Municipality)
		if err != nil {
			panic("sample: " + err.Error()) // gazetteer and zones are built in
		}
		list[i].Zone, list[i].ID = zone, clientID(seed, "site", i)
	}
	return list
}

// teller puts a story together.
type teller struct {
	*Story
	*cohort
	exchanges [4][]time.Time  // of every node, ascending
	travelled []traveller     // people met at more than one site
	companies []company       // everybody, with whom they came
	threaded  map[string]bool // of whom a thread tells already, so that no two do
	numbers   map[string]int  // client ids given so far, by what they name
}

// NewStory tells how people, at most the given number and at least one, walk the route during Length from start on. Steps are ordered by time
// and lie between start and start+Length; the last ones bring every node in step with every other. Volume is linear in people, apart from daily
// counts. The same arguments give the same story, byte for byte.
func NewStory(seed uint64, people int, start time.Time) *Story {
	start = start.UTC().Truncate(time.Second)
	people = max(people, 1)
	t := &teller{
		Story:    &Story{Seed: seed, Start: start, End: start.Add(Length), Sites: sites(seed)},
		cohort:   newCohort(seed, start),
		numbers:  map[string]int{},
		threaded: map[string]bool{},
	}
	t.openSites()
	t.planExchanges()
	twice := dues(people, 40, 75)
	t.walk(people - twice)
	t.drawApart(0x646f73, func() { t.registeredTwice(twice) })
	t.walk(people)
	t.writeApart()
	t.countPeople()
	t.threads(people)
	slices.SortStableFunc(t.Steps, func(a, b Step) int { return a.At.Compare(b.At) })
	t.sum()
	return t.Story
}

// Requests are those of all steps, in order.
func (s *Story) Requests() []record.Request {
	var out []record.Request
	for _, step := range s.Steps {
		if step.Kind == Do {
			out = append(out, step.Request)
		}
	}
	return out
}

// do adds a request, in local time of the node.
func (t *teller) do(node int, at time.Time, action, id string, data any) {
	at = at.In(t.Sites[node].Zone)
	site := t.Sites[node].ID
	if action == "site.open" {
		site = ""
	}
	t.Steps = append(t.Steps, Step{Kind: Do, Node: node, At: at,
		Request: record.Request{Action: action, ID: id, At: at, Site: site, Data: marshal(data)}})
}

// newID gives the next client id for something of that sort.
func (t *teller) newID(what string) string {
	n := t.numbers[what]
	t.numbers[what]++
	return clientID(t.Seed, what, n)
}

type siteOpening struct {
	Name         string   `json:"name"`
	Type         string   `json:"type"`
	Municipality string   `json:"municipality"`
	Services     []string `json:"services"`
}

func (t *teller) openSites() {
	for i, s := range t.Sites {
		t.do(i, t.Start.Add(time.Duration(i)*time.Second), "site.open", s.ID, siteOpening{s.Name, s.Type, s.Municipality, s.Services})
	}
}

// days is the number of local calendar days that a story touches.
const days = int(Length/(24*time.Hour)) + 1

// midnight begins the local day of that number, counted from the one in which the story starts.
func (t *teller) midnight(node, day int) time.Time {
	zone := t.Sites[node].Zone
	local := t.Start.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day()+day, 0, 0, 0, 0, zone)
}

// hours gives the working hours of a local day: eight to six, but within the story. A day cut so short that little of
// them is left works when it can, so that the last day has a queue to show whatever the time of day is at the end.
func (t *teller) hours(node, day int) (from, to time.Time) {
	dawn, dusk := t.midnight(node, day), t.midnight(node, day+1)
	if dawn.Before(t.Start) {
		dawn = t.Start.Add(5 * time.Minute)
	}
	if last := t.End.Add(-10 * time.Minute); dusk.After(last) {
		dusk = last
	}
	from, to = t.midnight(node, day).Add(8*time.Hour), t.midnight(node, day).Add(18*time.Hour)
	if from.Before(dawn) {
		from = dawn
	}
	if to.After(dusk) {
		to = dusk
	}
	if to.Sub(from) < 2*time.Hour && dusk.After(dawn) {
		from, to = dawn, dusk
	}
	return from, to
}

// at draws a moment between two parts (0 to 1) of the working hours.
func (t *teller) at(node, day int, low, high float64) time.Time {
	from, to := t.hours(node, day)
	part := low + t.r.Float64()*(high-low)
	return from.Add(time.Duration(part * float64(to.Sub(from)))).Truncate(time.Second)
}

// open reports whether the local day has working hours worth the name within the story.
func (t *teller) open(node, day int) bool {
	from, to := t.hours(node, day)
	return day >= 0 && day < days && to.Sub(from) >= 5*time.Minute
}

// planExchanges gives each node its evenings with the relay. Coatzacoalcos has a signal every other day. At the end everybody has
// two turns, so that each holds what all others sent in the first.
func (t *teller) planExchanges() {
	add := func(node int, at time.Time) {
		at = at.In(t.Sites[node].Zone)
		t.exchanges[node] = append(t.exchanges[node], at)
		t.Steps = append(t.Steps, Step{Kind: Exchange, Node: node, At: at})
	}
	for turn := range 2 { // so that sites are known everywhere before the first morning
		for node := range t.Sites {
			add(node, t.Start.Add(time.Minute+time.Duration(turn*len(t.Sites)+node)*5*time.Second))
		}
	}
	for day := range days {
		for node := range t.Sites {
			evening := t.midnight(node, day).Add(20*time.Hour + 30*time.Minute + time.Duration(node)*4*time.Minute)
			if node == Coatzacoalcos && day%2 == 1 || !evening.After(t.Start.Add(3*time.Minute)) || !evening.Before(t.End.Add(-9*time.Minute)) {
				continue
			}
			add(node, evening)
		}
	}
	for turn := range 2 {
		for node := range t.Sites {
			add(node, t.End.Add(-2*time.Minute+time.Duration(turn*len(t.Sites)+node)*10*time.Second))
		}
	}
	for node := range t.exchanges {
		slices.SortFunc(t.exchanges[node], time.Time.Compare)
	}
}

// next is the first exchange of a node after a moment; the zero time when there is none.
func (t *teller) next(node int, after time.Time) time.Time {
	list := t.exchanges[node]
	i, _ := slices.BinarySearchFunc(list, after, func(e, after time.Time) int {
		if e.After(after) {
			return 1
		}
		return -1
	})
	if i == len(list) {
		return time.Time{}
	}
	return list[i]
}

// arrives says when something written at one node is known at another: after the first has handed it to the relay and the other has
// asked. It is the zero time when that does not happen within the story.
func (t *teller) arrives(from int, written time.Time, to int) time.Time {
	if from == to {
		return written
	}
	sent := t.next(from, written)
	if sent.IsZero() {
		return sent
	}
	return t.next(to, sent)
}

func (t *teller) sum() {
	for _, s := range t.Steps {
		switch s.Kind {
		case Find:
			t.Totals.Found++
		case Exchange:
			t.Totals.Exchanges++
		case Do:
			switch s.Request.Action {
			case "person.register":
				t.Totals.Persons++
			case "person.update":
				t.Totals.Updates++
			case "visit.open":
				t.Totals.Visits++
			case "consultation.record":
				t.Totals.Consultations++
			case "site.count":
				t.Totals.Headcounts++
			case "flow.count":
				t.Totals.Flows++
			case "conflict.settle":
				t.Totals.Settled++
			}
		}
	}
}

// pick draws one of several.
func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }
