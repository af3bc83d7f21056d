package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"amparo/internal/record"
)

// errNoEngine reports an action of the engine run outside a session.
var errNoEngine = errors.New("this runs in a session only")

type glassData struct {
	Person string `json:"person" jsonschema:"description=id of the record, or the digits of the card"`
	Reason string `json:"reason" jsonschema:"description=why it cannot wait; those who work with the person read it"`
}

// Glass is the result of person.glass.
type Glass struct {
	ID           record.ID            `json:"id"` // of the opening, for glass.review
	Person       record.ID            `json:"person"`
	Until        time.Time            `json:"until"`
	Compartments []record.Compartment `json:"compartments"` // what it opens: a compartment whose key one does not hold stays shut
}

type reviewData struct {
	Glass   string `json:"glass" jsonschema:"description=id of the opening"`
	Finding string `json:"finding" jsonschema:"enum=justified,enum=unjustified"`
	Note    string `json:"note,omitempty"`
}

// Reviewed is the result of glass.review.
type Reviewed struct {
	ID      record.ID `json:"id"`
	Finding string    `json:"finding"`
}

var glassFindings = []string{"justified", "unjustified"}

// reasonMost is how long a reason may be, in characters.
const reasonMost = 500

func reason(field, text string, needed bool) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "" && needed:
		return "", record.Refuse(field, "required", "field", "reason_given")
	case utf8.RuneCountInString(text) > reasonMost:
		return "", record.Refuse(field, "too_long", "max", reasonMost)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }):
		return "", record.Refuse(field, "bad_character", "field", "reason_given")
	}
	return text, nil
}

// breakGlass opens a hidden record to the member for some hours, and says so to everybody who works with the person.
func breakGlass(c *record.Change, d glassData) (any, error) {
	s, ok := c.Engine.(*Session)
	if !ok {
		return nil, errNoEngine
	}
	why, err := reason("reason", d.Reason, true)
	if err != nil {
		return nil, err
	}
	person, err := s.hiddenPerson(c, d.Person)
	if err != nil {
		return nil, err
	}
	until := c.Now.Add(glassLasts).Truncate(time.Second)
	id, err := c.Happen(glassKind, record.Fields{"member": c.Member, "until": until})
	if err != nil {
		return nil, err
	}
	out := Glass{ID: id, Person: person, Until: until}
	for _, in := range record.Compartments() {
		if accessKinds[in] == nil || !c.Opens(in) {
			continue
		}
		if _, err := c.Happen(accessKinds[in], record.Fields{"person": person, "why": whyGlass, "opened": c.Now, "glass": id}); err != nil {
			return nil, err
		}
		if _, err := c.Happen(glassReasons[in], record.Fields{"person": person, "glass": id, "reason": why}); err != nil {
			return nil, err
		}
		out.Compartments = append(out.Compartments, in)
	}
	return out, nil
}

// NoteLifted says to everybody who works with a person that the member lifted a restriction, and why; and in field that they
// lifted one. Else lifting it, reading and restricting again would be opening the record without a word.
func (s *Session) NoteLifted(c *record.Change, person record.ID, in []record.Compartment, why string) error {
	id, err := c.Happen(glassKind, record.Fields{"member": c.Member, "finding": whyLifted})
	if err != nil {
		return err
	}
	for _, in := range in {
		if _, err := c.Happen(accessKinds[in], record.Fields{"person": person, "why": whyLifted, "opened": c.Now, "glass": id}); err != nil {
			return err
		}
		if _, err := c.Happen(glassReasons[in], record.Fields{"person": person, "glass": id, "reason": why}); err != nil {
			return err
		}
	}
	return nil
}

// hiddenPerson finds a person of whom something is hidden from who asks, by id or by the digits of the card.
func (s *Session) hiddenPerson(c *record.Change, text string) (record.ID, error) {
	id, err := c.Ref("person", strings.TrimSpace(text))
	if err != nil {
		if id, err = s.hiddenCard(c, text); err != nil {
			return id, err
		}
	}
	for _, in := range record.Compartments() {
		why, err := s.views.Hidden(c.Context, c.Reader, in, id)
		if err != nil {
			return id, fmt.Errorf("look whether the record is hidden: %w", err)
		}
		if len(why) > 0 {
			return id, nil
		}
	}
	return id, record.Refuse("person", "not_hidden")
}

