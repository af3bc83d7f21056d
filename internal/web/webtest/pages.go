package webtest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
	"amparo/internal/web"
)

// Page is one page in one situation.
type Page struct {
	Name   string // for files and tests: lower-case with hyphens
	Method string
	Path   string
	Form   url.Values // of a post
	Upload string     // of a post: what the box "file" brings
	Open   bool       // someone has unlocked
	House  House      // a fresh copy is used each time
	Status int        // what the server must answer
}

// Pages lists every page in every situation worth looking at.
func Pages() []Page {
	person := "/people/" + Maria.ID.String()
	alone := "/people/" + ID(14).String()
	get := func(name, path string) Page {
		return Page{Name: name, Method: "GET", Path: path, Open: true, Status: 200}
	}
	with := func(p Page, change func(*Page)) Page { change(&p); return p }
	quiet := func(p *Page) { p.House.Quiet = true }
	closed := func(p *Page) { p.Open = false }
	post := func(name, path string, status int, form url.Values) Page {
		return Page{Name: name, Method: "POST", Path: path, Open: true, Status: status, Form: form}
	}
	return []Page{
		with(get("start", "/start"), func(p *Page) { p.Open, p.House.Empty = false, true }),
		{Name: "start-mistakes", Method: "POST", Path: "/start", House: House{Empty: true}, Status: 422, Form: url.Values{"workspace": {""}, "member": {"Ana"}}},
		{Name: "start-passphrase", Method: "POST", Path: "/start", House: House{Empty: true}, Status: 200, Form: url.Values{"workspace": {"Red de Casas"}, "member": {"Ana"}}},
		{Name: "start-passphrase-short", Method: "POST", Path: "/start/passphrase", House: House{Empty: true}, Status: 422,
			Form: url.Values{"workspace": {"Red de Casas"}, "member": {"Ana"}, "passphrase": {"corta"}, "again": {"corta"}}},
		get("start-done", "/start/done"),
		with(get("unlock", "/unlock"), closed),
		with(get("unlock-locked", "/unlock?locked"), closed),
		{Name: "unlock-wrong", Method: "POST", Path: "/unlock", Status: 422, Form: url.Values{"member": {Rosa.ID.String()}, "passphrase": {"no es esta"}}},
		with(get("measures", "/measures"), closed),
		get("board", "/board"),
		with(get("board-empty", "/board"), func(p *Page) { p.House.Bare = true }),
		with(get("board-no-site", "/board"), func(p *Page) { p.House.Quiet, p.Status = true, 303 }),
		with(get("board-shut", "/board"), func(p *Page) {
			p.House.Shuts = []record.Compartment{record.Identity, record.Care, record.Mind, record.Law}
		}),
		get("sites", "/sites"),
		with(get("sites-none", "/sites"), quiet),
		get("site-open", "/sites/new"),
		post("site-open-mistakes", "/sites/new", 422, url.Values{"municipality": {"San Juan"}}),
		get("find", "/find"),
		post("find-hits", "/find", 200, url.Values{"q": {"maria lopes ernandes 91"}}),
		post("find-nobody", "/find", 200, url.Values{"q": {"zzyzx"}}),
		get("scan", "/scan"),
		post("scan-lost", "/scan", 200, url.Values{"code": {LostCard}}),
		post("scan-blank", "/scan", 200, url.Values{"code": {BlankCard}}),
		post("scan-elsewhere", "/scan", 422, url.Values{"code": {people.CardCode(ID(201), BlankCard)}}),
		post("scan-mistakes", "/scan", 422, url.Values{"code": {"4821 4129"}}),
		get("cards", "/cards"),
		get("card", person+"/card"),
		get("card-none", alone+"/card"),
		post("card-mistakes", person+"/card", 422, url.Values{"number": {""}}),
		with(get("card-auditor", person+"/card"), func(p *Page) { p.House.Roles = []string{"auditor"} }),
		post("find-card-lost", "/find", 200, url.Values{"q": {LostCard}}),
		post("register", "/register", 200, url.Values{"_look": {"1"}, "given": {"Ana Lucía"}, "surname1": {"Pérez"}}),
		post("register-mistakes", "/register", 422, url.Values{"given": {"Zz"}, "birth": {"27 13 91"}, "nationality": {"Narnia"}}),
		get("priority", person+"/priority"),
		post("priority-mistakes", person+"/priority", 422, url.Values{}),
		get("group", "/group"),
		post("group-mistakes", "/group", 422, url.Values{"rows": {"6"}, "given-2": {"Luis"}, "birth-2": {"27 13 91"}, "nationality": {"Narnia"}}),
		post("group-nobody", "/group", 422, url.Values{"rows": {"3"}}),
		with(post("group-refused", "/group", 422, url.Values{"rows": {"6"}, "given-1": {"Rosa"}, "given-4": {"Luis"}, "birth-4": {"31"}}), func(p *Page) {
			p.House.Refuses = &record.Problem{Code: "in_line", Field: "people.1.given", Message: "Línea 2: Nombre: un dibujo o emoji no se puede buscar después. Escríbelo con letras. No se guardó a nadie todavía."}
		}),
		get("child", alone+"/child"),
		get("child-ask", "/people/"+ID(19).String()+"/child"),
		get("child-grown", person+"/child"),
		post("child-mistakes", "/people/"+ID(19).String()+"/child", 422, url.Values{"identified": {"self"}}),
		get("children", "/children"),
		with(get("children-none", "/children"), quiet),
		get("incomplete", "/incomplete"),
		with(get("incomplete-none", "/incomplete"), quiet),
		post("register-more", "/register", 422, url.Values{"given": {"Zz"}, "birth": {"adulto"}, "spoken": {"Sis"}, "interpreter": {"mam, quiché"}, "identified": {"staff"}, "company": {"alone"}}),
		post("register-alike", "/register", 200, url.Values{"given": {"María"}, "surname1": {"López"}}),
		with(post("register-refused", "/register", 422, url.Values{"note": {"nada más"}}), func(p *Page) {
			p.House.Refuses = &record.Problem{Code: "name_required", Field: "given", Message: "Escribe al menos un nombre, un apellido o un apodo."}
		}),
		get("intake", "/people/import"),
		{Name: "intake-mistakes", Method: "POST", Path: "/people/import", Open: true, Status: 422, Upload: "Nombre,Talla\nAna,5\n"},
		{Name: "intake-wrong", Method: "POST", Path: "/people/import", Open: true, Status: 200, Upload: wrongList},
		{Name: "intake-good", Method: "POST", Path: "/people/import", Open: true, Status: 200, Upload: "Nombre,Edad\nAna Pérez,31\nLuz Mora,8 meses\n"},
		get("person", person),
		get("person-long-name", alone),
		with(get("person-registrar", person), func(p *Page) { p.House.Shuts = []record.Compartment{record.Care, record.Mind, record.Law} }),
		with(get("person-narrow", person), func(p *Page) { p.House.Narrow, p.House.Humble = true, true }),
		with(post("person-fetch", person+"/fetch", 303, url.Values{}), func(p *Page) { p.House.Narrow, p.House.Humble = true, true }),
		with(get("field-narrow", "/field"), func(p *Page) { p.House.Narrow, p.House.Humble = true, true }),
		post("field-administers", "/field", 422, url.Values{"days": {"0"}, "narrow": {"own"}}),
		get("person-linked", "/people/"+ID(11).String()),
		get("same", person+"/same/"+ID(12).String()),
		get("same-linked", person+"/same/"+ID(11).String()),
		get("same-through", "/people/"+ID(12).String()+"/same/"+Maria.ID.String()),
		get("same-rival", person+"/same/"+ID(13).String()),
		get("same-different", person+"/same/"+ID(14).String()),
		post("same-mistakes", person+"/same/"+ID(14).String(), 422, url.Values{"verdict": {"same"}}),
		with(get("same-auditor", person+"/same/"+ID(12).String()), func(p *Page) { p.House.Roles = []string{"auditor"} }),
		get("duplicates", "/duplicates"),
		with(get("duplicates-none", "/duplicates"), quiet),
		get("person-edit", person+"/edit"),
		get("visit", person+"/visit"),
		get("consultation-medical", person+"/consultation/medical"),
		get("consultation-mental", person+"/consultation/mental_health"),
		get("consultation-social", person+"/consultation/social"),
		post("consultation-empty", person+"/consultation/medical", 422, url.Values{"severity": {"2"}}),
		get("files", person+"/files"),
		get("files-none", alone+"/files"),
		post("files-mistakes", person+"/files/new", 422, url.Values{"what": {"medical"}}),
		with(get("files-auditor", person+"/files"), func(p *Page) { p.House.Roles = []string{"auditor"} }),
		get("files-moved", "/files"),
		post("files-moved-mistakes", "/files", 422, url.Values{"exchange": {"mucho"}}),
		get("summary", person+"/summary?lang=ht"),
		get("summary-little", person+"/summary?part=&part=card&part=places&part=care"),
		post("summary-file", person+"/summary/file", 200, url.Values{"part": {"name", "care"}}),
		get("consent", person+"/consent"),
		get("family", person+"/family"),
		get("family-none", alone+"/family"),
		with(get("family-auditor", person+"/family"), func(p *Page) { p.House.Roles, p.Status = []string{"auditor"}, 403 }),
		with(post("family-refused", person+"/family", 422, url.Values{"seek": {Sought.String()}, "why": {"together"}}), func(p *Page) {
			p.House.Refuses = &record.Problem{Code: "not_a_member", Field: "household", Message: "La persona no está en esa familia o ese grupo. No se cambió nada."}
		}),
		get("family-with", person+"/family/with"),
		post("family-with-found", person+"/family/with", 200, url.Values{"who": {"rosa lopes"}}),
		post("family-with-choose", person+"/family/with", 422, url.Values{"who": {"rosa lopes"}, "was": {"rosa lopes"}}),
		post("family-with-nobody", person+"/family/with", 422, url.Values{"who": {"zzyzx"}}),
		get("family-relate", person+"/family/relate"),
		get("family-seek", person+"/family/seek"),
		get("family-seek-known", person+"/family/seek?sought="+ID(14).String()),
		with(get("family-seek-stranger", person+"/family/seek?sought="+ID(11).String()), func(p *Page) { p.Status = 404 }),
		get("family-seek-again", person+"/family/seek/"+Sought.String()),
		post("family-seek-mistakes", person+"/family/seek", 422, url.Values{"given": {"Luis"}, "birth": {"27 13 91"}, "where": {"Narnia"}, "when": {"antes"}}),
		get("family-sheet", person+"/family/seek/"+Sought.String()+"/sheet?lang=fr"),
		get("family-sheet-none", person+"/family/seek/"+SoughtOnly.String()+"/sheet"),
		get("families", "/families"),
		with(get("families-none", "/families"), quiet),
		get("family-proposal", "/families/"+Sought.String()+"/"+ID(14).String()),
		post("family-proposal-nothing", "/families/"+Sought.String()+"/"+ID(14).String(), 422, url.Values{}),
		get("family-proposal-ask", "/families/"+Sought.String()+"/"+ID(11).String()),
		get("consent-child", alone+"/consent?purpose=sharing"),
		post("consent-mistakes", person+"/consent", 422, url.Values{"purposes": {"sharing"}, "language": {"klingon"}, "interpreter": {"Jean"}}),
		get("consent-read", person+"/consent/read"),
		get("consent-read-creole", person+"/consent/read?lang=ht"),
		get("rights", person+"/rights"),
		get("rights-creole", person+"/rights?lang=ht"),
		with(get("rights-auditor", person+"/rights"), func(p *Page) { p.House.Roles = []string{"auditor"} }),
		get("history", person+"/history"),
		get("history-none", alone+"/history"),
		get("journey", person+"/journey"),
		get("journey-none", alone+"/journey"),
		get("journey-leg", person+"/journey?add=leg"),
		get("journey-mend", person+"/journey?mend="+ID(173).String()),
		post("journey-mistakes", person+"/journey?add=stay", 422, url.Values{"place": {"calle 5"}, "started": {"ayer"}}),
		with(get("journey-auditor", person+"/journey"), func(p *Page) { p.House.Roles = []string{"auditor"} }),
		get("restrict", person+"/restrict"),
		post("restrict-mistakes", person+"/restrict", 422, url.Values{"until": {"2026-05-01"}}),
		get("copy-linked", "/people/"+ID(11).String()+"/copy?lang=es"),
		get("restrict-linked", "/people/"+ID(11).String()+"/restrict"),
		get("erase-linked", "/people/"+ID(11).String()+"/erase"),
		get("restrict-hidden", "/people/"+Hidden.String()+"/restrict"),
		get("erase", person+"/erase?reason=retention&part=law"),
		post("erase-mistakes", person+"/erase", 422, url.Values{"parts": {"law"}}),
		get("copy", person+"/copy?lang=fr"),
		with(get("copy-registrar", person+"/copy"), func(p *Page) {
			p.House.Shuts = []record.Compartment{record.Care, record.Mind, record.Survivor, record.Law}
		}),
		get("retention", "/retention"),
		with(get("retention-none", "/retention"), quiet),
		get("keep", person+"/keep/law"),
		post("keep-mistakes", person+"/keep/law", 422, url.Values{"until": {"2027-01-01"}}),
		with(get("person-glass", person), func(p *Page) { p.House.Glass = true }),
		get("person-access", person+"/access"),
		get("access", "/access?member="+Julio.ID.String()),
		with(get("access-none", "/access"), quiet),
		get("erasures", "/erasures"),
		with(get("erasures-none", "/erasures"), quiet),
		get("erasure", "/erasures/"+ID(80).String()),
		post("erasure-refused-without-why", "/erasures/"+ID(80).String(), 422, url.Values{"why": {""}}),
		get("erasure-done", "/erasures/"+ID(81).String()),
		with(get("audit", "/audit"), func(p *Page) { p.House.Glass = true }),
		with(get("audit-auditor", "/audit"), func(p *Page) { p.House.Roles = []string{"auditor"} }),
		with(get("audit-none", "/audit"), quiet),
		with(get("audit-shut", "/audit"), func(p *Page) { p.House.Roles, p.Status = []string{"registrar"}, 403 }),
		get("glass", "/glass"),
		get("glass-known", "/glass?person="+Hidden.String()),
		post("glass-mistakes", "/glass", 422, url.Values{"person": {""}}),
		with(get("board-auditor", "/board"), func(p *Page) { p.House.Roles = []string{"auditor"} }),
		with(get("board-logistician", "/board"), func(p *Page) { p.House.Roles = []string{"logistician"} }),
		with(get("person-auditor", person), func(p *Page) { p.House.Roles = []string{"auditor"} }),
		get("headcount", "/headcount"),
		post("headcount-mistakes", "/headcount", 422, url.Values{"total": {"10"}, "women": {"8"}, "men": {"7"}, "method": {"count"}}),
		get("flow", "/flow"),
		get("series", "/series"),
		get("series-months", "/series?by=month"),
		get("series-nationality", "/series?by=nationality&region=southwest"),
		with(get("series-none", "/series"), quiet),
		get("conflicts", "/conflicts"),
		with(get("conflicts-none", "/conflicts"), quiet),
		with(get("conflicts-auditor", "/conflicts"), func(p *Page) { p.House.Roles = []string{"auditor"} }),
		get("devices", "/devices"),
		with(get("devices-alone", "/devices"), quiet),
		with(get("devices-shut", "/devices"), func(p *Page) { p.House.Roles, p.Status = []string{"registrar"}, 403 }),
		get("pending", "/pending"),
		with(get("pending-none", "/pending"), quiet),
		with(get("restore", "/restore"), func(p *Page) { p.Open, p.House.Empty = false, true }),
		get("carry", "/carry"),
		get("backup", "/backup"),
		post("backup-wrong", "/backup", 422, url.Values{"passphrase": {"no es esta"}}),
		with(get("pending-first", "/pending"), func(p *Page) { p.House.First = true }),
		get("nearby", "/nearby"),
		with(get("nearby-closed", "/nearby?look"), quiet),
		get("nearby-found", "/nearby?look"),
		post("nearby-wrong-key", "/nearby", 422, url.Values{"link": {StrangersLink}}),
		post("nearby-nothing-typed", "/nearby", 422, url.Values{"link": {""}}),
		get("about", "/about"),
		with(get("about-locked", "/about"), closed),
		get("keys", "/keys"),
		get("me", "/me"),
		with(get("me-passkeys", "/me"), func(p *Page) {
			p.House.Keys = []web.Passkey{{ID: []byte("azul"), Label: "Llave azul", Made: Now.AddDate(0, -1, 0)}}
		}),
		post("me-mistakes", "/me", 422, url.Values{"before": {"no es"}, "passphrase": {"corta"}, "again": {""}}),
		get("field", "/field"),
		post("field-mistakes", "/field", 422, url.Values{"days": {"9999"}}),
		with(get("unlock-gone", "/unlock"), func(p *Page) {
			p.Open, p.House.Deserted = false, true
			p.House.Departed = []web.Gone{{Name: "N. P.", At: Now.AddDate(0, 0, -3)}, {Name: "de antes", At: Now.AddDate(-1, 0, 0)}}
		}),
		get("members", "/members"),
		post("members-mistakes", "/members", 422, url.Values{"answer": {"{}"}}),
		get("member", "/members/"+Julio.ID.String()),
		get("member-self", "/members/"+Rosa.ID.String()),
		get("member-revoke", "/members/"+Julio.ID.String()+"/revoke"),
		post("member-revoke-mistakes", "/members/"+Rosa.ID.String()+"/revoke", 422, url.Values{"device": {"all"}}),
		get("member-invite", "/members/invite"),
		post("member-invite-mistakes", "/members/invite", 422, url.Values{"days": {"7"}}),
		post("member-invited", "/members/invite", 200, url.Values{"roles": {"registrar"}, "days": {"7"}}),
		with(get("revive", "/recover"), closed),
		with(get("revive-first", "/recover"), func(p *Page) { p.Open, p.House.Empty = false, true }),
		{Name: "revive-mistakes", Method: "POST", Path: "/recover", Status: 422, Form: url.Values{"sheets": {"perro gato"}, "member": {Rosa.ID.String()}, "passphrase": {Passphrase}, "again": {Passphrase}}},
		{Name: "revive-done", Method: "POST", Path: "/recover", Status: 200, Form: url.Values{"sheets": {Sheets}, "member": {Rosa.ID.String()}, "passphrase": {Passphrase}, "again": {Passphrase}}},
		get("recovery", "/members/recovery"),
		post("recovery-mistakes", "/members/recovery", 422, url.Values{"sheets": {"of1"}}),
		post("recovery-made", "/members/recovery", 200, url.Values{"sheets": {"of5"}, "passphrase": {Passphrase}}),
		post("recovery-stranger", "/members/recovery", 422, url.Values{"sheets": {"of5"}}),
		with(get("join", "/join"), closed),
		with(get("join-first", "/join"), func(p *Page) { p.Open, p.House.Empty = false, true }),
		{Name: "join-mistakes", Method: "POST", Path: "/join", Status: 422, Form: url.Values{"invitation": {"hola"}, "member": {"Ana"}, "passphrase": {"corta"}}},
		{Name: "join-done", Method: "POST", Path: "/join", Status: 200, Form: url.Values{"invitation": {Invitation}, "member": {"Ana"}, "passphrase": {Passphrase}, "again": {Passphrase}}},
		with(get("error-members", "/members"), func(p *Page) { p.House.Humble, p.Status = true, 403 }),
		with(get("error-nothing", "/nowhere"), func(p *Page) { p.Status = 404 }),
		with(get("error-unknown-person", "/people/"+ID(99).String()), func(p *Page) { p.Status = 404 }),
		with(get("error-role", person+"/consultation/medical"), func(p *Page) {
			p.House.Shuts = []record.Compartment{record.Care, record.Mind, record.Law}
			p.Status = 403
		}),
	}
}

