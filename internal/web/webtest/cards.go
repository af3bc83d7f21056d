package webtest

import (
	"strconv"
	"strings"

	"amparo/internal/people"
	"amparo/internal/record"
)

// The made-up cards: one that is Maria's, one of hers that was lost, and one that nobody has.
var (
	MariasCard = people.CheckedCard(48_214_129_001)
	LostCard   = people.CheckedCard(10_932_236_554)
	BlankCard  = people.CheckedCard(70_550_120_087)
)

var workspace = ID(200)

func cardsOf(d *Desk, id string) (people.PersonCards, error) {
	p, err := show(id)
	if err != nil {
		return people.PersonCards{}, err
	}
	out := people.PersonCards{Person: p.Brief, Cards: []people.Coded{}}
	if p.ID == Maria.ID && !d.House.Quiet {
		for _, o := range []people.OneCard{lost(), {Number: MariasCard, State: people.CardActive, Since: "2026-03-24"}} {
			out.Cards = append(out.Cards, people.Coded{OneCard: o, Code: people.CardCode(workspace, o.Number)})
		}
	}
	return out, nil
}

func lost() people.OneCard {
	return people.OneCard{Number: LostCard, State: people.CardLost, Reason: "stolen", Since: "2026-03-22", At: Now.Add(-5 * day), ByName: Rosa.Name, Site: sitesHere[0].Name}
}

func readCard(code string) (people.CardRead, error) {
	number, err := people.ReadCard(workspace, "code", code)
	if err != nil {
		return people.CardRead{}, err
	}
	switch number {
	case LostCard:
		return people.CardRead{Number: number, State: people.CardLost, Holders: []people.CardHolder{{Person: Maria.Brief, Card: lost()}}}, nil
	case MariasCard:
		return people.CardRead{Number: number, State: people.CardActive, Holders: []people.CardHolder{{Person: Maria.Brief, Card: people.OneCard{Number: number, State: people.CardActive}}}}, nil
	}
	return people.CardRead{Number: number, State: "blank", Holders: []people.CardHolder{}}, nil
}

// searched answers a search; what is longer than a card's number is the code of one.
func searched(q string) (people.Found, error) {
	if len(q) > len(BlankCard) && strings.Trim(q, "0123456789") == "" {
		if _, err := people.ReadCard(workspace, "q", q); err != nil {
			return people.Found{}, err
		}
	}
	return Found(q), nil
}

func blank(n string) (people.Blank, error) {
	count, err := strconv.Atoi(n)
	if err != nil {
		return people.Blank{}, record.Refuse("n", "not_a_number", "got", n)
	}
	out := people.Blank{}
	for i := range count {
		number := people.CheckedCard(uint64(i+1) * 7_736_559_013)
		out.Cards = append(out.Cards, people.BlankCard{Number: number, Code: people.CardCode(workspace, number)})
	}
	return out, nil
}

// SealSummary seals nothing: what is looked at is the page around it.
func (d *Desk) SealSummary([]byte) (sealed any, pin string, err error) {
	return map[string]any{"rounds": 1, "salt": "", "nonce": "", "sealed": ""}, "482141290012", nil
}
