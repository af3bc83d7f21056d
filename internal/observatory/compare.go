package observatory

import (
	"slices"
	"strings"
)

// A Difference counts, in rows, what a new block changes of an old one.
type Difference struct {
	Added     int `json:"added"`     // rows that were not there
	Changed   int `json:"changed"`   // rows whose count is another one now
	Unchanged int `json:"unchanged"` // rows that stay as they were
	Removed   int `json:"removed"`   // rows of the same month that the new file no longer has
}

// Same reports whether nothing changes.
func (d Difference) Same() bool { return d.Added == 0 && d.Changed == 0 && d.Removed == 0 }

func (d *Difference) add(o Difference) {
	d.Added += o.Added
	d.Changed += o.Changed
	d.Unchanged += o.Unchanged
	d.Removed += o.Removed
}

// Compare counts the rows that differ between what is held for a month and what a file says about the same month. A nil old block
// means that nothing is held. Blocks whose keys differ share no row.
func Compare(old, new *Block) Difference {
	if old == nil {
		return Difference{Added: new.Rows()}
	}
	if !slices.Equal(old.Keys, new.Keys) {
		return Difference{Added: new.Rows(), Removed: old.Rows()}
	}
	var d Difference
	i, j := 0, 0
	for i < old.Rows() && j < new.Rows() {
		switch c := compareAcross(old, i, new, j); {
		case c < 0:
			d.Removed++
			i++
		case c > 0:
			d.Added++
			j++
		default:
			if old.Counts[i] == new.Counts[j] {
				d.Unchanged++
			} else {
				d.Changed++
			}
			i++
			j++
		}
	}
	d.Removed += old.Rows() - i
	d.Added += new.Rows() - j
	return d
}

func compareAcross(a *Block, i int, b *Block, j int) int {
	for k := range a.Keys {
		if c := strings.Compare(a.Word(k, i), b.Word(k, j)); c != 0 {
			return c
		}
	}
	return 0
}
