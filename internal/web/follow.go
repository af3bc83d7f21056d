package web

import (
	"context"

	"amparo/internal/record"
)

// Follower is a Desk on a device that may hold the whole records of its own site's people only, and fetch another's.
type Follower interface {
	// Narrow reports whether it does.
	Narrow() bool
	SetNarrow(ctx context.Context, narrow bool) error
	// Missing is how many entries that may be about a person are not on this device.
	Missing(person record.ID) (int, error)
	// Fetch brings them; found is how many came.
	Fetch(ctx context.Context, person record.ID) (found int, err error)
}

// personFetch brings the whole record of a person whom this device does not follow.
func personFetch(c *call) error {
	desk, can := c.desk.(Follower)
	if !can {
		return errNothingHere
	}
	id, err := record.ParseID(c.r.PathValue("id"))
	if err != nil {
		return errNothingHere
	}
	found, err := desk.Fetch(c.r.Context(), id)
	if err != nil {
		return err
	}
	text := c.T("fetch.done")
	if found == 0 {
		text = c.T("fetch.none")
	}
	c.session.say(notice{Text: text})
	return c.to("/people/" + id.String())
}

// missing says what of a person's record is not on this device; nil: nothing, as far as is known.
func (c *call) missing(person record.ID) (*Missing, error) {
	desk, can := c.desk.(Follower)
	if !can || !c.may("/people/{id}/fetch") {
		return nil, nil
	}
	n, err := desk.Missing(person)
	if err != nil || n == 0 {
		return nil, err
	}
	return &Missing{Text: c.T("fetch.missing", "n", n), Action: "/people/" + person.String() + "/fetch"}, nil
}

// Missing is what a page shows of a record that is not wholly on this device.
type Missing struct{ Text, Action string }
