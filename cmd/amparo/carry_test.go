package main

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/web"
)

// From the pages: a backup is made and brings the folder back, a bundle leaves one device and is read on another, cut and
// whole; and what was changed on the way is said.
func TestFilesThatLeaveByThePages(t *testing.T) {
	dir := begin(t)
	good(t, person("p1"), "apply", dir)
	reg, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	pages := func(dir string) func(method, address, kind string, body io.Reader) *httptest.ResponseRecorder {
		h, err := openHouse(dir, reg, quick)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.close() })
		server := web.New(web.Config{House: h})
		t.Cleanup(server.Close)
		d, err := h.unlock(t.Context(), "", phrase)
		if err != nil {
			t.Fatal(err)
		}
		token := server.Adopt(d)
		return func(method, address, kind string, body io.Reader) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, "http://localhost:8460"+address, body)
			r.Header.Set("Content-Type", kind)
			r.AddCookie(&http.Cookie{Name: "s8460", Value: token})
			r.AddCookie(&http.Cookie{Name: "l8460", Value: "en"})
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			return w
		}
	}
	const form = "application/x-www-form-urlencoded"
	here := pages(dir)
	backup := here("POST", "/backup", form, strings.NewReader(url.Values{"passphrase": {phrase}}.Encode()))
	if backup.Code != http.StatusOK {
		t.Fatalf("a backup: status %d", backup.Code)
	}
	if about, err := exchange.CheckFile(bytes.NewReader(backup.Body.Bytes())); err != nil || !about.Backup {
		t.Errorf("what was downloaded: %+v, %v", about, err)
	}
	again := filepath.Join(t.TempDir(), "again")
	if done, err := node.Restore(t.Context(), bytes.NewReader(backup.Body.Bytes()), again, reg, []byte(phrase), quick, nil); err != nil || !done.Health.OK {
		t.Fatalf("%+v, %v", done, err)
	}
	if wrong := here("POST", "/backup", form, strings.NewReader("passphrase=otra")); wrong.Code != http.StatusUnprocessableEntity {
		t.Errorf("a backup with another passphrase: status %d", wrong.Code)
	}
	there := pages(again)
	if r := here("POST", "/api/v1/actions", "application/json", strings.NewReader(strings.TrimSpace(person("p2")))); r.Code != http.StatusOK {
		t.Fatalf("status %d: %s", r.Code, r.Body)
	}
	bundle := here("POST", "/carry", form, strings.NewReader("what=all"))
	if bundle.Code != http.StatusOK {
		t.Fatalf("a bundle: status %d", bundle.Code)
	}
	whole := bundle.Body.Bytes()
	changed := bytes.Clone(whole)
	changed[len(changed)-60] ^= 1
	for _, one := range []struct {
		address string
		file    []byte
		status  int
		says    string
	}{
		{"/carry/read", whole[:len(whole)-50], http.StatusUnprocessableEntity, lang.T(lang.EN, "carry.cut")},
		{"/carry/read", changed, http.StatusUnprocessableEntity, lang.T(lang.EN, "refuse.bundle_changed")},
		{"/carry/read", []byte("x"), http.StatusUnprocessableEntity, lang.T(lang.EN, "refuse.not_a_bundle")},
		{"/backup/check", changed, http.StatusUnprocessableEntity, lang.T(lang.EN, "refuse.bundle_changed")},
		{"/backup/check", whole, http.StatusOK, lang.T(lang.EN, "cmd.verify.bundle")},
		{"/carry/read", whole, http.StatusSeeOther, ""},
	} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, err := w.CreateFormFile("file", "stick")
		if err == nil {
			_, err = part.Write(one.file)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := there("POST", one.address, w.FormDataContentType(), &body); got.Code != one.status || !strings.Contains(got.Body.String(), one.says) {
			t.Errorf("%s with %d bytes: status %d, want %d and %q", one.address, len(one.file), got.Code, one.status, one.says)
		}
	}
	if r := there("GET", "/api/v1/queries/person.show?person=p2", "", nil); r.Code != http.StatusOK {
		t.Errorf("what the bundle brought: status %d", r.Code)
	}
	// On a new machine, from the first page on.
	h, err := openHouse(filepath.Join(t.TempDir(), "new"), reg, quick)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	server := web.New(web.Config{House: h})
	defer server.Close()
	for _, one := range []struct {
		phrase string
		status int
	}{{"otra frase", http.StatusUnprocessableEntity}, {phrase, http.StatusOK}, {phrase, http.StatusSeeOther}} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		err := w.WriteField("passphrase", one.phrase)
		if err == nil {
			var part io.Writer
			if part, err = w.CreateFormFile("file", "backup"); err == nil {
				_, err = part.Write(backup.Body.Bytes())
			}
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "http://localhost:8460/restore", &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		answer := httptest.NewRecorder()
		if server.ServeHTTP(answer, r); answer.Code != one.status {
			t.Errorf("restoring with %q: status %d, want %d", one.phrase, answer.Code, one.status)
		}
	}
	if d, err := h.unlock(t.Context(), "", phrase); err != nil || !h.Founded() {
		t.Errorf("the restored folder: %v", err)
	} else {
		d.Lock()
	}
}
