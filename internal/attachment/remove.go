package attachment

import (
	"fmt"

	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// RemoveData is what attachment.remove takes.
type RemoveData struct {
	Attachment string `json:"attachment"`
	Reason     string `json:"reason"`
}

// Removed is the result of attachment.remove.
type Removed struct {
	ID record.ID `json:"id"`
}

// That there was a file, who added it and who took it back stays; its bytes go from every device that hears of it, when who
// takes it back added it or may erase there.
var remove = record.NewAction("attachment.remove", allIn(), func(c *record.Change, d RemoveData) (any, error) {
	id, err := c.Ref("attachment", d.Attachment)
	if err != nil {
		return nil, err
	}
	reason, err := typed.Line("reason", d.Reason, 300)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		if !c.Opens(k.In) {
			continue
		}
		var found, gone bool
		var person record.ID
		if err := c.Select(c.Context, "SELECT person, _corrected IS NOT NULL FROM "+k.Table()+" WHERE id = ? AND file IS NOT NULL", []any{id}, func(r record.Row) error {
			found, person, gone = true, r.ID(0), r.Bool(1)
			return nil
		}); err != nil {
			return nil, fmt.Errorf("read a file: %w", err)
		}
		switch {
		case !found:
			continue
		case gone:
			return nil, record.Refuse("attachment", "file_removed")
		case !c.Writes(k.In):
			return nil, record.Refuse("", "not_allowed")
		case reason == "":
			return nil, record.Refuse("reason", "required", "field", "reason")
		}
		fields := record.Fields{"removal": reason}
		if !person.IsZero() {
			fields["person"] = person
		}
		later, err := c.Correct(k, id, fields)
		return Removed{ID: later}, err
	}
	return nil, record.Refuse("attachment", "unknown_id", "field", "attachment")
})
