package node

import (
	"context"
	"slices"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// ApplyWhole runs actions in order, each as one commit, and keeps all of them or none: none when one is refused, and none when this
// is only a trial. Every result says how its action ended, or would have; what was not kept names no commit. It reports whether
// the actions were kept. A power cut in the middle keeps none.
func (s *Session) ApplyWhole(ctx context.Context, in lang.Tag, requests []record.Request, trial bool) ([]record.Result, bool, error) {
	results, kept := make([]record.Result, len(requests)), false
	err := s.mending(ctx, func() error {
		return s.writing(ctx, func() (err error) {
			kept, err = s.applyBatch(ctx, in, requests, results, func(done []record.Result) bool {
				return !trial && !slices.ContainsFunc(done, func(r record.Result) bool { return !r.OK })
			})
			if kept && err == nil {
				s.broke(results)
				s.eraseNow(ctx, results)
			}
			return err
		})
	})
	if err != nil {
		return nil, false, err
	}
	if !kept {
		for i := range results {
			results[i].Commit = ""
		}
	}
	return results, kept, nil
}
