package people

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"amparo/internal/record"
)

// LinkedRecord is another record of the same person.
type LinkedRecord struct {
	Brief
	Said    []Saying  `json:"said"`             // what somebody said of it and the record asked for; empty when others join them
	Through record.ID `json:"through,omitzero"` // a record that joins them, when nobody linked the two directly
}

// LinkedField is one field of which the records of one person say something. It follows from the kinds alone, so a kind that is
// added later is in it without anybody thinking of it.
type LinkedField struct {
	Kind        string             `json:"kind"`
	Compartment record.Compartment `json:"compartment"`
	Field       string             `json:"field"`
	Codes       string             `json:"codes,omitempty"` // the code list of the values, for their labels
	Key         map[string]any     `json:"key,omitempty"`   // of a kind with several records a person: which
	Differs     bool               `json:"differs"`         // the records say different things
	Values      []LinkedValue      `json:"values"`          // one a record that says something, the record asked for first
}

// LinkedValue is what one of the records says.
type LinkedValue struct {
	Record record.ID `json:"record"`
	Card   string    `json:"card"`
	Value  any       `json:"value"`
	By     record.ID `json:"by"`
	ByName string    `json:"by_name"`
	At     time.Time `json:"at"` // when it was said, at the clock of the place
}

// Together lists the records of one person, the given one first, the others in the order of their ids.
func Together(ctx context.Context, r record.Reader, id record.ID) ([]record.ID, error) {
	linked, err := LinkedTo(ctx, r, []record.ID{id})
	if err != nil {
		return nil, err
	}
	return append([]record.ID{id}, linked[id]...), nil
}

// linkedRecords reads the others of a cluster with what was said of each.
func linkedRecords(a *record.Ask, id record.ID, members map[record.ID]string) ([]LinkedRecord, error) {
	w, err := webOf(a.Context, a, []record.ID{id})
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Clone(w.with(id)), func(o record.ID) bool { return o == id })
	briefs, err := Briefs(a.Context, a, others, a.Now)
	if err != nil {
		return nil, err
	}
	out := make([]LinkedRecord, 0, len(briefs))
	for _, b := range briefs {
		l := LinkedRecord{Brief: b, Said: whoSaid(w.said[pairOf(id, b.ID)], members)}
		if w.said.verdict(pairOf(id, b.ID)) != Same {
			l.Through = w.between(id, b.ID)
		}
		out = append(out, l)
	}
	return out, nil
}

// between is the first record on a shortest way of links from one record to another; zero when there is none.
func (w *linkWeb) between(from, to record.ID) record.ID {
	type step struct{ at, first record.ID }
	seen, next := map[record.ID]bool{from: true}, []step{{at: from}}
	for len(next) > 0 {
		s := next[0]
		next = next[1:]
		for _, id := range w.with(from) {
			p := pairOf(s.at, id)
			if seen[id] || w.said.verdict(p) != Same || slices.Contains(w.shut, p) {
				continue
			}
			first := s.first
			if first.IsZero() {
				first = id
			}
			if id == to {
				return first
			}
			seen[id] = true
			next = append(next, step{id, first})
		}
	}
	return record.ID{}
}

// whoSaid writes who said it.
func whoSaid(said []Saying, members map[record.ID]string) []Saying {
	out := make([]Saying, len(said))
	for i, s := range said {
		s.ByName = members[s.By]
		out[i] = s
	}
	return out
}

// comparable are the kinds whose records two linked persons can hold of the same thing: the person's own, and those named by key.
// What happened is in the timeline, each by itself; what two persons are to each other is on the page of their family.
func comparable(a *record.Ask, cluster []record.ID) ([]*record.Kind, error) {
	kinds := []*record.Kind{Person}
	for _, c := range record.Compartments() {
		if !a.Opens(c) {
			continue
		}
		for _, id := range cluster {
			some, err := kindsIn(a, c, id)
			if err != nil {
				return nil, err
			}
			for _, k := range some {
				if k.Form == record.Keyed && !namesOther(k) && !slices.Contains(kinds, k) {
					kinds = append(kinds, k)
				}
			}
		}
	}
	slices.SortFunc(kinds, func(x, y *record.Kind) int { return int(x.Number) - int(y.Number) })
	return kinds, nil
}

