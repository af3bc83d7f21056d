package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/record"
)

// maxLine bounds one line of work: an import travels in one.
const maxLine = 32 << 20

// line is one line of the input, already read as a request or already refused.
type line struct {
	number  int
	request record.Request
	err     error
}

func apply(ctx context.Context, c *call) error {
	fs := newFlags("apply")
	var w who
	w.flags(fs)
	stop := fs.Bool("stop", false, "")
	plain, err := c.flags(fs, 1, 2)
	if err != nil {
		return err
	}
	name := ""
	if len(plain) == 2 {
		name = plain[1]
	}
	in, err := c.input(name)
	if err != nil {
		return err
	}
	defer in.Close()
	s, closing, err := c.unlock(ctx, plain[0], w)
	if err != nil {
		return err
	}
	defer closing()
	lines, large := make(chan line, node.Group), make(chan struct{}, 4)
	go readLines(ctx, in, lines, large)
	out := bufio.NewWriter(c.Stdout)
	refused := 0
	for first := range lines {
		group := gather(first, lines, *stop)
		n, err := c.applyGroup(ctx, s, group, out)
		for _, l := range group {
			if l.large() {
				<-large
			}
		}
		if err == nil {
			err = out.Flush() // every line that is out is durable
		}
		if err != nil {
			return err
		}
		if refused += n; *stop && n > 0 {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if refused > 0 {
		return spoken{lang.T(c.lang, "cmd.apply.refused", "n", refused)}
	}
	return closing()
}

// gather takes what is already waiting, so that many actions become durable with one write to the disk.
func gather(first line, lines <-chan line, one bool) []line {
	group := []line{first}
	for !one && len(group) < node.Group {
		select {
		case l, open := <-lines:
			if !open {
				return group
			}
			group = append(group, l)
		default:
			return group
		}
	}
	return group
}

func (c *call) applyGroup(ctx context.Context, s *node.Session, group []line, out io.Writer) (refused int, err error) {
	var requests []record.Request
	for _, l := range group {
		if l.err == nil {
			requests = append(requests, l.request)
		}
	}
	results := s.ApplyAll(ctx, c.lang, requests)
	for _, l := range group {
		var r record.Result
		if l.err != nil {
			r = record.Result{Error: node.AsProblem(c.lang, l.err)}
		} else {
			r, results = results[0], results[1:]
		}
		if !r.OK {
			refused++
		}
		if err := writeJSON(out, r, ""); err != nil {
			return refused, fmt.Errorf("write results: %w", err)
		}
	}
	return refused, nil
}

// large reports a line that carries a file. Of those only a few are read ahead: a folder of photographs must not stand in the
// memory as a whole.
func (l *line) large() bool { return len(l.request.Data) > 1<<20 }

func readLines(ctx context.Context, in io.Reader, lines chan<- line, large chan<- struct{}) {
	defer close(lines)
	scan := bufio.NewScanner(in)
	scan.Buffer(make([]byte, 64<<10), maxLine)
	for number := 1; scan.Scan(); number++ {
		if len(scan.Bytes()) == 0 {
			continue
		}
		l := line{number: number}
		l.request, l.err = ReadRequest(scan.Bytes(), number)
		if l.large() {
			select {
			case large <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
		select {
		case lines <- l:
		case <-ctx.Done():
			return
		}
	}
	if err := scan.Err(); err != nil {
		select {
		case lines <- line{err: record.Refuse("", "bad_line", "line", 0, "column", 0, "reason", err.Error()).Because(err)}:
		case <-ctx.Done():
		}
	}
}

// ReadRequest reads one line of work strictly; a refusal names the line and, where it can, the column and field.
func ReadRequest(raw []byte, number int) (record.Request, error) {
	var r record.Request
	err := record.Strict(raw, &r)
	if err == nil {
		return r, nil
	}
	column := 0
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		column = int(syntax.Offset)
	case errors.As(err, &wrong):
		column = int(wrong.Offset)
	}
	var refusal *record.Refusal
	errors.As(err, &refusal)
	return r, record.Refuse(refusal.Field, "bad_line", "line", number, "column", column, "field", refusal.Field, "reason", reason(err)).Because(err)
}

func reason(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error()
	}
	return err.Error()
}
