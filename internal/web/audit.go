package web

import (
	"net/http"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// auditAnswer is what the engine answers; read through its JSON form, see askJSON.
type auditAnswer struct {
	Events []struct {
		At     time.Time `json:"at"`
		What   string    `json:"what"`
		ByName string    `json:"by_name"`
		OfName string    `json:"of_name"`
		N      int       `json:"n"`
		Code   string    `json:"code"`
	} `json:"events"`
	Volume []struct {
		Day    string    `json:"day"`
		Member record.ID `json:"member"`
		Name   string    `json:"name"`
		N      int       `json:"n"`
	} `json:"volume"`
	Glass []glassAnswer `json:"glass"`
}

// AuditPage says what happened to the keys and how much was read, without a word of whom.
type AuditPage struct {
	Shell
	From, To Field
	Alarms   []EventLine // first, in words
	Events   []EventLine
	More     int // older events not shown
	Volume   []VolumeLine
	Glass    []GlassLine
	Reads    bool // may go from a member to what they opened
}

// EventLine is one event.
type EventLine struct {
	When, Machine, What, Who, Of, Note string
	Warn                               bool
}

// VolumeLine is how many records a member opened on a day.
type VolumeLine struct {
	Day, Name, N, Link string
}

const (
	mostEvents = 120
	mostVolume = 60
)

// watch says on the board of who watches over it that many records were opened in a short time since yesterday, or a
// restricted one that nobody has looked at yet.
func (c *call) watch() (string, error) {
	if !c.may("/audit") {
		return "", nil
	}
	answer, err := askJSON[auditAnswer](c, "audit", "only", "alarms", "from", c.now().AddDate(0, 0, -1).UTC().Format(time.DateOnly))
	if err != nil {
		return "", err
	}
	n := len(answer.Glass)
	for _, e := range answer.Events {
		if e.What == "alarm" {
			n++
		}
	}
	if n == 0 {
		return "", nil
	}
	return c.T("audit.watch", "n", n), nil
}

func auditPage(c *call) error {
	if err := c.r.ParseForm(); err != nil {
		return errTooMuch
	}
	q := c.r.Form // dates are posted: an address is kept by the browser
	answer, err := askJSON[auditAnswer](c, "audit", "from", q.Get("from"), "to", q.Get("to"))
	if err != nil {
		return err
	}
	p := AuditPage{Shell: c.shell("audit.title"), Reads: c.may("/access"), Glass: c.glasses(answer.Glass, "/audit")}
	p.From = Field{Name: "from", ID: "from", Label: c.T("audit.from"), Value: q.Get("from"), Type: "date", Class: "w6"}
	p.To = Field{Name: "to", ID: "to", Label: c.T("audit.to"), Value: q.Get("to"), Type: "date", Class: "w6"}
	zone := c.zone()
	for _, e := range answer.Events {
		at := e.At.In(zone)
		line := EventLine{When: lang.ShortDate(c.lang, at) + " " + lang.Clock(c.lang, at), Machine: at.Format(time.RFC3339), What: c.coded("audit", e.What),
			Who: orDash(e.ByName), Of: e.OfName}
		switch e.What {
		case "alarm":
			line.Warn, line.Note = true, c.T("audit.alarm", "n", e.N)
			p.Alarms = append(p.Alarms, line)
		case "glass", "lifted":
			line.Warn = true
		case "reviewed":
			line.Note = c.coded("glass_finding", e.Code)
		case "rotated":
			line.Note = c.T("audit.keys", "n", e.N)
		case "erased":
			line.Note = c.T("audit.parts", "n", e.N)
		}
		if line.Of == line.Who {
			line.Of = ""
		}
		if len(p.Events) < mostEvents {
			p.Events = append(p.Events, line)
		} else {
			p.More++
		}
	}
	for i, v := range answer.Volume {
		if i == mostVolume {
			break
		}
		line := VolumeLine{Day: lang.PartialDate(c.lang, v.Day), Name: orDash(v.Name), N: lang.Number(c.lang, int64(v.N))}
		if p.Reads {
			line.Link = "/access?member=" + v.Member.String()
		}
		p.Volume = append(p.Volume, line)
	}
	return c.show(http.StatusOK, "audit.html", p)
}
