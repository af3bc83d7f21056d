package people

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"amparo/internal/record"
)

// Link is what somebody said of two records: that they are the same person, that they are not, or that it is open again. It is
// said twice, once under each of the two, so that erasing one person erases what their record says of the other. Nothing is
// copied or moved: what stands in each record stays there, and taking a link apart leaves both as they were.
var Link = About(&record.Kind{Number: 12, Name: "link", In: record.Identity, Form: record.Keyed, Subject: "person", Brief: true, Twice: true,
	Key: []string{"person", "other"}, Fields: []record.Field{
		{Number: 1, Name: "person", Type: record.Ref, Index: true},
		{Number: 2, Name: "other", Type: record.Ref},
		{Number: 3, Name: "verdict", Type: record.Code, Codes: "link_verdict"},
		{Number: 4, Name: "reason", Type: record.Code, Codes: "link_reason"},
	}})

// What can be said of two records (code list link_verdict).
const (
	Same      = "same"
	Different = "different"
	Apart     = "apart" // were held to be the same: nobody says so any more, nor that they are not
)

// LinkVerdicts are the codes of a verdict.
var LinkVerdicts = []string{Same, Different, Apart}

// LinkReasons are why somebody says that two records are the same person, or that they are not (code list link_reason).
var LinkReasons = []string{"said_it", "same_card", "same_document", "same_family", "looks_alike_known", "both_here", "other"}

// clusterMost is how many records may be linked as one person. More is a mistake of a list, not a person.
const clusterMost = 24

// pair is two records, the smaller id first.
type pair struct{ a, b record.ID }

func pairOf(a, b record.ID) pair {
	if strings.Compare(string(b[:]), string(a[:])) < 0 {
		a, b = b, a
	}
	return pair{a, b}
}

// Saying is one verdict that stands on two records, with who gave it.
type Saying struct {
	Verdict string    `json:"verdict"`
	Reason  string    `json:"reason"` // code list link_reason; empty when none was given
	By      record.ID `json:"by"`
	ByName  string    `json:"by_name"`
	Site    record.ID `json:"site"`
	At      time.Time `json:"at"` // when it happened, at the clock of the place
	rec     int64     // clock of the commit: greater is later
}

// sayings are the verdicts that stand on pairs, of both mirrored rows, each verdict once with its earliest saying; latest first.
type sayings map[pair][]Saying

// verdict is what counts of a pair: the verdict when all who spoke agree, otherwise what harms least: two records of one person
// shown as two, until somebody settles it.
func (s sayings) verdict(p pair) string {
	said := s[p]
	if len(said) == 0 {
		return ""
	}
	for _, one := range said {
		if one.Verdict == Different {
			return Different
		}
	}
	for _, one := range said {
		if one.Verdict != Same {
			return Apart
		}
	}
	return Same
}

// rival reports a pair of which different things are said.
func (s sayings) rival(p pair) bool { return len(s[p]) > 1 }

// add takes one row of Link as it stands.
func (s sayings) add(person, other record.ID, state *record.State) {
	verdict, _ := Link.FieldNumbered(3)
	reason, _ := Link.FieldNumbered(4)
	p := pairOf(person, other)
	for _, st := range state.Standing(verdict.Number) {
		code, _ := st.Value.(string)
		if code == "" {
			continue
		}
		one := Saying{Verdict: code, By: st.By, Site: st.Site, At: When(st.At, int64(st.Zone)), rec: st.Rec}
		for _, why := range state.Standing(reason.Number) { // of the same commit; one that stood already is not said again
			if why.Rec <= st.Rec {
				one.Reason, _ = why.Value.(string)
				break
			}
		}
		s.put(p, one)
	}
}

// put adds a saying: of one verdict the earliest stands.
func (s sayings) put(p pair, one Saying) {
	if at := slices.IndexFunc(s[p], func(o Saying) bool { return o.Verdict == one.Verdict }); at < 0 {
		s[p] = append(s[p], one)
	} else if one.rec < s[p][at].rec {
		s[p][at] = one
	}
	slices.SortFunc(s[p], func(x, y Saying) int {
		if x.rec != y.rec {
			if x.rec > y.rec {
				return -1
			}
			return 1
		}
		return strings.Compare(x.Verdict, y.Verdict)
	})
}

// readSayings reads the verdicts in the rows of some persons. What names somebody who is not shown here is left out.
func readSayings(ctx context.Context, r record.Reader, ids []record.ID, into sayings) error {
	return inChunks(ids, func(marks string, args []any) error {
		err := r.Select(ctx, "SELECT l.person, l.other, l._state FROM identity.link AS l WHERE l.person IN ("+marks+") AND EXISTS (SELECT 1 FROM identity.person AS p WHERE p.id = l.other)",
			args, func(row record.Row) error {
				state, err := record.DecodeState(row.Blob(2))
				if err != nil {
					return err
				}
				into.add(row.ID(0), row.ID(1), state)
				return nil
			})
		if err != nil {
			return fmt.Errorf("read links: %w", err)
		}
		return nil
	})
}

// inChunks gives ids to do as the marks and arguments of a statement, which takes only so many.
func inChunks(ids []record.ID, do func(marks string, args []any) error) error {
	for some := range slices.Chunk(ids, 200) {
		args := make([]any, len(some))
		for i, id := range some {
			args[i] = id
		}
		if err := do("?"+strings.Repeat(", ?", len(some)-1), args); err != nil {
			return err
		}
	}
	return nil
}

// sortedPairs lists the pairs of which something is said, in order.
func sortedPairs(s sayings) []pair {
	return slices.SortedFunc(maps.Keys(s), func(x, y pair) int { return cmp.Or(compareIDs(x.a, y.a), compareIDs(x.b, y.b)) })
}
