package people_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// A card goes with its person from the sheet to the next site: given, found by, lost, replaced, and never another's.
func TestACardGivenLostAndReplaced(t *testing.T) {
	b := worktest.New(t)
	ana := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Ana", "surname1": "Ruiz"})
	luz := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Luz"})
	sheet := worktest.Ask[people.Blank](b, "card.blank").Cards
	if len(sheet) != 10 || !people.ValidCard(sheet[0].Number) || len(sheet[0].Code) != 20 || sheet[0].Number == sheet[1].Number {
		t.Fatalf("a sheet of %d cards: %v", len(sheet), sheet)
	}
	printed := sheet[3]
	if got := worktest.Ask[people.CardRead](b, "card.read", "code", printed.Code); got.State != "blank" || len(got.Holders) != 0 {
		t.Errorf("a blank card reads as %+v", got)
	}
	given := worktest.Do[people.CardGiven](b, "person.card", "", fields{"person": ana.ID.String(), "number": printed.Code})
	if given.Card != printed.Number || given.Code != printed.Code {
		t.Errorf("given %+v", given)
	}
	for _, code := range []string{printed.Code, printed.Number, printed.Number[:4] + " " + printed.Number[4:8] + "-" + printed.Number[8:]} {
		got := worktest.Ask[people.CardRead](b, "card.read", "code", code)
		if got.State != people.CardActive || len(got.Holders) != 1 || got.Holders[0].Person.ID != ana.ID {
			t.Errorf("%q reads as %+v", code, got)
		}
	}
	b.Refused("person.card", "", fields{"person": luz.ID.String(), "number": printed.Number}, "number", "card_taken")
	b.Refused("person.card", "", fields{"person": luz.ID.String(), "number": ana.Card}, "number", "card_taken")
	b.Refused("person.card", "", fields{"person": luz.ID.String(), "lost": printed.Number}, "lost", "card_not_theirs")

	// The first card stays the one by which she goes until it is lost.
	if s := worktest.Ask[people.Shown](b, "person.show", "person", ana.ID.String()); s.Card != ana.Card {
		t.Errorf("she goes by %s, want %s", s.Card, ana.Card)
	}
	b.Now = b.Now.AddDate(0, 0, 1)
	lost := worktest.Do[people.CardGiven](b, "person.card", "", fields{"person": ana.ID.String(), "lost": ana.Card, "reason": "stolen", "new": true})
	if lost.Lost != ana.Card || !people.ValidCard(lost.Card) {
		t.Errorf("lost %+v", lost)
	}
	if got := worktest.Ask[people.CardRead](b, "card.read", "code", ana.Card); got.State != people.CardLost || got.Holders[0].Card.Reason != "stolen" || got.Holders[0].Card.ByName != "Ana" {
		t.Errorf("a stolen card reads as %+v", got)
	}
	if s := worktest.Ask[people.Shown](b, "person.show", "person", ana.ID.String()); s.Card != lost.Card {
		t.Errorf("she goes by %s, want the latest %s", s.Card, lost.Card)
	}
	cards := worktest.Ask[people.PersonCards](b, "person.cards", "person", ana.ID.String()).Cards
	var states []string
	for _, c := range cards {
		states = append(states, c.State)
	}
	if !slices.Equal(states, []string{"lost", "active", "active"}) || cards[0].Number != ana.Card {
		t.Errorf("her cards %+v", cards)
	}
	b.Refused("person.card", "", fields{"person": luz.ID.String(), "number": ana.Card}, "number", "card_taken") // a lost card is nobody else's
	for _, n := range []string{printed.Number, lost.Card} {
		worktest.Do[people.CardGiven](b, "person.card", "", fields{"person": ana.ID.String(), "lost": n, "reason": "returned"})
	}
	if s := worktest.Ask[people.Shown](b, "person.show", "person", ana.ID.String()); s.Card != "" {
		t.Errorf("without a card she goes by %s", s.Card)
	}
	// The lost one turns up again.
	worktest.Do[people.CardGiven](b, "person.card", "", fields{"person": ana.ID.String(), "number": ana.Card})
	if s := worktest.Ask[people.Shown](b, "person.show", "person", ana.ID.String()); s.Card != ana.Card {
		t.Errorf("with the card that turned up she goes by %q", s.Card)
	}
	if copied := worktest.Ask[people.Copy](b, "person.copy", "person", ana.ID.String()).Cards; len(copied) != 3 || copied[0].Number != ana.Card {
		t.Errorf("her copy holds the cards %+v", copied)
	}
}

