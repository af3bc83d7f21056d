package people

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"amparo/internal/record"
)

// cardDigits is how many digits a card has, the last one included: one chance in two hundred that any two of thirty thousand people
// share a card.
const cardDigits = 12

// ownDigits follow in the code that a camera reads: they say whose organisation the card is of.
const ownDigits = 8

// CheckedCard makes a card's number of n: eleven digits of it and a last one that finds every wrong digit and every two exchanged
// neighbours.
func CheckedCard(n uint64) string {
	digits := fmt.Sprintf("%0*d", cardDigits-1, n%100_000_000_000)
	return digits + string('0'+checkDigit(digits))
}

// DrawCard draws the number of a card. It comes from nothing that is known of the person: a number made from the record's id could be
// made again by whoever holds the journal, whose headers are in clear, and would tell them when and where a card that they found
// was handed out.
func DrawCard() string {
	var raw [8]byte
	for {
		_, _ = rand.Read(raw[:]) // crypto/rand does not fail: it ends the program instead
		// Numbers from the incomplete last round of 10^11 would come up more often than the others.
		if n := binary.BigEndian.Uint64(raw[:]); n < 184_467_440*100_000_000_000 {
			return CheckedCard(n)
		}
	}
}

// ValidCard reports a card number typed without mistake.
func ValidCard(card string) bool {
	if len(card) != cardDigits || strings.Trim(card, "0123456789") != "" {
		return false
	}
	return checkDigit(card[:cardDigits-1]) == rune(card[cardDigits-1]-'0')
}

// CardCode is what stands in the code on a card: its number, and eight digits that only programs of this workspace write so. They
// tell a card of another organisation from one of ours; they prove nothing, for whoever knows the workspace can write them too.
func CardCode(workspace record.ID, number string) string { return number + ownMark(workspace, number) }

func ownMark(workspace record.ID, number string) string {
	sum := sha256.Sum256(append(append([]byte("amparo card of a workspace v1\x00"), workspace[:]...), number...))
	return fmt.Sprintf("%0*d", ownDigits, binary.BigEndian.Uint64(sum[:8])%100_000_000)
}

// ReadCard gives the number of a card as it was typed or scanned: twelve digits, or the twenty of its code. It refuses with card_short
// (not as many digits as a card has), card_wrong (a digit was misread), card_elsewhere (a card of another organisation) and
// card_no_card (something else was scanned).
func ReadCard(workspace record.ID, field, text string) (string, error) {
	var b strings.Builder
	for _, r := range strings.TrimSpace(text) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune(" \u00a0\u202f-.#", r): // as cards are printed, and as people write them
		default:
			return "", record.Refuse(field, "card_no_card", "digits", cardDigits)
		}
	}
	digits := b.String()
	switch len(digits) {
	case cardDigits:
		if ValidCard(digits) {
			return digits, nil
		}
	case cardDigits + ownDigits:
		number, mark := digits[:cardDigits], digits[cardDigits:]
		switch {
		case !ValidCard(number): // neither ours nor anybody's
		case mark != ownMark(workspace, number):
			return "", record.Refuse(field, "card_elsewhere")
		default:
			return number, nil
		}
	default:
		return "", record.Refuse(field, "card_short", "digits", cardDigits, "n", len(digits))
	}
	return "", record.Refuse(field, "card_wrong")
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

// newCard draws a card that nobody known here has.
func newCard(ctx context.Context, r record.Reader) (string, error) {
	for {
		card := DrawCard()
		holders, err := holdersOf(ctx, r, card)
		if err != nil {
			return "", err
		}
		if len(holders) == 0 {
			return card, nil
		}
	}
}
