//go:build !race

package node

// storySeeds is how many stories of one kind are played.
const storySeeds = 8
