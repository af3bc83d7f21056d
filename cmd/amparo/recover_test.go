package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/vault/shares"
	"amparo/internal/web"
)

// What people type is read off the paper by hand: words, with a mistake, put right; on a machine that has nothing.
func TestWordsTypedByHandBringAWorkspaceBack(t *testing.T) {
	s := &script{T: t, name: "words"}
	s.env = map[string]string{}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	s.relay(at("relay.db"))
	good(t, "", "init", at("a"), "--workspace", "Prueba", "--member", "Ana", "--recovery-out", at("paper.txt"), "--shares", "3", "--threshold", "2")
	good(t, `{"action":"person.register","data":{"given":"Marisol","surname1":"Prueba"}}`, "apply", at("a"))
	good(t, "", "exchange", at("a"), "--relay", s.env["RELAY"])

	paper, err := os.ReadFile(at("paper.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(paper), "Prueba") || strings.Contains(string(paper), "Ana") {
		t.Error("the paper says whose it is")
	}
	info, err := os.Stat(at("paper-2.txt"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read a share: %v, %v", info.Mode(), err)
	}
	pages := strings.Split(string(paper), "\f")
	numbered := regexp.MustCompile(`(?m)^ *\d+\. .*$`)
	words := func(page string) (share, home []string) { // in the order of the numbers
		all := strings.Fields(regexp.MustCompile(`\d+\.`).ReplaceAllString(strings.Join(numbered.FindAllString(page, -1), " "), ""))
		if len(all) != 36+27 {
			t.Fatalf("%d words on a page", len(all))
		}
		return all[:36], all[36:]
	}
	first, home := words(pages[0])
	third, _ := words(pages[2])

	wrong := append([]string{}, third...)
	wrong[16] = "xilófono"
	in := func(lists ...[]string) string {
		var b strings.Builder
		for _, l := range lists {
			for i, w := range l {
				fmt.Fprintf(&b, "%d) %s\n", i+1, strings.ToUpper(w))
			}
		}
		return b.String()
	}
	if err := os.WriteFile(at("first"), []byte(in(first)), 0o600); err != nil {
		t.Fatal(err)
	}
	recoverInto := []string{"recover", at("b"), "--share", at("first"), "--share", "-", "--member", "Ana", "--relay", s.env["RELAY"]}
	for name, c := range map[string]struct{ in, says string }{
		"a word that is none":           {in(wrong, home), "Word 17, “XILÓFONO”"},
		"without the words in common":   {in(third), "27 words in common"},
		"a word left out":               {in(third[1:]), "There are 35 words"},
		"two words that changed places": {in(append(append([]string{third[1], third[0]}, third[2:]...), home...)), "changed places"},
	} {
		code, _, said := run(t, c.in, recoverInto...)
		if code != exitFailed || !strings.Contains(said, c.says) || strings.Count(said, "\n") != 1 {
			t.Errorf("%s: %d, %s", name, code, said)
		}
		if _, err := os.Stat(at("b")); err == nil {
			t.Fatalf("%s: something was made", name)
		}
	}
	good(t, in(third, home), recoverInto...)
	if out := good(t, "", "query", at("b"), "person.find", "--q", "Marisol"); !strings.Contains(out, "Marisol") {
		t.Errorf("from words and relay: %s", out)
	}
}

// The sheets that the page shows are shares, and the page cannot show them again.
func TestSheetsMadeOnThePageOpen(t *testing.T) {
	c := newCrew(t)
	server := web.New(web.Config{House: &house{dir: c.node.Dir(), registry: c.node.Registry(), node: c.node, name: "Prueba"}})
	t.Cleanup(server.Close)
	token := server.Adopt(&desk{session: c.founder})
	ask := func(method, body string) string {
		r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost:8460/members/recovery", strings.NewReader(body))
		r.AddCookie(&http.Cookie{Name: "s8460", Value: token})
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
			t.Fatalf("%s: %d, %s", method, w.Code, w.Header().Get("Cache-Control"))
		}
		return regexp.MustCompile(`<[^>]*>`).ReplaceAllString(w.Body.String(), " ")
	}
	found, err := shares.Parse(ask("POST", "sheets=of5&passphrase="+url.QueryEscape(phrase)))
	if err != nil || len(found.Shares) != 5 {
		t.Fatalf("%d shares on the page, %v", len(found.Shares), err)
	}
	keys, err := c.node.Recovery(found.Shares[1:4])
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	covered, err := keys.Rehearse()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range covered {
		if len(one.Missing) > 0 || len(one.Epochs) == 0 {
			t.Errorf("the sheets lack %s", one.Name)
		}
	}
	again := ask("GET", "")
	if found, err := shares.Parse(again); err == nil {
		t.Errorf("the page still shows %d shares", len(found.Shares))
	}
	if !strings.Contains(again, keys.Set) {
		t.Error("the page does not name the set that holds")
	}
	if _, err := c.members["administrator"].MakeShares(t.Context(), 3, 2); err != nil {
		t.Fatal(err)
	}
	if err := keys.Stands(); node.AsRefusal(err).Code != "recovery_replaced" {
		t.Errorf("after another set: %v", err)
	}
}

// On a page, three people who each type their words: on the machine of who forgot, and on one that has nothing.
func TestAPageLetsInAgain(t *testing.T) {
	s := &script{T: t, name: "page"}
	s.env = map[string]string{}
	dir := t.TempDir()
	s.relay(filepath.Join(dir, "relay.db"))
	reg, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	const fresh = "seis nubes sobre el muelle"
	n, err := node.Found(filepath.Join(dir, "a"), reg, node.Founding{Workspace: "Prueba", Member: "Ana", Passphrase: phrase, Lang: "es"}, quick)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	ana, err := n.Unlock(t.Context(), "Ana", []byte(phrase))
	if err != nil {
		t.Fatal(err)
	}
	if r := ana.Apply(t.Context(), lang.EN, record.Request{Action: "person.register", Data: []byte(`{"given":"Marisol"}`)}); !r.OK {
		t.Fatal(r.Error)
	}
	list, err := ana.MakeShares(t.Context(), 5, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ana.Exchange(t.Context(), s.env["RELAY"], nil); err != nil {
		t.Fatal(err)
	}
	who, _ := ana.Member()
	typed := func(which ...int) string {
		var b strings.Builder
		for _, i := range which {
			b.WriteString(strings.Join(list[i].Words(lang.ES), " ") + "\n\n")
		}
		return b.String()
	}
	ask := func(h *house, form url.Values) (int, string) {
		server := web.New(web.Config{House: h})
		defer server.Close()
		form.Set("passphrase", fresh)
		form.Set("again", fresh)
		r := httptest.NewRequestWithContext(t.Context(), "POST", "http://localhost:8460/recover", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	here := &house{dir: n.Dir(), registry: reg, node: n, options: quick}
	for name, form := range map[string]url.Values{
		"two sheets":      {"sheets": {typed(0, 1)}, "member": {who.String()}},
		"one sheet twice": {"sheets": {typed(0, 1) + "\f" + typed(1)}, "member": {who.String()}},
		"nothing":         {"sheets": {"hola"}, "member": {who.String()}},
		"nobody known":    {"sheets": {typed(0, 1, 2)}, "member": {"Nadie"}},
	} {
		if code, page := ask(here, form); code != http.StatusUnprocessableEntity || strings.Contains(page, fresh) {
			t.Errorf("%s: %d", name, code)
		}
	}
	if code, page := ask(here, url.Values{"sheets": {typed(4, 2, 0)}, "member": {who.String()}}); code != http.StatusOK {
		t.Fatalf("three sheets: %d\n%s", code, page)
	}
	again, err := n.Unlock(t.Context(), "Ana", []byte(fresh))
	if err != nil || !again.Opens(record.Care) {
		t.Fatalf("with the new passphrase: %v", err)
	}
	if _, err := again.Exchange(t.Context(), "", nil); err != nil { // the relay was told
		t.Error(err)
	}

	blank := &house{dir: filepath.Join(dir, "b"), registry: reg, options: quick}
	defer blank.close()
	for name, form := range map[string]url.Values{
		"words alone":   {"sheets": {typed(1, 2, 3)}, "member": {"Ana"}, "relay": {s.env["RELAY"]}},
		"another relay": {"sheets": {list[1].Code() + typed(2, 3)}, "member": {"Ana"}, "relay": {"http://127.0.0.1:1"}},
	} {
		if code, _ := ask(blank, form); code != http.StatusUnprocessableEntity || blank.Founded() {
			t.Errorf("%s: %d, made: %v", name, code, blank.Founded())
		}
		if _, err := os.Stat(blank.dir); err == nil {
			t.Fatalf("%s: something was made", name)
		}
	}
	if code, page := ask(blank, url.Values{"sheets": {list[1].Code() + typed(2, 3)}, "member": {"Ana"}, "relay": {s.env["RELAY"]}}); code != http.StatusOK {
		t.Fatalf("on an empty machine: %d\n%s", code, page)
	}
	back, err := blank.open().Unlock(t.Context(), "", []byte(fresh))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := back.Query(t.Context(), lang.EN, "person.find", map[string][]string{"q": {"Marisol"}})
	if err != nil || !strings.Contains(fmt.Sprintf("%+v", answer), "Marisol") {
		t.Errorf("from paper and relay: %+v, %v", answer, err)
	}
}
