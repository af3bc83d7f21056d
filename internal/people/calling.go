package people

import (
	"context"

	"amparo/internal/record"
)

// Names reads what sites and the people who work here are called.
func Names(ctx context.Context, r record.Reader) (sites, members map[record.ID]string, err error) {
	if sites, err = siteNames(ctx, r); err != nil {
		return nil, nil, err
	}
	members, err = memberNames(ctx, r)
	return sites, members, err
}
