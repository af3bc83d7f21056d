package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// FamilySeekPage writes down whom a person looks for, how they were parted, and what the person agrees to.
type FamilySeekPage struct {
	Shell
	Form
	Banner                              Banner
	Given, Surname1, Surname2, Nickname Field
	Birth, Nationality, Sex, Relation   Field
	Where, When, How, By                Field
	Consent, Language, Medium, Sure     Field
	Contact, Services, Share            Field
	Countries, Tongues, Places          []lang.Choice
	Again                               bool // said anew
	Back                                string
}

func familySeekPage(c *call) error {
	id, seek := c.r.PathValue("id"), c.r.PathValue("seek")
	shown, err := ask[family.Shown](c, "family.show", "person", id)
	if err != nil {
		return err
	}
	person, err := ask[people.Shown](c, "person.show", "person", id)
	if err != nil {
		return err
	}
	back := "/people/" + shown.Person.ID.String() + "/family"
	address := back + "/seek"
	start := url.Values{"medium": {"spoken"}, "contact": {"nothing"}}
	if in := explainedIn(person.Languages, person.Interpreter); in != "" {
		start.Set("language", lang.Language(c.lang, in))
	}
	sought := ""
	if known := c.r.URL.Query().Get("sought"); known != "" && seek == "" {
		relation, near := near(shown, known)
		if !near {
			return errNothingHere
		}
		them, err := ask[people.Shown](c, "person.show", "person", known)
		if err != nil {
			return err
		}
		sought, address = known, address+"?sought="+known
		v := c.seekSheet(family.Seek{Given: them.Given, Surname1: them.Surname1, Surname2: them.Surname2, Nickname: them.Nickname, Sex: them.Sex, Birth: them.Birth, Age: them.Age,
			AgeAbout: them.AgeAbout, Nationality: them.Nationality, Relation: relation})
		for _, name := range []string{"medium", "contact", "language"} {
			v[name] = start[name]
		}
		start = v
	}
	if seek != "" {
		at := slices.IndexFunc(shown.Seeks, func(s family.Seek) bool { return s.ID.String() == seek })
		if at < 0 {
			return errNothingHere
		}
		address += "/" + seek
		start = c.seekSheet(shown.Seeks[at])
		sought = shown.Seeks[at].Sought.String()
	}
	f, err := c.form(address, start)
	if err != nil {
		return err
	}
	f.Draft = "" // an account of how a family was parted is not left behind
	child := family.Minor(shown.Person)
	if f.submitted {
		data := f.seekData()
		data.Person, data.Seek, data.Sought = shown.Person.ID.String(), seek, sought
		if f.ready() {
			r, err := c.apply("family.seek", f.Client, time.Time{}, data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				made, err := record.ResultAs[family.SoughtNow](r)
				if err != nil {
					return err
				}
				said := "family.seek_kept"
				if made.Proposes {
					said = "family.seek_saved"
				}
				return f.done(back, notice{Text: c.T(said)})
			}
		}
	}
	page := c.seekForm(f, child)
	page.Banner, page.Back, page.Again = c.banner(shown.Person), back, seek != ""
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "family_seek.html", page)
}

// near reports somebody with whom the person is or was, or who is their family, and what they are to the person.
func near(shown family.Shown, other string) (relation string, known bool) {
	for _, r := range shown.Relations {
		if r.Other.ID.String() == other {
			return r.Relation, true
		}
	}
	for _, h := range shown.Households {
		for _, m := range h.Members {
			if m.Person.ID.String() == other && m.Person.ID != shown.Person.ID {
				return "", true
			}
		}
	}
	return "", false
}

