package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Largest is how many bytes a file may have. A table of people is a few megabytes; what is larger is something else.
const Largest = 32 << 20

// Faults of a whole file.
var (
	ErrLarge = errors.New("the file is larger than a table of people can be")
	ErrEmpty = errors.New("the file holds no table")
	ErrBytes = errors.New("the file is no text")
)

// A Table is a file being read, row by row.
type Table struct {
	Header []string // cells of the first row that is not empty, without blanks around them

	rows *csv.Reader
}

// A Row is one row below the header.
type Row struct {
	Line    int      // counted from 1, the header included: where the row begins
	Cells   []string // as many as the header has; what the row leaves out is empty
	Columns []int    // of each cell: where it begins in its line, in characters' bytes counted from 1; 0 for those left out
}

// A Fault is one row that could not be read. The next rows can.
type Fault struct {
	Line, Column int
	Code         string // bad_quotes, too_many_cells
}

func (f *Fault) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Code)
}

// Read begins a file: finds out its letters and its separator, and reads the header.
func Read(from io.Reader) (*Table, error) {
	raw, err := io.ReadAll(io.LimitReader(from, Largest+1))
	if err != nil {
		return nil, fmt.Errorf("read a table: %w", err)
	}
	if len(raw) > Largest {
		return nil, ErrLarge
	}
	text, err := letters(raw)
	if err != nil {
		return nil, err
	}
	rows := csv.NewReader(bytes.NewReader(text))
	rows.Comma = separator(text)
	rows.FieldsPerRecord = -1
	rows.ReuseRecord = true
	t := &Table{rows: rows}
	for len(t.Header) == 0 {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil, ErrEmpty
		}
		if err != nil {
			return nil, fault(err)
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		for _, c := range cells {
			t.Header = append(t.Header, strings.TrimSpace(c))
		}
	}
	return t, nil
}

// Next gives the next row that holds anything; io.EOF after the last, a *Fault for one that cannot be read.
func (t *Table) Next() (Row, error) {
	for {
		cells, err := t.rows.Read()
		if errors.Is(err, io.EOF) {
			return Row{}, io.EOF
		}
		if err != nil {
			return Row{}, fault(err)
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		row := Row{Cells: make([]string, len(t.Header)), Columns: make([]int, len(t.Header))}
		row.Line, _ = t.rows.FieldPos(0)
		for i, c := range cells {
			_, column := t.rows.FieldPos(i)
			if i >= len(t.Header) {
				if strings.TrimSpace(c) != "" {
					return row, &Fault{row.Line, column, "too_many_cells"}
				}
				continue
			}
			row.Cells[i], row.Columns[i] = unguarded(c), column
		}
		return row, nil
	}
}

func fault(err error) error {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return &Fault{bad.StartLine, bad.Column, "bad_quotes"}
	}
	return fmt.Errorf("read a table: %w", err)
}

// letters gives the text as UTF-8. What is neither marked nor valid UTF-8 was written by a program of before.
func letters(raw []byte) ([]byte, error) {
	var text []byte
	var err error
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		text, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(raw)
	case utf8.Valid(raw):
		text = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	default:
		text, err = charmap.Windows1252.NewDecoder().Bytes(raw)
	}
	if err != nil || bytes.IndexByte(text, 0) >= 0 { // pictures, programs and databases hold zeros, tables do not
		return nil, errors.Join(ErrBytes, err)
	}
	return text, nil
}

// separator is the mark that stands most often in the first line that holds anything, outside quotes.
func separator(text []byte) rune {
	counts, quoted, any := map[rune]int{}, false, false
	for _, r := range string(text[:min(len(text), 1<<16)]) {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '\n' && any:
			return most(counts)
		case r == ',' || r == ';' || r == '\t':
			counts[r]++
		case r != '\n' && r != '\r' && r != ' ':
			any = true
		}
	}
	return most(counts)
}

func most(counts map[rune]int) rune {
	best := ','
	for _, r := range []rune{';', '\t'} {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}
