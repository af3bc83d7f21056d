package web

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// largestBatch is the most bytes of one post of actions. More goes as JSON lines in several posts.
const largestBatch = 16 << 20

// apiFail answers a program: the same code and sentence as a page, as JSON.
func (c *call) apiFail(err error) {
	status, problem := c.apiWorded(err)
	if status >= 500 {
		c.config.Log.Error("a request failed", "pattern", c.route.Pattern, "cause", err)
	}
	if status == http.StatusUnauthorized {
		c.w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if err := c.json(status, record.Result{Error: &problem}); err != nil {
		http.Error(c.w, http.StatusText(status), status)
	}
}

func (c *call) apiWorded(err error) (int, record.Problem) {
	var refusal *record.Refusal
	var wait waitError
	var large *http.MaxBytesError
	say := func(status int, code string, args ...any) (int, record.Problem) {
		return status, record.Problem{Code: code, Message: c.T("refuse."+code, args...)}
	}
	switch {
	case errors.Is(err, ErrLocked):
		return say(http.StatusUnauthorized, "locked")
	case errors.Is(err, ErrPassphrase):
		return say(http.StatusUnauthorized, "wrong_passphrase")
	case errors.Is(err, errNotYours):
		return say(http.StatusForbidden, "not_allowed")
	case errors.As(err, &wait):
		return http.StatusTooManyRequests, record.Problem{Code: "wait", Message: c.T("unlock.wait", "n", int(wait.left.Seconds())+1)}
	case errors.As(err, &large):
		return say(http.StatusRequestEntityTooLarge, "too_large", "max", lang.FileSize(c.lang, large.Limit))
	case errors.As(err, &refusal):
		return refusalStatus(refusal), record.Problem{Code: refusal.Code, Field: refusal.Field, Message: refused(c.lang, refusal)}
	case errors.Is(err, errNothingHere):
		return http.StatusNotFound, record.Problem{Code: "not_found", Message: c.T("error.not_found")}
	case errors.Is(err, errForeign):
		return http.StatusForbidden, record.Problem{Code: "foreign", Message: c.T("error.foreign.what")}
	}
	return say(http.StatusInternalServerError, "internal")
}

func (c *call) json(status int, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("web: answer: %w", err)
	}
	return c.send(status, "application/json; charset=utf-8", b.Bytes())
}

// apiUnlocking is what a program sends to open a session.
type apiUnlocking struct {
	Member     string `json:"member"` // name or id
	Passphrase string `json:"passphrase"`
}

// apiSession is what a program gets for a member's passphrase.
type apiSession struct {
	Token  string    `json:"token"`
	Member record.ID `json:"member"`
	Name   string    `json:"name"`
}

// apiUnlock: {"member": name or id, "passphrase": …} → {"token": …}.
func apiUnlock(c *call) error {
	var asked apiUnlocking
	raw, err := io.ReadAll(c.r.Body)
	if err != nil {
		return err
	}
	if err := record.Strict(raw, &asked); err != nil {
		return err
	}
	if !c.config.House.Founded() {
		return record.Refuse("", "not_founded")
	}
	m, known := memberNamed(c.config.House.Members(), asked.Member)
	if !known {
		return record.Refuse("member", "unknown_member")
	}
	desk, err := c.unlock(c.r.Context(), m, asked.Passphrase)
	if err != nil {
		return err
	}
	token, _ := c.sessions.beginAs(desk, true)
	return c.json(http.StatusCreated, apiSession{token, m.ID, m.Name})
}

func apiLock(c *call) error {
	token, found := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !found {
		token = cookie(c.r, "s")
	}
	c.sessions.endToken(token, false)
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// apiActions takes one action, a JSON array of them, or one a line, and answers in the same form, in order. Each is one
// commit: whole or not at all. A refused one does not stop the rest.
func apiActions(c *call) error {
	in := bufio.NewReader(c.r.Body)
	first, err := firstByte(in)
	if err != nil {
		return err
	}
	if first == '[' {
		var all []json.RawMessage
		if err := json.NewDecoder(in).Decode(&all); err != nil {
			return badJSON(err)
		}
		results := make([]record.Result, 0, len(all))
		for _, one := range all {
			results = append(results, c.apiApply(one))
		}
		return c.json(http.StatusOK, results)
	}
	var results []record.Result
	for dec := json.NewDecoder(in); ; {
		var one json.RawMessage
		err := dec.Decode(&one)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && len(results) == 0 {
			return badJSON(err)
		}
		if err != nil { // what came before is saved and answered; the rest cannot be read
			_, problem := c.apiWorded(badJSON(err))
			results = append(results, record.Result{Error: &problem})
			break
		}
		results = append(results, c.apiApply(one))
	}
	if len(results) == 1 {
		status := http.StatusOK
		if !results[0].OK {
			status = http.StatusUnprocessableEntity
			if results[0].Error != nil {
				status = refusalStatus(&record.Refusal{Code: results[0].Error.Code})
			}
		}
		return c.json(status, results[0])
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, r := range results {
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("web: answer: %w", err)
		}
	}
	return c.send(http.StatusOK, "application/jsonl; charset=utf-8", b.Bytes())
}

func badJSON(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return record.Refuse("", "bad_json", "reason", err.Error()).Because(err)
}

func firstByte(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return 0, record.Refuse("", "bad_json", "reason", "empty")
		}
		if err != nil {
			return 0, err
		}
		if b != ' ' && b != '\t' && b != '\n' && b != '\r' {
			return b, in.UnreadByte()
		}
	}
}

func (c *call) apiApply(raw json.RawMessage) record.Result {
	var r record.Request
	if err := record.Strict(raw, &r); err != nil {
		_, problem := c.apiWorded(err)
		return record.Result{Error: &problem}
	}
	return c.desk.Apply(c.r.Context(), c.lang, r)
}

// apiQuery answers a named read.
func apiQuery(c *call) error {
	answer, err := c.desk.Query(c.r.Context(), c.lang, c.r.PathValue("name"), c.r.URL.Query())
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, answer)
}
