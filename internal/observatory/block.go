package observatory

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// Limits of one block. They are far above any published monthly table and keep a hostile block from asking for memory.
const (
	maxBlockRows  = 1 << 20
	maxBlockKeys  = 16
	maxBlockWords = math.MaxUint16
	maxWordBytes  = 80
	maxBlockBytes = 32 << 20
)

// blockVersion is the first number of every encoded block.
const blockVersion = 1

// ErrBlockVersion reports a block that a later version of this program wrote. It stays as it is until an upgrade.
var ErrBlockVersion = errors.New("a block of a version that is not known here")

// A Block is everything a series says about one month: one row for each combination of codes that the publisher printed, with its
// count. Rows are never summed. They are in ascending order of their codes and no two have the same codes, so the same facts are
// the same bytes in whatever order a file brings them.
type Block struct {
	Month  Month
	Keys   []string // what the rows are told apart by, for example region, state, nationality
	Words  [][]string
	Codes  [][]uint16 // for each key, for each row, an index into Words
	Counts []int64    // for each row, how many; never negative
}

// Rows is the number of rows.
func (b *Block) Rows() int { return len(b.Counts) }

// Total is the sum over all rows. It is a check to print beside a figure, not a figure to publish.
func (b *Block) Total() int64 {
	var n int64
	for _, c := range b.Counts {
		n += c
	}
	return n
}

// Word is the code that row holds under the key with that index.
func (b *Block) Word(key, row int) string { return b.Words[key][b.Codes[key][row]] }

// row is a row's codes in the order of Keys.
func (b *Block) row(i int) []string {
	out := make([]string, len(b.Keys))
	for k := range b.Keys {
		out[k] = b.Word(k, i)
	}
	return out
}

// wireBlock is the block as stored: CBOR in the core deterministic form. The month is not in it: it is the key of the record that
// holds the block. Indices take one byte where a key has at most 256 words and two, big-endian, where it has more; counts are
// unsigned varints. Columns of small numbers in sorted order are what a general compressor does best with, so nothing more is done.
type wireBlock struct {
	_       struct{} `cbor:",toarray"`
	Version uint
	Rows    uint
	Keys    []wireKey
	Counts  []byte
}

type wireKey struct {
	_     struct{} `cbor:",toarray"`
	Name  string
	Words []string
	Codes []byte
}

var (
	blockEncoder = must(cbor.CoreDetEncOptions().EncMode())
	blockDecoder = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		UTF8:              cbor.UTF8RejectInvalid,
		MaxNestedLevels:   8,
		MaxArrayElements:  maxBlockWords + 1,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// EncodeBlock gives the bytes that stand for the block. The same rows give the same bytes. It refuses a block that DecodeBlock
// would not take back.
func EncodeBlock(b *Block) ([]byte, error) {
	if err := b.valid(); err != nil {
		return nil, err
	}
	w := wireBlock{Version: blockVersion, Rows: uint(b.Rows()), Keys: make([]wireKey, len(b.Keys))}
	for k, name := range b.Keys {
		codes := make([]byte, 0, 2*b.Rows())
		for _, c := range b.Codes[k] {
			if len(b.Words[k]) > 256 {
				codes = binary.BigEndian.AppendUint16(codes, c)
			} else {
				codes = append(codes, byte(c))
			}
		}
		w.Keys[k] = wireKey{Name: name, Words: b.Words[k], Codes: codes}
	}
	for _, n := range b.Counts {
		w.Counts = binary.AppendUvarint(w.Counts, uint64(n))
	}
	out, err := blockEncoder.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("encode block: %w", err)
	}
	if len(out) > maxBlockBytes {
		return nil, fmt.Errorf("encode block: %d bytes is more than a block may hold", len(out))
	}
	return out, nil
}

