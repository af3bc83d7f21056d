package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// Audit is the answer of the query `audit`: what happened to the keys, and how much was read, without a word of whom.
type Audit struct {
	From   time.Time    `json:"from"`
	To     time.Time    `json:"to"`
	Events []AuditEvent `json:"events"` // newest first
	Volume []Volume     `json:"volume"` // newest day first, then the most
	Glass  []GlassDue   `json:"glass"`  // not yet reviewed, as far as the asker holds what was opened
}

// What an event of the audit was (code list audit).
const (
	auditFounded   = "founded"
	auditAdmitted  = "admitted"
	auditEmpowered = "empowered"
	auditGranted   = "granted"
	auditRotated   = "rotated"
	auditRevoked   = "revoked"
	auditErased    = "erased"
	auditRoster    = "roster" // roles, sites or lease changed
	auditGlass     = "glass"
	auditReviewed  = "reviewed"
	auditLifted    = "lifted" // a restriction
	auditAlarm     = "alarm"
)

// AuditEvent is one of them.
type AuditEvent struct {
	At     time.Time `json:"at"`
	What   string    `json:"what"` // code list audit
	By     record.ID `json:"by"`
	ByName string    `json:"by_name"`
	Of     record.ID `json:"of,omitzero"` // the member it happened to
	OfName string    `json:"of_name,omitempty"`
	N      int       `json:"n,omitempty"` // keys, parts, records
	Code   string    `json:"code,omitempty"`
}

// Volume is how many records a member opened on a day.
type Volume struct {
	Day    string    `json:"day"`
	Member record.ID `json:"member"`
	Name   string    `json:"name"`
	N      int       `json:"n"`
}

type auditParams struct {
	From string `json:"from"` // first day, in UTC; the last 90 days when empty
	To   string `json:"to"`
	Only string `json:"only" jsonschema:"description=alarms: nothing but those and the glasses to look at,enum=alarms"`
}

const auditDays = 90

func askAudit(a *record.Ask, p auditParams) (any, error) {
	s, ok := a.Engine.(*Session)
	if !ok {
		return nil, errNoEngine
	}
	first, last, err := period(p.From, p.To, a.Now, auditDays)
	if err != nil {
		return nil, err
	}
	out := Audit{Events: []AuditEvent{}, From: time.Unix(first, 0).UTC(), To: time.Unix(last, 0).UTC(), Volume: []Volume{}}
	switch p.Only {
	case "alarms":
		err = alarms(a, &out, first, last)
	case "":
		if out.Events, err = s.keyEvents(first, last); err == nil {
			err = fieldEvents(a, &out, first, last)
		}
	default:
		err = record.Refuse("only", "not_in_list", "field", "only")
	}
	if err != nil {
		return nil, err
	}
	if out.Glass, err = s.glassDue(a, ""); err != nil {
		return nil, err
	}
	members, _, err := names(a.Context, a)
	if err != nil {
		return nil, err
	}
	for i := range out.Events {
		e := &out.Events[i]
		e.ByName, e.OfName = members[e.By], members[e.Of]
	}
	for i := range out.Volume {
		out.Volume[i].Name = members[out.Volume[i].Member]
	}
	slices.SortStableFunc(out.Events, func(x, y AuditEvent) int {
		return cmp.Or(y.At.Compare(x.At), cmp.Compare(x.What, y.What), slices.Compare(x.Of[:], y.Of[:]))
	})
	slices.SortFunc(out.Volume, func(x, y Volume) int {
		return cmp.Or(cmp.Compare(y.Day, x.Day), cmp.Compare(y.N, x.N), slices.Compare(x.Member[:], y.Member[:]))
	})
	return out, nil
}

