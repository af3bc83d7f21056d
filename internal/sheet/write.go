package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Writer writes rows.
type Writer struct{ rows *csv.Writer }

// NewWriter writes to a file as UTF-8.
func NewWriter(to io.Writer) *Writer { return &Writer{csv.NewWriter(to)} }

// Write writes a row, each cell so that no spreadsheet runs it.
func (w *Writer) Write(cells ...string) error {
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = guarded(c)
	}
	if err := w.rows.Write(safe); err != nil {
		return fmt.Errorf("write a table: %w", err)
	}
	return nil
}

// Flush writes what is left.
func (w *Writer) Flush() error {
	w.rows.Flush()
	if err := w.rows.Error(); err != nil {
		return fmt.Errorf("write a table: %w", err)
	}
	return nil
}

// plainNumber is a number as it is written for programs: a minus before it makes no formula.
var plainNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

// starts are the marks with which a formula may begin, in the widths in which spreadsheets take them.
const starts = "=+-@＝＋－＠\t\r\n|%"

// formula reports a cell that a spreadsheet may run, or that looks like one which was guarded.
func formula(cell string) bool {
	bare := strings.TrimLeft(cell, " \u00a0'")
	return bare != "" && strings.ContainsRune(starts, []rune(bare)[0]) && !plainNumber.MatchString(cell)
}

func guarded(cell string) string {
	if formula(cell) {
		return "'" + cell
	}
	return cell
}

// unguarded takes away the apostrophe that guarded put before a cell.
func unguarded(cell string) string {
	if bare, was := strings.CutPrefix(cell, "'"); was && formula(bare) {
		return bare
	}
	return cell
}
