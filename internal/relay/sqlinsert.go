package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// inserter collects rows and writes many at once. Its values are int64 or []byte; nil stands for no bytes.
type inserter struct {
	dialect *dialect
	table   string
	columns []string
	ending  string
	fresh   bool // none of the rows can be there already
	rows    [][]any
}

// errHeld reports a row that was thought fresh and was there already.
var errHeld = errors.New("a row is there already")

// What is written at once at most: databases accept so many arguments to a statement, or bear so many rows.
const (
	mostArguments = 900
	mostRows      = 8192
)

func newInserter(d *dialect, table, columns, ending string) *inserter {
	return &inserter{dialect: d, table: table, columns: strings.Split(columns, ", "), ending: ending}
}

func (in *inserter) add(ctx context.Context, tx *transaction, row ...any) error {
	most := mostArguments / len(in.columns)
	if in.dialect.copy != nil {
		most = mostRows
	}
	if in.rows = append(in.rows, row); len(in.rows) < most {
		return nil
	}
	return in.flush(ctx, tx)
}

func (in *inserter) flush(ctx context.Context, tx *transaction) error {
	if len(in.rows) == 0 {
		return nil
	}
	var err error
	switch {
	case in.dialect.copy == nil:
		statement, args := in.listed()
		_, err = tx.ExecContext(ctx, statement, args...)
	case in.fresh:
		err = in.dialect.copy(ctx, tx, in.table, in.columns, in.rows)
	default:
		statement, args := in.columnwise()
		_, err = tx.ExecContext(ctx, statement, args...)
	}
	clear(in.rows)
	in.rows = in.rows[:0]
	return err
}

func (in *inserter) begin() *strings.Builder {
	b := &strings.Builder{}
	fmt.Fprintf(b, "INSERT INTO %s (%s) ", in.table, strings.Join(in.columns, ", "))
	return b
}

// listed writes every value as an argument.
func (in *inserter) listed() (string, []any) {
	b := in.begin()
	b.WriteString("VALUES ")
	args := make([]any, 0, len(in.rows)*len(in.columns))
	for n, row := range in.rows {
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for column := range row {
			if column > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "$%d", len(args)+column+1)
		}
		b.WriteByte(')')
		args = append(args, row...)
	}
	b.WriteString(in.ending)
	return b.String(), args
}

// columnwise writes every column as one argument, so that the statement is the same however many rows there are.
func (in *inserter) columnwise() (string, []any) {
	b := in.begin()
	b.WriteString("SELECT * FROM unnest(")
	args := make([]any, len(in.columns))
	for column := range args {
		if column > 0 {
			b.WriteByte(',')
		}
		var kind string
		args[column], kind = in.column(column)
		fmt.Fprintf(b, "$%d::%s[]", column+1, kind)
	}
	b.WriteByte(')')
	b.WriteString(in.ending)
	return b.String(), args
}

func (in *inserter) column(column int) (values any, kind string) {
	if _, number := in.rows[0][column].(int64); number {
		numbers := make([]int64, len(in.rows))
		for i, row := range in.rows {
			numbers[i] = row[column].(int64)
		}
		return numbers, "bigint"
	}
	blobs := make([][]byte, len(in.rows))
	for i, row := range in.rows {
		if row[column] != nil {
			blobs[i] = row[column].([]byte)
		}
	}
	return blobs, "bytea"
}
