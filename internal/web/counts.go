package web

import (
	"errors"
	"net/url"
	"time"

	"amparo/internal/care"
	"amparo/internal/lang"
	"amparo/internal/people/typed"
	"amparo/internal/record"
	"amparo/internal/route"
)

// CountPage is the form of a headcount or of a count of people passing.
type CountPage struct {
	Shell
	Form
	Lead                                              string
	Total, Low, High, Women, Men, Girls, Boys, Method Field
	Direction, Mode, Nationality, Slot                Field
	Flow                                              bool
	Countries                                         []lang.Choice
	Last, Sum                                         string
	Recent                                            []CountLine
	When                                              When
}

// CountLine is an earlier count.
type CountLine struct {
	When, Direction, Mode, From string
	Total                       int
}

func headcountPage(c *call) error {
	if ok, err := c.sited(); !ok {
		return err
	}
	f, err := c.form("/headcount", url.Values{"method": {"count"}})
	if err != nil {
		return err
	}
	if f.submitted {
		data := struct {
			Total  *int   `json:"total,omitempty"`
			Method string `json:"method,omitempty"`
			Low    *int   `json:"low,omitempty"`
			High   *int   `json:"high,omitempty"`
			Women  *int   `json:"women,omitempty"`
			Men    *int   `json:"men,omitempty"`
			Girls  *int   `json:"girls,omitempty"`
			Boys   *int   `json:"boys,omitempty"`
		}{f.number("total"), f.value("method"), f.number("low"), f.number("high"), f.number("women"), f.number("men"), f.number("girls"), f.number("boys")}
		if data.Total == nil && f.value("total") == "" {
			f.missing("total")
		}
		if sum := sumOf(data.Women, data.Men, data.Girls, data.Boys); sum > 0 && data.Total != nil && sum > *data.Total {
			f.wrong("total", f.T("headcount.parts_differ", "sum", sum, "total", *data.Total))
		}
		at := f.at()
		if f.ready() {
			r, err := c.apply("site.count", f.Client, at, data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				return f.done("/board", notice{Text: c.T("headcount.done", "n", *data.Total)})
			}
		}
	}
	p := CountPage{Shell: c.shell("headcount.title"), Lead: ""}
	p.Total = f.field("total", label("headcount.total"), digits(), focus())
	p.Women, p.Men, p.Girls, p.Boys = f.field("women", digits()), f.field("men", digits()), f.field("girls", digits()), f.field("boys", digits())
	p.Method = f.field("method", codes("count_method", "count", "registration", "occupancy", "informant"))
	p.Low, p.High = f.field("low", digits()), f.field("high", digits())
	p.When = f.when()
	p.Form, p.Shell.Form, p.Faulty = f.close(), f.ID, len(f.Faults) > 0
	if p.Last, err = c.lastHeadcount(); err != nil {
		return err
	}
	return c.show(f.status(), "headcount.html", p)
}

// sumOf adds what was counted.
func sumOf(parts ...*int) int {
	sum := 0
	for _, p := range parts {
		if p != nil {
			sum += *p
		}
	}
	return sum
}

// lastHeadcount words the latest count at the site; empty when there is none.
func (c *call) lastHeadcount() (string, error) {
	zone := c.zone()
	b, err := ask[care.Board](c, "site.board", "site", c.siteID().String(), "day", c.now().In(zone).Format(time.DateOnly))
	var refusal *record.Refusal
	if errors.As(err, &refusal) {
		return "", nil
	}
	if err != nil || b.Headcount == nil {
		return "", err
	}
	return c.T("headcount.last", "n", b.Headcount.Total, "ago", lang.Ago(c.lang, b.Headcount.At, c.now())), nil
}

// countFrom bounds how far back the recent counts go.
const countFrom = 3 * 24 * time.Hour

func flowPage(c *call) error {
	if ok, err := c.sited(); !ok {
		return err
	}
	f, err := c.form("/flow", nil)
	if err != nil {
		return err
	}
	if f.submitted {
		from := f.choose("nationality", typed.NamedCountries, "person.nationality.unknown")
		data := struct {
			Direction   string `json:"direction,omitempty"`
			Total       *int   `json:"total,omitempty"`
			Women       *int   `json:"women,omitempty"`
			Men         *int   `json:"men,omitempty"`
			Girls       *int   `json:"girls,omitempty"`
			Boys        *int   `json:"boys,omitempty"`
			Nationality string `json:"nationality,omitempty"`
			Mode        string `json:"mode,omitempty"`
			Slot        string `json:"slot,omitempty"`
		}{f.value("direction"), f.number("total"), f.number("women"), f.number("men"), f.number("girls"), f.number("boys"), "", f.value("mode"), f.value("slot")}
		if len(from) == 1 {
			data.Nationality = from[0]
		} else if len(from) > 1 {
			f.wrong("nationality", f.T("flow.one_nationality"))
		}
		if data.Direction == "" {
			f.missing("direction")
		}
		if data.Total == nil && f.value("total") == "" {
			f.missing("total")
		}
		at := f.at()
		if f.ready() {
			r, err := c.apply("flow.count", f.Client, at, data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				return f.done("/flow", notice{Text: c.T("flow.done", "n", *data.Total), Link: "/board", Label: c.T("nav.board")})
			}
		}
	}
	p := CountPage{Shell: c.shell("flow.title"), Lead: c.T("flow.hint"), Flow: true, Countries: lang.Countries(c.lang)}
	p.Direction = f.field("direction", codes("direction", "north", "south", "staying", "unknown"), focus())
	p.Total = f.field("total", digits())
	p.Women, p.Men, p.Girls, p.Boys = f.field("women", digits()), f.field("men", digits()), f.field("girls", digits()), f.field("boys", digits())
	p.Mode = f.field("mode", codes("flow_mode", "foot", "bus", "train", "truck", "plane", "other"))
	p.Nationality = f.field("nationality", hint("flow.nationality_hint"), list("countries"))
	p.Slot = f.field("slot", hint("flow.slot.hint"), class("w6"))
	p.When = f.when()
	p.Form, p.Shell.Form, p.Faulty = f.close(), f.ID, len(f.Faults) > 0
	if p.Recent, p.Sum, err = c.recentFlows(); err != nil {
		return err
	}
	return c.show(f.status(), "flow.html", p)
}

// recentFlows lists what was counted here in the last days, so that a second shift does not count twice.
func (c *call) recentFlows() (recent []CountLine, said string, err error) {
	zone := c.zone()
	now := c.now().In(zone)
	flows, err := ask[route.Flows](c, "flows", "site", c.siteID().String(), "from", now.Add(-countFrom).Format(time.DateOnly), "to", now.Format(time.DateOnly))
	var refusal *record.Refusal
	if errors.As(err, &refusal) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	var out []CountLine
	sum := 0
	for _, one := range flows.Counts {
		if len(out) == 12 {
			break
		}
		line := CountLine{When: lang.WeekdayClock(c.lang, one.At.In(zone)), Direction: c.coded("direction", one.Direction), Total: one.Total}
		if one.Mode != "" {
			line.Mode = c.coded("flow_mode", one.Mode)
		}
		if one.Nationality != "" {
			line.From = lang.Country(c.lang, one.Nationality)
		}
		sum += one.Total
		out = append(out, line)
	}
	return out, c.T("flow.sum", "n", sum), nil
}
