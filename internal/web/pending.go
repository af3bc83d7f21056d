package web

import (
	"net/http"
	"net/url"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// pendingAnswer is what the engine itself answers. It is read through its JSON form, which is the promise kept to every
// program, so that pages stand on the vocabulary and not on the engine.
type pendingAnswer struct {
	Commits      int                  `json:"commits"`
	Oldest       time.Time            `json:"oldest"`
	ByPart       map[string]int       `json:"by_compartment"`
	Since        map[string]time.Time `json:"oldest_by_compartment"`
	LastExchange time.Time            `json:"last_exchange"`
	Held         int                  `json:"held"`
	Coming       int                  `json:"coming"`
	ComingBytes  int64                `json:"coming_bytes"`
	Places       []struct {
		Kind       string    `json:"kind"`
		Name       string    `json:"name"`
		MemberName string    `json:"member_name"`
		At         time.Time `json:"last_exchange"`
		Lacks      int       `json:"lacks"`
		Oldest     time.Time `json:"oldest"`
	} `json:"places"`
}

// PendingPage says what exists only on this device, where the rest is, what is on its way here, and offers to exchange.
type PendingPage struct {
	Shell
	Commits      int
	Oldest, Last string
	Parts        []PartLine
	Places       []PlaceLine
	None         string // when nothing is only here: why
	Held         int    // sealed parts that do not travel until somebody agrees
	Coming       string // what this device wants and has not got yet; empty: nothing
	Exchanges    bool
}

// PartLine is how much of one compartment is only here.
type PartLine struct{ Label, Count, Oldest string }

// PlaceLine is a place that said what it holds.
type PlaceLine struct {
	Name, Icon, Last, Lacks string
	All                     bool // it has all that is here
}

func pendingPage(c *call) error {
	answer, err := askJSON[pendingAnswer](c, "pending")
	if err != nil {
		return err
	}
	p := PendingPage{Shell: c.shell("pending.title"), Commits: answer.Commits, Held: answer.Held, Last: c.T("status.never_exchanged")}
	if !answer.Oldest.IsZero() && answer.Commits > 0 {
		p.Oldest = lang.Ago(c.lang, answer.Oldest, c.now())
	}
	if !answer.LastExchange.IsZero() {
		p.Last = lang.Ago(c.lang, answer.LastExchange, c.now())
	}
	switch {
	case answer.LastExchange.IsZero() && answer.Held == 0: // nobody else has anything: there is nothing yet
		p.None = c.T("pending.nothing_yet")
	case answer.Held > 0:
		p.None = c.T("pending.none_but_held")
	default:
		p.None = c.T("pending.none")
	}
	for _, part := range record.Compartments() {
		n := answer.ByPart[part.String()]
		if n == 0 {
			continue
		}
		line := PartLine{Label: c.T("compartment." + part.String()), Count: lang.Number(c.lang, int64(n))}
		if at := answer.Since[part.String()]; !at.IsZero() {
			line.Oldest = lang.Ago(c.lang, at, c.now())
		}
		p.Parts = append(p.Parts, line)
	}
	for _, one := range answer.Places {
		line := PlaceLine{Icon: "move", Last: c.T("pending.place_never"), All: one.Lacks == 0 && !one.At.IsZero(), Lacks: c.T("pending.place_lacks", "n", one.Lacks)}
		switch {
		case one.Kind == "relay":
			line.Name = c.T("pending.relay", "address", hostOf(one.Name))
		case one.MemberName != "":
			line.Name = c.T("pending.neighbour_of", "name", one.MemberName)
		default:
			line.Name = c.T("pending.neighbour")
		}
		if line.All {
			line.Icon, line.Lacks = "kept", c.T("pending.place_all")
		}
		if !one.At.IsZero() {
			line.Last = c.T("status.exchanged", "ago", lang.Ago(c.lang, one.At, c.now()))
		}
		p.Places = append(p.Places, line)
	}
	if answer.Coming > 0 {
		p.Coming = c.T("pending.coming", "n", answer.Coming, "size", lang.FileSize(c.lang, answer.ComingBytes))
	}
	_, p.Exchanges = c.desk.(Exchanger)
	return c.show(http.StatusOK, "pending.html", p)
}

// hostOf is the part of a relay's address that people know it by.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return address
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
	c.session.say(c.exchanged(moved))
	return c.to("/pending")
}

// exchanged says what an exchange moved.
func (c *call) exchanged(moved Exchanged) notice {
	size := lang.FileSize(c.lang, moved.Bytes)
	if moved.Sent+moved.Received == 0 {
		return notice{Text: c.T("status.exchanged_nothing", "size", size)}
	}
	return notice{Text: c.T("status.exchanged_now", "sent", moved.Sent, "received", moved.Received, "size", size)}
}
