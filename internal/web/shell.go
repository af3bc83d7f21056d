package web

import (
	"html/template"
	"sync"
	"time"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// Shell is what surrounds every page. Each page's struct embeds it.
type Shell struct {
	Lang    lang.Tag
	Title   string // of the page; the tab adds the neutral word
	Tab     string
	CSS, JS string
	Mark    string
	Path    string // the way back after the language was switched
	Form    string // id of the form that the language switch carries along; empty: none
	Langs   []LangChoice
	Open    bool   // someone has unlocked
	Plain   bool   // no navigation: first run, unlock, errors before unlocking
	Member  string // who
	Who     string // their id, for the script: a page of somebody else is covered. Empty: nobody has unlocked
	Idle    int    // seconds without a touch after which the page is covered
	Site    string // where
	Nav     []NavItem
	Further []NavItem // at the foot of the page
	Kept    Kept
	Notice  *Said
	Faulty  bool // the page tells of faults: the tab says so first
}

// LangChoice is one language in its own name.
type LangChoice struct {
	Tag  lang.Tag
	Name string
	On   bool
}

// NavItem is one way to go.
type NavItem struct {
	Address, Label, Icon, Key string
	Count                     string // how much waits there; empty: nothing
	On                        bool
}

// Kept is the line "saved / only here / exchanged".
type Kept struct {
	Short, Long string
	Count       string // on a phone, in the place of Short; empty when nothing is only here
	Icon        string
}

// Said is the notice after something was done.
type Said struct {
	Text, Link, Label string
	Undo              string // which step; empty: none
	UndoLabel         string
}

// T is a text in the reader's language.
func (s Shell) T(key string, args ...any) string { return lang.T(s.Lang, key, args...) }

// Number writes a whole number with the reader's grouping.
func (s Shell) Number(n int) string { return lang.Number(s.Lang, int64(n)) }

// Date writes a day.
func (s Shell) Date(t time.Time) string { return lang.Date(s.Lang, t) }

// Moment writes a day and a time.
func (s Shell) Moment(t time.Time) string {
	return lang.ShortDate(s.Lang, t) + " " + lang.Clock(s.Lang, t)
}

// Clock writes a time of day.
func (s Shell) Clock(t time.Time) string { return lang.Clock(s.Lang, t) }

// Machine writes a moment for programs, in a time element.
func (s Shell) Machine(t time.Time) string { return t.Format(time.RFC3339) }

var navigation = []struct {
	address, key, icon, shortcut string
	in                           []record.Compartment
}{
	{"/board", "nav.board", "board", "board", nil},
	{"/find", "nav.find", "find", "find", []record.Compartment{record.Identity}},
	{"/series", "nav.series", "chart", "series", nil},
	{"/pending", "nav.pending", "here", "pending", nil},
}

// further is what is needed less often. Each member sees what their role may use.
var further = []struct{ address, key string }{
	{"/sites", "nav.sites"}, {"/nearby", "nearby.title"}, {"/carry", "carry.title"}, {"/backup", "backup.title"}, {"/members", "members.title"}, {"/devices", "devices.title"}, {"/conflicts", "nav.conflicts"}, {"/access", "access.title"}, {"/audit", "audit.title"}, {"/erasures", "erasures.title"},
	{"/retention", "nav.retention"},
}

// shell prepares what surrounds a page. title is a catalogue key.
func (c *call) shell(title string) Shell {
	s := Shell{
		Lang: c.lang, Title: c.T(title), Tab: c.config.Tab, CSS: assetAddress("paper.css"), JS: assetAddress("paper.js"),
		Mark: assetAddress("mark.svg"), Path: c.wayBack(), Open: c.session != nil, Plain: c.session == nil,
	}
	if s.Tab == "" {
		s.Tab = c.T("app.tab")
	}
	for _, tag := range lang.Tags() {
		s.Langs = append(s.Langs, LangChoice{tag, shortName(tag), tag == c.lang})
	}
	if c.session == nil {
		return s
	}
	s.Member, s.Site = c.desk.Member().Name, c.siteName()
	s.Who, s.Idle = c.session.member.String(), int(c.config.Idle.Seconds())
	for _, n := range navigation {
		if c.may(n.address) && (n.in == nil || c.opensAny(n.in...)) {
			s.Nav = append(s.Nav, NavItem{Address: n.address, Label: c.T(n.key), Icon: n.icon, Key: n.shortcut, On: n.address == c.r.URL.Path})
		}
	}
	watches := c.may("/audit") && !c.may("/register") // whoever registers nobody has room above for what they watch over
	for i := range s.Nav {
		if s.Nav[i].Address == "/find" && !c.may("/register") {
			s.Nav[i].Label = c.T("find.search")
		}
	}
	if watches {
		s.Nav = append(s.Nav, NavItem{Address: "/audit", Label: c.T("nav.audit"), Icon: "lock", Key: "audit", On: c.r.URL.Path == "/audit"})
	}
	st := c.desk.Status()
	for _, n := range further {
		if !c.may(n.address) || watches && n.address == "/audit" {
			continue
		}
		item := NavItem{Address: n.address, Label: c.T(n.key)}
		if n.address == "/conflicts" && st.Rivals > 0 {
			item.Count = lang.Number(c.lang, int64(st.Rivals))
		}
		s.Further = append(s.Further, item)
	}
	s.Kept = c.kept(st)
	if c.r.Header.Get("X-Part") == "" && c.r.Method == "GET" {
		if n := c.session.said(); n != nil {
			s.Notice = &Said{Text: n.Text, Link: n.Link, Label: n.Label, UndoLabel: c.T("app.undo")}
			if n.Undo != nil {
				s.Notice.Undo = n.Undo.ID
			}
		}
	}
	return s
}

// wayBack is this page's address as the switch of languages comes back to it: without a language of its own.
func (c *call) wayBack() string {
	if _, turned := c.turned(); !turned {
		return c.r.URL.RequestURI()
	}
	back := *c.r.URL
	asked := back.Query()
	asked.Del("lang")
	back.RawQuery = asked.Encode()
	return back.RequestURI()
}

// kept words how much exists only on this device, and how much is still on its way here. Calm: offline is the normal state.
func (c *call) kept(st Status) Kept {
	k := c.keptHere(st)
	if st.Coming > 0 {
		coming := c.T("status.coming", "n", st.Coming)
		if k.Long += ". " + coming; st.Pending == 0 { // what is only here matters more
			k.Short, k.Count, k.Icon = c.T("status.coming_short", "n", st.Coming), lang.Number(c.lang, int64(st.Coming)), "move"
		}
	}
	return k
}

func (c *call) keptHere(st Status) Kept {
	switch {
	case st.Pending > 0:
		long := c.T("status.only_here", "n", st.Pending)
		if !st.Oldest.IsZero() {
			long += " (" + c.T("status.oldest", "ago", lang.Ago(c.lang, st.Oldest, c.now())) + ")"
		}
		return Kept{c.T("status.short", "n", st.Pending), long, lang.Number(c.lang, int64(st.Pending)), "here"}
	case st.Exchanged.IsZero():
		return Kept{c.T("app.saved"), c.T("status.never_exchanged"), "", "kept"}
	}
	if st.Held > 0 {
		return Kept{c.T("app.saved"), c.T("status.held", "n", st.Held) + ". " + c.T("status.exchanged", "ago", lang.Ago(c.lang, st.Exchanged, c.now())), "", "kept"}
	}
	return Kept{c.T("app.saved"), c.T("status.all_exchanged") + ". " + c.T("status.exchanged", "ago", lang.Ago(c.lang, st.Exchanged, c.now())), "", "kept"}
}

// shortName is a language's own name, short enough for a row of five on a phone.
func shortName(tag lang.Tag) string {
	if tag == lang.HT {
		return "Kreyòl"
	}
	return lang.Name(tag)
}

// pages are all templates, parsed once. Each file under templates/ is one page and carries its name.
var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{"icon": icon, "devices": devicesOf, "file": fileOf, "suggested": suggestionOf}).ParseFS(files, "templates/*.html"))
})
