package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"amparo/internal/journal"
)

// Lacks gives for each writer the first commit beyond above that lacks a sealed part which was not erased.
func (j *Journal) Lacks(ctx context.Context, above journal.Vector) (journal.Vector, error) {
	lacks := journal.Vector{}
	for w, head := range j.Heads() {
		for from := above[w]; from < head.Seq && lacks[w] == 0; from += lacksPiece {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := j.lacksAfter(w, from, lacks); err != nil {
				return nil, plain("look for missing parts", err)
			}
		}
	}
	return lacks, nil
}

// lacksPiece is how many commits are looked at before others get a turn.
const lacksPiece = 4096

func (j *Journal) lacksAfter(w journal.WriterID, after uint64, lacks journal.Vector) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.db.run(`SELECT c.seq, c.header, (SELECT group_concat(p.idx) FROM part p WHERE p.chain = c.n AND `+isHere+`) FROM chain c
		WHERE c.writer = ? AND c.seq > ? AND c.seq <= ? ORDER BY c.seq DESC`, []any{j.local[w], after, after + lacksPiece}, func(s *sqlite3.Stmt) error {
		h, err := journal.DecodeHeader(s.ColumnRawBlob(1))
		if err != nil {
			return nil // damaged: Verify names it
		}
		c, here := journal.Commit{Header: h}, map[string]bool{}
		for i := range strings.SplitSeq(s.ColumnText(2), ",") {
			here[i] = true
		}
		for i, p := range h.Parts {
			if p.Tag != 0 && !here[strconv.Itoa(i)] && !j.gone(&c, i) {
				lacks[w] = h.Seq
			}
		}
		return nil
	})
}
