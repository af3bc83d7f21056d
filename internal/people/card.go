package people

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"amparo/internal/record"
)

// cardDigits is how many digits a card has, the last one included: one chance in two hundred that any two of thirty thousand people
// share a card.
const cardDigits = 12

// Card makes the number on a person's card from the record's id. It says nothing about the person, the site or the day, and its last
// digit finds every wrong digit and every two exchanged neighbours. try is 0; greater numbers give other cards for the same id.
func Card(id record.ID, try int) string {
	sum := sha256.Sum256(append([]byte(fmt.Sprintf("amparo card v1/%d/", try)), id[:]...))
	n := binary.BigEndian.Uint64(sum[:8]) % 100_000_000_000
	digits := fmt.Sprintf("%0*d", cardDigits-1, n)
	return digits + string('0'+checkDigit(digits))
}

// ValidCard reports a card number typed without mistake.
func ValidCard(card string) bool {
	if len(card) != cardDigits {
		return false
	}
	for i := range len(card) {
		if card[i] < '0' || card[i] > '9' {
			return false
		}
	}
	return checkDigit(card[:cardDigits-1]) == rune(card[cardDigits-1]-'0')
}

// damm is the totally anti-symmetric quasigroup of order 10 from H. Michael Damm, Total anti-symmetrische Quasigruppen (2004).
var damm = [10][10]byte{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
	{7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
	{4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
	{6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
	{3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
	{8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
	{9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

func checkDigit(digits string) rune {
	var state byte
	for i := range len(digits) {
		state = damm[state][digits[i]-'0']
	}
	return rune(state)
}

// newCard gives a card that nobody known here has.
func newCard(c *record.Change, id record.ID) (string, error) {
	for try := 0; ; try++ {
		card, taken := Card(id, try), false
		err := c.Select(c.Context, "SELECT 1 FROM identity.person WHERE card = ?", []any{card}, func(record.Row) error {
			taken = true
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("look for the card: %w", err)
		}
		if !taken {
			return card, nil
		}
	}
}
