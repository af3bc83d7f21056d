package shares

import (
	"regexp"
	"slices"
	"strings"

	"amparo/internal/record"
)

// Found is what a text holds.
type Found struct {
	Shares []Share
	Home   Home // from a code, or from the words that name the workspace
}

// Add takes in what another text holds. The same share again is kept: Combine names it.
func (f *Found) Add(more Found) {
	f.Shares = append(f.Shares, more.Shares...)
	if !f.Home.Known() || f.Home.Relay == "" && more.Home.Relay != "" {
		f.Home = more.Home
	}
}

var codeStart = regexp.MustCompile(`(?i)amparo\s?1\s?:`)

// tooLong is more text than any paper holds; what is longer was not typed by anybody.
const tooLong = 1 << 20

// Parse finds the shares in a text: what somebody typed, what a scanner read, or a printed page as it is. Words may be in
// either language, with or without accents and numbers, shortened to their first four letters, broken into any lines. Pages
// are parted by form feeds; on one page the same share in both spellings counts once. It fails with ErrNotShare, or with
// ErrTyping and says which word it is.
func Parse(text string) (Found, error) {
	var out Found
	if len(text) > tooLong {
		return out, record.Refuse("share", "share_none").Because(ErrNotShare)
	}
	for page := range strings.SplitSeq(text, "\f") {
		if strings.TrimSpace(page) == "" {
			continue
		}
		found, err := parsePage(page)
		if err != nil {
			return Found{}, err
		}
		out.Add(found)
	}
	if len(out.Shares) == 0 && !out.Home.Known() {
		return out, record.Refuse("share", "share_none").Because(ErrNotShare)
	}
	return out, nil
}

func parsePage(page string) (out Found, err error) {
	var rest strings.Builder
	for {
		at := codeStart.FindStringIndex(page)
		if at == nil {
			break
		}
		rest.WriteString(page[:at[0]] + "\n")
		s, after, err := takeCode(page[at[1]:])
		if err != nil {
			return out, err
		}
		out.once(s)
		page = after
	}
	rest.WriteString(page)
	left, err := out.takeWords(letters(rest.String()))
	if err != nil {
		return out, err
	}
	least := fewest
	if len(out.Shares) > 0 || out.Home.Known() {
		least = beside
	}
	if broken := dense(left, least); broken != nil {
		return out, diagnose(broken)
	}
	if len(out.Shares) == 0 && !out.Home.Known() {
		return out, record.Refuse("share", "share_none").Because(ErrNotShare)
	}
	return out, nil
}

// once adds a share that was not read from this page before; of two spellings the code knows more.
func (f *Found) once(s Share) {
	if s.Home.Known() && !f.Home.Known() {
		f.Home = s.Home
	}
	for i := range f.Shares {
		old := &f.Shares[i]
		if old.Number == s.Number && old.Set == s.Set && old.piece == s.piece && old.Check == s.Check {
			return
		}
	}
	f.Shares = append(f.Shares, s)
}

// takeWords takes out every share and every name of a workspace that reads whole, wherever it begins, and gives the words
// that are left.
func (f *Found) takeWords(tokens []string) (left []string, err error) {
	folded := make([]string, len(tokens))
	for i, t := range tokens {
		folded[i] = fold(t)
	}
	used := make([]bool, len(tokens))
	for _, want := range []int{shareWords, homeWords} { // shares first: 27 of their words could be taken for a name
		for _, l := range lists {
			places := l.all(folded)
			for i := 0; i+want <= len(tokens); i++ {
				some := places[i : i+want]
				if slices.Contains(some, -1) || slices.Contains(used[i:i+want], true) {
					continue
				}
				ok := false
				if want == shareWords {
					var s Share
					if s, ok, err = shareOf(some); err != nil {
						return nil, err
					}
					if ok {
						f.once(s)
					}
				} else {
					var h Home
					if h, ok = homeOf(some); ok && !f.Home.Known() {
						f.Home = h
					}
				}
				for j := i; ok && j < i+want; j++ {
					used[j] = true
				}
			}
		}
	}
	for i, t := range tokens {
		if !used[i] {
			left = append(left, t)
		} else if len(left) > 0 && left[len(left)-1] != "" {
			left = append(left, "") // what was on both sides is not one run
		}
	}
	return left, nil
}

