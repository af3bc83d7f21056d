package record

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

type registration struct {
	Given   *string  `json:"given"`
	Age     *int     `json:"age"`
	Share   float64  `json:"share"`
	Minor   bool     `json:"minor"`
	Consent []string `json:"consent"`
	Mother  ID       `json:"mother"`
}

func TestStrictNamesWhatDoesNotFit(t *testing.T) {
	for raw, want := range map[string]*Refusal{
		``: nil, ` `: nil, `{}`: nil, `{"given":"Ana","age":5,"consent":["care"]}`: nil, `{"given":null}`: nil, "\n{\"age\":5}\n": nil,
		`{"nombre":"Ana"}`:     Refuse("nombre", "unknown_field"),
		`{"given":5}`:          Refuse("given", "wrong_type"),
		`{"age":"5"}`:          Refuse("age", "not_a_number"),
		`{"age":5.5}`:          Refuse("age", "not_a_number"),
		`{"age":1e99}`:         Refuse("age", "not_a_number"),
		`{"share":"much"}`:     Refuse("share", "not_a_number"),
		`{"minor":"yes"}`:      Refuse("minor", "wrong_type"),
		`{"consent":"care"}`:   Refuse("consent", "wrong_type"),
		`{"consent":[1]}`:      Refuse("consent", "wrong_type"),
		`{"mother":"x"}`:       Refuse("", "bad_json"),
		`[]`:                   Refuse("", "wrong_type"),
		`"Ana"`:                Refuse("", "wrong_type"),
		`{"age":5}{"age":6}`:   Refuse("", "bad_json"),
		`{"age":5} x`:          Refuse("", "bad_json"),
		`{"age":5}]`:           Refuse("", "bad_json"),
		`{"age":`:              Refuse("", "bad_json"),
		`{"age":5,}`:           Refuse("", "bad_json"),
		`{age:5}`:              Refuse("", "bad_json"),
		strings.Repeat("[", 5): Refuse("", "wrong_type"),
	} {
		var data registration
		err := Strict([]byte(raw), &data)
		if want == nil {
			if err != nil {
				t.Errorf("%s: %v", raw, err)
			}
			continue
		}
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Code != want.Code || refusal.Field != want.Field {
			if raw == "[[[[[" && errors.Is(err, Refuse("", "bad_json")) {
				continue // cut short and of the wrong type: either is true
			}
			t.Errorf("%s: %v, want %v", raw, err, want)
		}
	}
}

func TestActionsAndQueriesRefuseBeforeTheyRun(t *testing.T) {
	ran := false
	a := NewAction("person.register", []Compartment{Identity}, func(*Change, registration) (any, error) { ran = true; return 1, nil })
	if _, err := a.Run(nil, json.RawMessage(`{"nombre":1}`)); !errors.Is(err, Refuse("nombre", "unknown_field")) || ran {
		t.Errorf("%v, ran %v", err, ran)
	}
	if got, err := a.Run(nil, nil); err != nil || got != 1 || !ran || a.Verb != Write || a.Input != reflect.TypeFor[registration]() {
		t.Errorf("%v, %v", got, err)
	}
	type params struct {
		Q     string   `json:"q"`
		Limit int      `json:"limit"`
		All   bool     `json:"all"`
		By    []string `json:"by"`
		plain string
	}
	q := NewQuery("person.find", []Compartment{Identity}, func(_ *Ask, p params) (any, error) { return p, nil })
	for name, c := range map[string]struct {
		given map[string][]string
		want  params
		err   error
	}{
		"nothing":      {nil, params{}, nil},
		"all":          {map[string][]string{"q": {`a","limit":9,"x":"`}, "limit": {"5"}, "all": {"on"}, "by": {"sex", "age"}}, params{`a","limit":9,"x":"`, 5, true, []string{"sex", "age"}, ""}, nil},
		"the last":     {map[string][]string{"limit": {"5", "6"}, "q": {}}, params{Limit: 6}, nil},
		"empty number": {map[string][]string{"limit": {""}, "all": {"false"}}, params{}, nil},
		"no number":    {map[string][]string{"limit": {"many"}}, params{}, Refuse("limit", "not_a_number")},
		"a list":       {map[string][]string{"limit": {"[1]"}}, params{}, Refuse("limit", "not_a_number")},
		"injected":     {map[string][]string{"limit": {`1,"q":"x"`}}, params{}, Refuse("limit", "not_a_number")},
		"unknown":      {map[string][]string{"Q": {"x"}}, params{}, Refuse("Q", "unknown_field")},
		"untagged":     {map[string][]string{"": {"x"}}, params{}, Refuse("", "unknown_field")},
	} {
		got, err := q.Run(nil, c.given)
		if c.err != nil {
			if !errors.Is(err, c.err) {
				t.Errorf("%s: %v", name, err)
			}
		} else if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	cause := errors.New("disk full")
	r := Refuse("given", "too_long", "field", "given", "max", 80).Because(cause)
	if r.Error() != "too_long (given) field=given max=80: disk full" || !errors.Is(r, cause) {
		t.Errorf("%v", r)
	}
	for _, c := range []struct {
		target error
		same   bool
	}{{Refuse("", "too_long"), true}, {Refuse("given", "too_long"), true}, {Refuse("age", "too_long"), false}, {Refuse("given", "in_use"), false}, {cause, true}} {
		if errors.Is(r, c.target) != c.same {
			t.Errorf("is %v: %v", c.target, !c.same)
		}
	}
}

func TestSchemaSaysWhatAnActionTakes(t *testing.T) {
	raw, err := json.Marshal(Schema(reflect.TypeFor[registration]()))
	must(t, err)
	for _, want := range []string{`"given"`, `"additionalProperties":false`, `"integer"`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is not in %s", want, raw)
		}
	}
}

func FuzzStrict(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"given":"Ana","age":5,"share":1e9,"consent":["care"],"mother":""}`, `{"age":5}{`, `{"age":{"x":[1]}}`, "null", "\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var data registration
		err := Strict(raw, &data)
		var refusal *Refusal
		if err != nil && (!errors.As(err, &refusal) || refusal.Code == "") {
			t.Errorf("refused without a code: %v", err)
		}
		if err == nil && len(strings.TrimSpace(string(raw))) > 0 && !json.Valid(raw) {
			t.Errorf("%q was taken", raw)
		}
	})
}
