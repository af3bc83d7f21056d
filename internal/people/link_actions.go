package people

import (
	"context"
	"fmt"
	"math"
	"slices"

	"amparo/internal/lang"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// LinkData is what person.link takes: two records that are the same person, and why somebody says so.
type LinkData struct {
	Person string `json:"person"`
	Other  string `json:"other"`
	Reason string `json:"reason" jsonschema:"enum=said_it,enum=same_card,enum=same_document,enum=same_family,enum=looks_alike_known,enum=both_here,enum=other"`
	Again  bool   `json:"again,omitempty" jsonschema:"description=although somebody said that they are different persons"`
}

// ApartData is what person.unlink and person.different take.
type ApartData struct {
	Person string `json:"person"`
	Other  string `json:"other"`
	Reason string `json:"reason,omitempty" jsonschema:"enum=said_it,enum=same_card,enum=same_document,enum=same_family,enum=looks_alike_known,enum=both_here,enum=other"`
}

// LinkedNow is the result of person.link, person.unlink and person.different.
type LinkedNow struct {
	ID      record.ID   `json:"id"` // of what is said of the two
	Person  record.ID   `json:"person"`
	Other   record.ID   `json:"other"`
	Verdict string      `json:"verdict"` // same, different, apart
	Changed bool        `json:"changed"` // false: it was said already
	Linked  []record.ID `json:"linked"`  // the records that are now held to be the same person as this one
	Before  string      `json:"before"`  // the verdict that counted before; empty: nobody had said anything
	Because string      `json:"because"` // its reason
}

// Undo is the action that puts the two records back to what was said of them before, and its data.
func (n LinkedNow) Undo() (action string, data map[string]any) {
	data = map[string]any{"person": n.Person, "other": n.Other}
	if n.Because != "" {
		data["reason"] = n.Because
	}
	switch n.Before {
	case Same:
		data["again"], data["reason"] = true, or(n.Because, "other")
		return "person.link", data
	case Different:
		return "person.different", data
	}
	return "person.unlink", data
}

var linkSame = record.NewAction("person.link", []record.Compartment{record.Identity}, func(c *record.Change, d LinkData) (any, error) {
	l, err := linking(c, d.Person, d.Other, d.Reason)
	if err != nil {
		return nil, err
	}
	if l.reason == "" {
		return nil, record.Refuse("reason", "required", "field", "link_reason")
	}
	if l.web.said.verdict(l.pair) == Same && !l.web.said.rival(l.pair) && l.web.rootOf(l.person) == l.web.rootOf(l.other) {
		return l.done(Same, false)
	}
	one, two := l.web.with(l.person), l.web.with(l.other)
	if l.web.rootOf(l.person) != l.web.rootOf(l.other) {
		not := l.web.apartBetween(one, two)
		if len(not) > 0 && !d.Again {
			return nil, refuseDifferent(c, l.web.said, not)
		}
		if len(one)+len(two) > clusterMost {
			return nil, record.Refuse("other", "link_many", "n", clusterMost)
		}
		if err := l.say(l.pair, Same, l.reason); err != nil {
			return nil, err
		}
		for _, p := range not { // what said that they are different stands no more
			if p != l.pair {
				if err := l.say(p, Apart, ""); err != nil {
					return nil, err
				}
			}
		}
		return l.done(Same, true)
	}
	if err := l.say(l.pair, Same, l.reason); err != nil {
		return nil, err
	}
	return l.done(Same, true)
})

var linkApart = record.NewAction("person.unlink", []record.Compartment{record.Identity}, func(c *record.Change, d ApartData) (any, error) {
	l, err := linking(c, d.Person, d.Other, d.Reason)
	if err != nil {
		return nil, err
	}
	if verdict := l.web.said.verdict(l.pair); verdict == "" || verdict == Apart && !l.web.said.rival(l.pair) {
		if l.web.rootOf(l.person) == l.web.rootOf(l.other) {
			return nil, record.Refuse("other", "link_through")
		}
		if verdict == Apart {
			return l.done(Apart, false)
		}
		return nil, record.Refuse("other", "not_linked")
	}
	overruled := l.overruled()
	if err := l.say(l.pair, Apart, l.reason); err != nil {
		return nil, err
	}
	if err := l.sayAgain(overruled); err != nil {
		return nil, err
	}
	return l.done(Apart, true)
})

var linkDifferent = record.NewAction("person.different", []record.Compartment{record.Identity}, func(c *record.Change, d ApartData) (any, error) {
	l, err := linking(c, d.Person, d.Other, d.Reason)
	if err != nil {
		return nil, err
	}
	if l.web.said.verdict(l.pair) == Different && !l.web.said.rival(l.pair) {
		return l.done(Different, false)
	}
	l.web.say(l.pair, Apart, math.MaxInt64)
	if l.web.rootOf(l.person) == l.web.rootOf(l.other) { // joined through others: which of those links is wrong is not for a program to say
		return nil, record.Refuse("other", "link_through")
	}
	overruled := l.overruled()
	if err := l.say(l.pair, Different, l.reason); err != nil {
		return nil, err
	}
	if err := l.sayAgain(overruled); err != nil {
		return nil, err
	}
	return l.done(Different, true)
})

// link is what an action says of two records.
type link struct {
	c             *record.Change
	person, other record.ID
	pair          pair
	reason        string
	web           *linkWeb
	before        Saying // the one that counted
}

func linking(c *record.Change, person, other, reason string) (*link, error) {
	l := &link{c: c}
	var err error
	if l.person, err = Known(c, "person", person); err != nil {
		return nil, err
	}
	if l.other, err = Known(c, "other", other); err != nil {
		return nil, err
	}
	if l.person == l.other {
		return nil, record.Refuse("other", "link_self")
	}
	if l.reason, err = typed.Code("reason", reason, LinkReasons); err != nil {
		return nil, err
	}
	l.pair = pairOf(l.person, l.other)
	if l.web, err = webOf(c.Context, c, []record.ID{l.person, l.other}); err != nil {
		return nil, err
	}
	verdict := l.web.said.verdict(l.pair)
	for _, one := range l.web.said[l.pair] {
		if one.Verdict == verdict {
			l.before = one
		}
	}
	return l, nil
}

// say writes a verdict under both records, and takes it as said.
func (l *link) say(p pair, verdict, reason string) error {
	if err := sayLink(l.c, p, verdict, reason); err != nil {
		return err
	}
	l.web.say(p, verdict, math.MaxInt64)
	return nil
}

// overruled are the pairs of whom somebody had said that they are different, which stood against the link of these two when it was made.
func (l *link) overruled() (out []pair) {
	if l.before.Verdict != Same {
		return nil
	}
	for _, p := range sortedPairs(l.web.said) {
		said := l.web.said[p]
		if p != l.pair && len(said) == 1 && said[0].Verdict == Apart && said[0].rec == l.before.rec && said[0].By == l.before.By { // by the same change
			out = append(out, p)
		}
	}
	return out
}

// sayAgain says that they are different, once the link is taken back that was made although somebody had said so. Who is joined
// otherwise meanwhile stays so: which of those links is wrong is not for a program to say.
func (l *link) sayAgain(overruled []pair) error {
	for _, p := range overruled {
		if l.web.rootOf(p.a) == l.web.rootOf(p.b) {
			continue
		}
		if err := l.say(p, Different, ""); err != nil {
			return err
		}
	}
	return nil
}

func sayLink(c *record.Change, p pair, verdict, reason string) error {
	fields := record.Fields{"verdict": verdict, "reason": nil}
	if reason != "" {
		fields["reason"] = reason
	}
	for _, way := range [][2]record.ID{{p.a, p.b}, {p.b, p.a}} {
		fields["person"], fields["other"] = way[0], way[1]
		if _, _, err := c.Put(Link, fields); err != nil {
			return fmt.Errorf("say what two records are to each other: %w", err)
		}
	}
	return nil
}

func (l *link) done(verdict string, changed bool) (any, error) {
	id, err := linkID(l.pair.a, l.pair.b) // what the action says first
	if err != nil {
		return nil, err
	}
	if changed {
		if err := l.holdTogether(); err != nil {
			return nil, err
		}
	}
	linked := slices.DeleteFunc(slices.Clone(l.web.with(l.person)), func(id record.ID) bool { return id == l.person })
	return LinkedNow{ID: id, Person: l.person, Other: l.other, Verdict: verdict, Changed: changed, Linked: linked, Before: l.before.Verdict, Because: l.before.Reason}, nil
}

// linkID is the id of what a record says of another.
func linkID(person, other record.ID) (record.ID, error) {
	values, err := Link.Canonical(record.Fields{"person": person, "other": other})
	if err != nil {
		return record.ID{}, err
	}
	return Link.KeyID(values)
}

// refuseDifferent says who said that two of the records are different persons, and when.
func refuseDifferent(c *record.Change, said sayings, not []pair) error {
	var last Saying
	for _, p := range not {
		for _, one := range said[p] {
			if one.Verdict == Different && one.rec >= last.rec {
				last = one
			}
		}
	}
	name, err := memberName(c.Context, c, last.By)
	if err != nil {
		return err
	}
	return record.Refuse("again", "said_different", "name", or(name, "—"), "date", lang.Date(lang.Tag(c.Lang), last.At))
}

func memberName(ctx context.Context, r record.Reader, id record.ID) (name string, err error) {
	err = r.Select(ctx, "SELECT name FROM field.member WHERE member = ?", []any{id}, func(row record.Row) error {
		name = row.Text(0)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read members: %w", err)
	}
	return name, nil
}

// markDifferent remembers, of a person who is being registered, that they are none of those whom the program took them for.
func markDifferent(c *record.Change, person record.ID, others []string) error {
	for _, text := range others {
		other, err := Known(c, "different", text)
		if err != nil {
			return err
		}
		if err := sayLink(c, pairOf(person, other), Different, ""); err != nil {
			return err
		}
	}
	return nil
}
