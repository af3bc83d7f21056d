package web

import (
	"net/http"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// devicesAnswer is what the engine answers; read through its JSON form, see askJSON.
type devicesAnswer struct {
	Devices []struct {
		Member    record.ID `json:"member"`
		Name      string    `json:"name"`
		Roles     []string  `json:"roles"`
		Here      bool      `json:"here"`
		Last      time.Time `json:"last_contact"`
		Silent    bool      `json:"silent"`
		Said      time.Time `json:"said"`
		SiteName  string    `json:"site_name"`
		Exchanged time.Time `json:"last_exchange"`
		Unsent    int       `json:"unsent"`
		Oldest    time.Time `json:"oldest_unsent"`
		Version   string    `json:"version"`
	} `json:"devices"`
	Silent int `json:"silent"`
	AfterH int `json:"after_h"`
}

// DevicesPage says of every device when it was last heard of and what it carried, those that fell silent first.
type DevicesPage struct {
	Shell
	Silent, Heard []DeviceLine
	After         string // how long without a word counts as silent
}

// DeviceLine is one of them.
type DeviceLine struct {
	Name, Roles, Site   string
	Last, Machine       string
	Unsent, Since, Said string // what it carried when it said so; empty: it never said
	Before              string // the exchange before
	Version             string
	Here, Carries       bool
	Link                string // to the member's page, for who administers
}

func devicesPage(c *call) error {
	answer, err := askJSON[devicesAnswer](c, "devices")
	if err != nil {
		return err
	}
	p := DevicesPage{Shell: c.shell("devices.title"), After: c.T("devices.after", "n", answer.AfterH/24)}
	zone := c.zone()
	for _, d := range answer.Devices {
		line := DeviceLine{Name: orDash(d.Name), Site: d.SiteName, Last: c.T("devices.never"), Here: d.Here, Carries: d.Unsent > 0 && !d.Said.IsZero()}
		var roles []string
		for _, role := range d.Roles {
			roles = append(roles, c.named("role", role))
		}
		line.Roles = lang.List(c.lang, roles)
		if !d.Last.IsZero() {
			at := d.Last.In(zone)
			line.Last, line.Machine = c.T("devices.last", "ago", lang.Ago(c.lang, d.Last, c.now()), "when", lang.DateTime(c.lang, at)), at.Format(time.RFC3339)
		}
		if !d.Said.IsZero() {
			if line.Unsent = c.T("devices.all_sent"); d.Unsent > 0 {
				line.Unsent = c.T("devices.unsent", "n", d.Unsent)
				line.Since = c.T("status.oldest", "ago", lang.Ago(c.lang, d.Oldest, c.now()))
			}
			if line.Before = c.T("devices.first"); !d.Exchanged.IsZero() {
				line.Before = c.T("devices.before", "ago", lang.Ago(c.lang, d.Exchanged, c.now()))
			}
		}
		if d.Version != "" {
			line.Version = c.T("devices.version", "version", d.Version)
		}
		if d.Here {
			line.Last, line.Unsent, line.Before = c.T("devices.here"), "", c.T("status.never_exchanged")
			if !d.Exchanged.IsZero() {
				line.Unsent, line.Before = c.T("pending.none"), c.T("status.exchanged", "ago", lang.Ago(c.lang, d.Exchanged, c.now()))
			}
			if d.Unsent > 0 {
				line.Unsent = c.T("status.only_here", "n", d.Unsent)
			}
		}
		if c.may("/members/{id}") {
			line.Link = "/members/" + d.Member.String()
		}
		if d.Silent {
			p.Silent = append(p.Silent, line)
		} else {
			p.Heard = append(p.Heard, line)
		}
	}
	return c.show(http.StatusOK, "devices.html", p)
}
