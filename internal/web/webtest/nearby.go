package webtest

import (
	"context"
	"strings"
	"time"

	"amparo/internal/record"
	"amparo/internal/web"
)

// The made-up devices: this one's code, one that was met, and one whose key is another.
const (
	OwnCode       = "RKTR-REG9-9T6Z-13MD-SCN1-0K94-72RJ-T2YG"
	MetCode       = "XHZF-GJ91-BRGW-SYXK-BQW5-91JC-R27Z-6DTG"
	StrangersLink = "https://192.168.43.99:8462/#8Z0B-JEA8-RCHP-N2C1-46FF-JEW3-9QV2-QT9T"
)

// Door is open, but in a quiet house.
func (d *Desk) Door() (web.Doorway, error) {
	if d.House.Quiet || d.House.Shut {
		return web.Doorway{Code: OwnCode}, nil
	}
	own := "/#" + OwnCode + "." + Rosa.ID.String()
	return web.Doorway{Open: true, Until: Now.Add(11 * time.Hour), Code: OwnCode, Links: []string{"https://192.168.43.17:8462" + own, "https://[fd00:0:0:43::17]:8462" + own}}, nil
}

// OpenDoor notes for how long.
func (d *Desk) OpenDoor(lasts time.Duration) error {
	d.House.Shut, d.House.OpenFor = false, lasts
	return nil
}

// CloseDoor notes it.
func (d *Desk) CloseDoor() error {
	d.House.Shut = true
	return nil
}

// Neighbours are Julio's laptop and one of which nobody said whose it is.
func (d *Desk) Neighbours() ([]web.Neighbour, error) {
	if d.House.Quiet {
		return nil, nil
	}
	return []web.Neighbour{{Code: MetCode, Address: "192.168.43.21:8462", Name: Julio.Name, At: Now.Add(-26 * time.Hour)}, {Code: StrangersLink[strings.Index(StrangersLink, "#")+1:], Address: "10.42.0.5:8462"}}, nil
}

// LookAround finds Julio's laptop and a stranger.
func (d *Desk) LookAround(context.Context) ([]web.Neighbour, error) {
	if d.House.Quiet {
		return nil, nil
	}
	met, err := d.Neighbours()
	return []web.Neighbour{met[0], {Address: "192.168.43.30:8462"}}, err
}

// ExchangeWith brings something from Julio's laptop, and from nobody else.
func (d *Desk) ExchangeWith(_ context.Context, link string) (web.Exchanged, error) {
	d.House.Visited = append(d.House.Visited, link)
	if !strings.Contains(link, MetCode) {
		return web.Exchanged{}, record.Refuse("link", "wrong_key")
	}
	return web.Exchanged{Sent: 3, Received: 12, Bytes: 48_000}, nil
}

// ForgetNeighbour knows Julio's laptop alone.
func (d *Desk) ForgetNeighbour(code string) error {
	if code != MetCode {
		return record.Refuse("code", "unknown_neighbour")
	}
	d.House.Forgotten = append(d.House.Forgotten, code)
	return nil
}
