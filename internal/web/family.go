package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/family"
	"amparo/internal/record"
)

// FamilyPage is with whom a person is, who their family is and whom they look for. What came of a search is not on it: the one who
// seeks may sit beside the screen.
type FamilyPage struct {
	Shell
	Banner     Banner
	Households []HouseholdLine
	Relations  []RelativeLine
	Seeks      []SeekLine
	Talk       []Offer // somebody may look for this person: to be talked about alone
	Offers     []Offer // what can be added
	Writes     bool
	Worklist   string // address; empty: not the member's
	Back       string
	Client     string
	Address    string
	Faults     []string
}

// HouseholdLine is a family, or some who travel together.
type HouseholdLine struct {
	ID          string // of its heading
	Title, Many string
	Past        bool
	Members     []HouseholdMember
	Add         string // address of the form that adds somebody; empty: not the member's
}

// HouseholdMember is one of them.
type HouseholdMember struct {
	Name, Link, Age, Role, Since string
	Self, Gone                   bool
	Person, Household            string
	Seek                         string // address of a search for them: they were parted
	Whys                         []Option
	Client                       string
}

// RelativeLine is somebody of the family.
type RelativeLine struct {
	Name, Link, Age, Relation, Note string
	Edit, Seek                      string
}

// SeekLine is somebody who is looked for.
type SeekLine struct {
	ID, Name, Relation, State, Code string
	About                           []string
	Edit, Sheet                     string
	Whys                            []Option
	Client                          string
	Open, Writes, Asked             bool
}