// notCompared are fields of a person that differ by their nature, or are told by another one.
var notCompared = []string{"card", "age_on", "age_about", "incomplete"}

// linkedFields compares what the records of one person say, field by field.
func linkedFields(a *record.Ask, cluster []record.ID, cards, members map[record.ID]string) ([]LinkedField, error) {
	out := []LinkedField{}
	if len(cluster) < 2 {
		return out, nil
	}
	kinds, err := comparable(a, cluster)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		some, err := compareKind(a, k, cluster, cards, members)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// compareKind reads the rows of one kind about the records of one person, and puts beside each other what is said of the same thing.
func compareKind(a *record.Ask, k *record.Kind, cluster []record.ID, cards, members map[record.ID]string) ([]LinkedField, error) {
	subject, columns := "id", []string{"id"}
	if !k.IsPerson {
		subject, columns = k.Subject, []string{k.Subject}
	}
	columns = append(columns, "_state")
	for _, f := range k.Fields {
		columns = append(columns, f.Name)
	}
	fields := map[string]*LinkedField{}
	var order []string
	err := inChunks(cluster, func(marks string, args []any) error {
		return a.Select(a.Context, "SELECT "+strings.Join(columns, ", ")+" FROM "+k.Table()+" WHERE "+subject+" IN ("+marks+") ORDER BY id", args, func(r record.Row) error {
			state, err := record.DecodeState(r.Blob(1))
			if err != nil {
				return err
			}
			whose, key := r.ID(0), map[string]any{}
			for i, f := range k.Fields {
				if slices.Contains(k.Key, f.Name) && f.Name != k.Subject {
					key[f.Name] = value(r, 2+i, f.Type)
				}
			}
			of, err := json.Marshal(key)
			if err != nil {
				return err
			}
			for i, f := range k.Fields {
				if f.Name == k.Subject || slices.Contains(k.Key, f.Name) || f.Type == record.Blob || k.IsPerson && slices.Contains(notCompared, f.Name) || r.Null(2+i) {
					continue
				}
				v := value(r, 2+i, f.Type)
				if k.IsPerson && f.Name == "age" {
					v = ageNow(r, k, a.Now)
				}
				if v = discreet(a, k, f, v); v == nil || v == false {
					continue
				}
				name := string(of) + "/" + f.Name
				if fields[name] == nil {
					fields[name] = &LinkedField{Kind: k.Name, Compartment: k.In, Field: f.Name, Codes: f.Codes, Key: key}
					order = append(order, name)
				}
				said := LinkedValue{Record: whose, Card: cards[whose], Value: v}
				if st := state.Standing(f.Number); len(st) > 0 {
					said.By, said.ByName, said.At = st[0].By, members[st[0].By], When(st[0].At, int64(st[0].Zone))
				}
				fields[name].Values = append(fields[name].Values, said)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("compare %s: %w", k.Name, err)
	}
	out := make([]LinkedField, 0, len(order))
	for _, name := range order {
		f := fields[name]
		slices.SortStableFunc(f.Values, func(x, y LinkedValue) int {
			return slices.Index(cluster, x.Record) - slices.Index(cluster, y.Record)
		})
		for _, v := range f.Values[1:] {
			f.Differs = f.Differs || !alike(f.Values[0].Value, v.Value)
		}
		out = append(out, *f)
	}
	if k.IsPerson {
		slices.SortStableFunc(out, func(x, y LinkedField) int { return fieldPlace(x.Field) - fieldPlace(y.Field) })
	}
	return out, nil
}

// ageNow is an age told as it is today: told in two years, the same person says two numbers.
func ageNow(r record.Row, k *record.Kind, today time.Time) any {
	told, on := 0, ""
	for i, f := range k.Fields {
		switch f.Name {
		case "age":
			told = int(r.Int(2 + i))
		case "age_on":
			on = r.Text(2 + i)
		}
	}
	if years, _ := Age("", &told, false, on, today); years != nil {
		return int64(*years)
	}
	return int64(told)
}

func fieldPlace(name string) int {
	return slices.IndexFunc(Person.Fields, func(f record.Field) bool { return f.Name == name })
}

// alike reports two values that say the same to a reader: capitals and blanks make no difference.
func alike(x, y any) bool {
	if a, isText := x.(string); isText {
		b, _ := y.(string)
		return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
	}
	if a, isSet := x.([]string); isSet {
		b, _ := y.([]string)
		return slices.Equal(a, b)
	}
	return x == y
}

// linkedBriefs are the other records of a person, in the order of their ids.
func linkedBriefs(a *record.Ask, id record.ID) ([]Brief, error) {
	linked, err := LinkedTo(a.Context, a, []record.ID{id})
	if err != nil {
		return nil, err
	}
	return Briefs(a.Context, a, linked[id], a.Now)
}

// linkEntries are what was said of a record and others that are shown here, as it stands, when it was said.
func linkEntries(a *record.Ask, k *record.Kind, person record.ID) ([]Entry, error) {
	w := sayings{}
	if err := readSayings(a.Context, a, []record.ID{person}, w); err != nil {
		return nil, err
	}
	cards := map[record.ID]string{}
	by, err := briefsBy(a, sortedPairs(w))
	if err != nil {
		return nil, err
	}
	for id, b := range by {
		cards[id] = b.Card
	}
	var out []Entry
	for _, p := range sortedPairs(w) {
		said, other := w[p], p.a
		if other == person {
			other = p.b
		}
		id, err := linkID(person, other)
		if err != nil {
			return nil, err
		}
		for _, one := range said {
			_, offset := one.At.Zone()
			e := Entry{ID: id, Kind: k.Name, Compartment: k.In, At: one.At, Zone: offset / 60, Recorded: recordedAt(one.rec>>16, one.At), Site: one.Site, By: one.By,
				Fields: map[string]any{"other": other, "card": cards[other], "verdict": one.Verdict}}
			if one.Reason != "" {
				e.Fields["reason"] = one.Reason
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// copyLinked reads what a person's copy holds of their other records.
func copyLinked(a *record.Ask, others []LinkedRecord) ([]LinkedCopy, error) {
	out := []LinkedCopy{}
	for _, l := range others {
		one := PersonParams{Person: l.ID.String()}
		s, err := showPerson(a, one)
		if err != nil {
			return nil, err
		}
		asked, err := readConsents(a, one)
		if err != nil {
			return nil, err
		}
		limits, err := restrictionsOn(a.Context, a, l.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, LinkedCopy{Person: s, Consents: asked, Limits: append([]Limits{}, limits...)})
	}
	return out, nil
}

// linkedSpare is how many hits more than asked for are looked up, so that records of one person do not push others off the list.
const linkedSpare = 8

// oneEach leaves of the hits that are records of one person the best, and names the others with it.
func oneEach(a *record.Ask, hits []Hit, limit int) ([]Hit, error) {
	ids := make([]record.ID, len(hits))
	for i, h := range hits {
		ids[i] = h.Person.ID
	}
	linked, err := LinkedTo(a.Context, a, ids)
	if err != nil {
		return nil, err
	}
	out, shown := hits[:0], map[record.ID]bool{}
	for _, h := range hits {
		if shown[h.Person.ID] || len(out) == limit {
			continue
		}
		others := linked[h.Person.ID]
		for _, id := range others {
			shown[id] = true
		}
		if h.Linked, err = Briefs(a.Context, a, others, a.Now); err != nil {
			return nil, err
		}
		for _, other := range h.Linked {
			if other.LastSeen != nil && (h.Person.LastSeen == nil || other.LastSeen.At.After(h.Person.LastSeen.At)) {
				h.Person.LastSeen = other.LastSeen
			}
		}
		out = append(out, h)
	}
	return out, nil
}
