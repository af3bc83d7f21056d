package main

import (
	"context"

	"amparo/internal/lang"
	"amparo/internal/web"
)

// MakeShares shows the pages a new set of recovery shares (web.Recoverer).
func (d *desk) MakeShares(ctx context.Context, in lang.Tag, k, n int) ([]web.ShareSheet, error) {
	list, err := d.session.MakeShares(ctx, n, k)
	if err != nil {
		return nil, webError(err)
	}
	out := make([]web.ShareSheet, len(list))
	for i := range list {
		s := &list[i]
		out[i] = web.ShareSheet{Number: s.Number, Of: s.N, Need: s.K, Set: s.Set.Label(), Words: s.Words(in), Home: s.Home.Words(in), Code: s.Code()}
		s.Wipe()
	}
	return out, nil
}
