package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rsc.io/qr"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/web"
	"amparo/internal/web/webtest"
)

// drawn is a code as a picture.
func drawn(t *testing.T, text string) []byte {
	t.Helper()
	code, err := qr.Encode(text, qr.Q)
	if err != nil {
		t.Fatal(err)
	}
	const k, quiet = 6, 4
	img := image.NewGray(image.Rect(0, 0, k*(code.Size+2*quiet), k*(code.Size+2*quiet)))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			img.SetGray(x, y, color.Gray{Y: 255})
			if code.Black(x/k-quiet, y/k-quiet) {
				img.SetGray(x, y, color.Gray{})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// counter is a server with an open session.
type counter struct {
	*testing.T
	server *web.Server
	token  string
}

func newCounter(t *testing.T) counter {
	t.Helper()
	house := &webtest.House{}
	s := web.New(web.Config{House: house})
	t.Cleanup(s.Close)
	return counter{t, s, s.Adopt(&webtest.Desk{House: house, Who: webtest.Rosa})}
}

func (c counter) send(method, path, kind string, body io.Reader) (*http.Response, string) {
	c.Helper()
	r := httptest.NewRequest(method, "http://localhost:8460"+path, body)
	r.AddCookie(&http.Cookie{Name: "s8460", Value: c.token})
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	w := httptest.NewRecorder()
	c.server.ServeHTTP(w, r)
	page, err := io.ReadAll(w.Result().Body)
	if err != nil {
		c.Fatal(err)
	}
	return w.Result(), string(page)
}

func (c counter) post(path string, form url.Values) (*http.Response, string) {
	c.Helper()
	return c.send("POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// photo posts a picture as the form without scripts does.
func (c counter) photo(picture []byte) (*http.Response, string) {
	c.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("picture", "IMG_0001.jpg")
	if err == nil {
		_, err = part.Write(picture)
	}
	if err = firstOf(err, form.Close()); err != nil {
		c.Fatal(err)
	}
	return c.send("POST", "/scan", form.FormDataContentType(), &b)
}

func firstOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestACardOpensItsPerson(t *testing.T) {
	c := newCounter(t)
	person := "/people/" + webtest.Maria.ID.String()
	ours := people.CardCode(webtest.ID(200), webtest.MariasCard)
	if r, page := c.send("POST", "/scan/frame", "image/png", bytes.NewReader(drawn(t, ours))); r.StatusCode != 200 || page != ours {
		t.Errorf("a frame is read as %d %q", r.StatusCode, page)
	}
	if r, _ := c.send("POST", "/scan/frame", "image/jpeg", strings.NewReader("no picture")); r.StatusCode != http.StatusNoContent {
		t.Errorf("what is no picture: %d", r.StatusCode)
	}
	for name, r := range map[string]*http.Response{
		"typed":   first(c.post("/scan", url.Values{"code": {webtest.MariasCard[:4] + " " + webtest.MariasCard[4:]}})),
		"scanned": first(c.post("/scan", url.Values{"code": {ours}})),
		"a photo": first(c.photo(drawn(t, ours))),
	} {
		if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != person {
			t.Errorf("%s: %d to %q", name, r.StatusCode, r.Header.Get("Location"))
		}
	}
}

func first(r *http.Response, _ string) *http.Response { return r }

func TestACardThatIsNotToBeTrustedSaysSo(t *testing.T) {
	c := newCounter(t)
	for name, tt := range map[string]struct {
		post   func() (*http.Response, string)
		status int
		says   string
	}{
		"lost": {func() (*http.Response, string) { return c.post("/scan", url.Values{"code": {webtest.LostCard}}) }, 200, "se perdió"},
		"of somebody else's": {func() (*http.Response, string) {
			return c.photo(drawn(t, people.CardCode(webtest.ID(7), webtest.MariasCard)))
		}, 422, lang.T(lang.ES, "refuse.card_elsewhere")},
		"an address": {func() (*http.Response, string) { return c.photo(drawn(t, "https://example.org")) }, 422, lang.T(lang.ES, "refuse.card_no_card", "digits", 12)},
		"no code":    {func() (*http.Response, string) { return c.photo(drawn(t, "1")[:60]) }, 422, lang.T(lang.ES, "scan.no_picture")},
		"nothing":    {func() (*http.Response, string) { return c.post("/scan", url.Values{}) }, 422, lang.T(lang.ES, "scan.nothing_given")},
		"searched":   {func() (*http.Response, string) { return c.post("/find", url.Values{"q": {webtest.LostCard}}) }, 200, "se perdió"},
		"searched, theirs": {func() (*http.Response, string) {
			return c.post("/find", url.Values{"q": {people.CardCode(webtest.ID(7), webtest.MariasCard)}})
		}, 200, lang.T(lang.ES, "refuse.card_elsewhere")},
		"searched, too long": {func() (*http.Response, string) { return c.post("/find", url.Values{"q": {webtest.MariasCard + "12"}}) }, 200, lang.T(lang.ES, "refuse.card_short", "digits", 12, "n", 14)},
		"searched, misread":  {func() (*http.Response, string) { return c.post("/find", url.Values{"q": {"000000000001"}}) }, 200, lang.T(lang.ES, "refuse.card_wrong")},
	} {
		if r, page := tt.post(); r.StatusCode != tt.status || !strings.Contains(page, tt.says) {
			t.Errorf("%s: %d, without %q", name, r.StatusCode, tt.says)
		}
	}
}

// A card is scanned in the middle of a registration: what was typed is there afterwards, with the card.
func TestACardIsScannedIntoTheFormThatAsked(t *testing.T) {
	c := newCounter(t)
	r, _ := c.post("/scan", url.Values{"_from": {"/register"}, "given": {"Marisol"}, "card": {""}})
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/scan?for=%2Fregister" {
		t.Fatalf("%d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	if r, _ := c.post("/scan", url.Values{"_for": {"/register"}, "code": {webtest.BlankCard}}); r.Header.Get("Location") != "/register" {
		t.Fatalf("back to %q", r.Header.Get("Location"))
	}
	if _, page := c.send("GET", "/register", "", nil); !strings.Contains(page, `value="Marisol"`) || !strings.Contains(page, `value="`+webtest.BlankCard+`"`) {
		t.Error("the name or the card is not in the form")
	}
	// A card that is somebody's already goes into no form.
	if r, page := c.post("/scan", url.Values{"_for": {"/register"}, "code": {webtest.MariasCard}}); r.StatusCode != 200 || !strings.Contains(page, webtest.Maria.Name) {
		t.Errorf("a card of somebody: %d", r.StatusCode)
	}
	for _, elsewhere := range []string{"//example.org", "/people/x/card", "/lock", "https://example.org/register"} {
		if r, _ := c.post("/scan", url.Values{"_for": {elsewhere}, "code": {webtest.BlankCard}}); r.StatusCode != 200 {
			t.Errorf("for %s it goes to %q", elsewhere, r.Header.Get("Location"))
		}
	}
}

// The camera is allowed where cards are scanned and on no other page.
func TestTheCameraIsForOnePage(t *testing.T) {
	c := newCounter(t)
	for path, may := range map[string]bool{"/scan": true, "/find": false, "/register": false, "/cards": false, "/people/" + webtest.Maria.ID.String(): false} {
		r, _ := c.send("GET", path, "", nil)
		if got := strings.Contains(r.Header.Get("Permissions-Policy"), "camera=(self)"); got != may {
			t.Errorf("%s: camera %v", path, got)
		}
		if strings.Contains(r.Header.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: %s", path, r.Header.Get("Content-Security-Policy"))
		}
	}
}