// edge parts the boxes of a form with a file.
const edge = "made-up-edge"

// Server is a fresh server for a page and the token of its session; empty when nobody has unlocked.
func (p Page) Server() (*web.Server, string) {
	house := p.House
	house.Applied = nil
	s := web.New(web.Config{House: &house, Now: func() time.Time { return Now }, Version: "0.1.0", Log: slog.Default()})
	if !p.Open {
		return s, ""
	}
	return s, s.Adopt(&Desk{House: &house, Who: Rosa})
}

// Render makes the page in a language, as a browser would get it.
func (p Page) Render(in lang.Tag) *http.Response {
	s, token := p.Server()
	defer s.Close()
	return p.ask(s, in, token)
}

func (p Page) ask(s http.Handler, in lang.Tag, token string) *http.Response {
	var body io.Reader
	if p.Form != nil {
		body = strings.NewReader(p.Form.Encode())
	}
	if p.Upload != "" {
		body = strings.NewReader("--" + edge + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"lista.csv\"\r\n\r\n" + p.Upload + "\r\n--" + edge + "--\r\n")
	}
	r := httptest.NewRequest(p.Method, "http://localhost:8460"+p.Path, body)
	r.AddCookie(&http.Cookie{Name: "l8460", Value: string(in)})
	if p.Form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if p.Upload != "" {
		r.Header.Set("Content-Type", "multipart/form-data; boundary="+edge)
	}
	if token != "" {
		r.AddCookie(&http.Cookie{Name: "s8460", Value: token})
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}