// all gives each word's place, -1 for one that is not in the list.
func (l *list) all(folded []string) []int {
	out := make([]int, len(folded))
	for i, f := range folded {
		at, known := l.find(f)
		if out[i] = at; !known {
			out[i] = -1
		}
	}
	return out
}

// A share with a mistake in it is still for the most part words of a list, one after the other; a printed explanation is not.
const (
	fewest   = 12 // words of a list that are taken for the attempt at a share
	beside   = 24 // the same on a page that holds another: a printed page has prose too
	tolerant = 4  // of so many words in a row one at least is in the list
)

// attempt is a run of words that was meant as a share.
type attempt struct {
	list   *list
	words  []string
	places []int
}

// dense finds the run of most words that was meant as a share; nil when there is none.
func dense(tokens []string, least int) *attempt {
	var best *attempt
	for _, l := range lists {
		for _, run := range splitRuns(tokens) {
			all := len(run) == shareWords || len(run) == homeWords // nothing else was typed: the first and the last word count too
			folded := make([]string, len(run))
			for i, t := range run {
				folded[i] = fold(t)
			}
			places := l.all(folded)
			for from := 0; from < len(run); from++ {
				if places[from] < 0 {
					continue
				}
				to, known, last := from, 0, from
				for ; to < len(run) && to-last < tolerant; to++ {
					if places[to] >= 0 {
						known, last = known+1, to
					}
				}
				start := from
				if to = last + 1; all {
					start, to = 0, len(run)
				}
				if known >= least && known*4 >= (to-start)*3 && (best == nil || known > best.known()) {
					best = &attempt{l, run[start:to], places[start:to]}
				}
				from = last
			}
		}
	}
	return best
}

func splitRuns(tokens []string) (out [][]string) {
	for len(tokens) > 0 {
		end := slices.Index(tokens, "")
		if end < 0 {
			return append(out, tokens)
		}
		out, tokens = append(out, tokens[:end]), tokens[end+1:]
	}
	return out
}

func (a *attempt) known() (n int) {
	for _, p := range a.places {
		if p >= 0 {
			n++
		}
	}
	return n
}

// diagnose says what is wrong with words that were meant as a share: a word that is not in the list, words missing or too
// many, or the word that another one stands in the place of.
func diagnose(a *attempt) error {
	for i, p := range a.places {
		if p < 0 {
			return mistyped(len(a.words), i+1, a.words[i], a.list.nearest(fold(a.words[i])))
		}
	}
	switch len(a.words) {
	case shareWords:
		if at, word := a.mend(shareBits); at > 0 {
			return mistyped(shareWords, at, a.words[at-1], word)
		}
	case homeWords:
		if at, word := a.mend(homeBits); at > 0 {
			return mistyped(homeWords, at, a.words[at-1], word)
		}
	default:
		return record.Refuse("share", "share_count", "have", len(a.words), "need", shareWords, "home", homeWords).Because(ErrTyping)
	}
	return mistyped(len(a.words), 0, "", "")
}

// mend looks for the one word whose change makes the checksum right; 0 when there is none, or more than one.
func (a *attempt) mend(n int) (at int, word string) {
	wrong := syndrome(a.places, n)
	one := make([]int, len(a.places))
	constant := syndrome(one, n)
	for i, was := range a.places {
		var basis [wordBits]uint64
		for bit := range basis {
			one[i] = 1 << bit
			basis[bit] = syndrome(one, n) ^ constant
		}
		one[i] = 0
		for change := 1; change < len(a.list.words); change++ {
			effect := uint64(0)
			for bit, of := range basis {
				if change>>bit&1 == 1 {
					effect ^= of
				}
			}
			if effect != wrong {
				continue
			}
			if at != 0 {
				return 0, ""
			}
			at, word = i+1, a.list.words[was^change]
		}
	}
	return at, word
}
