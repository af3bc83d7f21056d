package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// PersonPage is everything the member may know of one person: banner, rival values, timeline, facts.
type PersonPage struct {
	Shell
	Banner  Banner
	Rivals  []Rival
	Entries []EntryLine
	Older   int // entries not shown
	AllLink string
	Facts   []Fact
	Groups  []string
	Offers  []Offer // consultations that the member may write
	Visit   string
	Edit    string
	Summary string
	Writes  bool
	Rights  []Offer     // what the person may ask for
	Turn    string      // the page of their rights, in their language, to be turned to them; empty: not the member's
	Past    string      // since when they are known, and how often they came
	Files   []FileLine  // the newest
	Filed   string      // where all files are, and where one more is kept; empty: not the member's
	Stays   string      // that the record does not leave its site, and what that means; empty: other sites see it
	Readers *Readers    // who can read it now; nil: the member's role does not ask
	Glass   []GlassLine // opened in need although it is restricted, and nobody has looked at it yet
	Missing *Missing    // of the record, on this device
	Parts   []Section
	Bare    []Offer // parts of which nothing is known yet: where something can be said
	Jump    []Offer // on a phone: what stands below the timeline
}

// Offer is a consultation that can be opened.
type Offer struct{ Address, Label, Icon string }

// EntryLine is one thing that happened.
type EntryLine struct {
	Title, Icon, When, Machine, Recorded, Where, State, Note string
	Facts                                                    []Fact
	Here, Kept                                               string // that it is only here, and why; or since when another place has it
	Gone                                                     bool
	Mended                                                   bool
}

// mostFiles is how many files a person's page names.
const mostFiles = 4

// mostEntries is how many entries a person's page shows at first.
const mostEntries = 30

// written says to which compartment each consultation goes.
var written = []struct {
	service string
	in      record.Compartment
}{{"medical", record.Care}, {"mental_health", record.Mind}, {"social", record.Law}}

func personPage(c *call) error {
	id := c.r.PathValue("id")
	p, err := ask[people.Shown](c, "person.show", "person", id)
	if err != nil {
		return err
	}
	told, err := ask[people.Timeline](c, "person.timeline", "person", id)
	if err != nil {
		return err
	}
	address := "/people/" + p.ID.String()
	page := PersonPage{Shell: c.shell("person.title"), Banner: c.banner(p.Brief), Facts: c.personFacts(p), Past: c.personPast(p), Visit: address + "/visit",
		Edit: address + "/edit", Writes: c.may("/people/{id}/edit")}
	if c.may("/people/{id}/summary") {
		page.Summary = address + "/summary"
	}
	page.Groups = c.codedAll("group", p.Groups)
	if !p.Travels && p.Registered != nil {
		page.Stays = c.T("consent.stays", "site", orDash(p.Registered.SiteName))
	}
	if page.Readers, page.Glass, err = c.whoReads(p.ID); err != nil {
		return err
	}
	if page.Missing, err = c.missing(p.ID); err != nil {
		return err
	}
	page.Rivals = c.personRivals(p, address)
	if c.may("/people/{id}/files") {
		page.Filed = address + "/files"
		if page.Files, err = c.filesOf(p.ID); err != nil {
			return err
		}
		page.Files = page.Files[:min(len(page.Files), mostFiles)]
	}
	if c.may("/people/{id}/rights") {
		page.Turn = address + "/rights"
	}
	for _, o := range []struct{ pattern, label, icon string }{{"/consent", "person.decides", "note"}, {"/history", "rights.correct_do", "edit"}, {"/copy", "person.copy", "print"},
		{"/restrict", "person.restrict", "lock"}, {"/erase", "person.erase", "warn"}} {
		if c.may("/people/{id}" + o.pattern) {
			page.Rights = append(page.Rights, Offer{address + o.pattern, c.T(o.label), o.icon})
		}
	}
	for _, o := range written {
		if c.attends(o.in) {
			page.Offers = append(page.Offers, Offer{address + "/consultation/" + o.service, c.coded("service", o.service), o.service})
		}
	}
	if err = page.arrange(c, p); err != nil {
		return err
	}
	entries := told.Entries
	if c.r.URL.Query().Get("all") == "" && len(entries) > mostEntries {
		page.Older, page.AllLink = len(entries)-mostEntries, address+"?all=1"
		entries = entries[:mostEntries]
	}
	for _, e := range entries {
		page.Entries = append(page.Entries, c.entry(e))
	}
	return c.show(http.StatusOK, "person.html", page)
}

