package web

import (
	"context"
	"slices"
	"strconv"

	"amparo/internal/lang"
)

// FieldMode is a Desk on a device that may keep only the persons of whom something was written in the last days.
type FieldMode interface {
	// FieldDays is for how many days persons are kept here; 0: for ever.
	FieldDays() int
	// SetFieldDays changes it and lets go at once of what is older and was exchanged.
	SetFieldDays(ctx context.Context, days int) error
}

// fieldDays are offered; 0 keeps everything.
var fieldDays = []int{0, 3, 7, 14, 30}

// FieldPage chooses what a device that travels keeps.
type FieldPage struct {
	Shell
	Form
	Days    Field
	Now     int   // days; 0: everything is kept
	Follow  Field // of whom records are kept
	Follows bool  // it can be chosen
}

func fieldPage(c *call) error {
	desk, can := c.desk.(FieldMode)
	if !can {
		return errNothingHere
	}
	now := desk.FieldDays()
	follower, follows := c.desk.(Follower)
	stands := map[string][]string{"days": {strconv.Itoa(now)}, "narrow": {"all"}}
	if follows && follower.Narrow() {
		stands["narrow"] = []string{"own"}
	}
	f, err := c.form("/field", stands)
	if err != nil {
		return err
	}
	f.Draft = ""
	if days := f.number("days"); f.submitted && days != nil && f.ready() {
		err := desk.SetFieldDays(c.r.Context(), *days)
		if err == nil && follows {
			err = follower.SetNarrow(c.r.Context(), f.typed.Get("narrow") == "own")
		}
		if err == nil {
			return f.done("/field", notice{Text: c.T("fieldmode.done")})
		}
		if err := f.refusal("days", err); err != nil {
			return err
		}
	}
	offered := slices.Clone(fieldDays)
	if !slices.Contains(offered, now) {
		offered = append(offered, now)
	}
	p := FieldPage{Now: now}
	p.Days = f.field("days", label("fieldmode.keep"), func(f *form, d *Field) {
		var all []lang.Choice
		for _, n := range offered {
			one := lang.Choice{Code: strconv.Itoa(n), Name: f.T("fieldmode.last_days", "n", n)}
			if n == 0 {
				one.Name = f.T("fieldmode.everything")
			}
			all = append(all, one)
		}
		f.offer(d, all)
	})
	if follows {
		p.Follows, p.Follow = true, f.field("narrow", label("fieldmode.follow"), hint("fieldmode.follow_hint"), func(f *form, d *Field) {
			f.offer(d, []lang.Choice{{Code: "all", Name: f.T("fieldmode.follow_all")}, {Code: "own", Name: f.T("fieldmode.follow_own")}})
		})
	}
	p.Shell, p.Form = c.shell("fieldmode.title"), f.close()
	p.Faulty = len(f.Faults) > 0
	return c.show(f.status(), "field.html", p)
}
