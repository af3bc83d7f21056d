package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/web/webtest"
)

// What a page may weigh, compressed, and hold.
const (
	firstLoad    = 40 << 10 // page, sheet and script together
	laterPage    = 12 << 10
	seriesPage   = 20 << 10 // a staff page with two drawings of a chart
	mostElements = 1500
)

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func packed(t *testing.T, b []byte) int {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

var (
	missingKey  = regexp.MustCompile(`\[[a-z_]+(\.[A-Za-z0-9_-]+)+\]`)
	placeholder = regexp.MustCompile(`\{[a-z][a-z0-9_]*\}`)
)

// TestPages looks at every page in every situation and language.
func TestPages(t *testing.T) {
	for _, p := range webtest.Pages() {
		for _, tag := range lang.Tags() {
			t.Run(p.Name+"/"+string(tag), func(t *testing.T) {
				r := p.Render(tag)
				page := body(t, r)
				if r.StatusCode != p.Status {
					t.Fatalf("status %d, want %d\n%.600s", r.StatusCode, p.Status, page)
				}
				if p.Status == http.StatusSeeOther {
					return
				}
				if key := missingKey.Find(page); key != nil {
					t.Errorf("text %s is not in the catalogue", key)
				}
				root, err := webtest.Parse(page)
				if err != nil {
					t.Fatalf("the page does not parse: %v", err)
				}
				if left := placeholder.FindString(root.Words()); left != "" {
					t.Errorf("%s was not filled in", left)
				}
				weigh(t, p, page, root)
				checkPage(t, root)
				checkControls(t, root)
				checkPolicy(t, root)
			})
		}
	}
}

func weigh(t *testing.T, p webtest.Page, page []byte, root *webtest.Node) {
	t.Helper()
	elements := -1
	root.Walk(func(*webtest.Node) { elements++ })
	if elements > mostElements {
		t.Errorf("%d elements, at most %d", elements, mostElements)
	}
	most := laterPage
	if strings.HasPrefix(p.Name, "series") {
		most = seriesPage
	}
	if n := packed(t, page); n > most {
		t.Errorf("%d bytes compressed, at most %d", n, most)
	}
}

// checkPage looks at what every page must have.
func checkPage(t *testing.T, root *webtest.Node) {
	t.Helper()
	html, titles := root.All("html"), root.All("title")
	if len(html) != 1 || html[0].Attrs["lang"] == "" {
		t.Error("the page does not say its language")
	}
	if len(titles) != 1 && len(root.All("svg")) == 0 || titles[0].Words() == "" {
		t.Error("the page needs one title")
	}
	for _, name := range []string{"María", "López", "Tapachula", "Désir", "Red de Casas"} {
		if strings.Contains(titles[0].Words(), name) {
			t.Errorf("the title tells %q to whoever sees the tab", name)
		}
	}
	if n := len(root.All("h1")); n != 1 {
		t.Errorf("%d h1, want 1", n)
	}
	if len(root.All("main")) != 1 {
		t.Error("the page needs one main")
	}
	ids := map[string]int{}
	root.Walk(func(n *webtest.Node) {
		if id := n.Attrs["id"]; id != "" {
			ids[id]++
		}
	})
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %q is there %d times", id, n)
		}
	}
	root.Walk(func(n *webtest.Node) {
		for _, name := range []string{"for", "aria-labelledby", "aria-describedby", "list", "form"} {
			for _, id := range strings.Fields(n.Attrs[name]) {
				if ids[id] == 0 {
					t.Errorf("<%s %s=%q> points at nothing", n.Name, name, id)
				}
			}
		}
		if to, ok := strings.CutPrefix(n.Attrs["href"], "#"); ok && ids[to] == 0 {
			t.Errorf("<a href=%q> leads nowhere", n.Attrs["href"])
		}
	})
	level := 0
	root.Walk(func(n *webtest.Node) {
		if len(n.Name) == 2 && n.Name[0] == 'h' && n.Name[1] >= '1' && n.Name[1] <= '6' {
			now := int(n.Name[1] - '0')
			if now > level+1 {
				t.Errorf("<%s> %q follows <h%d>: a step is missing", n.Name, n.Words(), level)
			}
			level = now
		}
	})
}

