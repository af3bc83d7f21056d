package people

import (
	"math"
	"slices"
	"strings"

	"amparo/internal/match"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// FindParams are the parameters of person.find.
type FindParams struct {
	Q     string `json:"q" jsonschema:"description=name parts and optionally an age or year of birth or nationality or language or a place and month in which they were met or the end of the card number"`
	Limit int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=100"`
}

const (
	hitsUsual = 10
	hitsMost  = 100
	// hitsLooked is how many hits are looked through at most so that records of one person hide nobody.
	hitsLooked = 1000
)

var find = record.NewQuery("person.find", []record.Compartment{record.Identity, record.FieldWork}, func(a *record.Ask, p FindParams) (any, error) {
	q, err := typed.Line("q", p.Q, 200)
	if err != nil {
		return nil, err
	}
	limit := p.Limit
	switch {
	case limit == 0:
		limit = hitsUsual
	case limit < 0:
		return nil, typed.Whole("limit", &limit, 1, hitsMost)
	}
	limit = min(limit, hitsMost)
	if digits := plainDigits(q); len(digits) > cardDigits { // the code of a card, typed or from a scanner: of which organisation is its to say
		if q, err = ReadCard(a.Workspace, "q", digits); err != nil {
			return nil, err
		}
	}
	everybody, err := rollOf(a)
	if err != nil {
		return nil, err
	}
	index, err := everybody.upToDate(a)
	if err != nil {
		return nil, err
	}
	words, err := wordsBeside(a)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(p.Q, " ") {
		q += " " // the last word is finished
	}
	found := Found{Query: strings.TrimSpace(q), Total: index.Len()}
	// Records of one person are one hit: where they fill the list, whoever stands behind them is looked up too.
	for want := limit + linkedSpare; ; want *= 2 {
		hits := index.Search(words.Parse(q, a.Now), want)
		if found.Hits, err = told(a, everybody, hits, words.sites); err != nil {
			return nil, err
		}
		if found.Hits, err = oneEach(a, found.Hits, limit); err != nil || len(found.Hits) == limit || len(hits) < want || want >= hitsLooked {
			return found, err
		}
	}
})

// told are the hits with who they are and why they were found.
func told(a *record.Ask, everybody *roll, hits []match.Hit, sites map[record.ID]string) ([]Hit, error) {
	ids := make([]record.ID, len(hits))
	for i, h := range hits {
		ids[i] = record.ID(h.Key)
	}
	briefs, err := Briefs(a.Context, a, ids, a.Now)
	if err != nil {
		return nil, err
	}
	by := map[record.ID]Brief{}
	for _, b := range briefs {
		by[b.ID] = b
	}
	out := []Hit{}
	for _, h := range hits {
		b, ok := by[record.ID(h.Key)]
		if !ok {
			everybody.gone(record.ID(h.Key))
			continue
		}
		hit := Hit{Person: b, Score: math.Round(h.Score*100) / 100}
		for _, r := range h.Reasons {
			if said, ok := reason(r, b, sites); ok {
				hit.Reasons = append(hit.Reasons, said)
			}
		}
		out = append(out, hit)
	}
	return out, nil
}

// plainDigits are the digits of a text that has nothing else but what digits are grouped with.
func plainDigits(text string) string {
	digits := strings.NewReplacer(" ", "", "-", "", ".", "", "#", "", "\u00a0", "", "\u202f", "").Replace(text)
	if strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return digits
}

// spelt is the word of the name in which a reason's part stands, as it is written.
func spelt(part string, b Brief) string {
	for _, word := range strings.Fields(b.Name + " " + b.Nickname) {
		if slices.Contains(match.Tokens(word), part) {
			return word
		}
	}
	return part
}

// reason words a reason for the catalogue.
func reason(r match.Reason, b Brief, sites map[record.ID]string) (Reason, bool) {
	args := map[string]any{}
	switch r.Code {
	case "card_ends", "card_lost":
		args["digits"] = r.Text
	case "same_nationality":
		args["nationality"] = r.Text
	case "same_language":
		args["language"] = r.Text
	case "seen_month":
		args["month"] = r.Text
	case "seen_place":
		var id record.ID
		copy(id[:], r.Text)
		name, known := sites[id]
		if !known {
			return Reason{}, false
		}
		args["site"] = name
	case "born_near", "age_near":
		if r.Years == 0 {
			return Reason{Code: strings.Replace(r.Code, "near", "same", 1)}, true
		}
		args["years"] = r.Years
	case "swapped":
		return Reason{Code: r.Code}, true
	default:
		args["field"], args["value"] = r.Field.String(), spelt(r.Text, b)
	}
	return Reason{r.Code, args}, true
}
