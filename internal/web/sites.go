package web

import (
	"net/http"

	"amparo/internal/lang"
	"amparo/internal/place"
	"amparo/internal/record"
)

// SitesPage is where one chooses the site one works at today.
type SitesPage struct {
	Shell
	Sites []SiteLine
	Opens bool // may open a new one
}

// SiteLine is one of them.
type SiteLine struct {
	ID                    record.ID
	Name, Type, Where, Do string
	Closed                string
	Here                  bool
}

func sitesPage(c *call) error {
	all, err := c.sites()
	if err != nil {
		return err
	}
	p := SitesPage{Opens: c.may("/sites/new")}
	for _, s := range all {
		line := SiteLine{ID: s.ID, Name: s.Name, Type: c.coded("site_type", s.Type), Where: s.MunicipalityName, Here: s.ID == c.siteID()}
		var services []string
		for _, one := range s.Services {
			services = append(services, c.coded("service", one))
		}
		line.Do = lang.List(c.lang, services)
		if s.State != "" && s.State != "open" {
			line.Closed = c.coded("site_state", s.State)
		}
		p.Sites = append(p.Sites, line)
	}
	p.Shell = c.shell("site.title")
	return c.show(http.StatusOK, "sites.html", p)
}

func siteChoose(c *call) error {
	if err := c.r.ParseForm(); err != nil {
		return errTooMuch
	}
	all, err := c.sites()
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.ID.String() == c.r.PostForm.Get("site") {
			if err := c.stand(s.ID); err != nil {
				return err
			}
			return c.to("/board")
		}
	}
	return record.Refuse("site", "unknown_id", "field", c.T("field.site"))
}

// stand notes where the member works, for this session and, when the desk can, for this device.
func (c *call) stand(site record.ID) error {
	c.session.mu.Lock()
	c.session.site = site
	c.session.mu.Unlock()
	if desk, can := c.desk.(Standing); can {
		return desk.Stand(c.r.Context(), site)
	}
	return nil
}

// SiteOpenPage is the form that opens a site.
type SiteOpenPage struct {
	Shell
	Form
	Name, Type, Municipality, Services Field
	Places                             []lang.Choice
}

var siteTypes = []string{"shelter", "informal_camp", "transport_hub", "border_point", "asylum_office", "clinic", "care_centre", "mass_arrival_site", "office"}

var services = []string{"medical", "nursing", "mental_health", "social", "distribution", "other"}

func siteOpenPage(c *call) error {
	f, err := c.form("/sites/new", nil)
	if err != nil {
		return err
	}
	places := borderPlaces()
	if f.submitted {
		data := struct {
			Name         string   `json:"name"`
			Type         string   `json:"type"`
			Municipality string   `json:"municipality,omitempty"`
			Services     []string `json:"services"`
		}{f.value("name"), f.value("type"), "", f.values("services")}
		if data.Name == "" {
			f.missing("name")
		}
		if data.Type == "" {
			f.missing("type")
		}
		if typed := f.value("municipality"); typed != "" {
			code, ok := municipality(typed)
			if !ok {
				f.wrong("municipality", f.T("site.municipality.unknown"))
			}
			data.Municipality = code
		}
		if f.ready() {
			r, err := c.apply("site.open", f.Client, f.at(), data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				opened, err := record.ResultAs[struct {
					Site record.ID `json:"site"`
				}](r)
				if err != nil {
					return err
				}
				if err := c.stand(opened.Site); err != nil {
					return err
				}
				return f.done("/board", notice{Text: c.T("site.opened", "name", data.Name)})
			}
		}
	}
	p := SiteOpenPage{Shell: c.shell("site.open_title"), Places: places}
	p.Name = f.field("name", label("site.name"), hint("site.name_hint"), focus())
	p.Type = f.field("type", label("field.type"), codes("site_type", siteTypes...))
	p.Municipality = f.field("municipality", label("field.municipality"), hint("site.municipality.hint"), list("places"))
	p.Services = f.field("services", label("site.services"), codes("service", services...))
	p.Form, p.Shell.Form, p.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "site_open.html", p)
}

// borderPlaces are offered while typing; any municipality is understood.
func borderPlaces() []lang.Choice {
	var out []lang.Choice
	seen := map[string]bool{}
	for _, l := range place.BorderLocalities() {
		if a, ok := place.Municipality(l.Municipality); ok && !seen[a.Code] {
			seen[a.Code] = true
			out = append(out, lang.Choice{Code: a.Code, Name: a.Name + ", " + a.StateName})
		}
	}
	return out
}