// DecodeBlock reads a block of the given month. It takes exactly the bytes that EncodeBlock gives and refuses everything else,
// longer forms of the same rows included, so that equal bytes and equal rows mean the same thing.
func DecodeBlock(month Month, data []byte) (*Block, error) {
	if len(data) > maxBlockBytes {
		return nil, fmt.Errorf("block of %s: %d bytes is more than a block may hold", month, len(data))
	}
	b, err := decodeBlock(month, data)
	if err != nil {
		return nil, fmt.Errorf("block of %s: %w", month, err)
	}
	return b, nil
}

func decodeBlock(month Month, data []byte) (*Block, error) {
	var w wireBlock
	if err := blockDecoder.Unmarshal(data, &w); err != nil {
		return nil, err
	}
	if w.Version > blockVersion {
		return nil, fmt.Errorf("version %d: %w", w.Version, ErrBlockVersion)
	}
	if w.Version == 0 {
		return nil, errors.New("version 0")
	}
	if w.Rows > maxBlockRows || uint(len(w.Counts)) < w.Rows {
		return nil, fmt.Errorf("%d rows do not fit", w.Rows)
	}
	rows := int(w.Rows)
	b := &Block{Month: month, Counts: make([]int64, 0, rows)}
	for _, k := range w.Keys {
		width := 1
		if len(k.Words) > 256 {
			width = 2
		}
		if len(k.Codes) != rows*width {
			return nil, fmt.Errorf("key %.40q has %d bytes of codes for %d rows", k.Name, len(k.Codes), rows)
		}
		codes := make([]uint16, rows)
		for i := range codes {
			if width == 1 {
				codes[i] = uint16(k.Codes[i])
			} else {
				codes[i] = binary.BigEndian.Uint16(k.Codes[2*i:])
			}
		}
		b.Keys = append(b.Keys, k.Name)
		b.Words = append(b.Words, k.Words)
		b.Codes = append(b.Codes, codes)
	}
	rest := w.Counts
	for len(b.Counts) < rows {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > math.MaxInt64 {
			return nil, errors.New("counts end in the middle of a number")
		}
		if size > 1 && rest[size-1] == 0 {
			return nil, errors.New("a count is written longer than it need be")
		}
		b.Counts = append(b.Counts, int64(n))
		rest = rest[size:]
	}
	if len(rest) != 0 {
		return nil, errors.New("bytes after the last count")
	}
	if err := b.valid(); err != nil {
		return nil, err
	}
	// CBOR has several spellings of one length or number. Only the shortest is ours.
	again, err := EncodeBlock(b)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, errors.New("not in the one form a block has")
	}
	return b, nil
}

// valid says what is wrong with a block, if anything.
func (b *Block) valid() error {
	rows := b.Rows()
	if rows == 0 || rows > maxBlockRows {
		return fmt.Errorf("%d rows", rows)
	}
	if len(b.Keys) == 0 || len(b.Keys) > maxBlockKeys || len(b.Words) != len(b.Keys) || len(b.Codes) != len(b.Keys) {
		return fmt.Errorf("%d keys", len(b.Keys))
	}
	for k, name := range b.Keys {
		if !goodWord(name) || slices.Contains(b.Keys[:k], name) {
			return fmt.Errorf("key name %.40q", name)
		}
		if err := validColumn(b.Words[k], b.Codes[k], rows); err != nil {
			return fmt.Errorf("key %q: %w", name, err)
		}
	}
	total := int64(0)
	for i, n := range b.Counts {
		if n < 0 || n > math.MaxInt64-total {
			return fmt.Errorf("count %d of row %d", n, i)
		}
		total += n
		if i > 0 && b.compareRows(i-1, i) >= 0 {
			return fmt.Errorf("rows %d and %d are not in ascending order", i-1, i)
		}
	}
	return nil
}

