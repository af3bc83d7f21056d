package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// pendingAnswer and conflictsAnswer are what the engine itself answers. They are read through their JSON form, which is
// the promise kept to every program, so that pages stand on the vocabulary and not on the engine.
type pendingAnswer struct {
	Commits      int            `json:"commits"`
	Oldest       *time.Time     `json:"oldest"`
	ByPart       map[string]int `json:"by_compartment"`
	LastExchange *time.Time     `json:"last_exchange"`
	Held         int            `json:"held"`
}

type conflictsAnswer struct {
	Conflicts []struct {
		Record record.ID           `json:"record"`
		Kind   string              `json:"kind"`
		Title  string              `json:"title"`
		Field  string              `json:"field"`
		Values []people.RivalValue `json:"values"`
	} `json:"conflicts"`
}

// askJSON runs a query of the engine and reads its answer through JSON.
func askJSON[T any](c *call, name string, params ...string) (T, error) {
	var out T
	given := map[string][]string{}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			given[params[i]] = []string{params[i+1]}
		}
	}
	answer, err := c.desk.Query(c.r.Context(), c.lang, name, given)
	if err != nil {
		return out, err
	}
	raw, err := json.Marshal(answer)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return out, fmt.Errorf("web: answer of %s: %w", name, err)
	}
	return out, nil
}

// ConflictsPage lists every field in which two places wrote different things.
type ConflictsPage struct {
	Shell
	Groups []RivalGroup
	More   int
}

// RivalGroup is one record with the fields to settle.
type RivalGroup struct {
	Title, Link string
	Rivals      []Rival
}

// mostRivals bounds what one page asks to be settled.
const mostRivals = 20

func conflictsPage(c *call) error {
	answer, err := askJSON[conflictsAnswer](c, "conflicts")
	if err != nil {
		return err
	}
	p := ConflictsPage{Shell: c.shell("conflict.title")}
	at := map[record.ID]int{}
	for i, one := range answer.Conflicts {
		if i >= mostRivals {
			p.More = len(answer.Conflicts) - mostRivals
			break
		}
		where, known := at[one.Record]
		if !known {
			group := RivalGroup{Title: one.Title}
			if one.Kind == "person" {
				group.Link = "/people/" + one.Record.String()
				if group.Title == "" {
					shown, err := ask[people.Shown](c, "person.show", "person", one.Record.String())
					if err != nil {
						return err
					}
					group.Title = c.nameOf(shown.Brief)
				}
			}
			if group.Title == "" {
				group.Title = c.coded("kind", one.Kind)
			}
			where = len(p.Groups)
			at[one.Record] = where
			p.Groups = append(p.Groups, group)
		}
		p.Groups[where].Rivals = append(p.Groups[where].Rivals, c.rival(one.Record.String(), one.Kind, people.RivalField{Field: one.Field, Values: one.Values}, "/conflicts"))
	}
	return c.show(http.StatusOK, "conflicts.html", p)
}

// PendingPage says what exists only on this device, and offers to exchange.
type PendingPage struct {
	Shell
	Commits      int
	Oldest, Last string
	Parts        []Fact
	Held         int // sealed parts that do not travel until somebody agrees
	Exchanges    bool
}

func pendingPage(c *call) error {
	answer, err := askJSON[pendingAnswer](c, "pending")
	if err != nil {
		return err
	}
	p := PendingPage{Shell: c.shell("pending.title"), Commits: answer.Commits, Held: answer.Held, Last: c.T("status.never_exchanged")}
	if answer.Oldest != nil && !answer.Oldest.IsZero() && answer.Commits > 0 {
		p.Oldest = lang.Ago(c.lang, *answer.Oldest, c.now())
	}
	if answer.LastExchange != nil && !answer.LastExchange.IsZero() {
		p.Last = lang.Ago(c.lang, *answer.LastExchange, c.now())
	}
	for _, part := range record.Compartments() {
		if n := answer.ByPart[part.String()]; n > 0 {
			p.Parts = append(p.Parts, Fact{c.T("compartment." + part.String()), lang.Number(c.lang, int64(n))})
		}
	}
	_, p.Exchanges = c.desk.(Exchanger)
	return c.show(http.StatusOK, "pending.html", p)
}

func exchangeNow(c *call) error {
	desk, can := c.desk.(Exchanger)
	if !can {
		return errNothingHere
	}
	moved, err := desk.Exchange(c.r.Context())
	if err != nil {
		return err
	}
	c.session.say(notice{Text: c.T("status.exchanged_now", "sent", moved.Sent, "received", moved.Received, "size", lang.FileSize(c.lang, moved.Bytes))})
	return c.to("/pending")
}

// AboutPage says what this is. It shows nothing of anybody and so needs no session.
type AboutPage struct {
	Shell
	Version     string
	Unconfirmed int
}

func aboutPage(c *call) error {
	return c.show(http.StatusOK, "about.html", AboutPage{Shell: c.shell("nav.about"), Version: c.config.Version, Unconfirmed: len(lang.Unconfirmed())})
}

// KeysPage lists the keys.
type KeysPage struct {
	Shell
	Keys []KeyLine
}

// KeyLine is what some keys do.
type KeyLine struct {
	Keys []string
	Does string
}

func keysPage(c *call) error {
	return c.show(http.StatusOK, "keys.html", KeysPage{Shell: c.shell("keys.title"), Keys: []KeyLine{
		{[]string{"/"}, c.T("keys.find")},
		{[]string{"b"}, c.T("keys.board")},
		{[]string{"n"}, c.T("keys.new")},
		{[]string{"h"}, c.T("nav.headcount")},
		{[]string{"f"}, c.T("nav.flow")},
		{[]string{"Enter"}, c.T("keys.next")},
		{[]string{"Ctrl", "Enter"}, c.T("keys.save")},
		{[]string{"Esc", "Esc"}, c.T("keys.exit")},
		{[]string{"Shift", "Shift", "Shift"}, c.T("keys.exit")},
		{[]string{"?"}, c.T("keys.show")},
	}})
}
