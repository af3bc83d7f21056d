package web

import (
	"net/http"
	"net/url"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/people/typed"
)

// MeasuresPage is what the quick exit shows: kitchen measures, harmless and useful, with no way back to anything.
type MeasuresPage struct {
	Lang      lang.Tag
	CSS, Mark string
	Rows      []Measure
}

// Measure is one line of it.
type Measure struct{ Name, Metric string }

// T is a text in the reader's language.
func (p MeasuresPage) T(key string) string { return lang.T(p.Lang, key) }

// leaveNow is the quick exit: the keys go first, then the cookies and what the browser kept.
func leaveNow(c *call) error {
	c.sessions.endMember(cookie(c.r, "s"))
	setCookie(c.w, c.r, "s", "", -1)
	setCookie(c.w, c.r, "q", "1", 0)
	c.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return c.to("/measures")
}

// lockNow locks and stays: someone else of the team may take over. What was typed waits for the same member.
func lockNow(c *call) error {
	c.sessions.endToken(cookie(c.r, "s"), true)
	setCookie(c.w, c.r, "s", "", -1)
	return c.to("/unlock?locked")
}

func measuresPage(c *call) error {
	p := MeasuresPage{Lang: c.lang, CSS: assetAddress("paper.css"), Mark: assetAddress("mark.svg"), Rows: []Measure{
		{c.T("measures.cup"), "240 ml"}, {c.T("measures.half_cup"), "120 ml"}, {c.T("measures.tablespoon"), "15 ml"},
		{c.T("measures.teaspoon"), "5 ml"}, {c.T("measures.ounce"), "28 g"}, {c.T("measures.pound"), "454 g"}}}
	return c.show(http.StatusOK, "measures.html", p)
}

// languageSwitch changes the language of pages without a form and shows the same page again.
func languageSwitch(c *call) error {
	if err := c.r.ParseForm(); err != nil {
		return errTooMuch
	}
	c.switchLang(c.r.PostForm.Get("_lang"))
	return c.to(local(c.r.PostForm.Get("to")))
}

// keepDraft keeps what is typed in memory until it is saved, the desk locks on purpose, or the program ends.
func keepDraft(c *call) error {
	if err := c.r.ParseForm(); err != nil {
		return errTooMuch
	}
	typed := c.r.PostForm
	address := typed.Get("_for")
	typed.Del("_for")
	if strings.HasPrefix(address, "/") {
		c.session.keepDraft(address, typed)
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// undo applies what takes the last step back, as an action like any other: both steps stay in the journal.
func undo(c *call) error {
	back := c.session.stepBack(c.r.PostFormValue("step"))
	if back == nil {
		c.session.tell(notice{Text: c.T("notice.nothing_to_undo")})
		return c.to("/")
	}
	r := c.desk.Apply(c.r.Context(), c.lang, *back.Undo)
	if !r.OK {
		return problemError{r}
	}
	c.session.say(notice{Text: c.T("notice.undone")})
	return c.to(local(back.To))
}

// understand says what was understood of a birth or an age, beside the box.
func understand(c *call) error {
	if err := c.r.ParseForm(); err != nil {
		return errTooMuch
	}
	return c.send(http.StatusOK, "text/plain; charset=utf-8", []byte(c.understood(c.r.PostForm.Get("birth"))))
}

func (c *call) understood(text string) string {
	born, ok := typed.Understand(c.lang, text, c.now())
	switch {
	case !ok:
		return c.T("refuse.bad_date", "got", text)
	case born.Age != nil:
		return lang.Age(c.lang, *born.Age, born.About)
	case born.Band != "":
		return c.T("code.age_band." + born.Band)
	case born.Birth != "":
		return lang.PartialDate(c.lang, born.Birth)
	}
	return ""
}

func escape(address string) string { return url.QueryEscape(address) }

func health(c *call) error {
	return c.send(http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
}

func assetFile(c *call) error {
	serveAsset(c.w, c.r)
	return nil
}

func noIcon(c *call) error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
