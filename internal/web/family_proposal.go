package web

import (
	"slices"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people/family"
	"amparo/internal/record"
)

// FamilyProposalPage compares who is sought with who it may be, and takes the steps in their order. Where either of them is, it does
// not say.
type FamilyProposalPage struct {
	Shell
	Form
	Rows       []ComparedRow
	Reasons    []FamilyReason
	Stage      string
	StageCode  string
	Stood      string // who compared them, and when
	Seeker     string
	Found      string
	SeekerLink string
	FoundLink  string
	About      []string // how they were parted
	Say        string   // what may be said of the one who seeks
	Elsewhere  bool     // the person found was last met at another site: it is theirs to ask
	Child      bool
	Verdict    Field
	Answer     Field
	Sure       Field
	Compares   bool
	Asks       bool
	Tells      bool
	Again      bool
	Writes     bool
	Back       string
}

// ComparedRow is one thing that both sides say.
type ComparedRow struct{ Label, Sought, Found string }

// FamilyReason is one thing that speaks for or against.
type FamilyReason struct{ Text, Agrees, Icon, Said string }

func familyProposalPage(c *call) error {
	seek, candidate := c.r.PathValue("seek"), c.r.PathValue("candidate")
	p, err := ask[family.Compared](c, "family.proposal", "seek", seek, "candidate", candidate)
	if err != nil {
		return err
	}
	address := "/families/" + p.Seek.ID.String() + "/" + p.Candidate.ID.String()
	f, err := c.form(address, nil)
	if err != nil {
		return err
	}
	f.Draft = ""
	if f.submitted {
		data := family.AnswerData{Seek: p.Seek.ID.String(), Candidate: p.Candidate.ID.String(), Verdict: f.value("verdict"), Again: p.Stage == family.Rejected && f.value("verdict") == family.Same,
			Answer: f.value("answer"), Told: f.value("told") != ""}
		data.Alone, data.BestInterest = slices.Contains(f.values("sure"), "alone"), slices.Contains(f.values("sure"), "best_interest")
		if data.Verdict == "" && data.Answer == "" && !data.Told {
			f.missing(map[bool]string{true: "verdict", false: "answer"}[p.Stage == family.ToLook || p.Stage == family.Rejected])
		}
		if f.ready() {
			r, err := c.apply("family.answer", f.Client, time.Time{}, data)
			if err != nil {
				return err
			}
			if !f.refuse(r) {
				made, err := record.ResultAs[family.Answered](r)
				if err != nil {
					return err
				}
				to := "/families"
				if made.Stage == family.ToAsk && p.Here {
					to = address
				}
				return f.done(to, notice{Text: c.T("family.answered." + made.Stage)})
			}
		}
	}
	page := c.proposalShown(f, p)
	page.Form, page.Shell.Form, page.Faulty = f.close(), f.ID, len(f.Faults) > 0
	return c.show(f.status(), "family_proposal.html", page)
}

func (c *call) proposalShown(f *form, p family.Compared) FamilyProposalPage {
	page := FamilyProposalPage{Shell: c.shell("family.proposal"), Stage: c.coded("family_stage", p.Stage), StageCode: p.Stage, Seeker: c.nameOf(p.Seeker), Found: c.nameOf(p.Candidate),
		SeekerLink: "/people/" + p.Seeker.ID.String(), FoundLink: "/people/" + p.Candidate.ID.String(), Elsewhere: !p.Here, Child: p.Child, Back: "/families", Writes: c.desk.MayDo("family.answer")}
	if p.ByName != "" && !p.Trace.At.IsZero() {
		page.Stood = c.T("family.compared_by", "name", p.ByName, "date", lang.Date(c.lang, p.Trace.At))
	}
	s := p.Seek
	row := func(label, sought, found string) {
		if sought != "" || found != "" {
			page.Rows = append(page.Rows, ComparedRow{label, orDash(sought), orDash(found)})
		}
	}
	row(c.T("family.sheet_name"), s.Name, c.nameOf(p.Candidate))
	row(c.fieldLabel("nickname"), s.Nickname, p.Candidate.Nickname)
	age := ""
	switch {
	case s.Birth != "":
		age = lang.PartialDate(c.lang, s.Birth)
	case s.Age != nil:
		age = lang.Age(c.lang, *s.Age, s.AgeAbout) + " (" + lang.PartialDate(c.lang, s.AgeOn) + ")"
	}
	found := c.age(p.Candidate)
	if p.Candidate.Birth != "" {
		found = strings.TrimPrefix(found+" · "+lang.PartialDate(c.lang, p.Candidate.Birth), " · ")
	}
	row(c.fieldLabel("age"), age, found)
	sex := func(code string) string {
		if code == "" || code == "unknown" {
			return ""
		}
		return c.coded("sex", code)
	}
	row(c.fieldLabel("sex"), sex(s.Sex), sex(p.Candidate.Sex))
	row(c.fieldLabel("nationality"), c.countries(s.Nationality), c.countries(p.Candidate.Nationality))
	if about := c.seekAbout(family.Seek{Where: s.Where, When: s.When, How: s.How, By: s.By}); len(about) > 0 {
		page.About = about
	}
	icons := map[string]string{"yes": "kept", "close": "two", "no": "warn"}
	for _, r := range p.Reasons {
		if icons[r.Agrees] != "" {
			page.Reasons = append(page.Reasons, FamilyReason{c.familyReason(r), r.Agrees, icons[r.Agrees], c.T("family.agree." + r.Agrees)})
		}
	}
	relation := c.coded("relation", family.Inverse(s.Relation))
	switch s.Contact {
	case "name":
		page.Say = c.T("family.say_name", "name", page.Seeker, "relation", relation)
	case "relation":
		page.Say = c.T("family.say_relation", "relation", relation)
	default:
		page.Say = c.T("family.say_nothing")
	}
	page.Compares = p.Stage == family.ToLook || p.Stage == family.Rejected || p.Stage == family.ToAsk
	page.Again = p.Stage == family.Rejected
	page.Asks = p.Stage == family.ToAsk || p.Stage == family.Thinking || p.Stage == family.NoContact || p.Stage == family.ToTell
	page.Tells = p.Stage == family.ToTell
	page.Verdict = f.field("verdict", label("family.is_it"), codes("tracing_verdict", family.Verdicts...))
	page.Answer = f.field("answer", label("field.tracing_answer"), codes("tracing_answer", family.Answers...))
	sure := []lang.Choice{{Code: "alone", Name: c.T("family.asked_alone")}}
	if p.Child {
		sure = append(sure, lang.Choice{Code: "best_interest", Name: c.T("family.best_interest")})
	}
	for i, fault := range f.Faults { // the two boxes are one control
		if fault.Field == "alone" || fault.Field == "best_interest" {
			f.Faults[i].Field = "sure"
		}
	}
	page.Sure = f.field("sure", label("family.before_a_yes"), func(f *form, d *Field) { f.offer(d, sure) })
	return page
}
