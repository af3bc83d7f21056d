package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// conflictsAnswer is what the engine answers; read through its JSON form, see askJSON.
type conflictsAnswer struct {
	Conflicts []struct {
		Record record.ID    `json:"record"`
		Kind   string       `json:"kind"`
		Title  string       `json:"title"`
		Person record.ID    `json:"person"`
		Field  string       `json:"field"`
		Values []rivalValue `json:"values"`
	} `json:"conflicts"`
	Records int `json:"records"`
}

// rivalValue is one of the values, from the engine or from a person's record.
type rivalValue struct {
	Value    any       `json:"value"`
	Bytes    int64     `json:"bytes"`
	Says     string    `json:"says"`
	ByName   string    `json:"by_name"`
	SiteName string    `json:"site_name"`
	At       time.Time `json:"at"`
	Recorded time.Time `json:"recorded"`
}

// Rival is a field in which two places wrote different things, and the form to settle it.
type Rival struct {
	Client, Record, Kind, Field, To string
	Question, Button                string // no button: the member's role settles nothing
	Values                          []RivalChoice
}

// RivalChoice is one of the values: who wrote it and where, when it happened and when it was written down.
type RivalChoice struct {
	ID, Name, Value, Shown string // Name is what the form calls the choice: by its value, or by its saying
	Who, Where             string
	When, Ago, Recorded    string
	Machine                string
	Shut                   bool
}

// ConflictsPage lists every field in which two places wrote different things.
type ConflictsPage struct {
	Shell
	Groups  []RivalGroup
	Records int
	More    int
	Settles bool
}

// RivalGroup is one record with the fields to settle.
type RivalGroup struct {
	Title, Kind, Link string // Kind says what it is, when it is not a person
	Rivals            []Rival
	Said              []string // of two records: who said what; it is settled on their page
}

// mostRivals bounds what one page asks to be settled.
const mostRivals = 20

func conflictsPage(c *call) error {
	answer, err := askJSON[conflictsAnswer](c, "conflicts")
	if err != nil {
		return err
	}
	p := ConflictsPage{Shell: c.shell("conflict.title"), Records: answer.Records, Settles: c.may("/settle")}
	if p.Groups, err = c.doubtGroups(); err != nil {
		return err
	}
	at := map[record.ID]int{}
	for i, one := range answer.Conflicts {
		if one.Kind == people.Link.Name { // said under both records, and settled for both at once
			continue
		}
		if i >= mostRivals {
			p.More = len(answer.Conflicts) - mostRivals
			break
		}
		where, known := at[one.Record]
		if !known {
			group, err := c.rivalGroup(one.Title, one.Kind, one.Person)
			if err != nil {
				return err
			}
			where = len(p.Groups)
			at[one.Record] = where
			p.Groups = append(p.Groups, group)
		}
		p.Groups[where].Rivals = append(p.Groups[where].Rivals, c.rival(one.Record.String(), one.Kind, one.Field, one.Values, "/conflicts"))
	}
	return c.show(http.StatusOK, "conflicts.html", p)
}

// doubtGroups are the pairs of records of which two members said different things.
func (c *call) doubtGroups() (out []RivalGroup, err error) {
	if !c.may("/duplicates") {
		return nil, nil
	}
	known, err := ask[people.Duplicates](c, "person.duplicates", "peek", "true", "limit", "1")
	for _, d := range known.Doubts {
		g := RivalGroup{Title: c.T("duplicates.pair", "one", c.nameOf(d.Person), "two", c.nameOf(d.Other)), Link: pairAddress(d.Person.ID, d.Other.ID)}
		for _, s := range d.Said {
			g.Said = append(g.Said, c.saying(s))
		}
		out = append(out, g)
	}
	return out, err
}

// rivalGroup names a record. To show whose it is is to open the record: it is noted as such.
func (c *call) rivalGroup(title, kind string, person record.ID) (RivalGroup, error) {
	g := RivalGroup{Title: title}
	if kind != people.Person.Name && lang.Has("kind."+kind) {
		g.Kind = c.T("kind." + kind)
	}
	if !person.IsZero() && c.may("/people/{id}") {
		g.Link = "/people/" + person.String()
		if g.Title == "" {
			shown, err := ask[people.Shown](c, "person.show", "person", person.String())
			if err != nil {
				return g, err
			}
			g.Title = c.nameOf(shown.Brief)
		}
	}
	if g.Title == "" {
		g.Title, g.Kind = c.coded("kind", kind), ""
	}
	return g, nil
}

