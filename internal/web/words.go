package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/place"
	"amparo/internal/record"
)

// Fact is one labelled value.
type Fact struct{ Label, Value string }

// Banner is the line about a person that never leaves their pages. Its flags say what to do and never why.
type Banner struct {
	ID                           record.ID
	Name, Age, Card              string
	Label, CardLabel, FlagsLabel string
	More, Flags                  []string
}

// goesFirst and aloneFirst turn the groups a person belongs to into what anyone at the table may know.
var (
	goesFirst  = []string{"unaccompanied_child", "separated_child", "pregnant", "lactating", "older", "disability", "chronic_illness", "family_with_children"}
	talksAlone = []string{people.PrivateTalk, people.SurvivorGroup, "lgbtiq", "woman_alone", "unaccompanied_child", "separated_child"}
)

func anyOf(groups, among []string) bool {
	return slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(among, g) })
}

func (c *call) banner(p people.Brief) Banner {
	b := Banner{ID: p.ID, Name: c.nameOf(p), Age: c.ageOrUnknown(p), Card: cardNumber(p.Card), Label: c.T("person.title"), CardLabel: c.T("field.card"), FlagsLabel: c.fieldLabel("groups")}
	if p.Sex != "" && p.Sex != "unknown" {
		b.More = append(b.More, c.T("code.sex."+p.Sex))
	}
	if n := c.countries(p.Nationality); n != "" {
		b.More = append(b.More, n)
	}
	if p.Interpreter != "" {
		b.Flags = append(b.Flags, c.T("flag.interpreter", "language", c.tongue(p.Interpreter)))
	}
	if anyOf(p.Groups, goesFirst) {
		b.Flags = append(b.Flags, c.T("board.urgent"))
	}
	if anyOf(p.Groups, talksAlone) {
		b.Flags = append(b.Flags, c.T("flag.alone"))
	}
	return b
}

// cardNumber writes the digits of a card in groups of four, which do not come apart at the end of a line.
func cardNumber(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && i%4 == 0 {
			b.WriteRune('\u00a0')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// cardEnd is what the board shows of a card: enough to tell two people apart, not enough to look one up elsewhere.
func cardEnd(digits string) string {
	if len(digits) > 4 {
		return "…" + digits[len(digits)-4:]
	}
	return digits
}

func (c *call) nameOf(p people.Brief) string {
	if p.Name != "" {
		return p.Name
	}
	if p.Nickname != "" {
		return p.Nickname
	}
	return c.T("person.no_name")
}

func (c *call) age(p people.Brief) string {
	if p.Age == nil && p.AgeBand != "" {
		return c.coded("age_band", p.AgeBand)
	}
	if p.Age == nil {
		return ""
	}
	return lang.Age(c.lang, *p.Age, p.AgeAbout)
}

func (c *call) ageOrUnknown(p people.Brief) string {
	if age := c.age(p); age != "" {
		return age
	}
	return c.T("person.age_unknown")
}

func (c *call) countries(codes []string) string {
	var names []string
	for _, code := range codes {
		names = append(names, lang.Country(c.lang, code))
	}
	return lang.List(c.lang, names)
}

// word writes a field's value as the reader reads it, by what its kind declares.
func (c *call) word(kind, field string, value any) string {
	var declared record.Field
	if k := c.config.House.Registry().KindNamed(kind); k != nil {
		declared, _ = k.Field(field)
	}
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return c.T(map[bool]string{true: "app.yes", false: "app.no"}[v])
	case []string:
		var out []string
		for _, one := range v {
			out = append(out, c.coded(declared.Codes, one))
		}
		return lang.List(c.lang, out)
	case []any:
		var out []string
		for _, one := range v {
			out = append(out, c.coded(declared.Codes, fmt.Sprint(one)))
		}
		return lang.List(c.lang, out)
	case string:
		switch declared.Type {
		case record.Code, record.Set:
			return c.coded(declared.Codes, v)
		case record.Date:
			return lang.PartialDate(c.lang, v)
		case record.Time:
			if at, err := time.Parse(time.RFC3339, v); err == nil {
				return lang.DateTime(c.lang, at)
			}
		}
		return v
	case time.Time:
		return lang.DateTime(c.lang, v)
	case int:
		return c.whole(declared, int64(v))
	case int64:
		return c.whole(declared, v)
	case float64:
		return c.whole(declared, int64(v))
	}
	return fmt.Sprint(value)
}

func (c *call) whole(f record.Field, v int64) string {
	switch f.Type {
	case record.Bool:
		return c.T(map[bool]string{true: "app.yes", false: "app.no"}[v != 0])
	case record.Time:
		return lang.DateTime(c.lang, time.Unix(v, 0).In(c.zone()))
	}
	if key := "code." + f.Name + "." + strconv.FormatInt(v, 10); lang.Has(key) { // a degree, such as severity
		return c.T(key)
	}
	return lang.Number(c.lang, v)
}

// coded is the label of a code; the code itself when no catalogue knows it.
func (c *call) coded(list, code string) string {
	switch list {
	case "country":
		return lang.Country(c.lang, code)
	case "language":
		return lang.Language(c.lang, code)
	case "place":
		return place.CoarseName(c.lang, code)
	}
	if key := "code." + list + "." + code; lang.Has(key) {
		return c.T(key)
	}
	return strings.ReplaceAll(code, "_", " ")
}

// codedAll are the labels of several codes of one list.
func (c *call) codedAll(list string, codes []string) []string {
	out := make([]string, 0, len(codes))
	for _, code := range codes {
		out = append(out, c.coded(list, code))
	}
	return out
}

// fieldLabel is the name of a field as the reader knows it.
func (c *call) fieldLabel(field string) string {
	if lang.Has("field." + field) {
		return c.T("field." + field)
	}
	return strings.ReplaceAll(field, "_", " ")
}

// facts lists what a kind's fields say, in the order the kind declares, without those in skip.
func (c *call) facts(kind string, fields map[string]any, skip ...string) []Fact {
	var out []Fact
	k := c.config.House.Registry().KindNamed(kind)
	if k == nil {
		return nil
	}
	for _, f := range k.Fields {
		v, ok := fields[f.Name]
		if !ok || f.Type == record.Ref || f.Type == record.Blob || slices.Contains(skip, f.Name) {
			continue
		}
		if text := c.word(kind, f.Name, v); text != "" {
			out = append(out, Fact{c.fieldLabel(f.Name), text})
		}
	}
	return out
}
