package webtest

import (
	"context"
	"fmt"

	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/web"
)

// Sheets is what opens the made-up house again.
const Sheets = "tres hojas"

// Recover takes the sheets above.
func (h *House) Recover(_ context.Context, r web.Recovering) (web.Recovered, error) {
	if string(r.Sheets) != Sheets {
		return web.Recovered{}, record.Refuse("share", "share_none")
	}
	return web.Recovered{Name: Rosa.Name}, nil
}

// MakeShares gives made-up sheets: their words are numbers.
func (d *Desk) MakeShares(_ context.Context, _ lang.Tag, k, n int) (out []web.ShareSheet, err error) {
	words := func(count int) (list []string) {
		for i := range count {
			list = append(list, fmt.Sprintf("palabra%d", i+1))
		}
		return list
	}
	for i := range n {
		out = append(out, web.ShareSheet{Number: i + 1, Of: n, Need: k, Set: "EF14-399F", Words: words(36), Home: words(27),
			Code: fmt.Sprintf("AMPARO1:04E06181XWA3K7RGFPK3MW8PT8S3KNM5NTSQT3HMK9JH1KN8F8M1SYC9C7HWZW3X312A08G704106000000000000000000%d", i)})
	}
	return out, nil
}
