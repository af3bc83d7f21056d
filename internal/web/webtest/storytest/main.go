// Command storytest serves every page with made-up people, for looking at:
//
//	go run ./internal/web/webtest/storytest -addr 127.0.0.1:8469
//
// The address / lists the pages; /page/NAME?lang=ht shows one, with status 200 whatever the page itself answers, and &width=360 shows it in a frame as wide as a phone. Everything
// else is a live server with an open session, so that links and forms can be tried. Nothing is stored.
package main

import (
	"flag"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"

	"amparo/internal/lang"
	"amparo/internal/web"
	"amparo/internal/web/webtest"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8469", "where to listen")
	flag.Parse()
	line, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("pages with made-up people on http://%s/", line.Addr())
	server := &http.Server{Handler: handler(), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.Serve(line))
}

func handler() http.Handler {
	house := &webtest.House{}
	live := web.New(web.Config{House: house, Now: func() time.Time { return webtest.Now }, Version: "0.1.0"})
	token := live.Adopt(&webtest.Desk{House: house, Who: webtest.Rosa})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", list)
	mux.HandleFunc("GET /page/{name}", page)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		r.Host = "localhost:8460"
		r.Header.Add("Cookie", "s8460="+token)
		live.ServeHTTP(w, r)
	})
	return mux
}

func list(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, `<!doctype html><meta charset="utf-8"><title>Pages</title><ul>`)
	for _, p := range webtest.Pages() {
		if p.Status == http.StatusSeeOther { // nothing to look at
			continue
		}
		fmt.Fprintf(w, "<li>%s", html.EscapeString(p.Name))
		for _, tag := range lang.Tags() {
			fmt.Fprintf(w, ` <a href="/page/%s?lang=%s">%s</a>`, p.Name, tag, tag)
		}
		fmt.Fprintf(w, ` <a href="/page/%s?width=360">360</a> <a href="/page/%s?width=320">320</a>`, p.Name, p.Name)
	}
}

func page(w http.ResponseWriter, r *http.Request) {
	tag, ok := lang.Parse(r.URL.Query().Get("lang"))
	if !ok {
		tag = lang.ES
	}
	if width, err := strconv.Atoi(r.URL.Query().Get("width")); err == nil {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><meta charset="utf-8"><title>%d</title><body style="margin:0;background:#888"><iframe src="/page/%s?lang=%s" style="border:0;width:%dpx;height:100vh;display:block"></iframe>`,
			width, html.EscapeString(r.PathValue("name")), tag, width)
		return
	}
	for _, p := range webtest.Pages() {
		if p.Name != r.PathValue("name") {
			continue
		}
		answer := p.Render(tag)
		for name, values := range answer.Header {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Security-Policy") // frames of this very server show pages as wide as a phone
		w.Header().Del("X-Frame-Options")
		if _, err := io.Copy(w, answer.Body); err != nil {
			log.Print(err)
		}
		return
	}
	http.NotFound(w, r)
}
