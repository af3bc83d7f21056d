package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/people"
)

// HistoryPage is everything that was ever said of a person, field by field, with who said it, and what was put right.
type HistoryPage struct {
	Shell
	Banner      Banner
	Changed     []FieldPast
	Same        []FieldPast
	Corrections []CorrectionLine
	Choices     []LangChoice
	Address     string
	Back        string
	Rights      string // empty: not the member's
}

// FieldPast is one field with all that was said of it.
type FieldPast struct {
	Label, Of string // Of: which record, when it is not who the person is
	Rivals    string // that several values stand; empty: they do not
	Values    []PastLine
	Correct   Offer // where it is put right; no address: not here, or not by this member
}

// PastLine is one value.
type PastLine struct {
	Value, Said, Until string
	Stands             string // that it stands today; empty: something else was written since
}

// CorrectionLine is an entry that was put right, before and after.
type CorrectionLine struct {
	Was, Is EntryLine
	Opens   bool // the later one opens here
}

// unhistoric are fields that only go with another: the day on which an age was told.
var unhistoric = map[string]bool{"age_on": true}

// correctable are fields of a person's sheet under another name than their own.
var correctable = map[string]string{"age": "birth", "age_about": "birth"}

func historyPage(c *call) error {
	h, err := ask[people.History](c, "person.history", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	if tag, ok := lang.Parse(c.r.URL.Query().Get("lang")); ok {
		c.lang = tag // of this page only
	}
	address := "/people/" + h.Person.ID.String()
	page := HistoryPage{Shell: c.shell("history.title"), Banner: c.banner(h.Person), Address: address + "/history", Back: address}
	page.Choices = page.Langs
	if c.may("/people/{id}/rights") {
		page.Rights = address + "/rights?lang=" + string(c.lang)
	}
	for _, f := range h.Fields {
		if unhistoric[f.Field] {
			continue
		}
		line := c.fieldPast(h, f)
		if len(line.Values) > 1 {
			page.Changed = append(page.Changed, line)
		} else if len(line.Values) == 1 {
			page.Same = append(page.Same, line)
		}
	}
	for _, one := range h.Corrections {
		line := CorrectionLine{Was: c.entry(one.Was)}
		line.Was.Gone, line.Was.State = false, ""
		if !one.Is.ID.IsZero() {
			line.Is, line.Opens = c.entry(one.Is), true
			line.Is.Mended, line.Is.State = false, ""
		}
		page.Corrections = append(page.Corrections, line)
	}
	return c.show(http.StatusOK, "history.html", page)
}

func (c *call) fieldPast(h people.History, f people.FieldHistory) FieldPast {
	out := FieldPast{Label: c.fieldLabel(f.Field), Correct: Offer{Label: c.T("history.correct"), Icon: "edit"}}
	if f.Rivals {
		out.Rivals = c.T("history.rivals")
	}
	var of []string
	if f.Kind != people.Person.Name {
		name := c.T("kind." + f.Kind)
		for _, field := range slices.Sorted(maps.Keys(f.Key)) {
			name += ": " + c.word(f.Kind, field, f.Key[field])
		}
		of = append(of, name)
	} else if f.Person == h.Person.ID && c.may("/people/{id}/edit") {
		box := f.Field
		if other, has := correctable[box]; has {
			box = other
		}
		switch box {
		case "consent", "refused", "referral_to":
			if c.may("/people/{id}/consent") {
				out.Correct.Address = "/people/" + f.Person.String() + "/consent"
			}
		default:
			out.Correct.Address = "/people/" + f.Person.String() + "/edit#" + box
		}
	}
	if f.Person != h.Person.ID {
		card := ""
		for _, other := range h.Linked {
			if other.ID == f.Person {
				card = cardNumber(other.Card)
			}
		}
		of = append(of, c.T("history.other_record")+": "+orDash(card))
	}
	out.Of = strings.Join(of, " · ")
	for _, v := range f.Values {
		line := PastLine{Value: c.pastValue(f, v.Value), Said: c.author("history.said", v.Author)}
		if line.Value == "" {
			if len(f.Values) == 1 {
				continue // nothing was ever said
			}
			line.Value = c.T("history.cleared")
		}
		if line.Stands = c.T("history.stands"); v.Until != nil {
			line.Stands = ""
			line.Until = c.author("history.until", *v.Until)
		}
		out.Values = append(out.Values, line)
	}
	return out
}

func (c *call) pastValue(f people.FieldHistory, value any) string {
	if f.Kind == people.Person.Name && f.Field == "card" {
		if digits, ok := value.(string); ok {
			return cardNumber(digits)
		}
	}
	return c.word(f.Kind, f.Field, value)
}

func (c *call) author(key string, a people.Author) string {
	return c.T(key, "name", orDash(a.ByName), "site", orDash(a.SiteName), "date", lang.Date(c.lang, a.At)+", "+lang.Clock(c.lang, a.At))
}
