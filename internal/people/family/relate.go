package family

import (
	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// RelateData is what person.relate takes: what the other is to the person. Nothing said takes it back.
type RelateData struct {
	Person   string `json:"person"`
	Other    string `json:"other"`
	Relation string `json:"relation,omitempty" jsonschema:"description=what the other is to the person; empty: it was a mistake,enum=partner,enum=parent,enum=child,enum=sibling,enum=grandparent,enum=grandchild,enum=uncle_aunt,enum=nephew_niece,enum=cousin,enum=guardian,enum=ward,enum=in_law,enum=relative,enum=companion,enum=other"`
	KnownBy  string `json:"known_by,omitempty" jsonschema:"enum=said_it,enum=papers,enum=seen_together,enum=other"`
}

// Related is the result of person.relate.
type Related struct {
	Person   record.ID `json:"person"`
	Other    record.ID `json:"other"`
	Relation string    `json:"relation"`
	Changed  bool      `json:"changed"`
}

var relatePersons = record.NewAction("person.relate", []record.Compartment{record.Identity}, func(c *record.Change, d RelateData) (any, error) {
	person, err := people.Known(c, "person", d.Person)
	if err != nil {
		return nil, err
	}
	other, err := people.Known(c, "other", d.Other)
	if err != nil {
		return nil, err
	}
	relation, err := typed.Code("relation", d.Relation, Relations)
	if err != nil {
		return nil, err
	}
	known, err := typed.Code("known_by", d.KnownBy, KnownBys)
	if err != nil {
		return nil, err
	}
	changed, err := Relate(c, person, other, relation, known)
	return Related{person, other, relation, changed}, err
})

// Relate says what the other is to a person, and under the other what the person is to them, in the change of an action that has checked
// that both are there.
func Relate(c *record.Change, person, other record.ID, relation, known string) (changed bool, err error) {
	if person == other {
		return false, record.Refuse("other", "same_person")
	}
	for _, side := range []struct {
		person, other record.ID
		relation      string
	}{{person, other, relation}, {other, person, Inverse(relation)}} {
		fields := record.Fields{"person": side.person, "other": side.other, "relation": nil, "known_by": nil}
		if side.relation != "" {
			fields["relation"] = side.relation
		}
		if known != "" {
			fields["known_by"] = known
		}
		id, err := Relation.KeyID(map[uint8]any{1: side.person[:], 2: side.other[:]})
		if err != nil {
			return false, err
		}
		if relation == "" { // nothing to take back leaves nothing written
			if there, err := c.Exists(Relation, id); err != nil || !there {
				return changed, err
			}
		}
		_, fieldsChanged, err := c.Put(Relation, fields)
		if err != nil {
			return false, err
		}
		changed = changed || len(fieldsChanged) > 0
	}
	return changed, nil
}