func familyPage(c *call) error {
	id := c.r.PathValue("id")
	shown, err := ask[family.Shown](c, "family.show", "person", id)
	if err != nil {
		return err
	}
	back := "/people/" + shown.Person.ID.String()
	page := FamilyPage{Shell: c.shell("family.title"), Banner: c.banner(shown.Person), Back: back, Address: back + "/family", Writes: c.desk.MayDo("family.seek")}
	if c.r.Method == http.MethodPost {
		done, err := c.familyChange(&page)
		if done || err != nil {
			return err
		}
	}
	page.Households = c.householdLines(shown, page.Address, page.Writes)
	for _, r := range shown.Relations {
		line := RelativeLine{Name: c.nameOf(r.Other), Link: "/people/" + r.Other.ID.String(), Age: c.age(r.Other), Relation: c.coded("relation", r.Relation)}
		if r.KnownBy != "" {
			line.Note = c.coded("relation_known", r.KnownBy)
		}
		if page.Writes {
			line.Edit = page.Address + "/relate?other=" + r.Other.ID.String()
			if !withThem(shown, r.Other.ID) && !looked(shown, r.Other.ID) {
				line.Seek = page.Address + "/seek?sought=" + r.Other.ID.String()
			}
		}
		page.Relations = append(page.Relations, line)
	}
	for _, s := range shown.Seeks {
		page.Seeks = append(page.Seeks, c.seekLine(s, page.Address, page.Writes))
	}
	if page.Writes {
		page.Offers = []Offer{{page.Address + "/seek", c.T("family.seeks_somebody"), "find"}, {page.Address + "/with", c.T("family.is_with"), "people"},
			{page.Address + "/relate", c.T("family.is_family_of"), "social"}}
	}
	if c.may("/families") {
		page.Worklist = "/families"
		if page.Talk, err = c.familyTalk(shown.Person.ID); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if len(page.Faults) > 0 {
		status, page.Faulty = http.StatusUnprocessableEntity, true
	}
	return c.show(status, "family.html", page)
}

// familyTalk says that somebody may look for this person, in words that tell who looks at the screen nothing.
func (c *call) familyTalk(id record.ID) ([]Offer, error) {
	found, err := ask[family.Proposals](c, "family.proposals", "person", id.String())
	if err != nil {
		return nil, err
	}
	var out []Offer
	for _, p := range found.Proposals {
		if p.Candidate == id {
			out = append(out, Offer{proposalAddress(p), c.T("family.talk_alone"), "lock"})
		}
	}
	return out, nil
}

func proposalAddress(p family.Proposal) string {
	return "/families/" + p.Seek.String() + "/" + p.Candidate.String()
}

// familyChange does what one of the small forms asks: somebody is no longer with them, or a search ends or goes on.
func (c *call) familyChange(page *FamilyPage) (done bool, err error) {
	if err := c.parse(); err != nil {
		return false, err
	}
	v := c.r.PostForm
	client := v.Get("_id")
	if !goodClient(client) {
		client = newClient()
	}
	action, data, said := "family.close", any(family.CloseData{Seek: v.Get("seek"), Why: v.Get("why"), Reopen: v.Get("reopen") != ""}), "family.closed"
	switch {
	case v.Get("household") != "":
		action, data, said = "household.leave", family.LeaveData{Person: v.Get("person"), Household: v.Get("household"), Why: v.Get("why")}, "family.left"
	case v.Get("reopen") != "":
		said = "family.reopened"
	}
	r, err := c.apply(action, client, time.Time{}, data)
	if err != nil {
		return false, err
	}
	if !r.OK {
		text := c.T("error.title")
		if r.Error != nil {
			text = r.Error.Message
		}
		page.Faults = append(page.Faults, text)
		return false, nil
	}
	n := notice{Text: c.T(said)}
	if v.Get("why") == "separated" { // the next thing to write down is whom they look for
		n.Link, n.Label = page.Address+"/seek", c.T("family.seeks_somebody")
	}
	c.session.say(n)
	return true, c.to(page.Address)
}

// withThem reports somebody with whom the person is now.
func withThem(shown family.Shown, other record.ID) bool {
	return slices.ContainsFunc(shown.Households, func(h family.HouseholdShown) bool {
		return h.Current && slices.ContainsFunc(h.Members, func(m family.MemberShown) bool { return m.Person.ID == other && m.Until == "" })
	})
}

// looked reports somebody for whom the person looks already.
func looked(shown family.Shown, other record.ID) bool {
	return slices.ContainsFunc(shown.Seeks, func(s family.Seek) bool { return s.Sought == other && s.State != family.Closed })
}

func (c *call) householdLines(shown family.Shown, address string, writes bool) []HouseholdLine {
	var out []HouseholdLine
	for _, h := range shown.Households {
		line := HouseholdLine{ID: "h-" + h.ID.String(), Title: c.coded("household_kind", h.Kind), Past: !h.Current}
		now := 0
		parted := slices.ContainsFunc(h.Members, func(m family.MemberShown) bool { return m.Person.ID == shown.Person.ID && m.Left == "separated" })
		for _, m := range h.Members {
			one := HouseholdMember{Name: c.nameOf(m.Person), Link: "/people/" + m.Person.ID.String(), Age: c.age(m.Person), Self: m.Person.ID == shown.Person.ID, Gone: m.Until != "",
				Person: m.Person.ID.String(), Household: h.ID.String(), Client: newClient()}
			if m.Role != "" {
				one.Role = c.coded("household_role", m.Role)
			}
			if m.Until == "" {
				now++
			} else {
				one.Since = c.T("family.not_since", "date", lang.PartialDate(c.lang, m.Until))
				if m.Left != "" {
					one.Since += " · " + c.coded("household_left", m.Left)
				}
			}
			if writes && !one.Self && (parted || m.Left == "separated") && !withThem(shown, m.Person.ID) && !looked(shown, m.Person.ID) {
				one.Seek = address + "/seek?sought=" + one.Person
			}
			if writes && h.Current && !one.Gone {
				one.Whys = c.options("why-"+one.Household+one.Person, "household_left", family.LeftWhys)
			}
			line.Members = append(line.Members, one)
		}
		line.Many = c.T("family.people", "n", max(h.People, now))
		if h.People > now {
			line.Many += " · " + c.T("family.not_registered", "n", h.People-now)
		}
		if writes && h.Current {
			line.Add = address + "/with?household=" + h.ID.String()
		}
		out = append(out, line)
	}
	return out
}

// options offers the codes of a list in a small form of its own.
func (c *call) options(id, list string, codes []string) []Option {
	out := make([]Option, 0, len(codes))
	for _, code := range codes {
		out = append(out, Option{id + code, code, c.coded(list, code), false})
	}
	return out
}

func (c *call) seekLine(s family.Seek, address string, writes bool) SeekLine {
	line := SeekLine{ID: s.ID.String(), Name: s.Name, Relation: c.coded("relation", s.Relation), State: c.coded("family_state", s.State), Code: s.State, About: c.seekAbout(s),
		Sheet: address + "/seek/" + s.ID.String() + "/sheet", Client: newClient(), Open: s.State == family.Open, Writes: writes, Asked: s.Consent == people.Given}
	if line.Name == "" {
		line.Name = c.T("family.somebody_known")
	}
	if s.State == family.Closed && s.ClosedWhy != "" {
		line.State = c.coded("family_closed", s.ClosedWhy)
	}
	if s.State == family.Open && s.Consent != people.Given {
		line.State = c.T("family.not_looked_for")
	}
	if writes {
		line.Edit = address + "/seek/" + s.ID.String()
		line.Whys = c.options("close-"+line.ID, "family_closed", family.Whys)
	}
	return line
}

// seekAbout says how somebody is remembered and how they were parted.
func (c *call) seekAbout(s family.Seek) []string {
	var who, how []string
	switch {
	case s.Birth != "":
		who = append(who, lang.PartialDate(c.lang, s.Birth))
	case s.Age != nil:
		who = append(who, lang.Age(c.lang, *s.Age, s.AgeAbout))
	}
	if s.Sex != "" && s.Sex != "unknown" {
		who = append(who, c.coded("sex", s.Sex))
	}
	if n := c.countries(s.Nationality); n != "" {
		who = append(who, n)
	}
	if s.Where != "" {
		how = append(how, c.placeName(s.Where))
	}
	if s.When != "" {
		how = append(how, lang.PartialDate(c.lang, s.When))
	}
	if len(s.How) > 0 {
		how = append(how, strings.Join(c.codedAll("separation_how", s.How), ", "))
	}
	if s.By != "" {
		how = append(how, c.coded("separation_by", s.By))
	}
	var out []string
	for _, part := range [][]string{who, how} {
		if len(part) > 0 {
			out = append(out, strings.Join(part, " · "))
		}
	}
	return out
}

// FamiliesPage is what there is to do for families that were parted: who may be meant, who is to be asked, who can be told.
type FamiliesPage struct {
	Shell
	Groups []ProposalGroup
	Said   string // how many are looked for, and among how many
	Going  string // not everybody was compared yet
	More   int
}

// ProposalGroup is what waits for the same thing.
type ProposalGroup struct {
	ID, Title, What string
	Lines           []ProposalLine
}

// ProposalLine is one proposal, by alias.
type ProposalLine struct {
	Text, Relation, Why, Link, Band, Here string
	Likely, Child                         bool
}

// familyStages are what is to be done, in order; each has its words.
var familyStages = []struct{ stage, title, what string }{
	{family.ToTell, "families.to_tell", "families.to_tell_what"}, {family.ToAsk, "families.to_ask", "families.to_ask_what"},
	{family.ToLook, "families.to_look", "families.to_look_what"}, {family.Thinking, "families.thinking", "families.thinking_what"},
}

func familiesPage(c *call) error {
	found, err := ask[family.Proposals](c, "family.proposals")
	if err != nil {
		return err
	}
	page := FamiliesPage{Shell: c.shell("families.title"), Said: c.T("families.among", "n", found.Seeks, "people", found.Of), More: found.More}
	if found.Looked < found.Of {
		page.Going = c.T("families.going", "n", found.Looked, "of", found.Of)
	}
	for _, s := range familyStages {
		g := ProposalGroup{ID: s.stage, Title: c.T(s.title), What: c.T(s.what)}
		for _, p := range found.Proposals {
			if p.Stage == s.stage {
				g.Lines = append(g.Lines, c.proposalLine(p))
			}
		}
		if len(g.Lines) > 0 {
			page.Groups = append(page.Groups, g)
		}
	}
	return c.show(http.StatusOK, "families.html", page)
}

func (c *call) proposalLine(p family.Proposal) ProposalLine {
	line := ProposalLine{Relation: c.coded("relation", p.Relation), Link: proposalAddress(p), Band: c.T("band." + p.Band), Likely: p.Band == "likely", Child: p.Child,
		Text: c.T("families.line", "seeker", p.SeekerAlias+" "+cardEnd(p.SeekerCard), "found", p.CandidateAlias+" "+cardEnd(p.CandidateCard))}
	if p.Here {
		line.Here = c.T("families.here")
	}
	var why []string
	for _, r := range p.Reasons {
		if r.Agrees == "yes" || r.Agrees == "close" {
			why = append(why, c.familyReason(r))
		}
	}
	line.Why = strings.Join(why, " · ")
	return line
}

// familyReason words why somebody is proposed.
func (c *call) familyReason(r family.Reason) string {
	if r.Field == "" {
		return c.T("reason." + r.Code)
	}
	return c.fieldLabel(r.Field) + ": " + c.T("level."+r.Code)
}

// waiting counts proposals on which somebody can work here and now.
func waiting(found family.Proposals, site record.ID) (n int) {
	for _, p := range found.Proposals {
		if p.Stage == family.ToLook && p.Band == "likely" || p.Stage == family.ToAsk && (p.Here || site.IsZero()) || p.Stage == family.ToTell {
			n++
		}
	}
	return n
}
