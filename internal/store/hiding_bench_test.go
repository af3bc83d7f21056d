package store

import (
	"fmt"
	"testing"

	"amparo/internal/record"
	"amparo/internal/seal"
)

// BenchmarkReadPersons compares what the queries of every page cost where nobody can be hidden, where nobody is, and where
// one in a hundred is.
func BenchmarkReadPersons(b *testing.B) {
	const persons = 10_000
	plain := *keeper
	for _, how := range []struct {
		name   string
		kinds  []*record.Kind
		hidden int
	}{{"nobody can be hidden", []*record.Kind{&plain}, 0}, {"nobody is", []*record.Kind{keeper, hidingHere}, 0}, {"one in a hundred is", []*record.Kind{keeper, hidingHere}, 100}} {
		registry, err := record.NewRegistry(record.Module{Name: "coast", Kinds: how.kinds})
		if err != nil {
			b.Fatal(err)
		}
		views, err := OpenViews(b.TempDir(), registry, map[record.Compartment]seal.ViewKey{record.Identity: seal.NewViewKey()})
		if err != nil {
			b.Fatal(err)
		}
		l := &lighthouse{t: b, views: views}
		ids := make([]record.ID, persons)
		for i := range ids {
			var part Opened
			ids[i], part = l.say(how.kinds[0], record.ID{}, map[uint8]any{1: fmt.Sprint("nombre", i)})
			l.arrive(part)
			if how.hidden > 0 && i%how.hidden == 0 {
				_, part := l.say(hidingHere, record.ID{}, map[uint8]any{1: ids[i][:], 2: []string{"restricted"}})
				l.arrive(part)
			}
		}
		if err := views.Flush(); err != nil {
			b.Fatal(err)
		}
		read := func(statement string, args func(i int) []any) func(*testing.B) {
			return func(b *testing.B) {
				for i := range b.N {
					if err := views.Select(b.Context(), statement, args(i), func(r record.Row) error { r.ID(0); return nil }); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		b.Run(how.name+"/show one", read("SELECT id, name FROM identity.keeper WHERE id = ?", func(i int) []any { return []any{ids[i*7%persons]} }))
		b.Run(how.name+"/brief ten", read("SELECT id, name FROM identity.keeper WHERE id IN (?,?,?,?,?,?,?,?,?,?)", func(i int) []any {
			var some []any
			for n := range 10 {
				some = append(some, ids[(i*7+n*31)%persons])
			}
			return some
		}))
		b.Run(how.name+"/read all", read("SELECT id, name FROM identity.keeper WHERE rowid > ?", func(int) []any { return []any{0} }))
		b.Run(how.name+"/count all", read("SELECT count(*) FROM identity.keeper", func(int) []any { return nil }))
		if err := views.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
