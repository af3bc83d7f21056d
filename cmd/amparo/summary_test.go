package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/seal"
	"amparo/internal/web"
)

// carriedIn finds what is sealed in the page that a person carries, as its script does.
func carriedIn(t *testing.T, page []byte) seal.Carried {
	t.Helper()
	_, rest, found := bytes.Cut(page, []byte(`id="data">`))
	island, _, closed := bytes.Cut(rest, []byte("</script>"))
	if !found || !closed {
		t.Fatal("nothing is sealed in the page")
	}
	var data struct {
		Texts  map[lang.Tag]map[string]string
		Sealed seal.Carried
	}
	if err := json.Unmarshal(island, &data); err != nil {
		t.Fatal(err)
	}
	for _, tag := range lang.Tags() {
		if len(data.Texts[tag]) != 8 {
			t.Errorf("%s: %d of eight texts", tag, len(data.Texts[tag]))
		}
	}
	return data.Sealed
}

func openCarried(t *testing.T, page []byte, pin string) map[lang.Tag]web.Summary {
	t.Helper()
	text, err := carriedIn(t, page).Open(seal.PIN(pin))
	if err != nil {
		t.Fatal(err)
	}
	var said map[lang.Tag]web.Summary
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	return said
}

// A summary that was handed out stays readable: this one was made by the program of November 2026.
func TestASummaryHandedOutLongAgoOpens(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("testdata", "summary", "2026.html"))
	if err != nil {
		t.Fatal(err)
	}
	pin, err := os.ReadFile(filepath.Join("testdata", "summary", "2026.pin"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "summary", "2026.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(openCarried(t, page, strings.TrimSpace(string(pin))), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, bytes.TrimSpace(want)) {
		t.Errorf("it says\n%s", got)
	}
	if _, err := carriedIn(t, page).Open("000000000000"); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("another PIN: %v", err)
	}
}

// What a person takes along is what they chose, in five languages, and never what was said to the psychologist or the social worker.
func TestASummaryHoldsWhatWasChosen(t *testing.T) {
	c := newCrew(t)
	person := do[people.Registered](c, "person.register", m{"given": "Marisol", "surname1": "Prueba", "nationality": []string{"HTI"}, "languages": []string{"ht"}})
	for _, service := range []string{"medical", "mental_health", "social"} {
		do[any](c, "consultation.record", m{"person": person.ID.String(), "service": service, "note": "nota-" + service})
	}
	pages := web.New(web.Config{House: &house{registry: c.node.Registry(), newcomer: make(chan struct{}, 1)}})
	defer pages.Close()
	for _, tt := range []struct {
		parts     []string
		has, lack []string
	}{
		{nil, []string{"Marisol Prueba", "nota-medical", cardOf(person.Card)}, []string{"nota-mental", "nota-social", "Casa"}},
		{[]string{"places", "care"}, []string{"Casa", "nota-medical"}, []string{"Marisol", "nota-mental", "nota-social", cardOf(person.Card)}},
		{[]string{}, nil, []string{"Marisol", "nota-", "Casa", cardOf(person.Card)}},
	} {
		page, pin, err := pages.Carried(t.Context(), &desk{session: c.founder}, person.ID.String(), "", tt.parts)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(page, []byte(`<html lang="ht">`)) {
			t.Error("it does not ask in the person's language")
		}
		for tag, said := range openCarried(t, page, pin) {
			raw, err := json.Marshal(said)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range tt.has {
				if !bytes.Contains(raw, []byte(word)) {
					t.Errorf("%v, %s: %q is missing", tt.parts, tag, word)
				}
			}
			for _, word := range tt.lack {
				if bytes.Contains(raw, []byte(word)) {
					t.Errorf("%v, %s: %q is in it: %s", tt.parts, tag, word, raw)
				}
			}
		}
		for _, word := range []string{"Marisol", "nota-", "Casa", "Prueba", "amparo", "Amparo", pin} {
			if bytes.Contains(page, []byte(word)) {
				t.Errorf("%q can be read without the PIN", word)
			}
		}
	}
	if _, _, err := pages.Carried(t.Context(), &desk{session: c.members["logistician"]}, person.ID.String(), "", nil); err == nil {
		t.Error("who may not copy a record takes it along")
	}
}

// cardOf is a card's number as it is printed.
func cardOf(digits string) string { return digits[:4] + "\u00a0" + digits[4:8] + "\u00a0" + digits[8:] }
