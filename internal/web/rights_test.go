package web

import (
	"slices"
	"testing"
)

// The table of who may use what names every address behind a session, and none that is not there.
func TestEveryAddressSaysWhatItStandsOn(t *testing.T) {
	for _, r := range routes {
		if _, listed := needs[r.Pattern]; !listed && r.Need != Anyone {
			t.Errorf("%s: nobody may use it: it is not in the table of rights", r.Pattern)
		}
	}
	for pattern := range needs {
		if !slices.ContainsFunc(routes, func(r Route) bool { return r.Pattern == pattern }) {
			t.Errorf("%s is in the table of rights and answers nothing", pattern)
		}
	}
}
