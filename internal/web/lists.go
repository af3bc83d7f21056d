package web

import (
	"encoding/json"
	"fmt"
	"net/http"

	"amparo/internal/lang"
)

// askJSON runs a query of the engine and reads its answer through JSON.
func askJSON[T any](c *call, name string, params ...string) (T, error) {
	var out T
	given := map[string][]string{}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			given[params[i]] = []string{params[i+1]}
		}
	}
	answer, err := c.desk.Query(c.r.Context(), c.lang, name, given)
	if err != nil {
		return out, err
	}
	raw, err := json.Marshal(answer)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return out, fmt.Errorf("web: answer of %s: %w", name, err)
	}
	return out, nil
}

// AboutPage says what this is. It shows nothing of anybody and so needs no session.
type AboutPage struct {
	Shell
	Version     string
	Unconfirmed int
}

func aboutPage(c *call) error {
	return c.show(http.StatusOK, "about.html", AboutPage{Shell: c.shell("nav.about"), Version: c.config.Version, Unconfirmed: len(lang.Unconfirmed())})
}

// KeysPage lists the keys.
type KeysPage struct {
	Shell
	Keys []KeyLine
}

// KeyLine is what some keys do.
type KeyLine struct {
	Keys []string
	Does string
}

func keysPage(c *call) error {
	return c.show(http.StatusOK, "keys.html", KeysPage{Shell: c.shell("keys.title"), Keys: []KeyLine{
		{[]string{"/"}, c.T("keys.find")},
		{[]string{"b"}, c.T("keys.board")},
		{[]string{"n"}, c.T("keys.new")},
		{[]string{"h"}, c.T("nav.headcount")},
		{[]string{"f"}, c.T("nav.flow")},
		{[]string{"Enter"}, c.T("keys.next")},
		{[]string{"Ctrl", "Enter"}, c.T("keys.save")},
		{[]string{"Esc", "Esc"}, c.T("keys.exit")},
		{[]string{"Shift", "Shift", "Shift"}, c.T("keys.exit")},
		{[]string{"?"}, c.T("keys.show")},
	}})
}