// validColumn checks that words are sorted, different, and all used, so that no two dictionaries describe the same column.
func validColumn(words []string, codes []uint16, rows int) error {
	if len(codes) != rows || len(words) == 0 || len(words) > maxBlockWords {
		return fmt.Errorf("%d words and %d codes for %d rows", len(words), len(codes), rows)
	}
	for i, w := range words {
		if !goodWord(w) || i > 0 && words[i-1] >= w {
			return fmt.Errorf("word %.40q", w)
		}
	}
	used, seen := make([]bool, len(words)), 0
	for _, c := range codes {
		if int(c) >= len(words) {
			return fmt.Errorf("code %d of %d", c, len(words))
		}
		if !used[c] {
			used[c] = true
			seen++
		}
	}
	if seen != len(words) {
		return fmt.Errorf("%d of %d words are used", seen, len(words))
	}
	return nil
}

func goodWord(s string) bool { return s != "" && len(s) <= maxWordBytes && utf8.ValidString(s) }

func (b *Block) compareRows(i, j int) int {
	for k := range b.Keys {
		if c := cmp.Compare(b.Codes[k][i], b.Codes[k][j]); c != 0 {
			return c
		}
	}
	return 0
}

// A builder gathers the rows of one month in the order a file brings them.
type builder struct {
	month Month
	keys  []string
	index []map[string]uint16
	words [][]string
	codes [][]uint16
	count []int64
	line  []int
}

func newBuilder(month Month, keys []string) *builder {
	b := &builder{month: month, keys: keys, index: make([]map[string]uint16, len(keys)), words: make([][]string, len(keys)), codes: make([][]uint16, len(keys))}
	for k := range keys {
		b.index[k] = map[string]uint16{}
	}
	return b
}

// add takes one row; line is where the file has it. It reports false when the block is full.
func (b *builder) add(line int, words []string, count int64) bool {
	if len(b.count) == maxBlockRows {
		return false
	}
	for k, w := range words {
		c, known := b.index[k][w]
		if !known {
			if len(b.words[k]) == maxBlockWords {
				return false
			}
			c = uint16(len(b.words[k]))
			b.index[k][w] = c
			b.words[k] = append(b.words[k], w)
		}
		b.codes[k] = append(b.codes[k], c)
	}
	b.count = append(b.count, count)
	b.line = append(b.line, line)
	return true
}

// A repeat is a row that says again what an earlier line of the same file has said.
type repeat struct{ line, first int }

// finish sorts words and rows into the block. Rows whose codes are all equal are returned as repeats; then there is no block.
func (b *builder) finish() (*Block, []repeat) {
	rows := len(b.count)
	order := make([]int, rows)
	for i := range order {
		order[i] = i
	}
	out := &Block{Month: b.month, Keys: b.keys, Words: make([][]string, len(b.keys)), Codes: make([][]uint16, len(b.keys)), Counts: make([]int64, rows)}
	ranked := make([][]uint16, len(b.keys))
	for k := range b.keys {
		out.Words[k] = slices.Sorted(slices.Values(b.words[k]))
		rank := make([]uint16, len(out.Words[k]))
		for r, w := range out.Words[k] {
			rank[b.index[k][w]] = uint16(r)
		}
		ranked[k] = make([]uint16, rows)
		for i, c := range b.codes[k] {
			ranked[k][i] = rank[c]
		}
	}
	compare := func(i, j int) int {
		for k := range ranked {
			if c := cmp.Compare(ranked[k][i], ranked[k][j]); c != 0 {
				return c
			}
		}
		return 0
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Or(compare(i, j), cmp.Compare(b.line[i], b.line[j])) })

	var repeats []repeat
	first := 0
	for at := 1; at < rows; at++ {
		if compare(order[first], order[at]) == 0 {
			repeats = append(repeats, repeat{line: b.line[order[at]], first: b.line[order[first]]})
		} else {
			first = at
		}
	}
	if len(repeats) > 0 {
		return nil, repeats
	}
	for k := range ranked {
		out.Codes[k] = make([]uint16, rows)
		for at, i := range order {
			out.Codes[k][at] = ranked[k][i]
		}
	}
	for at, i := range order {
		out.Counts[at] = b.count[i]
	}
	return out, nil
}