// seekForm makes the controls.
func (c *call) seekForm(f *form, child bool) FamilySeekPage {
	page := FamilySeekPage{Shell: c.shell("family.seeks_somebody"), Countries: lang.Countries(c.lang), Tongues: lang.Languages(c.lang), Places: place.CoarseChoices(c.lang)}
	page.Given, page.Surname1, page.Surname2, page.Nickname = f.field("given", focus()), f.field("surname1"), f.field("surname2"), f.field("nickname")
	page.Birth = f.field("birth", label("person.birth"), hint("register.birth_hint"), echo("/understand"))
	page.Nationality = f.field("nationality", list("countries"))
	page.Sex = f.field("sex", codes("sex", people.Sexes...))
	page.Relation = f.field("relation", label("family.sought_is"), codes("relation", family.Relations...))
	page.Where = f.field("where", label("field.separated_in"), hint("journey.place_hint"), list("places"))
	page.When = f.field("when", label("field.separated_on"), hint("journey.date_hint"), class("w6"))
	page.How = f.field("how", label("field.separated_how"), codes("separation_how", family.Hows...))
	page.By = f.field("by", label("field.separated_by"), codes("separation_by", family.Bys...))
	page.Consent = f.field("consent", label("family.consent"), hint("family.consent_hint"), codes("consent_answer", people.ConsentAnswers...))
	page.Language = f.field("language", list("tongues"))
	page.Medium = f.field("medium", codes("consent_medium", people.ConsentMediums...))
	sure := []lang.Choice{{Code: "understood", Name: c.T("consent.understood")}}
	if child {
		sure = append(sure, lang.Choice{Code: "assent", Name: c.T("consent.assent")})
	}
	for i, fault := range f.Faults { // the two boxes are one control
		if fault.Field == "understood" || fault.Field == "assent" {
			f.Faults[i].Field = "sure"
		}
	}
	page.Sure = f.field("sure", label("consent.sure"), hint("consent.sure_hint"), func(f *form, d *Field) { f.offer(d, sure) })
	page.Contact = f.field("contact", hint("family.contact_hint"), codes("family_contact", family.Contacts...))
	page.Services = f.field("services", label("family.services"), hint("family.services_hint"), codes("family_service", family.Services...))
	page.Share = f.field("share", codes("family_share", family.Shares...))
	return page
}

// seekData reads the form.
func (f *form) seekData() family.SeekData {
	d := family.SeekData{Given: f.value("given"), Surname1: f.value("surname1"), Surname2: f.value("surname2"), Nickname: f.value("nickname"), Sex: f.value("sex"), Relation: f.value("relation"),
		Where: f.coarse("where"), When: f.partial("when"), How: f.values("how"), ByWho: f.value("by"), Consent: f.value("consent"), Medium: f.value("medium"), Contact: f.value("contact"),
		Services: f.values("services"), Share: f.values("share"), Understood: slices.Contains(f.values("sure"), "understood"), Assent: slices.Contains(f.values("sure"), "assent")}
	if text := f.value("birth"); text != "" {
		born, ok := typed.Understand(f.lang, text, f.now())
		if !ok {
			f.wrong("birth", f.T("register.bad_birth", "got", typed.Got(text)))
		}
		d.Birth, d.Age, d.AgeAbout = born.Birth, born.Age, born.About
	}
	d.Nationality = f.choose("nationality", typed.NamedCountries, "person.nationality.unknown")
	if tongues := f.choose("language", typed.NamedLanguages, "person.languages.unknown"); len(tongues) > 0 {
		d.Language = tongues[0]
	}
	if d.Relation == "" {
		f.missingAs("relation", f.T("family.sought_is"))
	}
	if d.Consent == "" {
		f.missingAs("consent", f.T("family.consent"))
	}
	if d.Consent != people.Given { // what proves a yes is not asked of a no
		d.Understood, d.Assent = false, false
	}
	return d
}

// seekSheet is what the boxes hold when a search is said anew. That it was understood is asked again.
func (c *call) seekSheet(s family.Seek) url.Values {
	v := url.Values{"how": s.How, "services": s.Services, "share": s.Share}
	for name, text := range map[string]string{"given": s.Given, "surname1": s.Surname1, "surname2": s.Surname2, "nickname": s.Nickname, "sex": s.Sex, "relation": s.Relation,
		"where": c.placeName(s.Where), "when": s.When, "by": s.By, "consent": s.Consent, "medium": s.Medium, "contact": s.Contact, "birth": s.Birth} {
		v.Set(name, text)
	}
	if s.Birth == "" && s.Age != nil {
		v.Set("birth", strconv.Itoa(*s.Age))
		if s.AgeAbout {
			v.Set("birth", "~"+strconv.Itoa(*s.Age))
		}
	}
	var from []string
	for _, code := range s.Nationality {
		from = append(from, lang.Country(c.lang, code))
	}
	v.Set("nationality", strings.Join(from, ", "))
	if s.Language != "" {
		v.Set("language", lang.Language(c.lang, s.Language))
	}
	return v
}

// FamilySheetPage is a request to a service of family links: A4, and on it only what the person agreed to give.
type FamilySheetPage struct {
	Shell
	Seeker, Sought, Apart []Fact
	Contact               string // the site that can reach the person
	Agreed                string // to which services
	Made                  string
	Choices               []LangChoice
	Address, Back         string
	Nothing               string // why there is no sheet; empty: there is one
	Hands                 []Option
	HandLabel             string
	Client                string
	Handed                string
	Fault                 string
}

