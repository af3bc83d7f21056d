package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/web/webtest"
)

const listed = "Nombre,Nota\nAna Pérez,=HYPERLINK(1)\n,viene con =1+1\nLuz Mora,\n"

// A list is read, then what is wrong with it can be taken along to be mended, then its good part is registered, once.
func TestAListOfPeopleIsBrought(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	status, page, _ := b.hand("/people/import", url.Values{"_who": {webtest.Rosa.ID.String()}}, listed)
	if status != http.StatusOK || !strings.Contains(page, lang.T(lang.ES, "intake.would", "n", 2)) || !strings.Contains(page, lang.T(lang.ES, "refuse.name_required")) {
		t.Fatalf("status %d: %s", status, page)
	}
	if len(house.Applied) != 0 {
		t.Fatalf("reading wrote %v", house.Applied)
	}
	r := b.get("/people/import/rejected")
	if file := b.page(r); r.StatusCode != http.StatusOK || !strings.Contains(file, "viene con =1+1") || strings.Contains(file, "Ana") || !strings.HasPrefix(file, "\ufeff#") {
		t.Errorf("status %d, file %q", r.StatusCode, file)
	}
	if r := b.post("/people/import/take", url.Values{}); r.StatusCode != http.StatusSeeOther || len(house.Applied) != 2 {
		t.Errorf("status %d, applied %v", r.StatusCode, house.Applied)
	}
	b.post("/people/import/leave", url.Values{})
	if r := b.get("/people/import/rejected"); r.StatusCode != http.StatusNotFound {
		t.Errorf("a list that was left: status %d", r.StatusCode)
	}
	if r := b.post("/people/import/take", url.Values{}); r.StatusCode != http.StatusSeeOther || len(house.Applied) != 2 {
		t.Errorf("taken without a list: status %d, applied %v", r.StatusCode, house.Applied)
	}
}
