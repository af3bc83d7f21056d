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
	Phrase Field // the member's own: the sheets open everything
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
		if f.ready() { // who finds a page open for a minute must not leave with all the keys
			if err := c.own(f.typed.Get("passphrase")); err != nil {
				if err := f.wrongPassphrase("passphrase", err); err != nil {
					return err
				}
			}
		}
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
	p.Phrase = f.field("passphrase", label("me.before"), kind("password"))
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

// Reviver is a House that lets somebody in again with recovery shares.
type Reviver interface {
	// Recover gives a member new keys on this device under a new passphrase. Where no workspace is yet it makes the folder and
	// brings what the relay holds.
	Recover(ctx context.Context, r Recovering) (Recovered, error)
}

// Recovering is what the holders of shares bring together.
type Recovering struct {
	Sheets     []byte // words, codes or printed pages, one after the other
	Member     string // id on this device, or a name
	Passphrase string
	Relay      string // empty: the one that is known here or that the shares name
}

// Recovered is who can come in again.
type Recovered struct {
	Name string
	Told bool // the relay knows
}

// RevivePage takes shares from those who hold them.
type RevivePage struct {
	Shell
	Form
	Sheets, Who, Name, Relay, Phrase, Again Field
	Fresh                                   bool // nobody works on this device yet
	Suggested                               string
	Done                                    *Recovered
}

func revivePage(c *call) error {
	house, can := c.config.House.(Reviver)
	if !can {
		return errNothingHere
	}
	members := c.config.House.Members()
	start := map[string][]string{}
	if len(members) == 1 {
		start["member"] = []string{members[0].ID.String()}
	}
	f, err := c.form("/recover", start)
	if err != nil {
		return err
	}
	f.Draft = ""
	p := RevivePage{Fresh: !c.config.House.Founded()}
	if f.submitted {
		sheets, err := f.handed("sheets")
		if err != nil {
			return err
		}
		name := f.value("member")
		if m, known := memberNamed(members, name); known {
			name = m.Name
		} else if name == "" {
			f.missing("member")
		}
		phrase := f.newPassphrase("passphrase", "again", name)
		if f.ready() {
			done, err := house.Recover(c.r.Context(), Recovering{Sheets: sheets, Member: f.value("member"), Passphrase: phrase, Relay: f.value("relay")})
			if err == nil {
				p.Done = &done
			} else if err := f.refusedBox(err, "sheets"); err != nil {
				return err
			}
		}
	}
	p.Sheets = f.field("sheets", label("revive.sheets"), hint("revive.sheets_hint"), rows(8), mono())
	if len(members) > 0 {
		p.Who = f.field("member", label("revive.who"), func(f *form, d *Field) {
			var all []lang.Choice
			for _, m := range members {
				all = append(all, lang.Choice{Code: m.ID.String(), Name: m.Name})
			}
			f.offer(d, all)
		})
	} else {
		p.Name = f.field("member", label("start.you"), hint("revive.name_hint"))
	}
	if p.Fresh {
		p.Relay = f.field("relay", label("revive.relay"), hint("revive.relay_hint"))
	}
	p.Phrase, p.Again, p.Suggested = f.phraseBoxes("revive.passphrase")
	p.Shell = c.shell("revive.title")
	if p.Form = f.close(); p.Done == nil {
		p.Shell.Form, p.Faulty = f.ID, len(f.Faults) > 0
	}
	return c.show(f.status(), "revive.html", p)
}
