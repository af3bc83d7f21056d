package bench

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
	"amparo/internal/sample"
)

// mostLookups bounds how many searches are timed.
const mostLookups = 1500

// sought measures finding a person again by a name as it was heard or mistyped: how long an answer takes and how often the
// person is among the ten given, against the scan that a database without an index of names does.
func sought(ctx context.Context, o Options, r *Report) error {
	b, err := found(ctx, o, "node", cheap)
	if err != nil {
		return err
	}
	defer b.close()
	o.tell("find: %d persons are registered", o.N)
	tale := sample.NewStory(judgedSeed, o.N, began)
	ids, lookups, err := b.register(ctx, tale)
	if err != nil {
		return err
	}
	first, err := spent(func() error { _, err := b.find(ctx, "Ana"); return err })
	if err != nil {
		return err
	}
	type kind struct{ ours, theirs, took, scan []float64 }
	by := map[string]*kind{"name": {}, "typo": {}}
	for _, l := range lookups {
		k := by[l.By]
		start := time.Now()
		hits, err := b.find(ctx, l.Query)
		if err != nil {
			return err
		}
		k.took = append(k.took, time.Since(start).Seconds()*1e3)
		k.ours = append(k.ours, within(hits, ids[l.Expect]))
		start = time.Now()
		if hits, err = b.scan(ctx, l.Query); err != nil {
			return err
		}
		k.scan = append(k.scan, time.Since(start).Seconds()*1e3)
		k.theirs = append(k.theirs, within(hits, ids[l.Expect]))
	}
	const what = "a scan of the names with LIKE"
	for _, name := range []string{"name", "typo"} {
		k := by[name]
		if len(k.took) == 0 {
			return fmt.Errorf("a story of %d persons looks up nobody by %s", o.N, name)
		}
		r.against("found among ten, by "+name, mean(k.ours), "part", what, mean(k.theirs))
		for _, q := range []struct {
			name string
			part float64
		}{{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}} {
			r.against("answer by "+name+", "+q.name, quantile(k.took, q.part), "ms", what, quantile(k.scan, q.part))
		}
	}
	r.alone("persons searched", float64(len(ids)), "persons")
	r.alone("searches", float64(len(lookups)), "searches")
	r.alone("first search, with the index made", first*1e3, "ms")
	return nil
}

func mean(list []float64) (sum float64) {
	for _, v := range list {
		sum += v
	}
	return sum / float64(max(len(list), 1))
}

func within(hits []record.ID, id record.ID) float64 {
	for _, h := range hits {
		if h == id {
			return 1
		}
	}
	return 0
}

// register writes the persons of a story and what changed of them, and gives the records by client id and the searches
// by name.
func (b *bed) register(ctx context.Context, tale *sample.Story) (map[string]record.ID, []sample.Lookup, error) {
	var list []record.Request
	var lookups []sample.Lookup
	for _, step := range tale.Steps {
		switch action := step.Request.Action; {
		case step.Kind == sample.Find && step.Find.Query != "" && len(lookups) < mostLookups:
			lookups = append(lookups, step.Find)
		case action == "site.open", action == "person.register", action == "person.update":
			list = append(list, step.Request)
		}
	}
	ids := map[string]record.ID{}
	for len(list) > 0 {
		group := list[:min(64, len(list))]
		list = list[len(group):]
		b.clock.Store(latest(group).Unix())
		for i, result := range b.session.ApplyAll(ctx, lang.ES, group) {
			if !result.OK {
				return nil, nil, fmt.Errorf("%s was refused: %s", result.Action, result.Error.Message)
			}
			if group[i].Action == "person.register" {
				id, err := resultID(result)
				if err != nil {
					return nil, nil, err
				}
				ids[group[i].ID] = id
			}
		}
	}
	return ids, lookups, ctx.Err()
}

func resultID(result record.Result) (record.ID, error) {
	raw, err := json.Marshal(result.Result)
	if err != nil {
		return record.ID{}, err
	}
	var made struct {
		ID record.ID `json:"id"`
	}
	if err := json.Unmarshal(raw, &made); err != nil {
		return record.ID{}, err
	}
	if made.ID.IsZero() {
		return record.ID{}, errors.New("a result without an id")
	}
	return made.ID, nil
}

func (b *bed) find(ctx context.Context, q string) ([]record.ID, error) {
	answer, err := b.session.Query(ctx, lang.ES, "person.find", map[string][]string{"q": {q}, "limit": {"10"}})
	if err != nil {
		return nil, err
	}
	list, ok := answer.(people.Found)
	if !ok {
		return nil, fmt.Errorf("person.find answers with a %T", answer)
	}
	var ids []record.ID
	for _, h := range list.Hits {
		ids = append(ids, h.Person.ID)
	}
	return ids, nil
}

// scan is the search of a plain program: every word typed must stand in the name, whatever its case.
func (b *bed) scan(ctx context.Context, q string) ([]record.ID, error) {
	var where []string
	var args []any
	for _, word := range strings.Fields(q) {
		where = append(where, "(coalesce(given,'')||' '||coalesce(surname1,'')||' '||coalesce(surname2,'')||' '||coalesce(nickname,'')) LIKE ?")
		args = append(args, "%"+word+"%")
	}
	text, err := b.session.Word(ctx, "SELECT group_concat(hex(id)) FROM (SELECT id FROM identity.person WHERE "+strings.Join(where, " AND ")+" LIMIT 10)", args...)
	if err != nil || text == "" {
		return nil, err
	}
	var ids []record.ID
	for part := range strings.SplitSeq(text, ",") {
		raw, err := hex.DecodeString(part)
		if err != nil || len(raw) != len(record.ID{}) {
			return nil, fmt.Errorf("an id %q", part)
		}
		ids = append(ids, record.ID(raw))
	}
	return ids, nil
}
