package sample

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"amparo/internal/record"
)

var (
	countries = []string{"HND", "GTM", "SLV", "VEN", "CUB", "HTI", "NIC", "ECU", "COL", "MEX", "CHL", "BRA", "PER", "STATELESS", "UNKNOWN"}
	groupList = []string{"unaccompanied_child", "separated_child", "woman_alone", "pregnant", "lactating", "older", "disability", "lgbtiq", "survivor_violence", "chronic_illness", "family_with_children"}
	languages = []string{"es", "ht", "fr", "cab", "miq", "guc", "mam", "quc", "kek", "qu", "tzo"}
)

func registrations(t testing.TB, requests []record.Request) []registration {
	t.Helper()
	out := make([]registration, len(requests))
	for i, r := range requests {
		if err := record.Strict(r.Data, &out[i]); err != nil {
			t.Fatalf("%s: %v", r.Data, err)
		}
	}
	return out
}

func within(list []string, allowed ...string) bool {
	for _, v := range list {
		if !slices.Contains(allowed, v) {
			return false
		}
	}
	return true
}

func TestPeopleArePlausible(t *testing.T) {
	requests := People(3, 4000)
	if len(requests) != 4000 {
		t.Fatalf("%d requests", len(requests))
	}
	seen := map[string]bool{}
	nationality, full, alone, children := map[string]int{}, 0, 0, 0
	for i, p := range registrations(t, requests) {
		name := p.fullName()
		for _, part := range []string{p.Given, p.Surname1, p.Surname2, p.Nickname} {
			if strings.TrimSpace(part) != part || strings.IndexFunc(part, func(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune(" '-", r) }) >= 0 {
				t.Errorf("%d: %q is no name", i, part)
			}
		}
		if p.Given == "" || p.Surname1 == "" || seen[name] {
			t.Errorf("%d: %q is not whole or is there twice", i, name)
		}
		seen[name] = true
		if len(p.Nationality) == 0 || !within(p.Nationality, countries...) || !within(p.Groups, groupList...) || !within(p.Languages, languages...) || len(p.Languages) == 0 {
			t.Errorf("%d: nationality %v, groups %v, languages %v", i, p.Nationality, p.Groups, p.Languages)
		}
		if !slices.Contains([]string{"f", "m"}, p.Sex) || !slices.Contains([]string{"north", "south", "staying", "unknown"}, p.Direction) || !within(p.Consent, "care", "sharing", "statistics") {
			t.Errorf("%d: sex %q, direction %q, consent %v", i, p.Sex, p.Direction, p.Consent)
		}
		if p.Nationality[0] == "HTI" && p.Surname2 != "" {
			t.Errorf("%d: %s from Haiti has two surnames", i, name)
		}
		if (p.Age == nil) == (p.Birth == "") {
			t.Errorf("%d: age %v and birth %q", i, p.Age, p.Birth)
		}
		age := 0
		if p.Age != nil {
			age = *p.Age
		} else if birth, err := time.Parse("2006-01-02"[:len(p.Birth)], p.Birth); err != nil {
			t.Errorf("%d: birth %q: %v", i, p.Birth, err)
		} else {
			age = int(peopleUntil.Sub(birth).Hours() / 24 / 365.25)
		}
		if age < 0 || age > 90 {
			t.Errorf("%d: age %d", i, age)
		}
		has := func(g string) bool { return slices.Contains(p.Groups, g) }
		if has("pregnant") && (p.Sex != "f" || age < 14 || age > 45) || has("older") && age < 59 || has("unaccompanied_child") && age > 18 || has("woman_alone") && (p.Sex != "f" || age < 17) {
			t.Errorf("%d: sex %s, age %d, groups %v", i, p.Sex, age, p.Groups)
		}
		if p.Phone != "" && !strings.Contains(p.Phone, " 000 ") {
			t.Errorf("%d: %s might ring", i, p.Phone)
		}
		nationality[p.Nationality[0]]++
		if len(p.Consent) == 3 {
			full++
		}
		if has("unaccompanied_child") {
			alone++
		}
		if age < 18 {
			children++
		}
	}
	for _, c := range countries[:10] {
		if nationality[c] < 60 {
			t.Errorf("only %d of 4000 from %s", nationality[c], c)
		}
	}
	if full < 3400 || full > 3800 || alone < 40 || children < 700 || children > 1700 {
		t.Errorf("of 4000: %d consent to everything, %d children alone, %d children", full, alone, children)
	}
}

// A few names are very common and most are rare, as among people.
func TestNamesFollowZipf(t *testing.T) {
	count := map[string]int{}
	total := 0
	for _, p := range registrations(t, People(5, 6000)) {
		if p.Nationality[0] == "HND" {
			count[p.Surname1]++
			total++
		}
	}
	var n []int
	for _, c := range count {
		n = append(n, c)
	}
	slices.Sort(n)
	slices.Reverse(n)
	first := 0
	for _, c := range n[:10] {
		first += c
	}
	if share := float64(first) / float64(total); share < 0.2 || share > 0.5 || len(n) < 150 {
		t.Errorf("ten surnames hold %.2f of %d Hondurans, with %d surnames in all", share, total, len(n))
	}
}

func TestPeopleAreTheSameAgainAndFast(t *testing.T) {
	a, b := People(9, 50), People(9, 50)
	for i := range a {
		x, errX := json.Marshal(a[i])
		y, errY := json.Marshal(b[i])
		if errX != nil || errY != nil || string(x) != string(y) {
			t.Fatalf("request %d: %s and %s, %v %v", i, x, y, errX, errY)
		}
		if i > 0 && a[i].At.Before(a[i-1].At) || a[i].ID == a[max(0, i-1)].ID && i > 0 {
			t.Errorf("request %d: %s %s follows %s %s", i, a[i].ID, a[i].At, a[i-1].ID, a[i-1].At)
		}
	}
	if len(People(1, 0)) != 0 {
		t.Error("nobody was asked for and somebody came")
	}
}

func TestParseNamesRefuses(t *testing.T) {
	for _, bad := range []string{
		"HND\tf\tMaría",           // the others are missing
		"HND\tx\tMaría",           // no such list
		"HND\tf",                  // no names
		"HND\tf\tMaría|",          // an empty name
		"HND\tf\tMaría|María",     // twice
		"HND\tf\tMar1a",           // a digit
		"HND\tf\tA\nHND\tf\tB",    // the list twice
		"HND\tf\tMaría \xff",      // not UTF-8
		"HND\tf\t María",          // a space before
		"\tf\tMaría",              // nobody's
		"HND\tf\tMaría\tand more", // a fourth cell
	} {
		if _, err := parseNames(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestMistypeStaysNear(t *testing.T) {
	c := newCohort(11, begun)
	changed := 0
	for range 3000 {
		name := c.book.surname(c.r, drawOrigin(c.r))
		wrong := mistype(c.r, name)
		if err := checkName(wrong); err != nil {
			t.Fatalf("%q became %q: %v", name, wrong, err)
		}
		if d := len([]rune(wrong)) - len([]rune(name)); d < -1 || d > 2 {
			t.Errorf("%q became %q", name, wrong)
		}
		if wrong != name {
			changed++
		}
	}
	if changed < 2500 {
		t.Errorf("only %d of 3000 names were mistyped", changed)
	}
}

func BenchmarkPeople(b *testing.B) {
	names()
	for b.Loop() {
		People(1, 1000)
	}
}
