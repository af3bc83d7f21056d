package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// The harness is tried on pages with known faults: one that finds nothing wrong would pass everything.

const soundPage = `<!doctype html><html lang="es"><meta name="viewport" content="width=device-width"><title>Prueba</title>
<style>*{font-size:20px} button,input{min-height:48px} :focus-visible{outline:3px solid}</style>
<main><h1>Prueba</h1><form action="/next"><label for="n">Nombre</label><input id="n" name="n"><button>Guardar</button></form></main></html>`

func serve(t *testing.T, pages map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, strings.ReplaceAll(page, "{query}", r.URL.RawQuery))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestASoundPagePasses(t *testing.T) {
	for _, script := range []bool{true, false} {
		p := open(t, phone, script)
		p.Goto(serve(t, map[string]string{"/": soundPage}))
		if faults := p.inspect(); len(faults) > 0 {
			t.Errorf("script %v: %s", script, strings.Join(faults, "\n"))
		}
	}
}

func TestFaultsAreFound(t *testing.T) {
	tests := []struct {
		name, from, to string // what is changed in the sound page
		want           string
	}{
		{"a field without a label", `<label for="n">`, `<label>`, "label (critical"},
		{"grey on grey", `<h1>`, `<h1 style="color:#999">`, "color-contrast"},
		{"grey on grey in the dark", `<title>`, `<meta name="color-scheme" content="light dark"><style>@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } h1 { color: #444 } }</style><title>`, "color-contrast (serious, dark)"},
		{"no language", ` lang="es"`, ``, "does not say its language"},
		{"wider than the screen", `<h1>`, `<p style="width:900px">x</p><h1>`, "wider than the screen"},
		{"too small for a finger", `min-height:48px`, `height:20px`, "lower than 44 px"},
		{"text too small", `font-size:20px`, `font-size:12px`, "below 16 px"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, phone, true)
			p.Goto(serve(t, map[string]string{"/": strings.Replace(soundPage, tt.from, tt.to, 1)}))
			faults := p.inspect()
			if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, tt.want) }) {
				t.Errorf("not found (%q); found: %q", tt.want, faults)
			}
		})
	}
}

func TestWhatThePageDoesBehindOnesBackIsHeard(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"an exception", `null.x`, "exception"},
		{"a logged error", `console.error("oh")`, "console.error"},
		{"another host", `fetch("http://127.0.0.2:9/x").catch(() => {})`, "asked another host"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, laptop, true)
			p.Goto(serve(t, map[string]string{"/": soundPage + "<script>" + tt.script + "; document.title = 'done'</script>"}))
			p.Until("the script to end", `document.title === 'done' || `+quote(tt.want)+` === 'exception'`)
			p.wait(300 * time.Millisecond) // events come by another way than answers
			faults := p.takeFaults()
			if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, tt.want) }) {
				t.Errorf("not heard (%q); heard: %q", tt.want, faults)
			}
		})
	}
}

func TestKeyboardFingerAndScriptlessPagesWork(t *testing.T) {
	next := strings.Replace(soundPage, "<h1>Prueba", "<h1>Recibido {query}", 1)
	for _, size := range []Size{phone, laptop} {
		for _, script := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s script %v", size.Name, script), func(t *testing.T) {
				address := serve(t, map[string]string{"/": soundPage + `<script>document.querySelector("h1").textContent = "con guion"</script>`, "/next": next})
				p := open(t, size, script)
				p.Goto(address)
				if ran := strings.Contains(p.Text(), "con guion"); ran != script {
					t.Errorf("page scripts ran: %v", ran)
				}
				p.Tab("Nombre")
				p.Type("Ana")
				p.Enter()
				p.See("Recibido n=Ana")
				p.Goto(address)
				p.Fill("Nombre", "Eva")
				p.Follow("Guardar")
				p.See("Recibido n=Eva")
			})
		}
	}
}