// checkControls wants a name on everything that can be used: a label, words inside, or a spoken label.
func checkControls(t *testing.T, root *webtest.Node) {
	t.Helper()
	labelled := map[string]string{}
	for _, l := range root.All("label") {
		if l.Attrs["for"] != "" {
			labelled[l.Attrs["for"]] = l.Words()
		}
	}
	pressed := map[string]bool{}
	for _, n := range root.All("button") {
		form := n.Attrs["form"]
		if form == "" || pressed[form] || n.Attrs["type"] != "submit" && n.Attrs["type"] != "" {
			continue
		}
		pressed[form] = true
		if n.Attrs["name"] != "" {
			t.Errorf("Enter in #%s presses %s=%s, not what saves", form, n.Attrs["name"], n.Attrs["value"])
		}
	}
	root.Walk(func(n *webtest.Node) {
		switch n.Name {
		case "input", "select", "textarea":
			if n.Attrs["type"] == "hidden" {
				return
			}
			if labelled[n.Attrs["id"]] == "" && !n.Inside("label") {
				t.Errorf("<%s name=%q> has no label", n.Name, n.Attrs["name"])
			}
			if n.Attrs["name"] == "" {
				t.Errorf("<%s id=%q> has no name", n.Name, n.Attrs["id"])
			}
			if kind := n.Attrs["type"]; n.Name != "select" && kind != "radio" && kind != "checkbox" && n.Attrs["autocomplete"] != "off" {
				t.Errorf("<%s name=%q>: the browser must not remember what is typed", n.Name, n.Attrs["name"])
			}
		case "button", "a", "summary":
			if n.Words() == "" && n.Attrs["aria-label"] == "" {
				t.Errorf("<%s> says nothing: %v", n.Name, n.Attrs)
			}
		case "fieldset":
			if len(n.Children) == 0 || n.Children[0].Name != "legend" || n.Children[0].Words() == "" {
				t.Error("a fieldset without its legend")
			}
		case "th":
			if n.Attrs["scope"] == "" {
				t.Errorf("<th> %q does not say its scope", n.Words())
			}
		case "svg":
			if n.Attrs["aria-hidden"] != "true" && n.Attrs["role"] != "img" {
				t.Error("a drawing that is neither hidden nor an image with words")
			}
		case "form":
			if n.Attrs["method"] != "post" && n.Attrs["action"] != "/series" {
				t.Errorf("form %q sends what is typed in its address, which browsers keep", n.Attrs["action"])
			}
		}
	})
}

// checkPolicy wants nothing that the page's own policy would stop, and nothing from elsewhere.
func checkPolicy(t *testing.T, root *webtest.Node) {
	t.Helper()
	root.Walk(func(n *webtest.Node) {
		if n.Name == "style" || n.Name == "script" && (n.Attrs["src"] == "" || n.Text != "") {
			t.Errorf("<%s> stands in the page", n.Name)
		}
		for name, value := range n.Attrs {
			if name == "style" || strings.HasPrefix(name, "on") {
				t.Errorf("<%s %s=%q> stands in the page", n.Name, name, value)
			}
			if slices.Contains([]string{"src", "href", "action", "formaction"}, name) && n.Name != "a" && value != "" && (!strings.HasPrefix(value, "/") || strings.HasPrefix(value, "//")) {
				t.Errorf("<%s %s=%q> reaches elsewhere", n.Name, name, value)
			}
		}
		if n.Name == "a" && strings.HasPrefix(n.Attrs["href"], "http") && !strings.Contains(n.Attrs["rel"], "noreferrer") {
			t.Errorf("<a href=%q> tells where it came from", n.Attrs["href"])
		}
	})
}

// The board may be read by whoever walks past.
func TestTheBoardNamesNobody(t *testing.T) {
	for _, p := range webtest.Pages() {
		if !strings.HasPrefix(p.Name, "board") || p.Status != http.StatusOK {
			continue
		}
		page := string(body(t, p.Render(lang.ES)))
		for _, name := range []string{"López", "Hernández", "María", "Désir", "Villavicencio"} {
			if strings.Contains(page, name) {
				t.Errorf("%s: the board says %q", p.Name, name)
			}
		}
	}
}

// A member who may not open a compartment sees neither its entries nor a sign that there are any.
func TestSealedEntriesAreNothingAtAll(t *testing.T) {
	i := slices.IndexFunc(webtest.Pages(), func(p webtest.Page) bool { return p.Name == "person-registrar" })
	page := string(body(t, webtest.Pages()[i].Render(lang.ES)))
	for _, trace := range []string{"Embarazo de 24", "Duerme poco", "Llamada con su madre", "consultation/medical", lang.T(lang.ES, "kind.session"), lang.T(lang.ES, "kind.social")} {
		if strings.Contains(page, trace) {
			t.Errorf("a registrar's page holds %q", trace)
		}
	}
	if !strings.Contains(page, "Control de embarazo") {
		t.Error("the visit itself, which the registrar may see, is missing")
	}
}

func TestFirstLoadIsLight(t *testing.T) {
	var heaviest int
	var name string
	for _, p := range webtest.Pages() {
		if r := p.Render(lang.FR); r.StatusCode == http.StatusOK {
			if n := packed(t, body(t, r)); n > heaviest {
				heaviest, name = n, p.Name
			}
		}
	}
	var sheets int
	for _, a := range assetAddresses(t) {
		r := get(t, a, http.Header{"Accept-Encoding": {"gzip"}})
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d", a, r.StatusCode)
		}
		n := len(body(t, r))
		sheets += n
		switch {
		case strings.HasSuffix(a, ".css") && n > 12<<10:
			t.Errorf("%s: %d bytes compressed, at most 12 KB", a, n)
		case strings.HasSuffix(a, ".js") && n > 8<<10:
			t.Errorf("%s: %d bytes compressed, at most 8 KB", a, n)
		}
	}
	if heaviest+sheets > firstLoad {
		t.Errorf("page %s (%d) with sheet and script (%d) is more than %d", name, heaviest, sheets, firstLoad)
	}
	t.Logf("sheet, script and mark %d bytes; heaviest page %s %d bytes", sheets, name, heaviest)
}
