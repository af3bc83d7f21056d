package match

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed data/nicknames.tsv
var nicknameFile string

// nicknames gives, for the sound of a name part, the sounds of the parts it may stand for. Sounds and not spellings: Kike and
// Quique are one word.
var nicknames = sync.OnceValue(func() map[string][]string {
	table, err := parseNicknames(nicknameFile)
	if err != nil {
		panic(fmt.Sprintf("internal/match/data/nicknames.tsv: %v", err)) // the file is part of the build
	}
	return table
})

// parseNicknames reads the table. A name of several words ("juan carlos") stands for its first word, and a short name of several
// words cannot be typed as one part: only one-word short names are given.
func parseNicknames(text string) (map[string][]string, error) {
	table := map[string][]string{}
	join := func(a, b string) {
		if a != b && !slices.Contains(table[a], b) {
			table[a] = append(table[a], b)
		}
	}
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		names, short, ok := strings.Cut(line, "\t")
		if !ok {
			return nil, fmt.Errorf("line %d: no tab between names and short names", n+1)
		}
		var full []string
		for name := range strings.SplitSeq(names, ",") {
			words := Tokens(name)
			if len(words) == 0 {
				return nil, fmt.Errorf("line %d: an empty name", n+1)
			}
			full = append(full, Sound(words[0]))
		}
		pets := Tokens(short)
		if len(pets) == 0 {
			return nil, fmt.Errorf("line %d: no short names", n+1)
		}
		for _, pet := range pets {
			if len([]rune(pet)) < 2 {
				return nil, fmt.Errorf("line %d: %q is one letter", n+1, pet)
			}
			for _, name := range full {
				join(Sound(pet), name)
				join(name, Sound(pet))
			}
			for _, other := range pets { // two short names of one name: Pepe is Chepe
				join(Sound(pet), Sound(other))
			}
		}
	}
	for _, sounds := range table {
		slices.Sort(sounds)
	}
	return table, nil
}
