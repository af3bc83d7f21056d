package webtest

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"amparo/internal/care"
	"amparo/internal/lang"
	"amparo/internal/observatory"
	"amparo/internal/place"
	"amparo/internal/record"
	"amparo/internal/route"
)

var sitesHere = []place.SiteBrief{
	{ID: ID(30), Name: "Albergue Tapachula", Type: "shelter", Municipality: "07089", MunicipalityName: "Tapachula, Chiapas", Services: []string{"medical", "mental_health", "social", "distribution"}, Zone: "America/Mexico_City", State: "open"},
	{ID: ID(31), Name: "Casa Coatzacoalcos", Type: "clinic", Municipality: "30039", MunicipalityName: "Coatzacoalcos, Veracruz", Services: []string{"medical", "nursing"}, Zone: "America/Mexico_City", State: "open"},
	{ID: ID(32), Name: "Puente de Reynosa", Type: "border_point", Municipality: "28032", MunicipalityName: "Reynosa, Tamaulipas", Services: []string{"social"}, Zone: "America/Matamoros", State: "closed"},
}

// Tapachula is where the made-up members work.
var Tapachula = sitesHere[0]

// Sites lists the sites.
func Sites(quiet bool) place.Sites {
	if quiet {
		return place.Sites{Sites: []place.SiteBrief{}}
	}
	return place.Sites{Sites: sitesHere}
}

// Board is a day with a full queue.
func Board(quiet bool) care.Board {
	b := care.Board{Site: Tapachula, Day: Now.Format(time.DateOnly), Queue: []care.Queued{}, Services: []care.ServiceDay{}}
	if quiet {
		return b
	}
	alias := []string{"M. F. L.", "El Chino", "J. B. D.", "W. A.", "Yuli", "K. P.", "R. G.", "Doña Tere", "A. M.", "S. O. R.", "D. D.", "N. V."}
	offers := []string{"medical", "mental_health", "social", "medical", "nursing", "distribution"}
	who := []record.ID{Maria.ID, ID(13), ID(11), ID(14)}
	for i := range 34 {
		q := care.Queued{Visit: ID(byte(100 + i)), Number: i + 1, Person: who[i%len(who)], Alias: alias[i%len(alias)], Card: fmt.Sprintf("%04d", (i*7919+4129)%10000), Service: offers[i%len(offers)], Type: "follow_up",
			At: Now.Add(time.Duration(i*11-400) * time.Minute), State: "seen", Urgent: i%9 == 2}
		if i%3 == 0 {
			q.Type = "first"
		}
		if i >= 22 {
			q.State = "waiting"
		}
		b.Queue = append(b.Queue, q)
	}
	slices.SortStableFunc(b.Queue, func(x, y care.Queued) int { return len(y.State) - len(x.State) }) // waiting first
	b.Services = []care.ServiceDay{{Service: "medical", Waiting: 4, Seen: 8, First: 5, FollowUp: 7}, {Service: "mental_health", Waiting: 2, Seen: 4, First: 1, FollowUp: 5},
		{Service: "social", Waiting: 2, Seen: 4, First: 2, FollowUp: 4}, {Service: "nursing", Waiting: 2, Seen: 3, First: 2, FollowUp: 3}, {Service: "distribution", Waiting: 2, Seen: 3, First: 2, FollowUp: 3}}
	b.Headcount = &place.Counted{ID: ID(70), At: Now.Add(-9 * time.Hour), Total: 187, Low: years(180), High: years(200), Women: years(64), Men: years(71), Girls: years(25), Boys: years(27), Method: "count"}
	b.Flows = care.Passing{North: 38, South: 112, Unknown: 6}
	b.Registered, b.Waiting, b.Seen, b.Rivals = 12, 12, 22, 3
	return b
}

// Flows are some counts of the last days.
func Flows(quiet bool) route.Flows {
	f := route.Flows{Site: Tapachula.ID, From: "2026-03-24", To: "2026-03-27", Days: []route.FlowDay{}, Counts: []route.Counted{}}
	if quiet {
		return f
	}
	f.Counts = []route.Counted{
		{ID: ID(71), At: Now.Add(-2 * time.Hour), Site: Tapachula.ID, SiteName: Tapachula.Name, Direction: "south", Total: 54, Mode: "bus", Nationality: "HND"},
		{ID: ID(72), At: Now.Add(-5 * time.Hour), Site: Tapachula.ID, SiteName: Tapachula.Name, Direction: "north", Total: 38, Mode: "foot", Nationality: "UNKNOWN"},
		{ID: ID(73), At: Now.Add(-27 * time.Hour), Site: Tapachula.ID, SiteName: Tapachula.Name, Direction: "south", Total: 58, Mode: "bus"},
	}
	return f
}

var about = observatory.About{ID: "example-encounters", Title: "Encuentros de ejemplo", Unit: "events", FiscalStart: 10, Rows: 45_000, From: "2019-10", To: "2023-09",
	Files: []observatory.File{{Importer: "example", Imported: "2026-03-02T10:00:00-06:00", Retrieved: "2026-03-01", Revision: "2026-02", Months: []string{}}}}

var publisher = observatory.Publisher{ID: "example", Publisher: "Oficina de ejemplo", Title: "Encuentros por mes", URL: "https://example.org/data", Licence: "Dominio público",
	Note: "Cuenta eventos, no personas: una persona puede contarse varias veces."}

func seriesList(quiet bool) observatory.Listed {
	if quiet {
		return observatory.Listed{Series: []observatory.ListedSeries{}}
	}
	return observatory.Listed{Series: []observatory.ListedSeries{{About: about, Source: publisher, Keys: []string{"fiscal_year", "year", "month", "region", "state", "nationality", "demographic", "authority"}}}}
}

// Series answers any question with made-up sums.
func Series(_ lang.Tag, p url.Values) observatory.Answer {
	a := observatory.Answer{Series: about, Unit: about.Unit, Source: publisher, Where: []observatory.Condition{}, By: p["by"], From: about.From, To: about.To,
		Missing: []string{}, Broken: []string{}, Rivals: []string{}, Rows: []observatory.Sum{}, Counted: 45_000}
	by := p.Get("by")
	codes := map[string][]string{
		"fiscal_year": {"2020", "2021", "2022", "2023"}, "region": {"southwest", "northern", "other"}, "demographic": {"single_adult", "family_unit", "unaccompanied_child"},
		"authority": {"title_8", "title_42"}, "nationality": {"HND", "GTM", "VEN", "MEX", "CUB", "HTI", "COL", "ECU", "NIC", "SLV", "BRA", "OTHER"},
	}[by]
	if by == "month" {
		for m := range 48 {
			codes = append(codes, time.Date(2019, time.October+time.Month(m), 1, 0, 0, 0, 0, time.UTC).Format("2006-01"))
		}
		codes = slices.Delete(codes, 8, 10)
		a.Missing = []string{"2020-06", "2020-07"}
	}
	for i, code := range codes {
		v := int64(40_000 + (i*i*7919)%90_000)
		if by == "fiscal_year" {
			v = []int64{458_088, 1_734_686, 2_378_944, 2_475_669}[i]
		}
		a.Rows = append(a.Rows, observatory.Sum{Keys: []string{by}, Codes: []string{code}, Value: v})
		a.Total += v
	}
	return a
}
