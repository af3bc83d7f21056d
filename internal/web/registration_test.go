package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
	"amparo/internal/web/webtest"
)

// What is rarer is said in the words of the action too, and a family is said beside whoever was registered just before.
func TestRegisteringSaysWithWhomAndWhoSawIt(t *testing.T) {
	before := webtest.Maria.ID.String()
	for _, c := range []struct {
		name string
		form url.Values
		want string
	}{
		{"names", url.Values{"spoken": {"Umar"}, "written": {"عمر"}, "aliases": {"El Turco, Omar; "}}, `{"aliases":["El Turco","Omar"],"given":"Zz","spoken":"Umar","written":"عمر"}`},
		{"an age in words", url.Values{"birth": {"niña pequeña"}}, `{"age_band":"0_4","given":"Zz"}`},
		{"an interpreter", url.Values{"interpreter": {"quiché"}}, `{"given":"Zz","interpreter":"quc"}`},
		{"an interpreter of some language", url.Values{"interpreter": {"Sí"}}, `{"given":"Zz","interpreter":"und"}`},
		{"an intention", url.Values{"intention": {"return"}, "motives": {"money", "family"}}, `{"given":"Zz","intention":"return","motives":["money","family"]}`},
		{"who saw it", url.Values{"groups": {"pregnant"}, "identified": {"staff"}, "may_record": {"best_interest"}},
			`{"given":"Zz","priorities":[{"group":"pregnant","identified":"staff","may_record":"best_interest"}]}`},
		{"a printed card", url.Values{"card": {"5728 0000 0003"}}, `{"card":"5728 0000 0003","given":"Zz"}`},
		{"not known with whom", url.Values{"company": {"unknown"}}, `{"given":"Zz"}`},
		{"nobody with them", url.Values{"company": {"alone"}}, `{"alone":true,"given":"Zz"}`},
		{"of the family of the one before", url.Values{"company": {"family"}, "with": {before}}, `{"given":"Zz","with":"` + before + `","with_as":"family"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			house := &webtest.House{}
			b := unlocked(t, house)
			c.form.Set("given", "Zz")
			c.form.Set("_other", "1")
			if r := b.post("/register", c.form); r.StatusCode != http.StatusSeeOther {
				t.Fatalf("%d: %s", r.StatusCode, b.page(r))
			}
			_, data := last(t, house)
			same(t, data, c.want)
		})
	}
}

func TestWhoeverComesNextMayBeWithTheOneBefore(t *testing.T) {
	b := unlocked(t, &webtest.House{})
	look := url.Values{"_look": {"1"}, "given": {"Zz"}}
	if page := b.page(b.post("/register", look)); strings.Contains(page, `value="travel"`) {
		t.Error("a family is offered although nobody was registered before")
	}
	b.post("/register", url.Values{"given": {"Rosa"}, "surname1": {"Paz"}, "_other": {"1"}})
	page := b.page(b.post("/register", look))
	if !strings.Contains(page, lang.T(lang.ES, "register.family_of", "name", "Rosa Paz")) || !strings.Contains(page, `name="with" value="`+webtest.Maria.ID.String()+`"`) {
		t.Error("the one before is not offered")
	}
	other := webtest.ID(14).String()
	if r := b.get("/register?with=" + other); r.Header.Get("Location") != "/find" {
		t.Errorf("with somebody: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	if page := b.page(b.post("/register", look)); !strings.Contains(page, `name="with" value="`+other+`"`) {
		t.Error("who was chosen is not offered")
	}
}

// A child alone is led on to what is due to them, before anything else.
func TestAChildAloneIsLedToTheirPath(t *testing.T) {
	b := unlocked(t, &webtest.House{})
	r := b.post("/register", url.Values{"given": {"Zz"}, "birth": {"16"}, "company": {"alone"}, "_other": {"1"}, "next": {"visit"}})
	if to := r.Header.Get("Location"); to != maria+webtest.Maria.ID.String()+"/child" {
		t.Errorf("%d to %q", r.StatusCode, to)
	}
}

// Who does not open the compartment of survivors is not offered to say it, on no page: only that somebody wants to talk in private.
func TestTheDeskIsNotAskedAboutSurvivors(t *testing.T) {
	for role, offered := range map[string]bool{"registrar": false, "clinician": true} {
		b := unlocked(t, &webtest.House{Roles: []string{role}})
		for _, page := range []string{b.page(b.post("/register", url.Values{"_look": {"1"}, "given": {"Zz"}})), b.page(b.get(maria + webtest.Maria.ID.String() + "/priority")),
			b.page(b.get(maria + webtest.Maria.ID.String() + "/edit"))} {
			if strings.Contains(page, `value="`+people.SurvivorGroup+`"`) != offered || !strings.Contains(page, `value="`+people.PrivateTalk+`"`) {
				t.Errorf("%s: offered is not %v", role, offered)
			}
		}
	}
}

func TestAGroupBecomesOneAction(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	r := b.post("/group", url.Values{"rows": {"6"}, "given-1": {"Rosa"}, "surname1-1": {"Paz"}, "birth-1": {"como 31"}, "sex-1": {"f"}, "size-1": {"4"},
		"given-4": {"Luis"}, "birth-4": {"adulto"}, "family-4": {"A"}, "alone-6": {"1"}, "given-6": {"Eli"}, "birth-6": {"27 3 2010"},
		"nationality": {"hondureña"}, "languages": {"español"}, "direction": {"north"}, "consent": {"care"}, "together": {"1"}, "total": {"40"}, "mode": {"bus"}})
	if to := r.Header.Get("Location"); to != "/incomplete" {
		t.Errorf("%d to %q: %s", r.StatusCode, to, b.page(r))
	}
	request, data := last(t, house)
	same(t, data, `{"consent":["care"],"count":{"mode":"bus","total":40},"direction":"north","languages":["es"],"nationality":["HND"],"people":[`+
		`{"age":31,"age_about":true,"family_size":4,"given":"Rosa","sex":"f","surname1":"Paz"},{"age_band":"adult","family":"A","given":"Luis"},{"alone":true,"birth":"2010-03-27","given":"Eli"}],"together":true}`)
	if request.Action != "group.register" || len(house.Applied) != 1 {
		t.Errorf("%d actions, the last is %s", len(house.Applied), request.Action)
	}
}

// What is refused of a line is said beside the box in which it was typed, with the number that the sheet gives the line.
func TestAGroupSaysWhichLineIsWrong(t *testing.T) {
	house := &webtest.House{Refuses: &record.Problem{Code: "in_line", Field: "people.1.birth", Message: "Línea 2: esa fecha todavía no llega."}}
	b := unlocked(t, house)
	page := b.page(b.post("/group", url.Values{"rows": {"6"}, "given-1": {"Rosa"}, "given-5": {"Luis"}, "birth-5": {"2010"}}))
	if !strings.Contains(page, `<a href="#birth-5">Línea 5: esa fecha todavía no llega.</a>`) || !strings.Contains(page, `name="given-5" value="Luis"`) {
		t.Error("the line is not named, or what was typed is gone")
	}
	if page := b.page(b.post("/group", url.Values{"rows": {"6"}, "given-3": {"Luis"}, "_more": {"1"}})); !strings.Contains(page, `name="given-21"`) || !strings.Contains(page, `name="given-3" value="Luis"`) {
		t.Error("more lines were asked for")
	}
}

func TestTheStepsOfAChild(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	address := maria + webtest.ID(14).String() + "/child"
	b.post(address, url.Values{"step": {"notice"}, "step_state": {"done"}, "told_to": {"procuraduria"}})
	request, data := last(t, house)
	same(t, data, `{"person":"`+webtest.ID(14).String()+`","step":"notice","step_state":"done","told_to":"procuraduria"}`)
	if request.Action != "child.step" {
		t.Error(request.Action)
	}
	b.post(address, url.Values{"company": {"other_adult"}, "identified": {"self"}})
	request, data = last(t, house)
	same(t, data, `{"company":"other_adult","identified":"self","person":"`+webtest.ID(14).String()+`"}`)
	if request.Action != "child.company" {
		t.Error(request.Action)
	}
}

// Nobody is completed by hand who was complete; what the box says is sent as the rest is.
func TestWhatIsCompleteIsSaid(t *testing.T) {
	house := &webtest.House{}
	b := unlocked(t, house)
	address := maria + webtest.ID(13).String()
	root, err := webtest.Parse([]byte(b.page(b.get(address + "/edit"))))
	if err != nil {
		t.Fatal(err)
	}
	form := filled(root)
	if !form.Has("incomplete") {
		t.Fatal("somebody of a group is not asked about")
	}
	form.Set("complete", "1")
	b.post(address+"/edit", form)
	_, data := last(t, house)
	same(t, data, `{"incomplete":false,"person":"`+webtest.ID(13).String()+`"}`)
}
