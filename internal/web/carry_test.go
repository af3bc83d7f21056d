package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/web/webtest"
)

// hand sends a form with a file, as a browser does: the boxes first.
func (b *browser) hand(address string, boxes url.Values, file string) (status int, page, location string) {
	t := b.t
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range boxes {
		if err := w.WriteField(name, values[0]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "stick")
	if err == nil {
		_, err = io.WriteString(part, file)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := b.ask("POST", address, w.FormDataContentType(), body.String())
	return r.StatusCode, b.page(r), r.Header.Get("Location")
}

func TestAFileThatWasBrought(t *testing.T) {
	b := unlocked(t, &webtest.House{})
	if status, _, to := b.hand("/carry/read", url.Values{"_who": {webtest.Rosa.ID.String()}}, webtest.Stick); status != http.StatusSeeOther || to != "/carry" {
		t.Fatalf("status %d to %q", status, to)
	}
	if page := b.page(b.get("/carry")); !strings.Contains(page, lang.T(lang.ES, "carry.read", "n", 12)) {
		t.Error("nobody is told that it was read")
	}
	for address, said := range map[string]string{"/carry/read": "carry.cut", "/backup/check": "backup.cut"} {
		if status, page, _ := b.hand(address, nil, webtest.Stick[:5]); status != http.StatusUnprocessableEntity || !strings.Contains(page, lang.T(lang.ES, said)) {
			t.Errorf("%s: a file that was cut: status %d, or other words", address, status)
		}
	}
	for _, address := range []string{"/carry/read", "/backup/check"} {
		if status, page, _ := b.hand(address, nil, "holiday pictures"); status != http.StatusUnprocessableEntity || !strings.Contains(page, lang.T(lang.ES, "refuse.not_a_bundle")) {
			t.Errorf("%s: another file: status %d", address, status)
		}
		if r := b.ask("POST", address, "multipart/form-data; boundary=x", "--x--\r\n"); r.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: no file: status %d", address, r.StatusCode)
		}
		if r := b.ask("POST", address, "application/x-www-form-urlencoded", "file=x"); r.StatusCode < 400 {
			t.Errorf("%s: a form without files: status %d", address, r.StatusCode)
		}
		if status, _, _ := b.hand(address, url.Values{"_who": {webtest.Julio.ID.String()}}, webtest.Stick); status < 400 {
			t.Errorf("%s: a form of somebody else's page: status %d", address, status)
		}
		if status, _, _ := b.hand(address, url.Values{"what": {strings.Repeat("x", 10_000)}}, webtest.Stick); status < 400 {
			t.Errorf("%s: a box that is too long: status %d", address, status)
		}
	}
	if status, page, _ := b.hand("/backup/check", nil, webtest.Stick); status != http.StatusOK || !strings.Contains(page, lang.T(lang.ES, "cmd.verify.bundle")) {
		t.Errorf("a whole file: status %d", status)
	}
}

func TestAFileThatLeaves(t *testing.T) {
	b := unlocked(t, &webtest.House{})
	r := b.post("/carry", url.Values{"what": {"all"}})
	if page := b.page(r); r.StatusCode != http.StatusOK || page != webtest.Stick {
		t.Errorf("status %d, %q", r.StatusCode, page)
	}
	if name := r.Header.Get("Content-Disposition"); !strings.HasPrefix(name, "attachment") || strings.Contains(strings.ToLower(name), "amparo") {
		t.Errorf("it is kept as %q: the name must not say what it is of", name)
	}
	r = b.post("/backup", url.Values{"passphrase": {webtest.Passphrase}})
	if page := b.page(r); r.StatusCode != http.StatusOK || page != webtest.Stick {
		t.Errorf("a backup: status %d, %q", r.StatusCode, page)
	}
	r = b.post("/backup", url.Values{"passphrase": {"no es esta"}})
	if page := b.page(r); r.StatusCode != http.StatusUnprocessableEntity || strings.Contains(page, webtest.Stick) {
		t.Errorf("a backup for who does not know the passphrase: status %d", r.StatusCode)
	}
}

func TestBeginningAgainFromABackup(t *testing.T) {
	b := open(t, &webtest.House{Empty: true})
	if page := b.page(b.get("/start")); !strings.Contains(page, "/restore") {
		t.Error("the first page does not say that a backup can be used")
	}
	right := url.Values{"passphrase": {webtest.Passphrase}}
	for name, one := range map[string]struct {
		boxes url.Values
		file  string
		says  string
	}{
		"another file":       {right, "holiday pictures", lang.T(lang.ES, "refuse.not_a_backup")},
		"another passphrase": {url.Values{"passphrase": {"no es esta"}}, webtest.Stick, lang.T(lang.ES, "refuse.wrong_passphrase")},
		"no passphrase":      {nil, webtest.Stick, lang.T(lang.ES, "restore.passphrase")},
	} {
		if status, page, _ := b.hand("/restore", one.boxes, one.file); status != http.StatusUnprocessableEntity || !strings.Contains(page, one.says) {
			t.Errorf("%s: status %d", name, status)
		}
	}
	if status, page, _ := b.hand("/restore", right, webtest.Stick); status != http.StatusOK || !strings.Contains(page, "/unlock") {
		t.Errorf("status %d", status)
	}
	if status, _, to := b.hand("/restore", right, webtest.Stick); status != http.StatusSeeOther || to != "/" {
		t.Errorf("where a workspace is already: status %d to %q", status, to)
	}
}