// Saying what stands changes nothing: a second press does not move the day on which a card was lost.
func TestACardSaidTwice(t *testing.T) {
	b := worktest.New(t)
	ana := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Ana"})
	worktest.Do[people.CardGiven](b, "person.card", "", fields{"person": ana.ID.String(), "lost": ana.Card})
	b.Now = b.Now.AddDate(0, 0, 3)
	again := b.Apply("person.card", "", fields{"person": ana.ID.String(), "lost": ana.Card})
	if !again.OK || again.Commit != "" {
		t.Errorf("said again: %+v", again)
	}
	if c := worktest.Ask[people.PersonCards](b, "person.cards", "person", ana.ID.String()).Cards[0]; c.Since != "2026-03-17" {
		t.Errorf("lost since %s", c.Since)
	}
}

func TestCardRefuses(t *testing.T) {
	b := worktest.New(t)
	ana := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Ana"})
	id, other := ana.ID.String(), people.CardCode(record.ID{9}, people.CheckedCard(7))
	for _, c := range []struct {
		data        fields
		field, code string
	}{
		{fields{"person": id}, "number", "required"},
		{fields{"number": "000000000000"}, "person", "required"},
		{fields{"person": id, "number": "1234"}, "number", "card_short"},
		{fields{"person": id, "number": strings.Repeat("1", 13)}, "number", "card_short"},
		{fields{"person": id, "number": "000000000001"}, "number", "card_wrong"},
		{fields{"person": id, "number": "https://example.org"}, "number", "card_no_card"},
		{fields{"person": id, "number": "０００００００００００００"}, "number", "card_no_card"},
		{fields{"person": id, "number": "0000000000\u202e00"}, "number", "card_no_card"},
		{fields{"person": id, "number": other}, "number", "card_elsewhere"},
		{fields{"person": id, "number": "1" + other[1:]}, "number", "card_wrong"},
		{fields{"person": id, "number": "000000000000", "new": true}, "new", "card_one_way"},
		{fields{"person": id, "lost": ana.Card, "number": ana.Card}, "lost", "card_same"},
		{fields{"person": id, "lost": ana.Card, "reason": "eaten"}, "reason", "not_in_list"},
		{fields{"person": id, "lost": "000000000000"}, "lost", "card_not_theirs"},
		{fields{"person": id, "lost": "zz"}, "lost", "card_no_card"},
	} {
		b.Refused("person.card", "", c.data, c.field, c.code)
	}
	if c := worktest.Ask[people.PersonCards](b, "person.cards", "person", id).Cards; len(c) != 1 || c[0].State != people.CardActive {
		t.Errorf("after what was refused: %+v", c)
	}
}

// Two sites apart: one hears that a card is lost, the other gives a new one. Both are kept, and the lost one is lost at both.
func TestCardsOfTwoSitesMeet(t *testing.T) {
	b := worktest.New(t)
	url := worktest.Relay(t)
	far := b.Join(url, "Rosa", "", "registrar")
	ana := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Ana", "consent": []string{"care", "sharing"}})
	worktest.Meet(url, b, far)
	id := ana.ID.String()
	worktest.Do[people.CardGiven](b, "person.card", "", fields{"person": id, "lost": ana.Card})
	spare := worktest.Do[people.CardGiven](far, "person.card", "", fields{"person": id, "new": true})
	worktest.Do[people.CardGiven](far, "person.card", "", fields{"person": id, "lost": ana.Card, "reason": "damaged"})
	worktest.Meet(url, b, far)
	for _, at := range []*worktest.Bed{b, far} {
		if got := worktest.Ask[people.CardRead](at, "card.read", "code", ana.Card); got.State != people.CardLost {
			t.Errorf("the card that one site says is lost reads as %s", got.State)
		}
		if got := worktest.Ask[people.CardRead](at, "card.read", "code", spare.Code); got.State != people.CardActive || got.Holders[0].Person.Card != spare.Card {
			t.Errorf("the new card reads as %+v", got)
		}
	}
}

