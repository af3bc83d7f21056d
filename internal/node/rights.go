package node

import (
	"context"
	"slices"

	"amparo/internal/record"
	"amparo/internal/vault"
)

// MayDo reports whether an action is the member's: what a page need not offer otherwise.
func (s *Session) MayDo(action string) bool {
	a, known := s.node.registry.Action(action)
	return known && s.doer(a)
}

// MayAsk reports whether a query is the member's.
func (s *Session) MayAsk(query string) bool {
	q, known := s.node.registry.Query(query)
	return known && s.mayAsk(q) == nil
}

func (s *Session) doer(a record.Action) bool { return a.Anyone || s.Rights().Action(a.Name) }

// mayAct refuses what the member's roles do not allow. Before the action runs, facts are nil: then only whether the action
// is theirs and may be done at that site. Afterwards every fact is asked: the journal is written as a whole or not at all.
// Node.mu is held.
func (s *Session) mayAct(a record.Action, r record.Request, facts []record.Fact) error {
	if !s.doer(a) {
		return record.Refuse("", "not_allowed")
	}
	if err := s.mayWorkAt(r.Site); err != nil {
		return err
	}
	rights := s.Rights()
	for _, f := range facts {
		if !mayWrite(rights, a.Verb, f.Kind) {
			return record.Refuse("", "not_allowed")
		}
	}
	return nil
}

// mayWrite reports whether a fact may be said with a verb. A count line goes with the action that adds it, and what says who
// read a record goes with reading it: an auditor who may write nothing reads a file and says that they did.
func mayWrite(rights vault.Rights, v record.Verb, k *record.Kind) bool {
	switch {
	case !rights.May(record.Read, k.In):
		return false
	case k.In == record.FieldWork && k.Form == record.Tally, isAccess(k):
		return true
	case !rights.May(record.Write, k.In):
		return false
	case v == record.Write || v == record.Read:
		return true
	case v == record.Administer:
		return rights.Administers()
	}
	// To share or to erase is a right in the compartment of the person. What field says of it names nobody.
	return k.In == record.FieldWork || rights.May(v, k.In)
}

// mayWorkAt refuses a site that is not the member's. With no site named it is where the device stands.
func (s *Session) mayWorkAt(named string) error {
	if len(s.sites) == 0 {
		return nil
	}
	site := s.node.Site()
	if named != "" {
		id, found, err := s.resolve(context.Background(), s.views.Working(), named)
		if err != nil {
			return err
		}
		if !found {
			if id, err = record.ParseID(named); err != nil {
				return record.Refuse("site", "unknown_id", "field", "site").Because(err)
			}
		}
		site = id
	}
	if !site.IsZero() && !slices.Contains(s.sites, site) {
		return record.Refuse("site", "not_your_site")
	}
	return nil
}

// mayAsk refuses a query that the member's roles do not name. What it then shows is what their compartments hold.
func (s *Session) mayAsk(q record.Query) error {
	if q.Anyone || s.Rights().Query(q.Name) {
		return nil
	}
	return record.Refuse("query", "not_allowed")
}
