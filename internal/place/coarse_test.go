package place

import (
	"errors"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/record"
)

func TestCoarsePlaces(t *testing.T) {
	for _, c := range []struct {
		typed, code, name string
		reach             Reach
	}{
		{"Honduras", "HND", "Honduras", WholeCountry}, {"hnd", "HND", "Honduras", WholeCountry}, {"ayiti", "HTI", "Haití", WholeCountry},
		{"Chiapas", "07", "Chiapas", WholeState}, {"07", "07", "Chiapas", WholeState}, {"Coahuila de Zaragoza", "05", "Coahuila", WholeState},
		{"méxico", "MEX", "México", WholeCountry}, {"Puebla", "21", "Puebla", WholeState},
		{"tapachula", "07089", "Tapachula, Chiapas", OneMunicipality}, {"Benito Juárez, Quintana Roo", "23005", "Benito Juárez, Quintana Roo", OneMunicipality},
		{"07089", "07089", "Tapachula, Chiapas", OneMunicipality},
	} {
		code, ok := NamedCoarse(lang.ES, c.typed)
		if !ok || code != c.code {
			t.Errorf("%q is %q, want %q", c.typed, code, c.code)
			continue
		}
		if got := CoarseName(lang.ES, code); got != c.name || ReachOf(code) != c.reach {
			t.Errorf("%q is called %q and reaches %d", code, got, ReachOf(code))
		}
	}
	if got := CoarseName(lang.FR, "HTI"); got != "Haïti" {
		t.Errorf("HTI in French is %q", got)
	}
	for code, want := range map[string]string{"07089": "07", "07": "07", "HND": "HND", "": ""} {
		if got := Widen(code); got != want {
			t.Errorf("%q widened is %q", code, got)
		}
	}
}

// A street, a shelter or a made-up code never becomes a place.
func TestWhatIsNoCoarsePlace(t *testing.T) {
	for _, text := range []string{"", " ", "calle 5 norte 14", "albergue Belén", "99", "07999", "XXX", "STATELESS", "Benito Juárez", "070890", "😀"} {
		if code, ok := NamedCoarse(lang.ES, text); ok {
			t.Errorf("%q is taken for %q", text, code)
		}
		if text == "" || text == " " {
			continue
		}
		var refusal *record.Refusal
		if _, err := Coarse("place", text); !errors.As(err, &refusal) || refusal.Code != "place_code" || refusal.Field != "place" {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, c := range CoarseChoices(lang.PT) {
		if ReachOf(c.Code) == Nowhere {
			t.Errorf("%q is offered and is no place", c.Name)
		}
	}
}
