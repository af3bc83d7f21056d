package lang

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
)

// message is a text by plural form. A text without plural has only "other", and says so by the form "".
type message map[string]pattern

// pattern is a text cut at its placeholders: plain, name, plain, name, plain … It always has an odd length.
type pattern []string

// readMessage reads a JSON string, or an object of plural forms.
func readMessage(raw json.RawMessage) (message, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		p, err := cut(text)
		return message{"": p, "other": p}, err
	}
	var forms map[string]string
	if err := json.Unmarshal(raw, &forms); err != nil {
		return nil, errors.New("neither a text nor an object of plural forms")
	}
	m := message{}
	for form, text := range forms {
		if form == "" {
			return nil, errors.New("a plural form without a name")
		}
		p, err := cut(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", form, err)
		}
		m[form] = p
	}
	if m["other"] == nil {
		return nil, errors.New("no plural form other")
	}
	return m, nil
}

// plural reports a text whose form depends on {n}.
func (m message) plural() bool { return m[""] == nil }

// forms lists the plural forms in alphabetical order.
func (m message) forms() []string {
	forms := slices.Sorted(maps.Keys(m))
	return slices.DeleteFunc(forms, func(f string) bool { return f == "" })
}

// write fills the text for one reader. A placeholder without a value stays visible as {name}.
func (m message) write(tag Tag, args []any) string {
	form := "other"
	if m.plural() {
		form = pluralForm(tag, value(args, "n"))
	}
	p := m[form]
	if p == nil {
		p = m["other"]
	}
	if len(p) == 1 {
		return p[0]
	}
	var b strings.Builder
	for i, part := range p {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		if v := value(args, part); v != nil {
			b.WriteString(show(tag, part, v))
		} else {
			b.WriteString("{" + part + "}")
		}
	}
	return b.String()
}

// value finds the value that follows a name in alternating arguments; nil when it is not there.
func value(args []any, name string) any {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return args[i+1]
		}
	}
	return nil
}

// show writes a value as the reader writes it. The value of {field} is a field's name in the code, and the reader sees
// its label: refusals and the reasons of a search name fields without knowing who reads.
func show(tag Tag, name string, v any) string {
	switch v := v.(type) {
	case string:
		if name == "field" && Has("field."+v) {
			return T(tag, "field."+v)
		}
		return v
	case time.Time:
		return Date(tag, v)
	case fmt.Stringer, error:
		return fmt.Sprint(v)
	case float64:
		return trimmed(tag, v)
	}
	if n, ok := whole(v); ok {
		return Number(tag, n)
	}
	return fmt.Sprint(v)
}

// whole is the int64 of any kind of integer that fits one.
func whole(v any) (int64, bool) {
	if r := reflect.ValueOf(v); r.CanInt() {
		return r.Int(), true
	} else if r.CanUint() && r.Uint() <= math.MaxInt64 {
		return int64(r.Uint()), true
	}
	return 0, false
}

// cut splits a text at its placeholders.
func cut(text string) (pattern, error) {
	if strings.TrimSpace(text) != text || text == "" {
		return nil, errors.New("the text is empty or has blanks at its ends")
	}
	var p pattern
	for {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			if strings.IndexByte(text, '}') >= 0 {
				return nil, errors.New("a } without its {")
			}
			return append(p, text), nil
		}
		length := strings.IndexByte(text[open:], '}')
		if length < 0 || strings.IndexByte(text[:open], '}') >= 0 {
			return nil, errors.New("a brace without its partner")
		}
		name := text[open+1 : open+length]
		if !placeholder(name) {
			return nil, fmt.Errorf("{%s} is no placeholder: lower-case letters, digits and _ only", name)
		}
		p = append(p, text[:open], name)
		text = text[open+length+1:]
	}
}

// placeholder reports a well-formed placeholder name.
func placeholder(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != "" && name[0] != '_'
}

// names lists the placeholders of a text, each once, sorted.
func (p pattern) names() []string {
	var names []string
	for i := 1; i < len(p); i += 2 {
		names = append(names, p[i])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

var formNames = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
}

// pluralForm chooses by CLDR's cardinal rules; anything but a whole number reads as "other". CLDR has no rules for
// Haitian Creole, whose nouns do not change with the number: x/text then gives "other", which is right.
func pluralForm(tag Tag, v any) string {
	n, ok := whole(v)
	if !ok {
		return "other"
	}
	size := uint64(n)
	if n < 0 {
		size = -size
	}
	// The rules look at a large number only through its last six digits; keep what fits the int of a small machine.
	const large = 1_000_000
	if size >= 1000*large {
		size = size%large + large
	}
	return formNames[plural.Cardinal.MatchPlural(bcp47[index(tag)], int(size), 0, 0, 0, 0)]
}

// pluralForms lists the forms that whole numbers can take in a language, sorted, asked of CLDR's rules themselves.
func pluralForms(tag Tag) []string {
	var forms []string
	for n := range 201 {
		forms = append(forms, pluralForm(tag, n))
	}
	forms = append(forms, pluralForm(tag, 1_000_000))
	slices.Sort(forms)
	return slices.Compact(forms)
}
