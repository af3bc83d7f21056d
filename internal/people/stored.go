package people

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"amparo/internal/record"
)

// stored is a person's row.
type stored struct {
	id                                   record.ID
	given, surname1, surname2, nickname  string
	sex, gender, birth, ageOn, direction string
	phone, note, card                    string
	age                                  *int
	ageAbout                             bool
	nationality, languages, groups       []string
	consent, refused, referralTo         []string
	spoken, written, intention           string
	interpreter, ageBand                 string
	aliases, motives                     []string
	incomplete                           bool
	site, by                             record.ID
	at                                   time.Time
	rivals                               int
}

const personColumns = `id, given, surname1, surname2, nickname, sex, gender, birth, age, age_about, age_on, nationality, languages, direction,
	groups, phone, note, consent, card, _site, _by, _at, _zone, _rivals, refused, referral_to, spoken, written,
	aliases, intention, motives, interpreter, age_band, incomplete`

func scanPerson(r record.Row) stored {
	p := stored{
		id: r.ID(0), given: r.Text(1), surname1: r.Text(2), surname2: r.Text(3), nickname: r.Text(4), sex: r.Text(5), gender: r.Text(6),
		birth: r.Text(7), ageAbout: r.Bool(9), ageOn: r.Text(10), nationality: list(r.Set(11)), languages: list(r.Set(12)), direction: r.Text(13),
		groups: list(r.Set(14)), phone: r.Text(15), note: r.Text(16), consent: list(r.Set(17)), card: r.Text(18), site: r.ID(19), by: r.ID(20),
		rivals: int(r.Int(23)), refused: list(r.Set(24)), referralTo: list(r.Set(25)),
		spoken: r.Text(26), written: r.Text(27), aliases: list(r.Set(28)), intention: r.Text(29), motives: list(r.Set(30)), interpreter: r.Text(31),
		ageBand: r.Text(32), incomplete: r.Bool(33),
	}
	if !r.Null(8) {
		age := int(r.Int(8))
		p.age = &age
	}
	if !r.Null(21) {
		p.at = When(r.Int(21), r.Int(22))
	}
	return p
}

// list is never nil, so that JSON has [] and not null.
func list(set []string) []string {
	if set == nil {
		return []string{}
	}
	return set
}

// When is an instant as rows hold it, at the clock of the place.
func When(unix, zone int64) time.Time {
	return time.Unix(unix, 0).In(time.FixedZone("", int(zone)*60))
}

// name is the person's name as the family writes it; the nickname when there is nothing else.
func (p *stored) name() string {
	parts := []string{}
	for _, s := range []string{p.given, p.surname1, p.surname2} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return p.nickname
	}
	return strings.Join(parts, " ")
}

func (p *stored) brief(today time.Time) Brief {
	age, about := Age(p.birth, p.age, p.ageAbout, p.ageOn, today)
	b := Brief{ID: p.id, Card: p.card, Name: p.name(), Nickname: p.nickname, Sex: p.sex, Age: age, AgeAbout: about, Birth: p.birth,
		AgeBand: p.ageBand, Interpreter: p.interpreter, Nationality: p.nationality, Groups: p.groups, Incomplete: p.incomplete, Rivals: p.rivals}
	if !p.at.IsZero() {
		b.LastSeen = &Seen{At: p.at, Site: p.site}
	}
	return b
}

// readPerson reads one person; all is empty when there is none.
func readPerson(ctx context.Context, r record.Reader, id record.ID) (stored, error) {
	var p stored
	err := r.Select(ctx, "SELECT "+personColumns+" FROM identity.person WHERE id = ?", []any{id}, func(row record.Row) error {
		p = scanPerson(row)
		return nil
	})
	if err != nil {
		return p, fmt.Errorf("read person: %w", err)
	}
	return p, groupsFor(ctx, r, []*stored{&p})
}

// Counting is what an anonymous count line may hold of a person.
type Counting struct {
	Agreed      bool // to be counted at all
	Sex         string
	AgeBand     string
	Nationality string
}

// ToCount gives what may be counted of a person on a day.
func ToCount(ctx context.Context, r record.Reader, person record.ID, day time.Time) (Counting, error) {
	p, err := readPerson(ctx, r, person)
	if err != nil {
		return Counting{}, err
	}
	w, err := wishesOf(ctx, r, p, day)
	if err != nil {
		return Counting{}, err
	}
	refused, err := linkedRefused(ctx, r, person, Statistics, day)
	if err != nil {
		return Counting{}, err
	}
	age, _ := Age(p.birth, p.age, p.ageAbout, p.ageOn, day)
	return Counting{Agreed: w.MayBeCounted() && !refused, Sex: or(p.sex, "unknown"), AgeBand: CountedBand(age, p.ageBand), Nationality: OneNationality(p.nationality)}, nil
}

// Briefs reads several persons with where they were last met, in the order of ids; those not known here are left out.
func Briefs(ctx context.Context, r record.Reader, ids []record.ID, today time.Time) ([]Brief, error) {
	found := map[record.ID]*stored{}
	err := inChunks(ids, func(marks string, args []any) error {
		return r.Select(ctx, "SELECT "+personColumns+" FROM identity.person WHERE id IN ("+marks+")", args, func(row record.Row) error {
			p := scanPerson(row)
			found[p.id] = &p
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read persons: %w", err)
	}
	cards, err := Cards(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	all := make([]*stored, 0, len(found))
	for _, p := range found {
		all = append(all, p)
	}
	if err := groupsFor(ctx, r, all); err != nil {
		return nil, err
	}
	out := make([]Brief, 0, len(ids))
	for _, id := range ids {
		p, ok := found[id]
		if !ok {
			continue
		}
		b := p.brief(today)
		b.Card = shownCard(cards[id])
		seen, err := lastVisit(ctx, r, id)
		if err != nil {
			return nil, err
		}
		if seen != nil && (b.LastSeen == nil || seen.At.After(b.LastSeen.At)) {
			b.LastSeen = seen
		}
		out = append(out, b)
	}
	names, err := siteNames(ctx, r)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if seen := out[i].LastSeen; seen != nil {
			seen.SiteName = names[seen.Site]
		}
	}
	return out, nil
}

func lastVisit(ctx context.Context, r record.Reader, person record.ID) (*Seen, error) {
	var seen *Seen
	err := r.Select(ctx, "SELECT _at, _zone, _site FROM identity.visit WHERE person = ? ORDER BY _at DESC LIMIT 1", []any{person}, func(row record.Row) error {
		seen = &Seen{At: When(row.Int(0), row.Int(1)), Site: row.ID(2)}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read visits: %w", err)
	}
	return seen, nil
}

// siteNames reads the names of all sites: there are some dozens.
func siteNames(ctx context.Context, r record.Reader) (map[record.ID]string, error) {
	names := map[record.ID]string{}
	err := r.Select(ctx, "SELECT id, name FROM field.site", nil, func(row record.Row) error {
		names[row.ID(0)] = row.Text(1)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	return names, nil
}

// Alias is how a person stands on a list that passers-by may read: the nickname, otherwise initials.
func Alias(given, surname1, surname2, nickname string) string {
	if nickname != "" {
		return nickname
	}
	var b strings.Builder
	for _, part := range []string{given, surname1, surname2} {
		if part == "" {
			continue
		}
		first, _ := utf8.DecodeRuneInString(part)
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.ToUpper(string(first)) + ".")
	}
	return b.String()
}
