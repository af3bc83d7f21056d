package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/record"
)

// What a person asks of their record they ask of all of them: a page that does it offers the linked ones too, and does it to all
// that are chosen or to none.

// linkedField offers the other records of a person. It has no options when there are none.
func (f *form) linkedField(linked []people.LinkedRecord) Field {
	return f.field("linked", label("same.linked_too"), hint("same.linked_too_hint"), func(f *form, d *Field) {
		all := make([]lang.Choice, 0, len(linked))
		for _, l := range linked {
			all = append(all, lang.Choice{Code: l.ID.String(), Name: f.recordName(l.Brief)})
		}
		f.offer(d, all)
	})
}

// linkedChosen is how the choice stands when the page is opened: all of them.
func linkedChosen(start url.Values, linked []people.LinkedRecord) url.Values {
	if start == nil {
		start = url.Values{}
	}
	for _, l := range linked {
		start.Add("linked", l.ID.String())
	}
	return start
}

// chosenWith lists the record of a page and the linked ones that were chosen.
func (f *form) chosenWith(person record.ID, linked []people.LinkedRecord) []record.ID {
	out := []record.ID{person}
	for _, l := range linked {
		if slices.Contains(f.values("linked"), l.ID.String()) {
			out = append(out, l.ID)
		}
	}
	return out
}

// applyTogether runs one action for each of some records, all or none. It gives the result of the first, or the first refusal.
func (f *form) applyTogether(action string, at time.Time, ids []record.ID, data func(record.ID) any) (record.Result, error) {
	if len(ids) == 1 {
		return f.apply(action, f.Client, at, data(ids[0]))
	}
	requests := make([]record.Request, len(ids))
	for i, id := range ids {
		raw, err := json.Marshal(data(id))
		if err != nil {
			return record.Result{}, fmt.Errorf("web: data of %s: %w", action, err)
		}
		requests[i] = f.request(action, fmt.Sprint(f.Client, "-", i), at, raw)
	}
	var results []record.Result
	if desk, can := f.desk.(Wholesale); can {
		done, _, err := desk.ApplyWhole(f.r.Context(), f.lang, requests, false)
		if err != nil {
			return record.Result{}, err
		}
		results = done
	} else {
		for _, r := range requests {
			results = append(results, f.desk.Apply(f.r.Context(), f.lang, r))
			if !results[len(results)-1].OK {
				break
			}
		}
	}
	for _, r := range results {
		if !r.OK && r.Error != nil {
			return r, nil
		}
	}
	return results[0], nil
}
