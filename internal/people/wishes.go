package people

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"amparo/internal/record"
)

// MayTravel reports whether a person's record may leave the site, from what they agreed to and what they refused or took back.
// Who agreed to sharing travels. Who was never asked anything travels too: that the next clinic finds the record is a vital
// interest, which is a basis of its own. Who was asked and did not agree does not, and a no wins over a yes that was
// said elsewhere at the same time. See docs/decisions/0007-not-asked-travels.md.
func MayTravel(consent, refused []string) bool {
	if slices.Contains(refused, Sharing) {
		return false
	}
	return slices.Contains(consent, Sharing) || len(consent) == 0 && len(refused) == 0
}

// MayBeCounted reports whether an anonymous line may be written about a person: only with their yes, and a no wins.
func MayBeCounted(consent, refused []string) bool {
	return slices.Contains(consent, Statistics) && !slices.Contains(refused, Statistics)
}

// Wishes is what a person agreed to and refused, as it stands on a day.
type Wishes struct {
	Given      []string `json:"given"`       // what counts today
	Refused    []string `json:"refused"`     // said no to, or taken back
	Lapsed     []string `json:"lapsed"`      // was given until a day that is over
	ReferralTo []string `json:"referral_to"` // organisations that may be told about the person
}

// MayTravel is the rule of the same name, for what stands.
func (w Wishes) MayTravel() bool { return MayTravel(w.Given, slices.Concat(w.Refused, w.Lapsed)) }

// MayBeCounted is the rule of the same name, for what stands.
func (w Wishes) MayBeCounted() bool { return MayBeCounted(w.Given, w.Refused) }

// MayRefer reports whether an organisation may be told about the person: only one that they agreed to by name.
func (w Wishes) MayRefer(organisation string) bool {
	return slices.Contains(w.Given, Referral) && slices.ContainsFunc(w.ReferralTo, func(to string) bool { return strings.EqualFold(to, organisation) })
}

// answer is one line of Consent, as far as it decides what stands.
type answer struct {
	purposes  []string
	said      string
	to, until string
	at        int64 // unix seconds
}

// key is what an answer is about: a purpose, or referral to one organisation.
func (a answer) keys() []string {
	out := slices.Clone(a.purposes)
	for i, p := range out {
		if p == Referral && a.to != "" {
			out[i] = referralKey(a.to)
		}
	}
	return out
}

func referralKey(organisation string) string { return Referral + "\x00" + organisation }

// answers reads what a person was asked and said, earliest first, without what was corrected later.
func answers(ctx context.Context, r record.Reader, person record.ID) ([]answer, error) {
	var out []answer
	err := r.Select(ctx, "SELECT purposes, answer, to_whom, until, _at FROM identity.consent WHERE person = ? AND _corrected IS NULL ORDER BY _at, _rec, id", []any{person},
		func(row record.Row) error {
			out = append(out, answer{row.Set(0), row.Text(1), row.Text(2), row.Text(3), row.Int(4)})
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	return out, nil
}

// WishesOf reads what stands of a person's wishes on a day.
func WishesOf(ctx context.Context, r record.Reader, person record.ID, today time.Time) (Wishes, error) {
	p, err := readPerson(ctx, r, person)
	if err != nil {
		return Wishes{}, err
	}
	return wishesOf(ctx, r, p, today)
}

func wishesOf(ctx context.Context, r record.Reader, p stored, today time.Time) (Wishes, error) {
	said, err := answers(ctx, r, p.id)
	if err != nil {
		return Wishes{}, err
	}
	return standing(p.consent, p.refused, p.referralTo, said, today), nil
}

// standing joins what the record holds with what has run out since.
func standing(consent, refused, referralTo []string, said []answer, today time.Time) Wishes {
	last := map[string]answer{}
	for _, a := range said {
		for _, key := range a.keys() {
			last[key] = a
		}
	}
	day := today.Format(time.DateOnly)
	over := func(key string) bool {
		a, ok := last[key]
		return ok && a.said == Given && a.until != "" && a.until < day
	}
	w := Wishes{Given: []string{}, Refused: slices.Clone(refused), Lapsed: []string{}, ReferralTo: []string{}}
	for _, to := range referralTo {
		if !over(referralKey(to)) {
			w.ReferralTo = append(w.ReferralTo, to)
		}
	}
	for _, p := range consent {
		switch {
		case slices.Contains(refused, p): // another place heard a no meanwhile
		case over(p), p == Referral && len(w.ReferralTo) == 0 && len(referralTo) > 0:
			w.Lapsed = append(w.Lapsed, p)
		default:
			w.Given = append(w.Given, p)
		}
	}
	if slices.Contains(refused, Referral) {
		w.ReferralTo = []string{}
	}
	return w
}

// travels is what the engine asks before anything about a person is handed on. What is restricted, waits to be erased or was taken
// back is kept and not passed on; and a no said on one of a person's linked records counts for all of them.
func travels(ctx context.Context, r record.Reader, person record.ID, now time.Time) (bool, error) {
	limits, err := limitsOn(ctx, r, record.Identity, person)
	if err != nil || limits != nil && len(limits.Why) > 0 {
		return false, err
	}
	w, err := WishesOf(ctx, r, person, now)
	if err != nil || !w.MayTravel() {
		return false, err
	}
	cluster, err := Together(ctx, r, person)
	if err != nil {
		return false, err
	}
	return linkedTravel(ctx, r, cluster, now)
}
