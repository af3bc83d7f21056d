package shares

import (
	"crypto/rand"
	"math/big"
	"strings"

	"amparo/internal/lang"
)

// Phrase draws a passphrase of that many words for a reader: eleven bits each, so six are sixty-six, which the cost of
// trying one makes enough.
func Phrase(tag lang.Tag, words int) string {
	all := wordsOf(tag).words
	out := make([]string, words)
	for i := range out {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
		if err != nil {
			panic(err) // crypto/rand does not fail: it ends the program instead
		}
		out[i] = all[n.Int64()]
	}
	return strings.Join(out, " ")
}