// personRivals are the fields of a person's own record.
func (c *call) personRivals(p people.Shown, back string) []Rival {
	var out []Rival
	for _, f := range p.RivalFields {
		values := make([]rivalValue, len(f.Values))
		for i, v := range f.Values {
			values[i] = rivalValue{Value: v.Value, Says: v.Says, ByName: v.ByName, SiteName: v.SiteName, At: v.At, Recorded: v.Recorded}
		}
		out = append(out, c.rival(p.ID.String(), people.Person.Name, f.Field, values, back))
	}
	return out
}

func (c *call) rival(id, kind, field string, values []rivalValue, back string) Rival {
	out := Rival{Client: newClient(), Record: id, Kind: kind, Field: field, To: back, Question: c.fieldLabel(field)}
	settles := c.may("/settle")
	if settles {
		out.Button = c.T("conflict.keep")
	}
	for i, v := range values {
		raw, err := json.Marshal(v.Value)
		if err != nil {
			continue // what came as JSON goes as JSON
		}
		choice := RivalChoice{ID: "rival-" + id + "-" + field + "-" + strconv.Itoa(i), Name: "value", Value: string(raw), Shown: c.word(kind, field, v.Value), Shut: !settles,
			Who: orDash(v.ByName), Where: orDash(v.SiteName), Machine: v.At.Format(time.RFC3339),
			When: lang.ShortDate(c.lang, v.At) + " " + lang.Clock(c.lang, v.At), Ago: lang.Ago(c.lang, v.At, c.now())}
		if v.Says != "" {
			choice.Name, choice.Value = "says", v.Says
		}
		if v.Bytes > 0 {
			choice.Shown = lang.FileSize(c.lang, v.Bytes)
		}
		if choice.Shown == "" {
			choice.Shown = c.T("app.none")
		}
		if at := v.Recorded.In(v.At.Location()); at.Sub(v.At).Abs() > 2*time.Hour && !v.Recorded.IsZero() {
			choice.Recorded = c.T("timeline.recorded", "when", lang.ShortDate(c.lang, at)+" "+lang.Clock(c.lang, at))
		}
		out.Values = append(out.Values, choice)
	}
	return out
}

// settled is what the engine says of it.
type settled struct {
	Value any             `json:"value"`
	Undo  *record.Request `json:"undo"`
}

// settle writes which of the rival values stands, and keeps what puts them beside each other again.
func settle(c *call) error {
	if err := c.r.ParseForm(); err != nil {
		return errTooMuch
	}
	v := c.r.PostForm
	if v.Get("says") == "" && v.Get("value") == "" { // the button was pressed and nothing chosen
		c.session.say(notice{Text: c.T("conflict.choose")})
		return c.to(local(v.Get("to")))
	}
	var compact bytes.Buffer
	if raw := []byte(v.Get("value")); v.Get("says") == "" {
		if !json.Valid(raw) {
			return record.Refuse("value", "required", "field", c.fieldLabel("value"))
		}
		if err := json.Compact(&compact, raw); err != nil {
			return err
		}
	}
	id := v.Get("_id")
	if !goodClient(id) {
		id = newClient()
	}
	r, err := c.apply("conflict.settle", id, time.Time{}, struct {
		Record string          `json:"record"`
		Kind   string          `json:"kind"`
		Field  string          `json:"field"`
		Value  json.RawMessage `json:"value,omitempty"`
		Says   string          `json:"says,omitempty"`
	}{v.Get("record"), v.Get("kind"), v.Get("field"), compact.Bytes(), v.Get("says")})
	if err != nil {
		return err
	}
	if !r.OK {
		return problemError{r}
	}
	done, err := record.ResultAs[settled](r)
	if err != nil {
		return err
	}
	stands := c.word(v.Get("kind"), v.Get("field"), done.Value)
	if stands == "" {
		stands = c.T("app.none")
	}
	if done.Undo != nil {
		done.Undo.ID = newClient()
	}
	to := local(v.Get("to"))
	c.session.say(notice{Text: c.T("conflict.done", "value", stands), Undo: done.Undo, To: to})
	return c.to(to)
}
