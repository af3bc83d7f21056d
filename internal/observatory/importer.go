package observatory

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"maps"
	"slices"
	"strconv"

	"amparo/internal/lang"
)

// maxFileBytes bounds what an importer reads. Published tables are a few megabytes; whatever is larger than this is not one.
const maxFileBytes = 256 << 20

var errTooLarge = errors.New("the file is too large to be a published table")

// maxRejections is how many rejected lines are listed. The rest are only counted.
const maxRejections = 50

// An Importer reads one publisher's file.
type Importer struct {
	Name string // as in `amparo import DIR NAME FILE`
	// Read reads a whole file. Lines that are not understood are in Parsed.Rejected, and then there are no blocks: a file is taken
	// whole or not at all. The error is for a file that cannot be read.
	Read func(io.Reader) (*Parsed, error)
}

// Importers lists all importers, by name.
func Importers() []Importer { return []Importer{{Name: "cbp-encounters", Read: ReadEncounters}} }

// ImporterNamed finds an importer.
func ImporterNamed(name string) (Importer, bool) {
	all := Importers()
	i := slices.IndexFunc(all, func(im Importer) bool { return im.Name == name })
	if i < 0 {
		return Importer{}, false
	}
	return all[i], true
}

// Parsed is what an importer understood of a file.
type Parsed struct {
	Source      SourceData
	Series      SeriesData
	Blocks      []*Block // in order of months
	Rows        int      // rows of the file, without its header
	Unpublished int      // rows that only hold the place of a month to come; they are not in the blocks
	Rejected    []Rejection
	More        int // rejected lines that are not in Rejected, because there are so many
}

// A Rejection is one thing in a file that was not understood.
type Rejection struct {
	Line   int    `json:"line"`             // counted from 1, the header included
	Column int    `json:"column,omitempty"` // in bytes from the start of the line, counted from 1
	Field  string `json:"field"`            // the column's name as the publisher writes it; empty: the whole line
	Code   string `json:"code"`
	Value  string `json:"value,omitempty"` // what is written there, shortened
	Reason string `json:"reason"`          // a sentence for the reader; see Explain

	args []any
}

// Explain writes every rejection's reason in the reader's language.
func (p *Parsed) Explain(tag lang.Tag) {
	for i := range p.Rejected {
		r := &p.Rejected[i]
		r.Reason = lang.T(tag, "refuse."+r.Code, append([]any{"value", r.Value, "field", r.Field}, r.args...)...)
	}
}

// reject notes one rejection.
func (p *Parsed) reject(r Rejection) {
	if len(p.Rejected) == maxRejections {
		p.More++
		return
	}
	r.Value = shorten(r.Value)
	p.Rejected = append(p.Rejected, r)
}

// shorten keeps the start of what stands in a file, as far as it can be shown.
func shorten(s string) string {
	const most = 60
	out := make([]rune, 0, most+1)
	for _, r := range s {
		if len(out) == most {
			return string(append(out, '…'))
		}
		if r < ' ' || r == 0x7f {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out)
}

// finish turns gathered months into blocks, or into nothing when anything was rejected.
func (p *Parsed) finish(months map[Month]*builder) {
	var repeats []repeat
	for _, month := range slices.Sorted(maps.Keys(months)) {
		block, again := months[month].finish()
		repeats = append(repeats, again...)
		if block != nil {
			p.Blocks = append(p.Blocks, block)
		}
	}
	slices.SortFunc(repeats, func(a, b repeat) int { return cmp.Compare(a.line, b.line) })
	for _, r := range repeats {
		p.reject(Rejection{Line: r.line, Code: "import_repeated", args: []any{"line", strconv.Itoa(r.first)}})
	}
	if len(p.Rejected) > 0 {
		p.Blocks = nil
	}
	slices.SortStableFunc(p.Rejected, func(a, b Rejection) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
}

// A fingerprint is the SHA-256 of a file as it is read, and a bound on its size.
type fingerprint struct {
	from io.Reader
	sum  hash.Hash
	size int64
}

func newFingerprint(from io.Reader) *fingerprint { return &fingerprint{from: from, sum: sha256.New()} }

func (f *fingerprint) Read(p []byte) (int, error) {
	n, err := f.from.Read(p)
	f.sum.Write(p[:n])
	if f.size += int64(n); f.size > maxFileBytes {
		return n, errTooLarge
	}
	return n, err
}

func (f *fingerprint) String() string { return hex.EncodeToString(f.sum.Sum(nil)) }
