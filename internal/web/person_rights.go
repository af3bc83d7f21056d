package web

import (
	"net/http"

	"amparo/internal/lang"
	"amparo/internal/people"
)

// RightsPage is what a person may ask for: large and short, in their language, with nobody's name on it, so that the screen can be
// turned to them. Each right is one button from there.
type RightsPage struct {
	Shell
	Rights  []RightLine
	Choices []LangChoice
	Address string
	Back    string
}

// RightLine is one right in plain words, and what is done about it.
type RightLine struct {
	Title, Text string
	Does        []Offer // none: not this member's to do
}

// rights are in the order in which they are told: to see before to change, to change before to end.
var rights = []struct {
	title, text string
	does        []struct{ page, label, icon string }
}{
	{"rights.see", "rights.see_text", []struct{ page, label, icon string }{{"/copy", "rights.see_do", "note"}}},
	{"rights.readers", "rights.readers_text", []struct{ page, label, icon string }{{"/access", "rights.readers_do", "people"}}},
	{"rights.correct", "rights.correct_text", []struct{ page, label, icon string }{{"/history", "rights.correct_do", "edit"}}},
	{"rights.decide", "rights.decide_text", []struct{ page, label, icon string }{{"/consent", "rights.decide_do", "note"}, {"/consent/read", "consent.read", "people"}}},
	{"rights.limit", "rights.limit_text", []struct{ page, label, icon string }{{"/restrict", "person.restrict", "lock"}}},
	{"rights.copy", "rights.copy_text", []struct{ page, label, icon string }{{"/copy", "rights.copy_do", "print"}, {"/summary", "print.title", "print"}}},
	{"rights.erase", "rights.erase_text", []struct{ page, label, icon string }{{"/erase", "rights.erase", "warn"}}},
}

func rightsPage(c *call) error {
	p, err := ask[people.Shown](c, "person.show", "person", c.r.PathValue("id"))
	if err != nil {
		return err
	}
	c.speak(p.Languages)
	address := "/people/" + p.ID.String()
	page := RightsPage{Shell: c.shell("rights.title"), Address: address + "/rights", Back: address}
	page.Choices = page.Langs
	for _, r := range rights {
		line := RightLine{Title: c.T(r.title), Text: c.T(r.text)}
		for _, d := range r.does {
			if c.may("/people/{id}" + d.page) {
				line.Does = append(line.Does, Offer{address + d.page + "?lang=" + string(c.lang), c.T(d.label), d.icon})
			}
		}
		page.Rights = append(page.Rights, line)
	}
	return c.show(http.StatusOK, "rights.html", page)
}

// speak turns this page, and no other, into the language that was asked for, or else into the person's own.
func (c *call) speak(tongues []string) {
	if tag, ok := lang.Parse(c.r.URL.Query().Get("lang")); ok {
		c.lang = tag
	} else if tag, ok := theirLang(tongues); ok {
		c.lang = tag
	}
}
