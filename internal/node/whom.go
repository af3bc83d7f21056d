package node

import (
	"context"

	"amparo/internal/record"
	"amparo/internal/store"
)

// whom says of each fact which person it is about; zero for those about nobody. A change of a record says whose record it
// is only in the view, a correction in what it corrects.
func (s *Session) whom(ctx context.Context, facts []record.Fact) ([]record.ID, error) {
	out := make([]record.ID, len(facts))
	created := map[record.ID]record.ID{} // in this very commit
	view := s.views.Working()
	for i, f := range facts {
		of, about := store.Of(f)
		if !about {
			continue
		}
		if f.Kind.IsPerson {
			out[i] = of
			continue
		}
		if person, here := created[of]; here {
			of = person
		} else if of == f.Entity || of == f.Corrects { // a record stands for its person
			subject, _ := f.Kind.Field(f.Kind.Subject)
			if err := view.Select(ctx, "SELECT "+subject.Name+" FROM "+store.Rows(f.Kind, s.node.registry.Kinds())+" WHERE id = ?", []any{of}, func(r record.Row) error {
				if person := r.ID(0); !person.IsZero() {
					of = person
				}
				return nil
			}); err != nil {
				return nil, err
			}
		}
		out[i], created[f.Entity] = of, of
	}
	return out, nil
}

// piece is what becomes one sealed part: what is said of one person in one compartment, so that it can be erased or held
// back and nobody else's record with it.
type piece struct {
	in     record.Compartment
	person record.ID // zero: about nobody
}

// pieces lists what parts a draft is sealed in, by compartment and then in the order of the facts.
func (d *draft) pieces() []piece {
	var out []piece
	for _, c := range touched(d.facts) {
		seen := map[record.ID]bool{}
		for n, f := range d.facts {
			if who := d.person(n); f.Kind.In == c && !seen[who] {
				seen[who] = true
				out = append(out, piece{c, who})
			}
		}
	}
	return out
}

func (d *draft) person(fact int) record.ID {
	if fact < len(d.about) {
		return d.about[fact]
	}
	return record.ID{}
}
