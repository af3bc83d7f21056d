package web

import (
	"context"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"rsc.io/qr"

	"amparo/internal/lang"
)

// Recoverer is a Desk that makes recovery shares: keys on paper that let somebody in again.
type Recoverer interface {
	// MakeShares makes a set of n sheets, of which k suffice, and ends the set before. Nothing of it is kept: what it gives is
	// shown once, printed and forgotten.
	MakeShares(ctx context.Context, in lang.Tag, k, n int) ([]ShareSheet, error)
}

// ShareSheet is one of the sheets.
type ShareSheet struct {
	Number, Of, Need int
	Set              string
	Words, Home      []string
	Code             string
}

// RecoveryPage shows which set of shares there is, and makes a new one.
type RecoveryPage struct {
	Shell
	Form
	Sets   []RecoverySet
	Choice Field
	Sheets []Sheet
}

// RecoverySet is a set that holds.
type RecoverySet struct{ Name, Waits string }

// Sheet is a share as it is printed.
type Sheet struct {
	Title, Origin, What, Use string
	CodeID                   string
	Words, Home, Lines       []string
	Drawing                  template.HTML
}

// recoveryChoices are how many sheets are offered, and how many of them suffice: the middle one bears two lost and two seen.
var recoveryChoices = [][2]int{{2, 3}, {3, 5}, {4, 7}}

// recoveryRole is what the roster calls the holder of the keys on paper.
const recoveryRole = "recovery"

// leftReplaced is what the roster says of a device whose owner came back with new keys.
const leftReplaced = "replaced"

func recoveryPage(c *call) error {
	s, err := c.steward()
	if err != nil {
		return err
	}
	maker, can := c.desk.(Recoverer)
	if !can {
		return errNothingHere
	}
	f, err := c.form("/members/recovery", map[string][]string{"sheets": {"of5"}})
	if err != nil {
		return err
	}
	f.Draft = ""
	p := RecoveryPage{}
	if f.submitted {
		k, n := chosenSheets(f)
		if f.ready() {
			sheets, err := maker.MakeShares(c.r.Context(), c.lang, k, n)
			if err == nil {
				p.Sheets, err = c.sheets(sheets)
			}
			if err != nil {
				if err := f.refusal("sheets", err); err != nil {
					return err
				}
			}
		}
	}
	all, err := s.Holders(c.r.Context())
	if err != nil {
		return err
	}
	p.Sets = c.recoverySets(all)
	p.Choice = f.field("sheets", label("recovery.sheets"), hint("recovery.sheets_hint"), func(f *form, d *Field) {
		var list []lang.Choice
		for _, one := range recoveryChoices {
			list = append(list, lang.Choice{Code: "of" + strconv.Itoa(one[1]), Name: f.T("recovery.choice", "need", one[0], "of", one[1])})
		}
		f.offer(d, list)
	})
	p.Shell, p.Form = c.shell("recovery.title"), f.close()
	p.Faulty = len(f.Faults) > 0
	return c.show(f.status(), "recovery.html", p)
}

func chosenSheets(f *form) (k, n int) {
	for _, one := range recoveryChoices {
		if f.value("sheets") == "of"+strconv.Itoa(one[1]) {
			return one[0], one[1]
		}
	}
	f.wrong("sheets", f.T("recovery.sheets_missing"))
	return 0, 0
}

func (c *call) recoverySets(all []Holder) (out []RecoverySet) {
	for _, h := range all {
		if !h.Active || !slices.Contains(h.Roles, recoveryRole) {
			continue
		}
		var waits []string
		for _, w := range h.Waits {
			waits = append(waits, c.T("compartment."+w.String()))
		}
		out = append(out, RecoverySet{Name: h.Name, Waits: lang.List(c.lang, waits)})
	}
	return out
}

func (c *call) sheets(list []ShareSheet) (out []Sheet, err error) {
	for _, one := range list {
		code, err := qr.Encode(one.Code, qr.M)
		if err != nil {
			return nil, fmt.Errorf("draw a share: %w", err)
		}
		id := "code-" + strconv.Itoa(one.Number)
		s := Sheet{Words: one.Words, Home: one.Home, CodeID: id, Drawing: template.HTML(strings.Replace(string(drawCode(code)), "code-title", id, 1)),
			Title: c.T("share.title", "number", one.Number, "of", one.Of), Origin: c.T("share.made", "set", one.Set, "date", lang.Date(c.lang, c.now())),
			What: c.T("share.what", "need", one.Need, "of", one.Of), Use: c.T("share.use", "need", one.Need)}
		for line := range slices.Chunk([]byte(one.Code), 48) {
			s.Lines = append(s.Lines, string(line))
		}
		out = append(out, s)
	}
	return out, nil
}
