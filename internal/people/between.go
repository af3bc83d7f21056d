package people

import (
	"fmt"
	"slices"

	"amparo/internal/record"
)

// others are the fields in which a record about one person names another one.
var others = []string{"other", "sought"}

// namesOther reports a kind that is about what two persons are to each other.
func namesOther(k *record.Kind) bool {
	return slices.ContainsFunc(k.Key, func(name string) bool { return name != k.Subject && slices.Contains(others, name) })
}

// withoutHidden takes out of entries whoever is not shown here: an entry that is about the two goes, another only loses the number. That
// somebody is the wife of a record that cannot be opened is what that record was shut for.
func withoutHidden(a *record.Ask, entries []Entry) ([]Entry, error) {
	var ids []record.ID
	for _, e := range entries {
		for _, name := range others {
			if id, named := e.Fields[name].(record.ID); named {
				ids = append(ids, id)
			}
		}
	}
	here, err := shown(a, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(entries, func(e Entry) bool {
		for _, name := range others {
			if id, named := e.Fields[name].(record.ID); named && !here[id] {
				if k := subjectNamed(e.Kind); k == nil || namesOther(k) {
					return true
				}
				delete(e.Fields, name)
			}
		}
		return false
	}), nil
}

func subjectNamed(name string) *record.Kind {
	for _, k := range subjects {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// shown says of some persons who of them is shown here.
func shown(a *record.Ask, ids []record.ID) (map[record.ID]bool, error) {
	here := make(map[record.ID]bool, len(ids))
	err := inChunks(ids, func(marks string, args []any) error {
		return a.Select(a.Context, "SELECT id FROM identity.person WHERE id IN ("+marks+")", args, func(r record.Row) error {
			here[r.ID(0)] = true
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read who is shown: %w", err)
	}
	return here, nil
}
