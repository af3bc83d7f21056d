package web_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/web/webtest"
)

// What is asked of a record is offered for the person's other records too, and done to those that are chosen.
func TestWhatIsAskedIsAskedOfAllLinked(t *testing.T) {
	person, one, two := webtest.ID(11).String(), webtest.ID(12).String(), webtest.ID(14).String()
	for path, form := range map[string]url.Values{
		"/restrict": {"reason": {"lo pidió"}, "authority": {"ella"}},
		"/erase":    {"reason": {"asked_by_person"}, "authority": {"ella"}, "sure": {"forever"}},
		"/consent":  {"purposes": {"sharing"}, "answer": {"refused"}},
	} {
		shown := webtest.Page{Method: "GET", Path: "/people/" + person + path, Open: true}.Render(lang.ES)
		page := string(body(t, shown))
		for _, other := range []string{one, two} {
			if !strings.Contains(page, `value="`+other+`"`) {
				t.Errorf("%s: the linked record is not offered", path)
			}
			if chosen := strings.Contains(page, `value="`+other+`" checked`); chosen == (path == "/erase") { // a link can be wrong, and erasing cannot be undone
				t.Errorf("%s: the linked record is chosen at first: %v", path, chosen)
			}
		}
		house := &webtest.House{}
		form.Set("_id", "form-ABCDEFGHIJKLMNOPQRSTUVWXYZ")
		form["linked"] = []string{two, webtest.ID(13).String()} // one was taken out; who is not linked does not count
		b := unlocked(t, house)
		b.post("/people/"+person+path, form)
		var done []string
		for _, r := range house.Applied {
			var data struct{ Person string }
			if err := json.Unmarshal(r.Data, &data); err != nil {
				t.Fatal(err)
			}
			done = append(done, data.Person)
		}
		if want := person + " " + two; strings.Join(done, " ") != want {
			t.Errorf("%s is done to %v, want %s", path, done, want)
		}
		if len(house.Applied) == 2 && house.Applied[0].ID == house.Applied[1].ID {
			t.Errorf("%s: two actions under one id", path)
		}
	}
}
