package sample

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amparo/internal/record"
)

var begun = time.Date(2026, 2, 10, 15, 20, 0, 0, time.UTC) // spans the border's clock change of 8 March

func digest(t *testing.T, s *Story) string {
	t.Helper()
	h := sha256.New()
	e := json.NewEncoder(h)
	for _, step := range s.Steps {
		if err := e.Encode(step); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Encode(s.People); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// golden holds the story fast: a change of it changes every number quoted from a demonstration, and must be meant.
const golden = "f3b1c66c442d08426faddb502c082451735c047d5c9b7c1cb7e9170161468c57"

func TestStoryIsTheSameEverywhere(t *testing.T) {
	s := NewStory(1, 300, begun)
	if got := digest(t, s); got != golden {
		t.Errorf("the story of seed 1 has changed: digest %s, want %s; totals %+v", got, golden, s.Totals)
	}
	if digest(t, NewStory(1, 300, begun)) != digest(t, s) {
		t.Error("the same arguments gave two stories")
	}
	if digest(t, NewStory(2, 300, begun)) == digest(t, s) {
		t.Error("two seeds gave one story")
	}
}

func TestStoryVolumes(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3, 4, 5} {
		s := NewStory(seed, 300, begun)
		for _, w := range []struct {
			what           string
			got, low, high int
		}{
			{"persons", s.Totals.Persons, 300, 300},
			{"visits", s.Totals.Visits, 620, 800},
			{"consultations", s.Totals.Consultations, 560, 740},
			{"found elsewhere", s.Totals.Found, 52, 70},
			{"rivals", s.Totals.Rivals, 12, 12},
			{"settled", s.Totals.Settled, 2, 4},
			{"merges", s.Totals.Merges, 10, 12},
			{"registered twice", s.Totals.Twice, 4, 4},
			{"linked", s.Totals.Linked, 3, 3},
			{"households", s.Totals.Households, 20, 60},
			{"searches", s.Totals.Searches, 3, 3},
			{"reunited", s.Totals.Reunited, 1, 1},
			{"cards lost", s.Totals.CardsLost, 5, 5},
			{"steps of a way", s.Totals.Steps, 20, 80},
			{"counts", s.Totals.Headcounts + s.Totals.Flows, 135, 165},
		} {
			if w.got < w.low || w.got > w.high {
				t.Errorf("seed %d: %d %s, want %d to %d", seed, w.got, w.what, w.low, w.high)
			}
		}
	}
	small, large := NewStory(1, 500, begun).Totals, NewStory(1, 5000, begun).Totals
	if r := float64(large.Visits) / float64(small.Visits); r < 9 || r > 11 {
		t.Errorf("ten times the people make %.1f times the visits", r)
	}
}

// Every story, however few the people and whatever the hour, keeps the rules that a player relies on.
func TestStoryRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		people := rapid.IntRange(1, 120).Draw(t, "people")
		start := begun.Add(time.Duration(rapid.IntRange(0, 366*24*60).Draw(t, "minutes")) * time.Minute)
		checkStory(t, NewStory(seed, people, start), people)
	})
	checkStory(t, NewStory(7, 1500, begun), 1500)
}

