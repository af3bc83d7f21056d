//go:build race

package node

// storySeeds is how many stories of one kind are played: with the race detector only as many as show what threads do to each other.
const storySeeds = 2