// arrange puts the parts of the page in their order: what is known first, and of what is not only where to say it.
func (page *PersonPage) arrange(c *call, p people.Shown) error {
	parts, err := c.sections(p)
	if err != nil {
		return err
	}
	add := func(id, title string) { page.Jump = append(page.Jump, Offer{Address: "#" + id, Label: title}) }
	add("facts", c.T("person.details"))
	if page.Turn != "" {
		add("rights", c.T("person.rights"))
	}
	for _, s := range parts {
		if len(s.Lines) == 0 && len(s.Links) > 0 {
			page.Bare = append(page.Bare, Offer{s.Links[0].Address, s.Title, s.Links[0].Icon})
			continue
		}
		if s.ID == "priorities" { // it says more than the list of groups
			page.Groups = nil
		}
		page.Parts = append(page.Parts, s)
		add(s.ID, s.Title)
	}
	if page.Filed != "" {
		add("files", c.T("files.title"))
	}
	return nil
}

func (c *call) personFacts(p people.Shown) []Fact {
	var out []Fact
	add := func(label, value string) {
		if value != "" {
			out = append(out, Fact{label, value})
		}
	}
	if p.Card != "" {
		add(c.fieldLabel("card"), "#"+cardNumber(p.Card))
	}
	add(c.fieldLabel("birth"), lang.PartialDate(c.lang, p.Birth))
	if p.Sex != "" {
		add(c.fieldLabel("sex"), c.coded("sex", p.Sex))
	}
	for _, fact := range c.rarerFacts(p) {
		add(fact.Label, fact.Value)
	}
	add(c.fieldLabel("gender"), p.Gender)
	add(c.fieldLabel("nationality"), c.countries(p.Nationality))
	var tongues []string
	for _, l := range p.Languages {
		tongues = append(tongues, lang.Language(c.lang, l))
	}
	add(c.fieldLabel("languages"), lang.List(c.lang, tongues))
	if p.Direction != "" {
		add(c.fieldLabel("direction"), c.coded("direction", p.Direction))
	}
	add(c.fieldLabel("phone"), p.Phone)
	add(c.fieldLabel("note"), p.Note)
	consent := c.T("app.not_asked")
	if len(p.Consent)+len(p.Refused) > 0 {
		consent = orDash(strings.Join(c.codedAll("consent", p.Consent), "; "))
	}
	add(c.T("register.consent"), consent)
	add(c.fieldLabel("refused"), strings.Join(c.codedAll("consent", p.Refused), "; "))
	return out
}

// personPast says in one line since when the person is known, and how often they came.
func (c *call) personPast(p people.Shown) string {
	var said []string
	if r := p.Registered; r != nil {
		said = append(said, c.T("person.registered", "site", orDash(r.SiteName), "date", lang.Date(c.lang, r.At)))
	}
	if p.Visits > 0 {
		said = append(said, c.T("person.visits", "n", p.Visits)+" "+c.T("person.sites", "n", p.Sites))
	}
	return strings.Join(said, " · ")
}

// kindIcons are the icons of what is not called like its icon.
var kindIcons = map[string]string{"consultation": "medical", "session": "mental_health", "social": "social", "consent": "note"}

// fieldNames lists fields as the reader knows them.
func (c *call) fieldNames(v any) string {
	names, _ := v.([]string)
	out := make([]string, 0, len(names))
	for _, one := range names {
		out = append(out, c.fieldLabel(one))
	}
	return lang.List(c.lang, out)
}

func (c *call) entry(e people.Entry) EntryLine {
	zone := time.FixedZone("", e.Zone*60)
	at := e.At.In(zone)
	line := EntryLine{Icon: e.Kind, When: lang.Date(c.lang, at) + ", " + lang.Clock(c.lang, at), Machine: at.Format(time.RFC3339),
		Gone: !e.Corrected.IsZero(), Mended: !e.Corrects.IsZero()}
	line.Title = c.coded("", e.Kind)
	if lang.Has("kind." + e.Kind) {
		line.Title = c.T("kind." + e.Kind)
	}
	line.Note, _ = e.Fields["note"].(string)
	kind := e.Kind
	if strings.HasPrefix(kind, "attachment_") { // one a compartment
		kind = "attachment"
	}
	switch kind {
	case "attachment":
		line.Icon = "note"
		if name, ok := e.Fields["name"].(string); ok {
			line.Title += ": " + name
		}
		line.Facts = c.facts(e.Kind, e.Fields, "name", "media", "size", "note")
	case "person":
		line.Icon, line.Note = "people", ""
	case "journey":
		c.journeyEntry(e, &line)
	case "link":
		verdict, _ := e.Fields["verdict"].(string)
		reason, _ := e.Fields["reason"].(string)
		card, _ := e.Fields["card"].(string)
		line.Title, line.Icon = c.coded("link_verdict", verdict)+" · #"+cardEnd(card), "two"
		if line.Note = ""; reason != "" {
			line.Note = c.coded("link_reason", reason)
		}
	case "change":
		line.Icon, line.Note = "edit", c.fieldNames(e.Fields["changed"])
	case "visit":
		if service, ok := e.Fields["service"].(string); ok {
			line.Title, line.Icon = line.Title+": "+c.coded("service", service), service
		}
		line.Facts = c.facts(e.Kind, e.Fields, "service", "note", "number")
	default:
		if icon, ok := kindIcons[e.Kind]; ok {
			line.Icon = icon
		}
		if said, ok := e.Fields["answer"].(string); ok { // of a consent: the answer says more than that there is one
			line.Title += ": " + c.word(e.Kind, "answer", said)
		}
		line.Facts = c.facts(e.Kind, e.Fields, "service", "note", "type", "answer")
	}
	switch {
	case line.Gone:
		line.State = c.T("timeline.corrected")
	case line.Mended:
		line.State = c.T("timeline.corrects")
	}
	line.Where = c.T("timeline.where_who", "site", orDash(e.SiteName), "name", orDash(e.ByName))
	if e.RecordCard != "" {
		line.Where += " · " + c.T("timeline.from_record", "card", cardEnd(e.RecordCard))
	}
	if e.Recorded.Sub(e.At) > 2*time.Hour {
		line.Recorded = c.T("timeline.recorded", "when", lang.DateTime(c.lang, e.Recorded.In(zone)))
	}
	line.Here, line.Kept = c.receipt(e.Kept, zone)
	return line
}

