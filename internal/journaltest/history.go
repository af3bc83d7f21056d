package journaltest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Step is one thing that happens. Steps say nothing of what came of them, and one that makes no sense any more, because
// steps before it were taken out, does nothing.
type Step struct {
	Verb string
	Who  string // a device or a relay: d0, r1
	Whom string // another of them; a device's own server is at:d2
	N    map[string]int
}

// String writes the step as a line.
func (s Step) String() string {
	words := []string{s.Verb}
	for _, name := range []string{s.Who, s.Whom} {
		if name != "" {
			words = append(words, name)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(s.N)) {
		words = append(words, fmt.Sprintf("%s=%d", k, s.N[k]))
	}
	return strings.Join(words, " ")
}

// History is all that happens in a play.
type History struct {
	Seed            uint64
	Class           string // what may happen: Classes
	Devices, Relays int
	Steps           []Step
}

// String writes the history as it can be read again.
func (h History) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d\nclass %s\ndevices %d\nrelays %d\n\n", h.Seed, h.Class, h.Devices, h.Relays)
	for _, s := range h.Steps {
		b.WriteString(s.String() + "\n")
	}
	return b.String()
}

// Read reads what String wrote; what stands behind a # is for people.
func Read(text string) (History, error) {
	var h History
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) == 2 {
			number, err := strconv.ParseUint(words[1], 10, 64)
			known := true
			switch words[0] {
			case "seed":
				h.Seed = number
			case "devices":
				h.Devices = int(number)
			case "relays":
				h.Relays = int(number)
			case "class":
				h.Class, err = words[1], nil
			default:
				known = false
			}
			if known && err != nil {
				return h, fmt.Errorf("line %d: %w", n+1, err)
			}
			if known {
				continue
			}
		}
		s := Step{Verb: words[0], N: map[string]int{}}
		for _, word := range words[1:] {
			name, value, has := strings.Cut(word, "=")
			switch {
			case has:
				number, err := strconv.Atoi(value)
				if err != nil {
					return h, fmt.Errorf("line %d: %w", n+1, err)
				}
				s.N[name] = number
			case s.Who == "":
				s.Who = word
			case s.Whom == "":
				s.Whom = word
			default:
				return h, fmt.Errorf("line %d: %q is one too many", n+1, word)
			}
		}
		if verbs[s.Verb] == nil {
			return h, fmt.Errorf("line %d: nobody can %q", n+1, s.Verb)
		}
		h.Steps = append(h.Steps, s)
	}
	return h, nil
}