// What is read from a code is a card of ours, a card of others or nothing, whatever stands in it, and never a panic.
func FuzzReadCard(f *testing.F) {
	ours := record.ID{1}
	for _, s := range []string{people.CardCode(ours, people.CheckedCard(1)), people.CardCode(record.ID{2}, people.CheckedCard(1)), "", "4821 4129 0001", "\x00\xff", "٣٤٥٦٧٨٩٠١٢٣٤", "https://a/1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		number, err := people.ReadCard(ours, "code", text)
		if (err == nil) != people.ValidCard(number) {
			t.Fatalf("%q reads as %q, %v", text, number, err)
		}
	})
}

// The code of a card is read by the workspace that printed it and by no other, and no digit of it can be another.
func TestCodesOfCards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ours, theirs := record.ID{rapid.Byte().Draw(t, "ours")}, record.ID{0, 1}
		number := people.CheckedCard(rapid.Uint64().Draw(t, "n"))
		code := people.CardCode(ours, number)
		if got, err := people.ReadCard(ours, "code", code); err != nil || got != number || len(code) != 20 {
			t.Fatalf("%s reads as %s, %v", code, got, err)
		}
		if _, err := people.ReadCard(theirs, "code", code); err == nil {
			t.Fatalf("%s is read elsewhere", code)
		}
		at, by := rapid.IntRange(0, 19).Draw(t, "at"), byte(rapid.IntRange(1, 9).Draw(t, "by"))
		wrong := []byte(code)
		wrong[at] = '0' + (wrong[at]-'0'+by)%10
		if got, err := people.ReadCard(ours, "code", string(wrong)); err == nil {
			t.Fatalf("%s, misread from %s, is taken for %s", wrong, code, got)
		}
	})
}

// A card leads to nobody who is not shown: neither by the scanner nor by the search.
func TestCardsOfWhoIsNotShown(t *testing.T) {
	b := worktest.New(t)
	ana := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Ana"})
	id := ana.ID.String()
	spare := worktest.Do[people.CardGiven](b, "person.card", "", fields{"person": id, "new": true})
	worktest.Do[people.RestrictedNow](b, "person.restrict", "", fields{"person": id, "reason": "lo pidió", "authority": "ella"})
	for _, code := range []string{ana.Card, spare.Card, spare.Code} {
		if got := worktest.Ask[people.CardRead](b, "card.read", "code", code); got.State != "blank" || len(got.Holders) != 0 {
			t.Errorf("the card of a restricted record reads as %+v", got)
		}
	}
	if found := worktest.Ask[people.Found](b, "person.find", "q", spare.Card); len(found.Hits) != 0 {
		t.Errorf("a restricted record is found by its card: %+v", found.Hits)
	}
	b.Refused("person.card", "", fields{"person": id, "new": true}, "person", "unknown_id")
}

// Two records of one person: the cards of both are theirs, and a loss is noted where the card stands.
func TestCardsOfLinkedRecords(t *testing.T) {
	b := worktest.New(t)
	one := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Ana", "surname1": "Ruiz"})
	two := worktest.Do[people.Registered](b, "person.register", "", fields{"given": "Anita", "surname1": "Ruiz"})
	if r := b.Apply("person.link", "", fields{"person": one.ID.String(), "other": two.ID.String(), "reason": "said_it"}); !r.OK {
		t.Fatalf("%+v", r.Error)
	}
	worktest.Do[people.CardGiven](b, "person.card", "", fields{"person": one.ID.String(), "lost": two.Card, "new": true})
	if cards := worktest.Ask[people.PersonCards](b, "person.cards", "person", one.ID.String()).Cards; len(cards) != 3 || cards[2].Number != two.Card || cards[2].State != people.CardLost || cards[2].Person != two.ID {
		t.Errorf("the cards of both are %+v", cards)
	}
	if r := b.Apply("person.unlink", "", fields{"person": one.ID.String(), "other": two.ID.String()}); !r.OK {
		t.Fatalf("%+v", r.Error)
	}
	if cards := worktest.Ask[people.PersonCards](b, "person.cards", "person", two.ID.String()).Cards; len(cards) != 1 || cards[0].State != people.CardLost {
		t.Errorf("apart, the second has %+v", cards)
	}
	b.Refused("person.card", "", fields{"person": one.ID.String(), "lost": two.Card}, "lost", "card_not_theirs")
}
