package linkage

import (
	"slices"
	"sync"
	"unicode/utf8"
)

// typos finds, for a word that was counted, the other words that are a typing error away. A name surrounded by others (Marta, María) says less
// when it nearly agrees than one around which there is nothing.
type typos struct {
	mu    sync.Mutex
	upTo  int                // words that are in gaps
	gaps  map[uint64][]int32 // words by what is left when a letter is left out
	lists map[int32][]int32  // answers, valid while upTo stands
}

// near lists the words that alike calls Typo of a word.
func (y *typos) near(w int32, texts []string) []int32 {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.gaps == nil || len(texts) > y.upTo {
		y.grow(texts)
	}
	if list, ok := y.lists[w]; ok {
		return list
	}
	var list []int32
	own := tokensOf(texts[w], 1)
	eachGap(texts[w], func(gap uint64) {
		for _, v := range y.gaps[gap] {
			if v == w || slices.Contains(list, v) {
				continue
			}
			if other := tokensOf(texts[v], 1); len(own) == 1 && len(other) == 1 && alike(own[0], other[0]) == Typo {
				list = append(list, v)
			}
		}
	})
	slices.Sort(list) // sums must not depend on the order of a map
	y.lists[w] = list
	return list
}

// grow takes in the words counted since.
func (y *typos) grow(texts []string) {
	if y.gaps == nil {
		y.gaps = map[uint64][]int32{}
	}
	y.lists = map[int32][]int32{}
	for ; y.upTo < len(texts); y.upTo++ {
		eachGap(texts[y.upTo], func(gap uint64) { y.gaps[gap] = append(y.gaps[gap], int32(y.upTo)) })
	}
}

// eachGap gives a word and the word with each letter left out, hashed.
func eachGap(text string, yield func(uint64)) {
	if n := utf8.RuneCountInString(text); n < 3 || n > 24 {
		return
	}
	yield(start('g').text(text).end())
	for at, r := range text {
		yield(start('g').text(text[:at] + text[at+utf8.RuneLen(r):]).end())
	}
}
