package match

import "slices"

// A card stands as its digits, with their number in the highest four bits and, below, whether it was lost.
const (
	cardLost   = 1 << 59
	cardDigits = cardLost - 1
	longest    = 15
)

// packCard gives 0 for what has fewer than four digits.
func packCard(c Card) uint64 {
	digits := digitsOf(c.Digits)
	if len(digits) < 4 {
		return 0
	}
	digits = digits[max(0, len(digits)-longest):]
	var n uint64
	for i := range len(digits) {
		n = n*10 + uint64(digits[i]-'0')
	}
	n |= uint64(len(digits)) << 60
	if c.Lost {
		n |= cardLost
	}
	return n
}

func tailOf(card uint64) uint16 { return uint16((card & cardDigits) % 10_000) }

// endsWith says whether a card's digits end with those of another.
func endsWith(card, tail uint64) bool {
	n := tail >> 60
	if n == 0 || card>>60 < n {
		return false
	}
	power := uint64(1)
	for range n {
		power *= 10
	}
	return (card&cardDigits)%power == tail&cardDigits
}

func (ix *Index) putCards(slot uint32, cards []Card) {
	b, i := ix.at(slot)
	for _, c := range cards {
		card := packCard(c)
		switch {
		case card == 0:
		case b.card[i] == 0:
			b.card[i] = card
		case b.card[i] != card && !slices.Contains(ix.others[slot], card) && len(ix.others[slot]) < mostCards:
			ix.others[slot] = append(ix.others[slot], card)
		default:
			continue
		}
		if tail := tailOf(card); card != 0 && !slices.Contains(ix.tails[tail], slot) {
			ix.tails[tail] = append(ix.tails[tail], slot)
		}
	}
}

func (ix *Index) dropCards(slot uint32) {
	b, i := ix.at(slot)
	for _, card := range append(slices.Clone(ix.others[slot]), b.card[i]) {
		if card == 0 {
			continue
		}
		tail := tailOf(card)
		if left := without(ix.tails[tail], slot); len(left) > 0 {
			ix.tails[tail] = left
		} else {
			delete(ix.tails, tail)
		}
	}
	b.card[i] = 0
	delete(ix.others, slot)
}

// cardEnding gives a slot's card that ends with the digits; one that was not lost rather than one that was. 0: none.
func (ix *Index) cardEnding(slot uint32, tail uint64) uint64 {
	b, i := ix.at(slot)
	var found uint64
	better := func(card uint64) {
		if endsWith(card, tail) && (found == 0 || found&cardLost != 0) {
			found = card
		}
	}
	better(b.card[i])
	for _, card := range ix.others[slot] {
		better(card)
	}
	return found
}

// withCard lists the slots with a card that ends with the digits.
func (ix *Index) withCard(tail uint64) []uint32 {
	if tail == 0 {
		return nil
	}
	var out []uint32
	for _, slot := range ix.tails[tailOf(tail)] {
		if ix.cardEnding(slot, tail) != 0 {
			out = append(out, slot)
		}
	}
	return out
}

func digitsOf(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			out = append(out, s[i])
		}
	}
	return string(out)
}
