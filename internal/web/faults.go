package web

import (
	"errors"
	"net/http"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// What a page may answer besides itself. Each becomes a page that says what happened, what was kept and what to do next.
var (
	errNothingHere = errors.New("web: no such page")
	errNotYours    = errors.New("web: the member's role does not open this")
	errForeign     = errors.New("web: the request came from another site")
	errTooMuch     = errors.New("web: the form could not be read")
	errFault       = errors.New("web: a page failed")
)

// problemError is an action's no outside a form.
type problemError struct{ record.Result }

func (e problemError) Error() string {
	if e.Result.Error == nil {
		return "web: " + e.Action + " was refused"
	}
	return "web: " + e.Action + ": " + e.Result.Error.Code
}

// ErrorPage is a page that could not be what was asked for.
type ErrorPage struct {
	Shell
	What, Saved, Next string
	Link, Label       string
}

func notFound(*call) error { return errNothingHere }

// fail answers with the page for an error. Programs get JSON.
func (c *call) fail(err error) {
	if c.w == nil {
		return
	}
	if strings.HasPrefix(c.r.URL.Path, "/api/") {
		c.apiFail(err)
		return
	}
	if errors.Is(err, ErrLocked) {
		if c.session != nil { // the desk locked by itself: the member was revoked, or their keys have ended
			c.sessions.endSession(c.session, true)
			c.session = nil
		}
		c.locked()
		return
	}
	status, p := c.worded(err)
	if status >= 500 {
		c.config.Log.Error("a page failed", "pattern", c.route.Pattern, "cause", err)
	}
	p.Faulty = true
	if err := c.show(status, "error.html", p); err != nil {
		http.Error(c.w, http.StatusText(status), status)
	}
}

func (c *call) worded(err error) (int, ErrorPage) {
	page := func(title string) ErrorPage {
		return ErrorPage{Shell: c.shell(title), Link: "/", Label: c.T("nav.board")}
	}
	var refusal *record.Refusal
	var problem problemError
	var other otherError
	switch {
	case errors.As(err, &other):
		p := page("error.title")
		p.What, p.Next = c.T("error.other_page"), c.T("error.other_page_do")
		if other.member != "" {
			p.What = c.T("error.page_of", "name", other.member)
		}
		return http.StatusConflict, p
	case errors.As(err, &problem) && problem.Result.Error != nil:
		p := page("error.title")
		p.What, p.Saved, p.Next = problem.Result.Error.Message, c.T("error.kept_saved"), c.T("error.try_again")
		return refusalStatus(&record.Refusal{Code: problem.Result.Error.Code}), p
	case errors.Is(err, errNothingHere):
		p := page("error.title")
		p.What, p.Next = c.T("error.not_found"), c.T("error.not_found_do")
		return http.StatusNotFound, p
	case errors.Is(err, errNotYours):
		p := page("error.title")
		p.What, p.Saved = c.T("refuse.not_allowed"), c.T("error.kept_saved")
		return http.StatusForbidden, p
	case errors.Is(err, errForeign):
		p := page("error.title")
		p.What, p.Saved, p.Next = c.T("error.foreign.what"), c.T("error.kept_saved"), c.T("error.not_found_do")
		return http.StatusForbidden, p
	case errors.Is(err, errTooMuch):
		p := page("error.title")
		p.What, p.Saved = c.T("refuse.too_large", "max", lang.FileSize(c.lang, largest)), c.T("error.kept_saved")
		return http.StatusRequestEntityTooLarge, p
	case errors.As(err, &refusal):
		p := page("error.title")
		p.What, p.Saved, p.Next = refused(c.lang, refusal), c.T("error.kept_saved"), c.T("error.try_again")
		return refusalStatus(refusal), p
	}
	p := page("error.title")
	p.What, p.Saved, p.Next = c.T("refuse.internal"), c.T("error.kept_saved"), c.T("error.try_again")
	return http.StatusInternalServerError, p
}

// refused words a refusal in a language.
func refused(tag lang.Tag, r *record.Refusal) string {
	args := append([]any(nil), r.Args...)
	for i := 0; i+1 < len(args); i += 2 { // the name of a field as the reader knows it
		if name, ok := args[i+1].(string); ok && args[i] == "field" && lang.Has("field."+name) {
			args[i+1] = lang.T(tag, "field."+name)
		}
	}
	if r.Field != "" {
		label := r.Field
		if lang.Has("field." + r.Field) {
			label = lang.T(tag, "field."+r.Field)
		}
		args = append(args, "label", label)
	}
	if !lang.Has("refuse." + r.Code) {
		return lang.T(tag, "refuse.other", "code", r.Code)
	}
	return lang.T(tag, "refuse."+r.Code, args...)
}

func refusalStatus(r *record.Refusal) int {
	switch r.Code {
	case "not_allowed":
		return http.StatusForbidden
	case "unknown_id", "unknown_query", "unknown_action", "hidden":
		return http.StatusNotFound
	case "locked":
		return http.StatusUnauthorized
	}
	return http.StatusUnprocessableEntity
}

// locked sends a reader without a session where they can unlock. What they had typed waits for the same member. After
// the quick exit nothing here admits to being locked: every address but the first shows the same harmless page.
func (c *call) locked() {
	if cookie(c.r, "q") != "" {
		http.Redirect(c.w, c.r, "/measures", http.StatusSeeOther)
		return
	}
	to := "/unlock"
	if !c.config.House.Founded() {
		to = "/start"
	} else if c.r.Method == "GET" {
		to += "?to=" + escape(c.r.URL.RequestURI())
	} else if c.r.ParseForm() == nil && c.sessions.parkPost(cookie(c.r, "s"), c.r.URL.Path, c.r.PostForm) {
		to += "?locked&to=" + escape(c.r.URL.Path)
	}
	http.Redirect(c.w, c.r, to, http.StatusSeeOther)
}
