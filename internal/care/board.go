package care

import (
	"fmt"
	"slices"
	"time"

	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// Board is the answer to site.board: one day of one site, for the page that stays open on the table. Names never stand on it in
// full: whoever walks past may read it.
type Board struct {
	Site       place.SiteBrief `json:"site"`
	Day        string          `json:"day"`   // local day of the site
	Queue      []Queued        `json:"queue"` // waiting first, by number
	Services   []ServiceDay    `json:"services"`
	Headcount  *place.Counted  `json:"headcount"`  // the latest until the end of that day; null when never counted
	Flows      Passing         `json:"flows"`      // people counted passing that day
	Registered int             `json:"registered"` // persons registered here that day
	Waiting    int             `json:"waiting"`
	Seen       int             `json:"seen"`
	Rivals     int             `json:"rivals"` // persons whose record holds rival values, at any site
}

// Queued is one visit of the day.
type Queued struct {
	Visit   record.ID `json:"visit"`
	Number  int       `json:"number"` // queue number of the day
	Person  record.ID `json:"person"`
	Alias   string    `json:"alias"` // nickname, or initials
	Card    string    `json:"card"`
	Service string    `json:"service"`
	Type    string    `json:"type"` // first, follow_up
	At      time.Time `json:"at"`
	State   string    `json:"state"`  // waiting, seen, left
	Urgent  bool      `json:"urgent"` // belongs to a group that goes first
}

// ServiceDay sums one service.
type ServiceDay struct {
	Service  string `json:"service"`
	Waiting  int    `json:"waiting"`
	Seen     int    `json:"seen"`
	Left     int    `json:"left"`
	First    int    `json:"first"`
	FollowUp int    `json:"follow_up"`
}

// Passing sums the people counted passing a site in a day, by where they go.
type Passing struct {
	North   int `json:"north"`
	South   int `json:"south"`
	Staying int `json:"staying"`
	Unknown int `json:"unknown"`
}

// BoardParams are the parameters of site.board.
type BoardParams struct {
	Site string `json:"site,omitempty" jsonschema:"description=this device's site when absent"`
	Day  string `json:"day,omitempty" jsonschema:"description=today at the site when absent"`
}

var board = record.NewQuery("site.board", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p BoardParams) (any, error) {
	site, err := siteAsked(a, p.Site)
	if err != nil {
		return nil, err
	}
	day, err := typed.Day("day", p.Day, a.Now.In(site.Clock()))
	if err != nil {
		return nil, err
	}
	from, to, err := site.Day(day)
	if err != nil {
		return nil, err
	}
	b := Board{Site: site, Day: day}
	if b.Queue, err = queue(a, site, from, to); err != nil {
		return nil, err
	}
	b.sum()
	if b.Headcount, err = place.LatestCount(a.Context, a, site.ID, to); err != nil {
		return nil, err
	}
	when := []any{site.ID, from.Unix(), to.Unix()}
	if err = a.Select(a.Context, "SELECT direction, sum(total) FROM field.flow WHERE _site = ? AND _at >= ? AND _at < ? AND _corrected IS NULL GROUP BY direction", when,
		func(r record.Row) error {
			n := int(r.Int(1))
			switch r.Text(0) {
			case "north":
				b.Flows.North += n
			case "south":
				b.Flows.South += n
			case "staying":
				b.Flows.Staying += n
			default:
				b.Flows.Unknown += n
			}
			return nil
		}); err != nil {
		return nil, fmt.Errorf("read flows: %w", err)
	}
	if err = a.Select(a.Context, "SELECT count(*) FROM identity.person WHERE _site = ? AND _at >= ? AND _at < ?", when,
		func(r record.Row) error { b.Registered = int(r.Int(0)); return nil }); err != nil {
		return nil, fmt.Errorf("count registrations: %w", err)
	}
	if err = a.Select(a.Context, "SELECT count(*) FROM identity.person WHERE _rivals > 0", nil,
		func(r record.Row) error { b.Rivals = int(r.Int(0)); return nil }); err != nil {
		return nil, fmt.Errorf("count rival values: %w", err)
	}
	return b, nil
})

// siteAsked is the site named, otherwise the device's own, otherwise the only one there is.
func siteAsked(a *record.Ask, named string) (place.SiteBrief, error) {
	id := a.Site
	if named != "" {
		var err error
		if id, err = a.Ref("site", named); err != nil {
			return place.SiteBrief{}, err
		}
	}
	if id.IsZero() {
		all, err := place.All(a.Context, a)
		switch {
		case err != nil:
			return place.SiteBrief{}, err
		case len(all) == 1:
			return all[0], nil
		}
		return place.SiteBrief{}, record.Refuse("site", "no_site")
	}
	site, known, err := place.Find(a.Context, a, id)
	if err == nil && !known {
		err = record.Refuse("site", "unknown_id", "field", "site")
	}
	return site, err
}

// queue reads the visits of a day: who waits first, by number; then who was seen or left.
func queue(a *record.Ask, site place.SiteBrief, from, to time.Time) ([]Queued, error) {
	out := []Queued{}
	err := a.Select(a.Context, `SELECT v.id, v.number, v.person, v.service, v.type, v._at, v._zone, p.given, p.surname1, p.surname2, p.nickname, p.card, p.groups,
		(SELECT max(o.outcome) FROM identity.visit_outcome AS o WHERE o.visit = v.id AND o._corrected IS NULL)
		FROM identity.visit AS v LEFT JOIN identity.person AS p ON p.id = v.person
		WHERE v._site = ? AND v._at >= ? AND v._at < ? AND v._corrected IS NULL`, []any{site.ID, from.Unix(), to.Unix()}, func(r record.Row) error {
		q := Queued{Visit: r.ID(0), Number: int(r.Int(1)), Person: r.ID(2), Service: r.Text(3), Type: r.Text(4), At: people.When(r.Int(5), r.Int(6)),
			Alias: people.Alias(r.Text(7), r.Text(8), r.Text(9), r.Text(10)), Card: r.Text(11), State: Waiting}
		for _, g := range r.Set(12) {
			q.Urgent = q.Urgent || slices.Contains(people.GoFirst, g)
		}
		if s := r.Text(13); s != "" { // of two, seen is greater than left: whoever came back and was seen was seen
			q.State = s
		}
		out = append(out, q)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	slices.SortFunc(out, func(a, b Queued) int {
		if wa, wb := a.State == Waiting, b.State == Waiting; wa != wb {
			if wa {
				return -1
			}
			return 1
		}
		if a.Number != b.Number {
			return a.Number - b.Number
		}
		return a.At.Compare(b.At) // two devices of one site may have given the same number
	})
	return out, nil
}

// sum adds the queue up by service: those the site offers and those that somebody came for.
func (b *Board) sum() {
	b.Services = []ServiceDay{}
	for _, service := range place.Services {
		day := ServiceDay{Service: service}
		for _, q := range b.Queue {
			if q.Service != service {
				continue
			}
			switch q.State {
			case Seen:
				day.Seen++
			case Left:
				day.Left++
			default:
				day.Waiting++
			}
			if q.Type == First {
				day.First++
			} else {
				day.FollowUp++
			}
		}
		b.Waiting, b.Seen = b.Waiting+day.Waiting, b.Seen+day.Seen
		if day.First+day.FollowUp > 0 || slices.Contains(b.Site.Services, service) {
			b.Services = append(b.Services, day)
		}
	}
}
