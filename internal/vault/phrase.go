package vault

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"amparo/internal/record"
)

// MinPassphrase is the fewest characters of a passphrase.
const MinPassphrase = 10

// Strength says in three steps how hard a passphrase that is allowed is to guess. It never refuses one.
type Strength string

// The steps. Texts are `passphrase.<step>`.
const (
	Enough Strength = "enough" // allowed; four words would be better
	Good   Strength = "good"
	Strong Strength = "strong"
)

//go:embed data/common.sha256
var commonDigests []byte

const digestSize = 5 // bytes of SHA-256 kept of each; one passphrase in a hundred million is taken for common by chance

// commonHere are words that people here build passphrases of and that lists from elsewhere do not hold.
var commonHere = []string{"contrasena", "contrasenia", "clave", "motdepasse", "senha", "modpas", "mexico", "guatemala", "honduras",
	"elsalvador", "nicaragua", "venezuela", "colombia", "haiti", "ayiti", "cuba", "tapachula", "tijuana", "migrante", "migrantes",
	"albergue", "refugio", "frontera", "amparo", "cuaderno"}

// JudgePassphrase refuses a passphrase that is short, that is on lists of common ones (also with digits and signs around it or
// in the place of letters), that is a run of neighbouring keys, or that is made of the given names: who guesses begins there.
// Everything else is allowed.
func JudgePassphrase(phrase string, names ...string) (Strength, error) {
	length := utf8.RuneCountInString(phrase)
	folded := foldPhrase(phrase)
	switch {
	case length < MinPassphrase:
		return "", record.Refuse("passphrase", "short_passphrase", "n", MinPassphrase)
	case common(folded) || poor(folded):
		return "", record.Refuse("passphrase", "weak_passphrase")
	case utf8.RuneCountInString(without(folded, names)) < MinPassphrase && without(folded, names) != folded:
		return "", record.Refuse("passphrase", "named_passphrase")
	}
	words := 0
	for _, w := range strings.Fields(phrase) {
		if utf8.RuneCountInString(w) >= 3 {
			words++
		}
	}
	switch {
	case words >= 6 || length >= 28:
		return Strong, nil
	case words >= 4 || length >= 18:
		return Good, nil
	}
	return Enough, nil
}

// foldPhrase leaves lower-case letters without accents, digits and signs.
func foldPhrase(text string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		if !unicode.Is(unicode.Mn, r) && !unicode.IsSpace(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

var spelledWithDigits = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// common reports a folded passphrase that is on a list, as it is, without what stands around its letters, with its digits read
// as letters, or said twice.
func common(folded string) bool {
	notLetter := func(r rune) bool { return !unicode.IsLetter(r) }
	core := strings.TrimFunc(folded, notLetter)
	spelled := strings.TrimFunc(spelledWithDigits.Replace(folded), notLetter)
	spelledCore := spelledWithDigits.Replace(strings.TrimRight(folded, "0123456789!.,-_*#?"))
	for _, form := range []string{folded, core, spelled, spelledCore} {
		if listed(form) {
			return true
		}
		if half := form[:len(form)/2]; len(form)%2 == 0 && form == half+half && listed(half) {
			return true
		}
	}
	return false
}

func listed(word string) bool {
	if len(word) < 4 {
		return false
	}
	for _, w := range commonHere {
		if w == word {
			return true
		}
	}
	sum := sha256.Sum256([]byte(word))
	n := len(commonDigests) / digestSize
	i := sort.Search(n, func(i int) bool {
		return bytes.Compare(commonDigests[i*digestSize:(i+1)*digestSize], sum[:digestSize]) >= 0
	})
	return i < n && bytes.Equal(commonDigests[i*digestSize:(i+1)*digestSize], sum[:digestSize])
}

// rowsOfKeys are what fingers run along.
var rowsOfKeys = []string{"01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjklñ", "zxcvbnm", "azertyuiop", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn7ujm"}

// poor reports a passphrase of few different characters, or of hardly anything but neighbours on a keyboard.
func poor(folded string) bool {
	seen := map[rune]bool{}
	steps, last := 0, rune(0) // steps that are not to the same key or to a neighbour
	for _, r := range folded {
		seen[r] = true
		if last != 0 && r != last && !neighbours(last, r) {
			steps++
		}
		last = r
	}
	return len(seen) < 5 || steps < 3
}

func neighbours(a, b rune) bool {
	for _, row := range rowsOfKeys {
		if strings.Contains(row, string([]rune{a, b})) || strings.Contains(row, string([]rune{b, a})) {
			return true
		}
	}
	return false
}

// without takes the words of names out.
func without(folded string, names []string) string {
	for _, name := range names {
		for _, word := range strings.Fields(name) {
			if w := foldPhrase(word); len(w) >= 3 {
				folded = strings.ReplaceAll(folded, w, "")
			}
		}
	}
	return folded
}