// hiddenCard finds a person by the digits of a card. Two with the same digits are told apart by nobody who may not see them.
func (s *Session) hiddenCard(c *record.Change, text string) (record.ID, error) {
	unknown := record.Refuse("person", "unknown_id", "field", "person")
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		if strings.ContainsRune(" -#", r) {
			return -1
		}
		return '?'
	}, text)
	if digits == "" || strings.Contains(digits, "?") {
		return record.ID{}, unknown
	}
	var found []record.ID
	kinds := s.node.registry.Kinds()
	for _, k := range kinds {
		_, has := k.Field("card")
		if !k.IsPerson || !has || !c.Opens(k.In) || !slices.ContainsFunc(kinds, func(h *record.Kind) bool { return h.Hides && h.In == k.In }) {
			continue
		}
		err := c.Select(c.Context, "SELECT id FROM "+k.In.String()+"._all_"+k.Name+" WHERE card = ?", []any{digits}, func(r record.Row) error {
			found = append(found, r.ID(0))
			return nil
		})
		if err != nil {
			return record.ID{}, fmt.Errorf("look for a card: %w", err)
		}
	}
	if len(found) != 1 {
		return record.ID{}, unknown
	}
	return found[0], nil
}

// reviewGlass says what came of looking at why a glass was broken. Nobody reviews their own.
func reviewGlass(c *record.Change, d reviewData) (any, error) {
	glass, err := c.Ref("glass", d.Glass)
	if err != nil {
		return nil, err
	}
	note, err := reason("note", d.Note, false)
	if err != nil {
		return nil, err
	}
	if d.Finding != glassFindings[0] && d.Finding != glassFindings[1] {
		return nil, record.Refuse("finding", "not_in_list", "field", "finding")
	}
	known, own, reviewed := false, false, false
	err = c.Select(c.Context, "SELECT g.member, EXISTS (SELECT 1 FROM field.glass AS r WHERE r.of = g.id) FROM field.glass AS g WHERE g.id = ? AND g.of IS NULL", []any{glass}, func(r record.Row) error {
		known, own, reviewed = true, r.ID(0) == c.Member, r.Bool(1)
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the opening: %w", err)
	case !known:
		return nil, record.Refuse("glass", "unknown_id", "field", "glass")
	case own:
		return nil, record.Refuse("glass", "own_glass")
	case reviewed:
		return nil, record.Refuse("glass", "glass_reviewed")
	}
	id, err := c.Happen(glassKind, record.Fields{"member": c.Member, "of": glass, "finding": d.Finding})
	if err != nil {
		return nil, err
	}
	seen := false
	for _, in := range record.Compartments() {
		k := accessKinds[in]
		if k == nil || !c.Opens(in) {
			continue
		}
		var persons []record.ID
		err := c.Select(c.Context, "SELECT a.person FROM field.glass AS g JOIN "+k.Table()+" AS a ON "+brokenHere+" WHERE g.id = ?", []any{glass}, func(r record.Row) error {
			persons = append(persons, r.ID(0))
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the opening: %w", err)
		}
		for _, person := range persons {
			seen = true
			if _, err := c.Happen(k, record.Fields{"person": person, "why": whyReviewed, "opened": c.Now, "glass": glass}); err != nil {
				return nil, err
			}
			if note == "" {
				continue
			}
			if _, err := c.Happen(glassReasons[in], record.Fields{"person": person, "glass": glass, "reason": note, "review": true}); err != nil {
				return nil, err
			}
		}
	}
	if !seen { // who cannot read the reason cannot judge it
		return nil, record.Refuse("", "not_allowed")
	}
	return Reviewed{ID: id, Finding: d.Finding}, nil
}

// broke opens what the member's successful actions broke the glass of.
func (s *Session) broke(results []record.Result) {
	for _, r := range results {
		if g, isGlass := r.Result.(Glass); r.OK && isGlass {
			s.setGlass(g.Person, g.Until)
		}
	}
}
