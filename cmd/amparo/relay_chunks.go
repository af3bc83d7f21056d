package main

import (
	"context"
	"strings"

	"amparo/internal/record"
	"amparo/internal/relay"
)

// keepChunks makes a relay keep the pieces of files in a bucket, when one is named by the flag or by AMPARO_RELAY_CHUNKS. The
// keys come from the environment, or from the file it names, as other programs for such stores take them.
func (c *call) keepChunks(ctx context.Context, store *relay.SQLStore, place string) (bucket string, err error) {
	if place == "" {
		place = c.Getenv("AMPARO_RELAY_CHUNKS")
	}
	if place != "" {
		blobs, err := relay.OpenS3(ctx, place, c.Getenv)
		if err != nil {
			return "", record.Refuse("chunks", "bucket", "reason", strings.TrimPrefix(err.Error(), relay.ErrBucket.Error()+": ")).Because(err)
		}
		store.KeepChunksIn(blobs)
		bucket, _, _ = strings.Cut(place, "?")
	}
	return bucket, store.SweepChunks(ctx)
}
