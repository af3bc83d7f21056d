package family

import (
	"amparo/internal/people"
	"amparo/internal/record"
)

// Whoever is registered may be with somebody already here: package people takes it up in the same change and knows no household.
func init() {
	people.Accompany(func(c *record.Change, person, with record.ID, kind, role string) (record.ID, error) {
		household, _, err := With(c, with, kind, Belongs{Person: person, Role: role})
		return household, err
	})
}
