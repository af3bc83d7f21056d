package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/journey"
	"amparo/internal/people/typed"
	"amparo/internal/place"
)

// JourneyPage is a person's way as they told it, and the form for one more part of it.
type JourneyPage struct {
	Shell
	Form
	Banner  Banner
	Steps   []StepLine
	Adds    []Offer // the kinds of parts that can be added; none: not the member's
	Add     string  // the kind that is being written; empty: none is
	Heading string
	Boxes   []Field     // to write in
	Picks   []StepField // to choose from
	Chosen  bool        // the choice comes first: it is what the part says
	Places  []lang.Choice
	Mend    string // id of the part that is put right; empty: a new one
	Was     *StepLine
	Back    string
	Person  string // the person's page
}

// StepField is a choice of the form.
type StepField struct {
	Many bool // several may be chosen
	Field
}

// StepLine is one part of the way.
type StepLine struct {
	Title, Kind, Icon, When, How, Why, Told, Mend string
}

func init() { personSections = append(personSections, journeySection) }

var stepIcons = map[string]string{journey.Leg: "move", journey.Stay: "site", journey.Decision: "note", journey.Stranded: "flag"}

// mostSteps is how much of the way the person's page shows.
const mostSteps = 3

func journeySection(c *call, p people.Shown) (*Section, error) {
	if !c.may("/people/{id}/journey") {
		return nil, nil
	}
	told, err := ask[journey.Journey](c, "journey.show", "person", p.ID.String())
	if err != nil {
		return nil, err
	}
	address := "/people/" + p.ID.String() + "/journey"
	s := &Section{ID: "journey", Title: c.T("journey.title"), Empty: c.T("journey.empty"), Links: []Offer{{address, c.T("journey.all"), "move"}}}
	for _, t := range told.Steps[max(0, len(told.Steps)-mostSteps):] {
		line := c.stepLine(t, "")
		s.Lines = append(s.Lines, SectionLine{Text: line.Title, Note: line.When})
	}
	return s, nil
}

func journeyPage(c *call) error {
	id := c.r.PathValue("id")
	told, err := ask[journey.Journey](c, "journey.show", "person", id)
	if err != nil {
		return err
	}
	address := "/people/" + told.Person.ID.String() + "/journey"
	page := JourneyPage{Shell: c.shell("journey.title"), Banner: c.banner(told.Person), Back: address, Person: "/people/" + told.Person.ID.String()}
	writes := c.desk.MayDo("journey.record")
	mend := address
	if !writes {
		mend = ""
	}
	for _, t := range told.Steps {
		page.Steps = append(page.Steps, c.stepLine(t, mend))
	}
	if writes {
		for _, what := range journey.Whats {
			page.Adds = append(page.Adds, Offer{address + "?add=" + what + "#add", c.coded("journey_what", what), stepIcons[what]})
		}
	}
	asked := c.r.URL.Query()
	page.Add, page.Mend = asked.Get("add"), asked.Get("mend")
	start, record := url.Values{}, told.Person.ID // a part is put right in the record in which it stands
	if at := slices.IndexFunc(told.Steps, func(t journey.Told) bool { return t.ID.String() == page.Mend }); at >= 0 {
		t := told.Steps[at]
		page.Add, record = t.What, t.Person
		start = c.stepSheet(t)
	} else if page.Mend != "" {
		return c.to(address) // it was put right meanwhile: the list shows how
	}
	if !writes || page.Add != "" && !slices.Contains(journey.Whats, page.Add) {
		page.Add = ""
	}
	if page.Add == "" {
		return c.show(http.StatusOK, "journey.html", page)
	}
	where := address + "?add=" + page.Add
	if page.Mend != "" {
		where = address + "?mend=" + page.Mend
	}
	f, err := c.form(where, start)
	if err != nil {
		return err
	}
	f.Draft = "" // an unfinished account of somebody's way is not left behind
	if f.submitted {
		data := f.stepData(page.Add)
		data.Person, data.Corrects = record.String(), page.Mend
		said := "journey.saved"
		if page.Mend != "" {
			said = "journey.corrected"
			if f.typed.Has("_mistaken") {
				f.Faults, data = nil, journey.StepData{Person: data.Person, What: journey.Mistaken, Corrects: page.Mend}
			}
		}
		if f.ready() {
			r, err := c.apply("journey.record", f.Client, time.Time{}, data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				return f.done(address, notice{Text: c.T(said)})
			}
		}
	}
	page.Heading = c.coded("journey_what", page.Add)
	if page.Mend != "" {
		page.Heading = c.T("journey.correcting") + ": " + page.Heading
	}
	page.Places = place.CoarseChoices(c.lang)
	page.Chosen = page.Add == journey.Decision || page.Add == journey.Stranded
	has := journey.Fields(page.Add)
	for _, name := range []string{"origin", "place", "started", "ended"} {
		if slices.Contains(has, name) {
			page.Boxes = append(page.Boxes, f.stepBox(page.Add, name))
		}
	}
	for _, name := range []string{"decision", "transport", "manner", "direction", "reasons"} {
		if slices.Contains(has, name) {
			page.Picks = append(page.Picks, f.stepPick(name))
		}
	}
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "journey.html", page)
}

// stepBox is a box of a kind of part.
func (f *form) stepBox(what, name string) Field {
	options := []with{hint("journey.place_hint"), list("places")}
	switch {
	case name == "started" || name == "ended":
		options = []with{hint("journey.date_hint"), class("w6")}
		if what == journey.Decision {
			options = append(options, label("field.at"))
		}
	case name == "place" && what == journey.Leg:
		options = append(options, label("journey.arrival"))
	case name == "place" && (what == journey.Decision || what == journey.Stranded):
		options[0] = hint("journey.wide_hint")
	}
	return f.field(name, options...)
}

