package web_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"amparo/internal/attachment"
	"amparo/internal/web"
	"amparo/internal/web/webtest"
)

// upload posts a file as a browser does.
func upload(t *testing.T, h *webtest.House, name string, content []byte, fields map[string]string) *http.Response {
	t.Helper()
	s := web.New(web.Config{House: h})
	t.Cleanup(s.Close)
	token := s.Adopt(&webtest.Desk{House: h, Who: webtest.Rosa})
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for k, v := range fields {
		if err := form.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "http://localhost:8460/people/"+webtest.Maria.ID.String()+"/files/new", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(&http.Cookie{Name: "s8460", Value: token})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func TestAFileIsKeptFromThePage(t *testing.T) {
	fields := map[string]string{"what": "medical", "compartment": "care", "note": "de ayer"}
	for _, c := range []struct {
		name    string
		content []byte
		status  int
		kept    string // under which name; empty: nothing is
	}{
		{`C:\fotos\informe.pdf`, []byte("%PDF-1.7"), http.StatusSeeOther, "informe.pdf"},
		{"../informe.pdf", []byte("%PDF-1.7"), http.StatusSeeOther, "informe.pdf"},
		{"", []byte("%PDF-1.7"), http.StatusUnprocessableEntity, ""},
		{"grande.pdf", make([]byte, attachment.MaxSize+1), http.StatusUnprocessableEntity, ""},
	} {
		h := &webtest.House{}
		if got := upload(t, h, c.name, c.content, fields).StatusCode; got != c.status {
			t.Errorf("%q is answered with %d", c.name, got)
		}
		if c.kept == "" {
			if len(h.Applied) != 0 {
				t.Errorf("%q: %+v was asked for", c.name, h.Applied)
			}
			continue
		}
		if len(h.Applied) != 1 {
			t.Fatalf("%q: %d actions", c.name, len(h.Applied))
		}
		var data attachment.AddData
		if err := json.Unmarshal(h.Applied[0].Data, &data); err != nil {
			t.Fatal(err)
		}
		if data.Name != c.kept || data.Compartment != "care" || data.Person != webtest.Maria.ID.String() || data.Content != base64.StdEncoding.EncodeToString(c.content) {
			t.Errorf("%q: %+v was asked for", c.name, data)
		}
	}
	if got := upload(t, &webtest.House{Roles: []string{"auditor"}}, "a.pdf", []byte("%PDF-1.7"), fields).StatusCode; got != http.StatusForbidden {
		t.Errorf("who may keep none is answered with %d", got)
	}
}

// A file is handed out to be kept, and a browser is given no way to run what is in it.
func TestAFileIsHandedOutAndNeverShown(t *testing.T) {
	h := &webtest.House{}
	s := web.New(web.Config{House: h})
	t.Cleanup(s.Close)
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost:8460/people/"+webtest.Maria.ID.String()+"/files/"+webtest.ID(91).String(), nil)
	r.AddCookie(&http.Cookie{Name: "s8460", Value: s.Adopt(&webtest.Desk{House: h, Who: webtest.Rosa})})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	for name, want := range map[string]string{"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment; filename=", "Content-Security-Policy": "sandbox",
		"Cache-Control": "no-store"} {
		if got := w.Header().Get(name); !strings.Contains(got, want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "%PDF") {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
}