// receipt words where else an entry is. Of what came from another device there is nothing to say: it is there.
func (c *call) receipt(r *record.Receipt, zone *time.Location) (here, kept string) {
	if r == nil {
		return "", ""
	}
	switch r.State {
	case record.ReceiptHere:
		return c.T("receipt.only_here"), ""
	case record.ReceiptHeld:
		return c.T("receipt.held"), ""
	case record.ReceiptExchanged:
		if r.At.IsZero() {
			return "", c.T("receipt.exchanged_before")
		}
		return "", c.T("receipt.exchanged", "when", lang.DateTime(c.lang, r.At.In(zone)))
	}
	return "", ""
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// PersonEditPage changes what is known of a person.
type PersonEditPage struct {
	Shell
	Form
	PersonForm
	Banner  Banner
	Was     string // what the boxes held when the page was opened: only what differs is sent
	Back    string
	Decides string // where what the person agrees to is written down, with what proves it; empty: not the member's
}

// standing is what the form would say had nobody typed anything.
func (f *form) standing(sheet url.Values) (personData, error) {
	typed, faults := f.typed, f.Faults
	f.typed, f.Faults = sheet, nil
	stands := f.personData()
	f.typed, f.Faults = typed, faults
	raw := personData{}
	return raw, json.Unmarshal([]byte(encode(stands)), &raw)
}

func personEditPage(c *call) error {
	id := c.r.PathValue("id")
	p, err := ask[people.Shown](c, "person.show", "person", id)
	if err != nil {
		return err
	}
	address := "/people/" + p.ID.String()
	f, err := c.form(address+"/edit", c.sheet(p))
	if err != nil {
		return err
	}
	was := f.typed.Get("_was")
	now := f.typed
	if was == "" {
		f.typed = c.sheet(p)
		was = encode(f.personData())
		f.typed, f.Faults = now, nil
	}
	if f.submitted {
		data := f.personData()
		delete(data, "consent") // said on its own page
		before := personData{}
		if err := json.Unmarshal([]byte(was), &before); err != nil {
			return errTooMuch
		}
		back := personData{}
		stands, err := f.standing(c.sheet(p))
		if err != nil {
			return err
		}
		for name, v := range data {
			switch {
			case bytes.Equal(v, before[name]):
				delete(data, name)
			case !bytes.Equal(stands[name], before[name]) && !bytes.Equal(stands[name], v):
				// Somebody saved another value while this one was typed: it must not go unseen.
				f.wrong(name, c.T("update.changed_meanwhile", "value", strings.Trim(string(stands[name]), `"`)))
			case before[name] != nil:
				back[name] = before[name]
			}
		}
		if len(f.Faults) > 0 {
			was = encode(stands) // saving again is a choice between what was just shown
		}
		if f.ready() && len(data) == 0 {
			return f.done(address, notice{Text: c.T("refuse.nothing_changed")})
		}
		if f.ready() {
			data.set("person", p.ID)
			r, err := c.apply("person.update", f.Client, time.Time{}, data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				back.set("person", p.ID)
				return f.done(address, notice{Text: c.T("update.done"), To: address,
					Undo: &record.Request{Action: "person.update", ID: newClient(), Data: json.RawMessage(encode(back))}})
			}
		}
	}
	page := PersonEditPage{Shell: c.shell("update.title"), PersonForm: f.personForm(), Banner: c.banner(p.Brief), Was: was, Back: address}
	if c.may("/people/{id}/consent") {
		page.Decides = address + "/consent"
	}
	page.More = true
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "person_edit.html", page)
}

func encode(d personData) string {
	raw, err := json.Marshal(d)
	if err != nil {
		panic(err) // every value is JSON already
	}
	return string(raw)
}