func familySheetPage(c *call) error {
	id, seek := c.r.PathValue("id"), c.r.PathValue("seek")
	shown, err := ask[family.Shown](c, "family.show", "person", id)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(shown.Seeks, func(s family.Seek) bool { return s.ID.String() == seek })
	if at < 0 {
		return errNothingHere
	}
	s := shown.Seeks[at]
	back := "/people/" + shown.Person.ID.String() + "/family"
	address := back + "/seek/" + seek + "/sheet"
	fault := ""
	if c.r.Method == http.MethodPost {
		if err := c.parse(); err != nil {
			return err
		}
		client := c.r.PostForm.Get("_id")
		if !goodClient(client) {
			client = newClient()
		}
		r, err := c.apply("family.hand", client, time.Time{}, family.HandData{Seek: seek, Service: c.r.PostForm.Get("service")})
		if err != nil {
			return err
		}
		if r.OK {
			c.session.say(notice{Text: c.T("family.handed")})
			return c.to(address)
		}
		if r.Error != nil {
			fault = r.Error.Message
		}
	}
	if tag, ok := lang.Parse(c.r.URL.Query().Get("lang")); ok {
		c.lang = tag // of this paper only
	}
	page := FamilySheetPage{Shell: c.shell("family.sheet"), Address: address, Back: back, Client: newClient(), Fault: fault, HandLabel: c.T("family.hand_to"),
		Made: c.T("print.made", "site", orDash(c.siteName()), "date", lang.DateTime(c.lang, c.now().In(c.zone())))}
	page.Choices = page.Langs
	switch {
	case s.Consent != people.Given:
		page.Nothing = c.T("family.sheet_no_yes")
	case len(s.Services) == 0 || len(s.Share) == 0:
		page.Nothing = c.T("family.sheet_nothing")
	default:
		c.fillSheet(&page, shown.Person, s)
	}
	status := http.StatusOK
	if fault != "" {
		status = http.StatusUnprocessableEntity
	}
	return c.show(status, "family_sheet.html", page)
}

// fillSheet writes what the person agreed to give, part by part.
func (c *call) fillSheet(page *FamilySheetPage, person people.Brief, s family.Seek) {
	gives := func(part string) bool { return slices.Contains(s.Share, part) }
	put := func(to *[]Fact, label, value string) {
		if value != "" {
			*to = append(*to, Fact{label, value})
		}
	}
	if gives("name") {
		put(&page.Seeker, c.T("family.sheet_name"), c.nameOf(person))
	}
	if gives("age_sex") {
		put(&page.Seeker, c.fieldLabel("age"), c.age(person))
		if person.Sex != "" && person.Sex != "unknown" {
			put(&page.Seeker, c.fieldLabel("sex"), c.coded("sex", person.Sex))
		}
	}
	if gives("nationality") {
		put(&page.Seeker, c.fieldLabel("nationality"), c.countries(person.Nationality))
	}
	if gives("sought") {
		put(&page.Sought, c.T("family.sheet_name"), s.Name)
		put(&page.Sought, c.fieldLabel("nickname"), s.Nickname)
		put(&page.Sought, c.T("family.sought_is"), c.coded("relation", s.Relation))
		if s.Birth != "" {
			put(&page.Sought, c.fieldLabel("birth"), lang.PartialDate(c.lang, s.Birth))
		} else if s.Age != nil {
			put(&page.Sought, c.fieldLabel("age"), lang.Age(c.lang, *s.Age, s.AgeAbout)+" ("+lang.PartialDate(c.lang, s.AgeOn)+")")
		}
		if s.Sex != "" && s.Sex != "unknown" {
			put(&page.Sought, c.fieldLabel("sex"), c.coded("sex", s.Sex))
		}
		put(&page.Sought, c.fieldLabel("nationality"), c.countries(s.Nationality))
	}
	if gives("circumstances") {
		put(&page.Apart, c.fieldLabel("separated_in"), c.placeName(s.Where))
		put(&page.Apart, c.fieldLabel("separated_on"), lang.PartialDate(c.lang, s.When))
		put(&page.Apart, c.fieldLabel("separated_how"), strings.Join(c.codedAll("separation_how", s.How), "; "))
		if s.By != "" {
			put(&page.Apart, c.fieldLabel("separated_by"), c.coded("separation_by", s.By))
		}
	}
	if gives("site") {
		page.Contact = orDash(c.siteName())
	}
	page.Agreed = lang.List(c.lang, c.codedAll("family_service", s.Services))
	if s.HandedOn != "" {
		page.Handed = c.T("family.handed_to", "services", lang.List(c.lang, c.codedAll("family_service", s.HandedTo)), "date", lang.PartialDate(c.lang, s.HandedOn))
	}
	if c.desk.MayDo("family.hand") {
		for _, service := range s.Services {
			page.Hands = append(page.Hands, Option{"hand-" + service, service, c.coded("family_service", service), false})
		}
	}
}
