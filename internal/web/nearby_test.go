package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/web/webtest"
)

func TestADeviceIsOpenedToOthersNearby(t *testing.T) {
	house := &webtest.House{Shut: true}
	b := unlocked(t, house)
	page := b.page(b.get("/nearby"))
	if strings.Contains(page, `class="qr"`) || strings.Contains(page, webtest.OwnCode) || !strings.Contains(page, lang.T(lang.ES, "nearby.closed")) {
		t.Error("a device that is closed shows how to come to it")
	}
	if r := b.post("/nearby/door", url.Values{"do": {"open"}}); r.StatusCode != http.StatusSeeOther || house.OpenFor != 12*time.Hour {
		t.Errorf("opening: %d, for %s", r.StatusCode, house.OpenFor)
	}
	page = b.page(b.get("/nearby"))
	for _, part := range []string{`class="qr"`, webtest.OwnCode, "192.168.43.17:8462", "https://[fd00:0:0:43::17]:8462/#" + webtest.OwnCode} {
		if !strings.Contains(page, part) {
			t.Errorf("an open device does not show %q", part)
		}
	}
	b.post("/nearby/door", url.Values{"do": {"close"}})
	if page = b.page(b.get("/nearby")); !house.Shut || strings.Contains(page, webtest.OwnCode) {
		t.Error("it is not closed")
	}
}

func TestGoingToADeviceNearby(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	if r := b.post("/nearby", url.Values{"link": {webtest.MetCode}}); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("a device that was met: %d", r.StatusCode)
	}
	if page := b.page(b.get("/nearby")); !strings.Contains(page, lang.T(lang.ES, "status.exchanged_now", "sent", 3, "received", 12, "size", lang.FileSize(lang.ES, 48_000))) {
		t.Error("it is not said what was exchanged")
	}
	b.post("/nearby", url.Values{"address": {"192.168.43.30:8462"}, "code": {webtest.MetCode}})
	if want := []string{webtest.MetCode, "192.168.43.30:8462#" + webtest.MetCode}; !slices.Equal(house.Visited, want) {
		t.Errorf("went to %q, want %q", house.Visited, want)
	}
	r := b.post("/nearby", url.Values{"link": {webtest.StrangersLink}})
	page := b.page(r)
	if r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, lang.T(lang.ES, "refuse.wrong_key")) || !strings.Contains(page, `value="`+webtest.StrangersLink+`"`) {
		t.Errorf("another key: %d; what was typed must stay, and the reason be named", r.StatusCode)
	}
	r = b.post("/nearby", url.Values{"address": {"192.168.43.99"}, "code": {"8Z0B"}})
	if page = b.page(r); r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, `<details open>`) {
		t.Errorf("typed by hand and wrong: %d, and the boxes are shut", r.StatusCode)
	}
}

func TestLookingAroundAndForgetting(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	if page := b.page(b.get("/nearby")); strings.Contains(page, "192.168.43.30") || strings.Contains(page, lang.T(lang.ES, "nearby.answers")) {
		t.Error("it is looked around before anybody asked")
	}
	page := b.page(b.get("/nearby?look"))
	if strings.Count(page, lang.T(lang.ES, "nearby.answers")) != 1 || !strings.Contains(page, lang.T(lang.ES, "nearby.code_of", "address", "192.168.43.30:8462")) {
		t.Error("whom one met and who is new are not told apart")
	}
	if r := b.post("/nearby/forget", url.Values{"code": {webtest.MetCode}}); r.StatusCode != http.StatusSeeOther || !slices.Equal(house.Forgotten, []string{webtest.MetCode}) {
		t.Errorf("forgetting: %d, %q", r.StatusCode, house.Forgotten)
	}
	if r := b.post("/nearby/forget", url.Values{"code": {"nobody"}}); r.StatusCode != http.StatusNotFound {
		t.Errorf("forgetting somebody unknown: %d", r.StatusCode)
	}
}