// keyEvents reads what the open parts of the journal say: everybody can check it, and nobody can leave any of it out.
func (s *Session) keyEvents(first, last int64) ([]AuditEvent, error) {
	out := []AuditEvent{}
	roll := s.node.journal.Roll()
	err := s.node.journal.OpenParts(0, func(_ int64, c *journal.Commit) error {
		at := c.Time.Wall().UTC()
		if at.Unix() < first || at.Unix() >= last {
			return nil
		}
		controls, err := c.Controls()
		if err != nil {
			return nil // Verify names what does not read
		}
		for _, control := range controls {
			e, known, err := keyEvent(control)
			if err != nil || !known {
				continue
			}
			e.At, e.By = at, record.ID(roll.MemberOf(c.Writer))
			if e.What == auditFounded {
				e.By = e.Of
			}
			out = append(out, e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the open parts: %w", err)
	}
	return out, nil
}

// keyEvent words one control record.
func keyEvent(c journal.Control) (e AuditEvent, known bool, err error) {
	known = true
	switch c.Kind {
	case journal.ControlFound:
		var f journal.Founding
		err = c.Into(&f)
		e = AuditEvent{What: auditFounded, Of: record.ID(f.Admin.Member())}
	case journal.ControlAdmit:
		var m journal.MemberKeys
		err = c.Into(&m)
		e = AuditEvent{What: auditAdmitted, Of: record.ID(m.Member())}
	case journal.ControlGrant:
		var g journal.Grant
		err = c.Into(&g)
		e = AuditEvent{What: auditGranted, Of: record.ID(g.Member)}
	case journal.ControlEmpower:
		var m journal.Empowerment
		err = c.Into(&m)
		e = AuditEvent{What: auditEmpowered, Of: record.ID(m.Member)}
	case journal.ControlRotate:
		var r journal.Rotation
		err = c.Into(&r)
		e = AuditEvent{What: auditRotated, N: len(r.Keys)}
	case journal.ControlRevoke:
		var r journal.Revocation
		err = c.Into(&r)
		e = AuditEvent{What: auditRevoked, Of: record.ID(r.Member)}
	case journal.ControlErase:
		var r journal.Erasure
		err = c.Into(&r)
		e = AuditEvent{What: auditErased, N: len(r.Parts)}
	default:
		known = false
	}
	return e, known, err
}

// fieldEvents reads what field says: changes of the roster, glass, alarms, and how much was opened.
func fieldEvents(a *record.Ask, out *Audit, first, last int64) error {
	ctx, within := a.Context, []any{first, last}
	add := func(statement string, read func(record.Row) AuditEvent) error {
		err := a.Select(ctx, statement, within, func(r record.Row) error {
			out.Events = append(out.Events, read(r))
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the audit: %w", err)
		}
		return nil
	}
	if err := add("SELECT c._at, c._by, m.member FROM field._change AS c JOIN field.member AS m ON m.id = c.entity WHERE c._at >= ? AND c._at < ?", func(r record.Row) AuditEvent {
		return AuditEvent{At: unix(r.Int(0)), What: auditRoster, By: r.ID(1), Of: r.ID(2)}
	}); err != nil {
		return err
	}
	if err := add("SELECT _at, member, of, coalesce(finding, '') FROM field.glass WHERE _at >= ? AND _at < ?", func(r record.Row) AuditEvent {
		what := auditGlass
		switch {
		case !r.Null(2):
			what = auditReviewed
		case r.Text(3) == whyLifted:
			what = auditLifted
		}
		return AuditEvent{At: unix(r.Int(0)), What: what, By: r.ID(1), Code: r.Text(3)}
	}); err != nil {
		return err
	}
	if err := alarms(a, out, first, last); err != nil {
		return err
	}
	days := []any{unix(first).Format(time.DateOnly), unix(last - 1).Format(time.DateOnly)}
	return readVolume(ctx, a, out, days)
}

// alarms reads when somebody opened unusually many records.
func alarms(a *record.Ask, out *Audit, first, last int64) error {
	err := a.Select(a.Context, "SELECT _at, member, n FROM field.access_alarm WHERE _at >= ? AND _at < ?", []any{first, last}, func(r record.Row) error {
		out.Events = append(out.Events, AuditEvent{At: unix(r.Int(0)), What: auditAlarm, By: r.ID(1), N: int(r.Int(2))})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the alarms: %w", err)
	}
	return nil
}

func readVolume(ctx context.Context, r record.Reader, out *Audit, days []any) error {
	err := r.Select(ctx, "SELECT day, member, n FROM field.access_count WHERE day >= ? AND day <= ?", days, func(row record.Row) error {
		out.Volume = append(out.Volume, Volume{Day: row.Text(0), Member: row.ID(1), N: int(row.Int(2))})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read how much was opened: %w", err)
	}
	return nil
}

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
