package people

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

//go:embed data/retention.json
var retentionData []byte

// Rule is how long one compartment keeps what it holds about a person, counted from the last thing that happened with them there.
type Rule struct {
	Compartment record.Compartment `json:"compartment"`
	Months      int                `json:"months"`
	Source      string             `json:"source"`     // the law or standard it is taken from
	ValidFrom   string             `json:"valid_from"` // since when that holds
	Confirmed   bool               `json:"confirmed"`  // by counsel
	Note        string             `json:"note"`
}

// RetentionRules are the rules of this version, one a compartment of persons.
var RetentionRules = func() []Rule {
	rules, err := readRules(retentionData)
	if err != nil {
		panic(err) // the file is part of the program: wrong from the first start, so never after a test
	}
	return rules
}()

// readRules reads the file strictly: every compartment once, every rule with its source, and identity, without which nobody knows
// whose record it is, never shorter than another.
func readRules(data []byte) ([]Rule, error) {
	var file struct {
		Rules []struct {
			Compartment string `json:"compartment"`
			Months      int    `json:"months"`
			Source      string `json:"source"`
			ValidFrom   string `json:"valid_from"`
			Confirmed   bool   `json:"confirmed"`
			Note        string `json:"note"`
		} `json:"rules"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("retention rules: %w", err)
	}
	if _, more := dec.Token(); !errors.Is(more, io.EOF) {
		return nil, errors.New("retention rules: something follows the rules")
	}
	var out []Rule
	longest := 0
	for _, r := range file.Rules {
		in, known := record.ParseCompartment(r.Compartment)
		switch {
		case !known || !slices.Contains(Sealed, in):
			return nil, fmt.Errorf("retention rules: %q holds nothing about persons", r.Compartment)
		case slices.ContainsFunc(out, func(o Rule) bool { return o.Compartment == in }):
			return nil, fmt.Errorf("retention rules: %s is there twice", in)
		case r.Months < 1 || r.Months > 600:
			return nil, fmt.Errorf("retention rules: %s is kept for %d months", in, r.Months)
		case strings.TrimSpace(r.Source) == "":
			return nil, fmt.Errorf("retention rules: %s has no source", in)
		}
		if _, err := time.Parse(time.DateOnly, r.ValidFrom); err != nil {
			return nil, fmt.Errorf("retention rules: %s: %w", in, err)
		}
		longest = max(longest, r.Months)
		out = append(out, Rule{in, r.Months, r.Source, r.ValidFrom, r.Confirmed, r.Note})
	}
	for _, in := range Sealed {
		if !slices.ContainsFunc(out, func(o Rule) bool { return o.Compartment == in && (in != record.Identity || o.Months == longest) }) {
			return nil, fmt.Errorf("retention rules: %s is missing, or is shorter than another although it names whose that is", in)
		}
	}
	return out, nil
}

// over is the day from which nothing asks that something be kept any more.
func (r Rule) over(last time.Time) time.Time { return last.AddDate(0, r.Months, 0) }

// Retention is the answer to retention: what is kept although its time is over, in the compartments that the member opens. It
// proposes; nothing is erased by itself.
type Retention struct {
	Rules []Rule `json:"rules"`
	Due   []Due  `json:"due"`  // longest over first
	Kept  []Due  `json:"kept"` // over, and kept for a reason somebody gave
	Total int    `json:"total"`
}

// Due is one person's record in one compartment whose time is over.
type Due struct {
	Person      record.ID          `json:"person"`
	Alias       string             `json:"alias"` // a list shows no names
	Card        string             `json:"card"`
	Compartment record.Compartment `json:"compartment"`
	Last        time.Time          `json:"last"`  // the last thing that happened there with the person
	Since       string             `json:"since"` // day from which nothing asks that it be kept
	KeepUntil   string             `json:"keep_until"`
	KeepReason  string             `json:"keep_reason"`
}

// RetentionParams narrow the question.
type RetentionParams struct {
	Compartment string `json:"compartment,omitempty"`
	Limit       int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=500"`
}

// dueMost is how many lines are given at most.
const dueMost = 500

var retention = record.NewQuery("retention", Sealed, func(a *record.Ask, p RetentionParams) (any, error) {
	only, err := typed.Code("compartment", p.Compartment, sealedNames)
	if err != nil {
		return nil, err
	}
	if p.Limit != 0 {
		if err := typed.Whole("limit", &p.Limit, 1, dueMost); err != nil {
			return nil, err
		}
	}
	out := Retention{Rules: []Rule{}, Due: []Due{}, Kept: []Due{}}
	last := map[record.Compartment]map[record.ID]int64{}
	for _, in := range Sealed {
		if a.Opens(in) {
			if last[in], err = lastFacts(a, in); err != nil {
				return nil, err
			}
		}
	}
	for _, rule := range RetentionRules {
		if !a.Opens(rule.Compartment) || only != "" && only != rule.Compartment.String() {
			continue
		}
		out.Rules = append(out.Rules, rule)
		for person, at := range last[rule.Compartment] {
			if rule.Compartment == record.Identity && stillNeeded(last, person, a.Now) {
				continue
			}
			d, err := dueNow(a, rule, person, at)
			if err != nil {
				return nil, err
			}
			if d == nil {
				continue
			}
			if d.KeepUntil != "" {
				out.Kept = append(out.Kept, *d)
			} else {
				out.Due = append(out.Due, *d)
			}
		}
	}
	for _, list := range [][]Due{out.Due, out.Kept} {
		slices.SortFunc(list, func(x, y Due) int {
			if c := strings.Compare(x.Since, y.Since); c != 0 {
				return c
			}
			if c := slices.Compare(x.Person[:], y.Person[:]); c != 0 {
				return c
			}
			return int(x.Compartment) - int(y.Compartment)
		})
	}
	out.Total = len(out.Due)
	if p.Limit == 0 {
		p.Limit = dueMost
	}
	out.Due, out.Kept = out.Due[:min(len(out.Due), p.Limit)], out.Kept[:min(len(out.Kept), p.Limit)]
	return out, callThem(a, out.Due, out.Kept)
})

// lastFacts reads when something last happened with each person in a compartment, in unix seconds. That somebody read a record
// is not something that happened with the person.
func lastFacts(a *record.Ask, in record.Compartment) (map[record.ID]int64, error) {
	out := map[record.ID]int64{}
	read := func(statement string, args ...any) error {
		err := a.Select(a.Context, statement, args, func(r record.Row) error {
			id := r.ID(0)
			out[id] = max(out[id], r.Int(1))
			return nil
		})
		if err != nil {
			return fmt.Errorf("read what is kept: %w", err)
		}
		return nil
	}
	var kinds []any
	for _, k := range subjects {
		if k.In == in && k != Consent && k != Link {
			kinds = append(kinds, int(k.Number))
		}
	}
	if len(kinds) > 0 {
		err := read("SELECT subject, max(at) FROM "+in.String()+"._timeline WHERE kind IN (?"+strings.Repeat(", ?", len(kinds)-1)+") GROUP BY subject", kinds...)
		if err != nil {
			return nil, err
		}
	}
	if in == record.Identity {
		if err := read("SELECT id, _at FROM identity.person WHERE _at IS NOT NULL"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// stillNeeded reports a person of whom another compartment, as far as the member opens it, keeps something whose time is not over.
func stillNeeded(last map[record.Compartment]map[record.ID]int64, person record.ID, now time.Time) bool {
	for _, rule := range RetentionRules {
		if at, there := last[rule.Compartment][person]; there && rule.Compartment != record.Identity && rule.over(time.Unix(at, 0)).After(now) {
			return true
		}
	}
	return false
}

// dueNow is what is due of one person in one compartment; nil when it is not.
func dueNow(a *record.Ask, rule Rule, person record.ID, at int64) (*Due, error) {
	over := rule.over(time.Unix(at, 0).In(a.Now.Location()))
	if over.After(a.Now) {
		return nil, nil
	}
	d := &Due{Person: person, Compartment: rule.Compartment, Last: time.Unix(at, 0).In(a.Now.Location()), Since: over.Format(time.DateOnly)}
	l, err := limitsOn(a.Context, a, rule.Compartment, person)
	if err != nil {
		return nil, err
	}
	if l != nil && l.KeepUntil >= a.Now.Format(time.DateOnly) {
		d.KeepUntil, d.KeepReason = l.KeepUntil, l.KeepReason
	}
	return d, nil
}

// callThem writes how each person stands on a list.
func callThem(a *record.Ask, lists ...[]Due) error {
	for _, list := range lists {
		for i := range list {
			p, err := readPerson(a.Context, a, list[i].Person)
			if err != nil {
				return err
			}
			list[i].Alias, list[i].Card = Alias(p.given, p.surname1, p.surname2, p.nickname), p.card
		}
	}
	return nil
}

// HoldData is what retention.hold takes: a person's record in one compartment is kept until a day although its time is over.
type HoldData struct {
	Person      string `json:"person"`
	Compartment string `json:"compartment"`
	Until       string `json:"until,omitempty" jsonschema:"description=last day on which it is kept as 2026-05-17; needed unless it is lifted"`
	Reason      string `json:"reason,omitempty" jsonschema:"description=needed unless it is lifted"`
	Lift        bool   `json:"lift,omitempty"`
}

// HeldNow is the result of retention.hold.
type HeldNow struct {
	Person      record.ID          `json:"person"`
	Compartment record.Compartment `json:"compartment"`
	Until       string             `json:"until"`
}

var holdRetention = record.NewAction("retention.hold", Sealed, func(c *record.Change, d HoldData) (any, error) {
	id, err := Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	if d.Compartment, err = typed.OneOf("compartment", d.Compartment, sealedNames); err != nil {
		return nil, err
	}
	in, _ := record.ParseCompartment(d.Compartment)
	if !c.Writes(in) {
		return nil, record.Refuse("compartment", "not_allowed")
	}
	if d.Lift {
		_, _, err := c.Put(hidings[in], record.Fields{"person": id, "keep_until": nil, "keep_reason": nil})
		return HeldNow{id, in, ""}, err
	}
	until, err := typed.Coming("until", d.Until, c.At)
	if err != nil {
		return nil, err
	}
	why, err := typed.Line("reason", d.Reason, 300)
	if err != nil {
		return nil, err
	}
	for _, needed := range [][2]string{{"until", until}, {"reason", why}} {
		if needed[1] == "" {
			return nil, record.Refuse(needed[0], "required", "field", needed[0])
		}
	}
	_, _, err = c.Put(hidings[in], record.Fields{"person": id, "keep_until": until, "keep_reason": why})
	return HeldNow{id, in, until}, err
})
