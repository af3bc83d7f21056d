package shares

import (
	_ "embed"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"amparo/internal/journal"
	"amparo/internal/lang"
)

//go:embed data/es.txt
var spanishWords string

//go:embed data/en.txt
var englishWords string

// list is one language's 2,048 words. The first four letters tell them apart, accents left aside.
type list struct {
	words  []string       // as they are written
	folded []string       // without accents
	places map[string]int // by folded word, and by its first four letters
}

// lists are tried in this order.
var lists = []*list{newList(spanishWords), newList(englishWords)}

const prefix = 4 // letters that tell the words of a list apart

func newList(text string) *list {
	l := &list{words: strings.Fields(norm.NFC.String(text)), places: map[string]int{}}
	for i, w := range l.words {
		f := fold(w)
		l.folded = append(l.folded, f)
		l.places[f] = i
		if _, whole := l.places[start(f)]; !whole {
			l.places[start(f)] = i
		}
	}
	return l
}

func start(folded string) string { return folded[:min(len(folded), prefix)] }

// wordsOf is the list in which a share is printed for a reader: English for English, Spanish for all others, for it is the
// language of the route.
func wordsOf(tag lang.Tag) *list {
	if tag == lang.EN {
		return lists[1]
	}
	return lists[0]
}

// fold leaves lower-case letters without accents; what is no letter of the lists' alphabet becomes a mark that no word has.
func fold(word string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(word)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// find gives the place of a word, whole or shortened to four letters or more.
func (l *list) find(folded string) (int, bool) {
	if i, ok := l.places[folded]; ok {
		return i, true
	}
	if len(folded) < prefix {
		return 0, false
	}
	i, ok := l.places[start(folded)]
	return i, ok && strings.HasPrefix(l.folded[i], folded)
}

// nearest gives the word that was probably meant; empty when several are as near, or none is.
func (l *list) nearest(folded string) string {
	best, found, tie := 3, "", false // two letters may differ
	for i, w := range l.folded {
		switch d := distance(folded, w, best); {
		case d < best:
			best, found, tie = d, l.words[i], false
		case d == best:
			tie = true
		}
	}
	if tie {
		return ""
	}
	return found
}

// distance counts letters put in, left out, changed or swapped with the next one; what reaches most is given as most+1.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	var before, last, row [40]int
	if len(b) >= len(row) || len(a) >= len(row) {
		return most + 1
	}
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// What the words of a share hold, 36 words of 11 bits: version 4, K-1 5, N-1 5, Number-1 5, Set 56, Check 32, the piece 256,
// CRC-32 (Castagnoli) of all that 32, one bit 0. What names the workspace, 27 words: version 4, Workspace 128, Founder 128,
// CRC-32 32, five bits 0.
const (
	version    = 1
	shareWords = 36
	homeWords  = 27
	wordBits   = 11

	shareBits = 4 + 5 + 5 + 5 + 56 + 32 + 256
	homeBits  = 4 + 128 + 128
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// bits is a string of bits, the first one highest.
type bits struct {
	data []byte
	n    int
}

func (b *bits) put(value uint64, width int) {
	for i := width - 1; i >= 0; i-- {
		if b.n%8 == 0 {
			b.data = append(b.data, 0)
		}
		b.data[b.n/8] |= byte(value>>i&1) << (7 - b.n%8)
		b.n++
	}
}

func (b *bits) putBytes(raw []byte) {
	for _, x := range raw {
		b.put(uint64(x), 8)
	}
}

func (b *bits) take(width int) (value uint64) {
	for range width {
		value = value<<1 | uint64(b.data[b.n/8]>>(7-b.n%8)&1)
		b.n++
	}
	return value
}

func (b *bits) takeBytes(into []byte) {
	for i := range into {
		into[i] = byte(b.take(8))
	}
}

// seal adds the checksum and fills the last word up.
func (b *bits) seal(words int) {
	b.put(uint64(crc32.Checksum(b.data, castagnoli)), 32)
	b.put(0, words*wordBits-b.n)
}

// packed puts words together.
func packed(places []int) *bits {
	var b bits
	for _, p := range places {
		b.put(uint64(p), wordBits)
	}
	return &b
}

// syndrome is 0 when the checksum of the first n bits is right and nothing follows it. It is linear but for a constant:
// what a change does to it does not depend on what is changed.
func syndrome(places []int, n int) uint64 {
	all := packed(places)
	said := &bits{data: all.data}
	var body bits
	for left := n; left > 0; left -= min(left, 8) {
		body.put(said.take(min(left, 8)), min(left, 8))
	}
	wrong := said.take(32) ^ uint64(crc32.Checksum(body.data, castagnoli))
	after := all.n - said.n
	return wrong<<after | said.take(after)
}

// sound gives the bits behind words whose checksum is right.
func sound(places []int, n int) (*bits, bool) {
	return &bits{data: packed(places).data}, syndrome(places, n) == 0
}

func (b *bits) places() []int {
	all, out := &bits{data: b.data}, []int{}
	for all.n+wordBits <= b.n {
		out = append(out, int(all.take(wordBits)))
	}
	return out
}

// Words spells the share in the words of a language.
func (s *Share) Words(tag lang.Tag) []string {
	var b bits
	b.put(version, 4)
	b.put(uint64(s.K-1), 5)
	b.put(uint64(s.N-1), 5)
	b.put(uint64(s.Number-1), 5)
	b.putBytes(s.Set[:])
	b.putBytes(s.Check[:])
	b.putBytes(s.piece[:])
	b.seal(shareWords)
	return wordsOf(tag).spell(b.places())
}

// Words spells what an empty machine must know of the workspace; the relay is not among it.
func (h Home) Words(tag lang.Tag) []string {
	var b bits
	b.put(version, 4)
	b.putBytes(h.Workspace[:])
	b.putBytes(h.Founder[:])
	b.seal(homeWords)
	return wordsOf(tag).spell(b.places())
}

func (l *list) spell(places []int) []string {
	out := make([]string, len(places))
	for i, p := range places {
		out[i] = l.words[p]
	}
	return out
}

// shareOf reads 36 places; ok is false when they are no share. A version that is not known is an error.
func shareOf(places []int) (s Share, ok bool, err error) {
	b, ok := sound(places, shareBits)
	if !ok {
		return s, false, nil
	}
	if v := b.take(4); v != version {
		return s, false, fmt.Errorf("%w: share version %d", journal.ErrNewer, v)
	}
	s.K, s.N, s.Number = int(b.take(5))+1, int(b.take(5))+1, int(b.take(5))+1
	b.takeBytes(s.Set[:])
	b.takeBytes(s.Check[:])
	b.takeBytes(s.piece[:])
	return s, s.whole(), nil
}

// homeOf reads 27 places.
func homeOf(places []int) (h Home, ok bool) {
	b, ok := sound(places, homeBits)
	if !ok || b.take(4) != version {
		return h, false
	}
	b.takeBytes(h.Workspace[:])
	b.takeBytes(h.Founder[:])
	return h, h.Known()
}

// letters is a text cut into words: numbers, dots and line breaks only part them.
func letters(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) })
}
