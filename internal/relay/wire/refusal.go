package wire

import (
	"fmt"
	"net/http"
	"time"
)

// Codes of refusals. They are stable.
const (
	RefusedFormat    = "format"            // not a question of this protocol
	RefusedVersion   = "version"           // a version this relay does not speak
	RefusedClock     = "clock"             // the asker's time is too far from the relay's, which Time tells
	RefusedReplay    = "replayed"          // this question was asked before
	RefusedSignature = "signature"         // not signed by that writer
	RefusedWorkspace = "unknown_workspace" // nothing of that workspace was ever brought here
	RefusedWriter    = "unknown_writer"    // no member admitted here vouches for that writer
	RefusedSize      = "too_large"         // more bytes than the relay takes at once
	RefusedCut       = "cut_short"         // the question did not arrive whole; complete runs of it are kept
	RefusedBusy      = "busy"              // try again after RetryAfter
	RefusedClosed    = "closed"            // the relay's operator serves that workspace no longer
	RefusedFounding  = "not_invited"       // the relay's operator named which workspaces may be brought, and not that one
	RefusedFailed    = "failed"            // the relay's own fault
	RefusedNotFound  = "not_found"         // no such address
)

var statusOf = map[string]int{
	RefusedFormat: http.StatusBadRequest, RefusedVersion: http.StatusBadRequest, RefusedClock: http.StatusConflict, RefusedReplay: http.StatusConflict,
	RefusedSignature: http.StatusUnauthorized, RefusedWorkspace: http.StatusNotFound, RefusedWriter: http.StatusForbidden, RefusedSize: http.StatusRequestEntityTooLarge,
	RefusedClosed: http.StatusForbidden, RefusedFounding: http.StatusForbidden,
	RefusedCut: http.StatusBadRequest, RefusedBusy: http.StatusServiceUnavailable, RefusedFailed: http.StatusInternalServerError, RefusedNotFound: http.StatusNotFound,
}

// Refusal is why a relay does not answer; as JSON it is the body of the response.
type Refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Time    int64  `json:"time,omitempty"`        // the relay's, milliseconds since 1970
	Retry   int64  `json:"retry_after,omitempty"` // seconds
}

// Refuse makes a refusal.
func Refuse(code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (r *Refusal) Error() string { return fmt.Sprintf("the relay refuses (%s): %s", r.Code, r.Message) }

// Is makes errors.Is compare by code.
func (r *Refusal) Is(target error) bool {
	other, ok := target.(*Refusal)
	return ok && other.Code == r.Code
}

// Status is the HTTP status that goes with the code.
func (r *Refusal) Status() int {
	if s, ok := statusOf[r.Code]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// RetryAfter is how long the relay asks to wait.
func (r *Refusal) RetryAfter() time.Duration { return time.Duration(r.Retry) * time.Second }