// stepPick is a choice of a part.
func (f *form) stepPick(name string) StepField {
	switch name {
	case "decision":
		return StepField{false, f.field(name, codes("journey_decision", journey.Decisions...))}
	case "transport":
		return StepField{false, f.field(name, codes("transport", journey.Transports...))}
	case "manner":
		return StepField{false, f.field(name, codes("journey_manner", journey.Manners...))}
	case "direction":
		return StepField{false, f.field(name, codes("direction", journey.Directions...))}
	}
	return StepField{true, f.field(name, codes("journey_reason", journey.Reasons...))}
}

// stepData reads the form.
func (f *form) stepData(what string) journey.StepData {
	return journey.StepData{What: what, Origin: f.coarse("origin"), Place: f.coarse("place"), Started: f.partial("started"), Ended: f.partial("ended"),
		Transport: f.value("transport"), Manner: f.value("manner"), Direction: f.value("direction"), Decision: f.value("decision"), Reasons: f.values("reasons")}
}

// coarse reads a place by its name or code; empty when nothing was typed.
func (f *form) coarse(name string) string {
	text := f.value(name)
	if text == "" {
		return ""
	}
	code, ok := place.NamedCoarse(f.lang, text)
	if !ok {
		f.wrong(name, f.T("journey.place_unknown", "typed", typed.Got(text)))
	}
	return code
}

// partial reads a day, a month or a year as people write it; empty when nothing was typed.
func (f *form) partial(name string) string {
	text := f.value(name)
	if text == "" {
		return ""
	}
	when, ok := typed.Understand(f.lang, text, f.now())
	if !ok || when.Birth == "" || when.About {
		f.wrong(name, f.T("refuse.bad_date", "got", typed.Got(text)))
	}
	return when.Birth
}

// stepSheet is what the boxes hold when a part is put right.
func (c *call) stepSheet(t journey.Told) url.Values {
	v := url.Values{"reasons": t.Reasons}
	for name, text := range map[string]string{"origin": c.placeName(t.Origin), "place": c.placeName(t.Place), "started": t.Started, "ended": t.Ended,
		"transport": t.Transport, "manner": t.Manner, "direction": t.Direction, "decision": t.Decision} {
		v.Set(name, text)
	}
	return v
}

func (c *call) placeName(code string) string {
	if code == "" {
		return ""
	}
	return place.CoarseName(c.lang, code)
}

// stepLine words one part. mend is the address of the page when the reader may put it right.
func (c *call) stepLine(t journey.Told, mend string) StepLine {
	line := StepLine{Kind: c.coded("journey_what", t.What), Icon: stepIcons[t.What], When: c.span(t.Started, t.Ended),
		Told: c.T("journey.told", "date", lang.Date(c.lang, t.At), "site", orDash(t.SiteName), "name", orDash(t.ByName))}
	where := c.placeName(t.Place)
	switch {
	case t.What == journey.Leg && t.Origin != "":
		line.Title = c.T("journey.from_to", "from", c.placeName(t.Origin), "to", where)
	case t.What == journey.Leg:
		line.Title = c.T("journey.to", "to", where)
	case t.What == journey.Decision:
		line.Title = c.T("journey.decided", "decision", c.coded("journey_decision", t.Decision))
	case t.What == journey.Stranded && where != "":
		line.Title = line.Kind + ": " + where
	case t.What == journey.Stranded:
		line.Title = line.Kind
	default:
		line.Title = where
	}
	if t.What == journey.Decision && t.Ended == "" {
		line.When = lang.PartialDate(c.lang, t.Started)
	}
	var how []string
	if t.What == journey.Decision && where != "" {
		how = append(how, where)
	}
	for _, one := range [][2]string{{"transport", t.Transport}, {"journey_manner", t.Manner}, {"direction", t.Direction}} {
		if one[1] != "" {
			how = append(how, c.coded(one[0], one[1]))
		}
	}
	line.How = strings.Join(how, " · ")
	if len(t.Reasons) > 0 {
		line.Why = c.fieldLabel("reasons") + ": " + strings.Join(c.codedAll("journey_reason", t.Reasons), "; ")
	}
	if mend != "" {
		line.Mend = mend + "?mend=" + t.ID.String() + "#add"
	}
	return line
}

// journeyEntry words a part of the way as an entry of the timeline.
func (c *call) journeyEntry(e people.Entry, line *EntryLine) {
	word := func(name string) string { s, _ := e.Fields[name].(string); return s }
	reasons, _ := e.Fields["reasons"].([]string)
	t := journey.Told{What: word("what"), Origin: word("origin"), Place: word("place"), Started: word("started"), Ended: word("ended"), Transport: word("transport"),
		Manner: word("manner"), Direction: word("direction"), Decision: word("decision"), Reasons: reasons}
	if t.What == journey.Mistaken {
		line.Title, line.Icon = line.Title+": "+c.coded("journey_what", t.What), "move"
		return
	}
	said := c.stepLine(t, "")
	line.Title, line.Icon = line.Title+": "+said.Title, "move"
	line.Note = strings.Join(slices.DeleteFunc([]string{said.When, said.How, said.Why}, func(s string) bool { return s == "" }), " · ")
}

// span words a time from one date to another, either of which may be missing.
func (c *call) span(from, to string) string {
	switch {
	case from == "" && to == "":
		return ""
	case from == to:
		return lang.PartialDate(c.lang, from)
	case from == "":
		return c.T("journey.until", "to", lang.PartialDate(c.lang, to))
	case to == "":
		return c.T("journey.since", "from", lang.PartialDate(c.lang, from))
	}
	return c.T("journey.span", "from", lang.PartialDate(c.lang, from), "to", lang.PartialDate(c.lang, to))
}
