package people

// Found is the answer to person.find.
type Found struct {
	Query string `json:"query"`
	Hits  []Hit  `json:"hits"`  // best first
	Total int    `json:"total"` // persons among whom was searched
}

// Hit is one person who may be meant, and why.
type Hit struct {
	Person  Brief    `json:"person"`
	Score   float64  `json:"score"` // logarithm of how much likelier the typed text is if this person is meant
	Reasons []Reason `json:"reasons"`
	Linked  []Brief  `json:"linked,omitempty"` // the person's other records: of several that were found, the one found best is shown
}

// Reason is worded by the catalogue key `reason.<code>`. Codes and their args:
//
//	exact, sounds_alike, typo, nickname, prefix   field (catalogue `field.<field>`), value: the stored part of the name
//	joined                                        the same: two parts written as one, or one as two
//	swapped                                       surnames stand in the other order
//	card_ends                                     digits
//	card_lost                                     digits; the card was lost, and who shows it may be somebody else
//	born_near, age_near                           years apart, 1 to 3
//	born_same, age_same                           less than a year apart
//	same_nationality                              nationality: alpha-3
//	same_language                                 language: BCP 47
//	seen_place                                    site: its name
//	seen_month                                    month: 2026-03
type Reason struct {
	Code string         `json:"code"`
	Args map[string]any `json:"args,omitempty"`
}