type failer interface {
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

// checkStory plays a story on four made-up nodes that know only what reached them, with the merge rule of the engine, and
// compares what is left with what the story says of itself.
func checkStory(t failer, s *Story, people int) {
	var (
		knows   [4][4]int // knows[n][w]: how many requests of node w node n has
		wrote   [4]int
		relay   [4]int
		madeAt  = map[string][2]int{} // client id: node, number there
		last    = s.Start
		at      [4]time.Time
		edits   = map[string]map[int]string{} // person and field: every value said, by step
		seenBy  = map[int][2]int{}            // step: node, number there
		gone    = map[string]map[int]bool{}   // person and field: values replaced
		met     = map[string]map[int]bool{}   // person: nodes with a visit
		kinds   = map[string]map[string]bool{}
		markers int
	)
	known := func(node int, id string) bool {
		m, ok := madeAt[id]
		return ok && m[1] < knows[node][m[0]]
	}
	write := func(step, node int, person, field, text string) {
		key := person + " " + field
		if edits[key] == nil {
			edits[key], gone[key] = map[int]string{}, map[int]bool{}
		}
		for other := range edits[key] {
			if by := seenBy[other]; by[1] < knows[node][by[0]] {
				gone[key][other] = true
			}
		}
		edits[key][step] = text
	}
	for i, step := range s.Steps {
		if step.At.Before(last) || step.At.After(s.End) {
			t.Fatalf("step %d at %s, after one at %s", i, step.At, last)
		}
		last = step.At
		n := step.Node
		switch step.Kind {
		case Exchange:
			relay[n] = wrote[n]
			knows[n] = relay
		case Find:
			if !known(n, step.Find.Expect) {
				t.Errorf("step %d: %s is looked for at %s before it can be known there", i, step.Find.Expect, s.Sites[n].Folder)
			}
			if (step.Find.Query == "") != (step.Find.By == "card") {
				t.Errorf("step %d: by %s with query %q", i, step.Find.By, step.Find.Query)
			}
		case Do:
			r := step.Request
			if !r.At.Equal(step.At) || !r.At.After(at[n]) && r.Action != "site.open" && r.At.Before(at[n]) {
				t.Errorf("step %d: %s at %s, the request before was at %s", i, r.Action, r.At, at[n])
			}
			at[n] = r.At
			if _, off := r.At.Zone(); off != zoneOffset(s.Sites[n].Zone, r.At) {
				t.Errorf("step %d: %s is not at local time", i, r.At)
			}
			if r.Action == "site.open" {
				if r.Site != "" || r.ID != s.Sites[n].ID {
					t.Errorf("step %d: %+v opens the wrong site", i, r)
				}
			} else if r.Site != s.Sites[n].ID {
				t.Errorf("step %d: %s happens at site %q", i, r.Action, r.Site)
			}
			if _, twice := madeAt[r.ID]; twice || r.ID == "" {
				t.Fatalf("step %d: client id %q is there twice or empty", i, r.ID)
			}
			var data map[string]any
			if err := record.Strict(r.Data, shapes[r.Action]()); err != nil {
				t.Errorf("step %d: %s %s: %v", i, r.Action, r.Data, err)
			}
			if err := json.Unmarshal(r.Data, &data); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
			for _, ref := range []string{"person", "visit", "record", "other", "seek", "candidate"} {
				if id, ok := data[ref].(string); ok && !known(n, id) {
					t.Errorf("step %d: %s at %s names %s, which cannot be known there", i, r.Action, s.Sites[n].Folder, id)
				}
			}
			members, _ := data["members"].([]any)
			for _, m := range members {
				if id, _ := m.(map[string]any)["person"].(string); !known(n, id) {
					t.Errorf("step %d: a household at %s names %s, which cannot be known there", i, s.Sites[n].Folder, id)
				}
			}
			person, _ := data["person"].(string)
			switch r.Action {
			case "person.register":
				for f, v := range data {
					write(i, n, r.ID, f, fmt.Sprint(v))
				}
			case "person.update":
				for f, v := range data {
					if f != "person" {
						write(i, n, person, f, fmt.Sprint(v))
					}
				}
			case "conflict.settle":
				key := fmt.Sprint(data["record"], " ", data["field"])
				if v := standing(edits[key], gone[key]); len(v) != 2 || !slices.Contains(v, fmt.Sprint(data["value"])) {
					t.Errorf("step %d settles %s with %v, which holds %v", i, key, data["value"], v)
				}
				write(i, n, fmt.Sprint(data["record"]), fmt.Sprint(data["field"]), fmt.Sprint(data["value"]))
			case "visit.open", "consultation.record":
				if met[person] == nil {
					met[person], kinds[person] = map[int]bool{}, map[string]bool{}
				}
				met[person][n] = true
				if r.Action == "consultation.record" {
					kinds[person][fmt.Sprint(data["service"])] = true
				}
				if strings.HasPrefix(fmt.Sprint(data["note"]), MarkerNote) {
					markers++
					if person != s.Marker || data["service"] != "medical" {
						t.Errorf("step %d: the marker note is about %s", i, person)
					}
				}
			}
			madeAt[r.ID], seenBy[i] = [2]int{n, wrote[n]}, [2]int{n, wrote[n]}
			wrote[n]++
			knows[n][n] = wrote[n]
		default:
			t.Fatalf("step %d: kind %q", i, step.Kind)
		}
	}
	for n := range s.Sites {
		if knows[n] != wrote {
			t.Errorf("at the end %s knows %v of %v", s.Sites[n].Folder, knows[n], wrote)
		}
	}
	rivals := 0
	for key := range edits {
		switch n := len(standing(edits[key], gone[key])); n {
		case 1:
		case 2:
			rivals++
		default:
			t.Errorf("%s ends with %d values", key, n)
		}
	}
	if want := s.Totals.Rivals - s.Totals.Settled; rivals != want {
		t.Errorf("%d fields end with rival values, the story promises %d", rivals, want)
	}
	if people >= 2 && s.Totals.Rivals == 0 {
		t.Errorf("no rivals among %d people", people)
	}
	if s.Totals.Persons != people || len(s.People) != people {
		t.Errorf("%d persons and %d in the list, want %d", s.Totals.Persons, len(s.People), people)
	}
	if markers != 1 || len(met[s.Marker]) < 2 {
		t.Errorf("the marker note is there %d times, its person was met at %d sites", markers, len(met[s.Marker]))
	}
	if len(met[s.Walker]) != 3 || len(kinds[s.Walker]) != 3 {
		t.Errorf("the walker was met at %v for %v", met[s.Walker], kinds[s.Walker])
	}
}

// standing are the different values of a field that nothing has replaced.
func standing(said map[int]string, gone map[int]bool) []string {
	values := map[string]bool{}
	for step, v := range said {
		if !gone[step] {
			values[v] = true
		}
	}
	return slices.Sorted(maps.Keys(values))
}

func zoneOffset(zone *time.Location, at time.Time) int {
	_, off := at.In(zone).Zone()
	return off
}

// shapes are the promised data of each action; every request must decode into its own with nothing left over.
var shapes = map[string]func() any{
	"site.open": func() any {
		return &struct {
			Name, Type, Municipality string
			Services                 []string
		}{}
	},
	"site.count": func() any {
		return &struct {
			Total, Low, High, Women, Men, Girls, Boys int
			Method                                    string
		}{}
	},
	"flow.count": func() any {
		return &struct {
			Total, Women, Men, Girls, Boys     int
			Direction, Nationality, Mode, Slot string
		}{}
	},
	"person.register": func() any { return &promisedPerson{} },
	"person.update": func() any {
		return &struct {
			Person string
			promisedPerson
		}{}
	},
	"visit.open": func() any { return &struct{ Person, Service, Reason string }{} },
	"consultation.record": func() any {
		return &struct {
			Person, Visit, Service, Reason, Diagnosis, Note, Treatment, Plan, Referral, Next string
			Severity                                                                         int
		}{}
	},
	"person.link": func() any { return &struct{ Person, Other, Reason string }{} },
	"person.card": func() any {
		return &struct {
			Person, Number, Lost, Reason string
			New                          bool
		}{}
	},
	"household.form": func() any {
		return &struct {
			Kind    string
			People  int
			Members []struct{ Person, Role string }
		}{}
	},
	"family.seek": func() any {
		return &struct {
			Person, Given, Surname1, Sex, Relation, Where, When, Consent, Language, Medium, Contact string
			Nationality, How                                                                        []string
			Age                                                                                     int
			AgeAbout                                                                                bool `json:"age_about"`
			Understood                                                                              bool
		}{}
	},
	"family.answer": func() any {
		return &struct {
			Seek, Candidate, Verdict, Answer string
			Alone, Told                      bool
		}{}
	},
	"journey.record": func() any {
		return &struct {
			Person, What, Origin, Place, Started, Ended, Transport, Manner, Direction, Decision string
			Reasons                                                                             []string
		}{}
	},
	"conflict.settle": func() any {
		return &struct {
			Record, Kind, Field string
			Value               json.RawMessage
		}{}
	},
}

type promisedPerson struct {
	Given, Surname1, Surname2, Nickname, Sex, Gender, Birth, Direction, Phone, Note string
	Age                                                                             int
	AgeAbout                                                                        bool `json:"age_about"`
	Nationality, Languages, Groups, Consent                                         []string
}

// The marker name is in one registration, and only there.
func TestMarkerNameIsOnce(t *testing.T) {
	s := NewStory(1, 300, begun)
	n := 0
	for _, r := range s.Requests() {
		if bytes.Contains(r.Data, []byte(MarkerName)) {
			n++
			if r.ID != s.Marker {
				t.Errorf("%s %s holds the marker name", r.Action, r.ID)
			}
		}
	}
	if n != 1 {
		t.Errorf("the marker name is in %d requests", n)
	}
	for _, p := range s.People {
		if p.ID == s.Marker && !strings.Contains(p.Name, MarkerName) {
			t.Errorf("the marker person is called %q", p.Name)
		}
	}
}

// The person a demonstration shows has something to settle: two sites wrote the same field of hers on one day.
func TestWalkerHasARival(t *testing.T) {
	for seed := range uint64(8) {
		s := NewStory(seed, 300, begun)
		fields := map[string]map[int]bool{}
		for _, step := range s.Steps {
			if step.Kind != Do || step.Request.Action != "person.update" {
				continue
			}
			var data map[string]any
			if err := json.Unmarshal(step.Request.Data, &data); err != nil {
				t.Fatal(err)
			}
			if data["person"] != s.Walker {
				continue
			}
			for f := range data {
				if f != "person" {
					if fields[f] == nil {
						fields[f] = map[int]bool{}
					}
					fields[f][step.Node] = true
				}
			}
		}
		rivals := 0
		for _, nodes := range fields {
			if len(nodes) == 2 {
				rivals++
			}
		}
		if rivals != 1 {
			t.Errorf("seed %d: the walker was changed in %v", seed, fields)
		}
	}
}

// Whatever the hour of the end, its local day has work to show, unless it has hardly begun.
func TestLastDayHasAQueue(t *testing.T) {
	for hour := range 24 {
		s := NewStory(1, 300, begun.Add(time.Duration(hour)*time.Hour))
		site := s.Sites[Tapachula]
		end := s.End.In(site.Zone)
		dawn := time.Date(end.Year(), end.Month(), end.Day(), 0, 0, 0, 0, site.Zone)
		if end.Sub(dawn) < 30*time.Minute {
			continue
		}
		work := 0
		for _, step := range s.Steps {
			if step.Kind == Do && step.Node == Tapachula && step.At.After(dawn) {
				work++
			}
		}
		if work < 3 {
			t.Errorf("a story that ends at %s has %d requests on its last day", end, work)
		}
	}
}

func BenchmarkNewStory(b *testing.B) {
	names()
	for b.Loop() {
		NewStory(1, 300, begun)
	}
}

// A short surname has one mistyped form only; a story that wanted two different ones never ended.
func TestAShortSurnameEndsToo(t *testing.T) {
	told := NewStory(12, 1066, time.Date(2026, 1, 5, 6, 0, 0, 0, time.UTC))
	if told.Totals.Persons == 0 {
		t.Error("an empty story")
	}
}
