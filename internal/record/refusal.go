package record

import (
	"errors"
	"fmt"
	"strings"
)

// Refusal is a no with two faces: a code, the field and its values, from which the person's sentence is made in their
// language (catalogue key `refuse.<code>`), and the cause for the log. Nothing is half-applied when one is returned.
type Refusal struct {
	Code  string // lower_snake_case, stable
	Field string // the data field it is about; empty: the whole
	Args  []any  // alternating name, value: for the sentence
	Cause error  // for the log only
}

// Refuse makes a refusal. args are alternating name and value for the sentence.
func Refuse(field, code string, args ...any) *Refusal {
	return &Refusal{Code: code, Field: field, Args: args}
}

// Because keeps the cause for the log.
func (r *Refusal) Because(err error) *Refusal { r.Cause = err; return r }

// Error is for logs and Go code; people get the catalogue's sentence.
func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString(r.Code)
	if r.Field != "" {
		fmt.Fprintf(&b, " (%s)", r.Field)
	}
	for i := 0; i+1 < len(r.Args); i += 2 {
		fmt.Fprintf(&b, " %v=%v", r.Args[i], r.Args[i+1])
	}
	if r.Cause != nil {
		fmt.Fprintf(&b, ": %v", r.Cause)
	}
	return b.String()
}

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// Is matches another refusal of the same code, so errors.Is(err, record.Refuse("", "in_use")) works.
func (r *Refusal) Is(target error) bool {
	var other *Refusal
	return errors.As(target, &other) && other.Code == r.Code && (other.Field == "" || other.Field == r.Field)
}
