// Package exchange brings two copies of a workspace in step: what they lack of each other, and how it comes over. There
// is one protocol (internal/relay/wire) for three carriers; here are the relay's (WithRelay) and the file's (WriteBundle,
// ReadBundle).
//
// An exchange may be cut off at any byte. What arrived whole before is held, and the next exchange goes on after it; only
// the run on its way is sent again. Nothing new costs one round trip.
//
// A relay is not believed. Each run is verified by the copy that takes it; a relay that changes or forks is found by
// the signature and the hashes, one that hides by what the commits themselves say their writers had seen. All of it is
// named in the Summary and none of it stops the rest.
package exchange
