package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"rsc.io/qr"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// Neighbourly is a Desk on a device that can exchange with others on the local network.
type Neighbourly interface {
	// Door says whether others may exchange with this device now.
	Door() (Doorway, error)
	// OpenDoor lets them for a while; zero: until it is closed.
	OpenDoor(lasts time.Duration) error
	CloseDoor() error
	// Neighbours lists the devices that were met, the latest first.
	Neighbours() ([]Neighbour, error)
	// LookAround gives the devices of this workspace that answer on the local network now. One that was never met has no Code.
	LookAround(ctx context.Context) ([]Neighbour, error)
	// ExchangeWith exchanges with the device of that link, or of the code of one that was met.
	ExchangeWith(ctx context.Context, link string) (Exchanged, error)
	ForgetNeighbour(code string) error
}

// Doorway is how others come to this device.
type Doorway struct {
	Open  bool
	Until time.Time // when it closes by itself; zero: when somebody closes it
	Code  string    // by which others know this device
	Links []string  // the likeliest first; none: this device is on no network
}

// Neighbour is a device that was met, or found.
type Neighbour struct {
	Code    string
	Address string    // host:port
	Name    string    // of who works on it; empty: not known
	At      time.Time // the last whole exchange; zero: none
}

// doorLasts is how long a door opened on the page stays open: the longest day. A laptop that is carried to another network in
// the evening must not go on answering there.
const doorLasts = 12 * time.Hour

// NearbyPage opens this device to others on the local network, and goes to them.
type NearbyPage struct {
	Shell
	Form
	Open    bool
	Until   string
	Hours   int
	Code    string
	Address string        // where this device is, most likely
	Drawing template.HTML // of the likeliest link
	Links   []string
	To      Field // a link, or a code
	At      Field // an address and a code, typed by hand
	Known   Field
	ByHand  bool
	Met     []NeighbourLine
	Found   []NeighbourLine // on the network, and never met
	Nobody  bool            // it was looked, and nobody answered
}

// NeighbourLine is a device one can go to.
type NeighbourLine struct {
	Name, Mark, Code, Address, Last string
	Here                            bool // it answers on the network now
}

func nearbyPage(c *call) error {
	desk, can := c.desk.(Neighbourly)
	if !can {
		return errNothingHere
	}
	f, err := c.form("/nearby", nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	var p NearbyPage
	if f.submitted {
		link, box := f.value("link"), "link"
		if at, code := f.value("address"), f.value("code"); link == "" && at+code != "" {
			link, box = at+"#"+code, "code"
			p.ByHand = true
		}
		if link == "" {
			f.missing("link")
		}
		if f.ready() {
			moved, err := desk.ExchangeWith(c.r.Context(), link)
			if err == nil {
				return f.done("/nearby", c.exchanged(moved))
			}
			if errors.Is(err, ErrLocked) {
				return err
			}
			if err := f.refusal(box, err); err != nil {
				return err
			}
		}
	}
	p.Hours = int(doorLasts.Hours())
	if err := c.doorway(desk, &p); err != nil {
		return err
	}
	if err := c.surroundings(desk, &p); err != nil {
		return err
	}
	p.To = f.field("link", label("nearby.link_label"), hint("nearby.link_hint"), mono())
	p.At = f.field("address", label("nearby.address"), hint("nearby.address_hint"), mono())
	p.Known = f.field("code", label("nearby.its_code"), hint("nearby.code_form"), mono())
	p.Shell, p.Form = c.shell("nearby.title"), f.close()
	p.Faulty = len(f.Faults) > 0
	return c.show(f.status(), "nearby.html", p)
}

func (c *call) doorway(desk Neighbourly, p *NearbyPage) error {
	d, err := desk.Door()
	if err != nil {
		return err
	}
	p.Open, p.Code = d.Open, d.Code
	if !d.Open {
		return nil
	}
	p.Until = c.T("nearby.until_closed")
	if !d.Until.IsZero() {
		p.Until = c.T("nearby.until", "clock", lang.WeekdayClock(c.lang, d.Until.In(c.zone())))
	}
	if len(d.Links) == 0 {
		return nil
	}
	p.Links = d.Links
	where, _, _ := strings.Cut(strings.TrimPrefix(d.Links[0], "https://"), "/")
	p.Address = where
	drawing, err := qr.Encode(d.Links[0], qr.M)
	if err != nil {
		return fmt.Errorf("draw a link: %w", err)
	}
	p.Drawing = drawCode(drawing)
	return nil
}

// surroundings are the devices that were met, and when it is asked for, those that answer now.
func (c *call) surroundings(desk Neighbourly, p *NearbyPage) error {
	met, err := desk.Neighbours()
	if err != nil {
		return err
	}
	var found []Neighbour
	if c.r.URL.Query().Has("look") {
		if found, err = desk.LookAround(c.r.Context()); err != nil {
			return err
		}
		p.Nobody = len(found) == 0
	}
	for _, n := range met {
		line := c.neighbourLine(n)
		if i := slices.IndexFunc(found, func(f Neighbour) bool { return f.Code == n.Code }); i >= 0 {
			line.Here, line.Address = true, found[i].Address
		}
		p.Met = append(p.Met, line)
	}
	for _, f := range found {
		if f.Code == "" {
			p.Found = append(p.Found, c.neighbourLine(f))
		}
	}
	return nil
}

func (c *call) neighbourLine(n Neighbour) NeighbourLine {
	l := NeighbourLine{Name: c.T("pending.neighbour"), Code: n.Code, Address: n.Address, Last: c.T("pending.place_never")}
	if n.Name != "" {
		l.Name = c.T("pending.neighbour_of", "name", n.Name)
	}
	if !n.At.IsZero() {
		l.Last = c.T("status.exchanged", "ago", lang.Ago(c.lang, n.At, c.now()))
	}
	if groups := strings.Split(n.Code, "-"); len(groups) > 1 {
		l.Mark = groups[0] + "-" + groups[1]
	}
	return l
}

// nearbyDoor opens and closes.
func nearbyDoor(c *call) error {
	desk, can := c.desk.(Neighbourly)
	if !can {
		return errNothingHere
	}
	if err := c.parse(); err != nil {
		return err
	}
	if c.r.PostForm.Get("do") == "open" {
		if err := desk.OpenDoor(doorLasts); err != nil {
			return err
		}
		return c.to("/nearby")
	}
	if err := desk.CloseDoor(); err != nil {
		return err
	}
	c.session.say(notice{Text: c.T("nearby.closed")})
	return c.to("/nearby")
}

func nearbyForget(c *call) error {
	desk, can := c.desk.(Neighbourly)
	if !can {
		return errNothingHere
	}
	if err := c.parse(); err != nil {
		return err
	}
	var refusal *record.Refusal
	switch err := desk.ForgetNeighbour(c.r.PostForm.Get("code")); {
	case errors.As(err, &refusal):
		return errNothingHere
	case err != nil:
		return err
	}
	c.session.say(notice{Text: c.T("nearby.forgotten")})
	return c.to("/nearby")
}
