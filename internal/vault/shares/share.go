package shares

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// Why shares are refused. Each comes as a record.Refusal with its sentence; these tell them apart.
var (
	ErrNotShare       = errors.New("no recovery share was found")
	ErrTyping         = errors.New("a share is not as it was printed")
	ErrOtherWorkspace = errors.New("a share of another workspace")
	ErrOtherSet       = errors.New("a share of another set")
	ErrSameTwice      = errors.New("the same share twice")
	ErrTooFew         = errors.New("too few shares")
	ErrInconsistent   = errors.New("shares that do not fit together")
	ErrNumber         = errors.New("so many shares cannot be made")
)

// Most is how many shares a set may have: each fits a hand and the number fits its five bits.
const Most = 20

// Seed is what the recovery keys are derived from. Whoever has it opens the workspace.
type Seed [32]byte

// Wipe forgets the seed as far as Go allows.
func (s *Seed) Wipe() { clear(s[:]) }

// NewSeed draws a seed.
func NewSeed() (s Seed) {
	fromSystem(s[:])
	return s
}

// Home is what an empty machine needs beside the seed.
type Home struct {
	Workspace journal.WorkspaceID
	Founder   journal.MemberID // whom to believe first
	Relay     string           // where the commits are; may be empty, and is in no words
}

// Known reports whether the workspace is named.
func (h Home) Known() bool { return h.Workspace != journal.WorkspaceID{} }

// check is how a share's words tell its workspace from others without naming it.
func (h Home) check() [4]byte {
	return [4]byte(digest("amparo recovery workspace v1", h.Workspace[:], h.Founder[:]))
}

// SetID names the shares that were made together: a digest of their seed and of how many there are.
type SetID [7]byte

// Label is the short name that stands on the papers of a set.
func (s SetID) Label() string { return fmt.Sprintf("%X-%X", s[:2], s[2:4]) }

func setID(h Home, k, n int, seed Seed) SetID {
	return SetID(digest("amparo recovery set v1", h.Workspace[:], h.Founder[:], []byte{byte(k), byte(n)}, seed[:]))
}

// digest is over parts of fixed lengths.
func digest(purpose string, parts ...[]byte) []byte {
	d := sha256.New()
	d.Write([]byte(purpose))
	d.Write([]byte{0})
	for _, p := range parts {
		d.Write(p)
	}
	return d.Sum(nil)
}

// Share is one of n, of which k give the seed back.
type Share struct {
	Set    SetID
	K, N   int
	Number int // 1..N
	Check  [4]byte
	Home   Home // empty when read from the share's words alone

	piece [32]byte
}

// Wipe forgets the share as far as Go allows.
func (s *Share) Wipe() { clear(s.piece[:]) }

func (s *Share) whole() bool {
	return s.K >= 1 && s.K <= s.N && s.N <= Most && s.Number >= 1 && s.Number <= s.N
}

// Split makes n shares of a seed, any k of which suffice. k = 1 makes n copies; n is 20 at most. It fails with ErrNumber.
func Split(seed Seed, home Home, k, n int) ([]Share, error) {
	return splitWith(seed, home, k, n, fromSystem)
}

// CheckNumbers refuses numbers of shares that Split does not make.
func CheckNumbers(k, n int) error {
	if k < 1 || n < k || n > Most {
		return record.Refuse("shares", "share_number", "most", Most).Because(fmt.Errorf("%w: %d of %d", ErrNumber, k, n))
	}
	return nil
}

func splitWith(seed Seed, home Home, k, n int, draw func([]byte)) ([]Share, error) {
	if err := CheckNumbers(k, n); err != nil {
		return nil, err
	}
	if len(home.Relay) > MostRelay {
		return nil, fmt.Errorf("split: the address of the relay has %d bytes, more than %d", len(home.Relay), MostRelay)
	}
	out := make([]Share, n)
	for i, piece := range split(seed, k, n, draw) {
		out[i] = Share{Set: setID(home, k, n, seed), K: k, N: n, Number: i + 1, Check: home.check(), Home: home, piece: piece}
	}
	return out, nil
}

// Combine gives the seed back. home is the workspace that the caller knows; when it knows none, the shares are asked. What is
// given back was checked against the set's name: it is the seed that was split. It fails with ErrTooFew, ErrOtherWorkspace,
// ErrOtherSet, ErrSameTwice or ErrInconsistent.
func Combine(home Home, list []Share) (Seed, Home, error) {
	home, err := agree(home, list)
	if err != nil {
		return Seed{}, home, err
	}
	first := list[0]
	points := make([]point, 0, len(list))
	defer clear(points)
	for _, s := range list {
		points = append(points, point{byte(s.Number), s.piece})
	}
	seed := Seed(at(points[:first.K], 0))
	for _, p := range points[first.K:] { // a share too many must lie on the same curve
		if at(points[:first.K], p.x) != p.y {
			return Seed{}, home, inconsistent()
		}
	}
	if home.Known() && setID(home, first.K, first.N, seed) != first.Set {
		return Seed{}, home, inconsistent()
	}
	return seed, home, nil
}

// Check reports what Combine would say of the shares, but for ErrTooFew: whether another one fits those that are there.
func Check(home Home, list []Share) error {
	if _, err := agree(home, list); err != nil && !errors.Is(err, ErrTooFew) {
		return err
	}
	return nil
}

func inconsistent() error {
	return record.Refuse("share", "share_inconsistent").Because(ErrInconsistent)
}

// agree checks that the shares are of one workspace and set, differ, and are enough.
func agree(home Home, list []Share) (Home, error) {
	if len(list) == 0 {
		return home, record.Refuse("share", "share_none").Because(ErrNotShare)
	}
	for _, s := range list {
		if !home.Known() {
			home = s.Home
		}
	}
	first := list[0]
	seen := map[int]Share{}
	for _, s := range list {
		if home.Known() && s.Check != home.check() || s.Check != first.Check {
			return home, record.Refuse("share", "share_other_workspace", "number", s.Number).Because(ErrOtherWorkspace)
		}
		if home.Known() && s.Home.Known() && (s.Home.Workspace != home.Workspace || s.Home.Founder != home.Founder) {
			return home, record.Refuse("share", "share_other_workspace", "number", s.Number).Because(ErrOtherWorkspace)
		}
		if s.Set != first.Set {
			return home, record.Refuse("share", "share_other_set", "number", s.Number, "set", s.Set.Label(), "other", first.Set.Label()).Because(ErrOtherSet)
		}
		before, twice := seen[s.Number]
		if twice && before.piece == s.piece {
			return home, record.Refuse("share", "share_twice", "number", s.Number).Because(ErrSameTwice)
		}
		if twice || s.K != first.K || s.N != first.N || !s.whole() {
			return home, inconsistent()
		}
		seen[s.Number] = s
	}
	if missing := first.K - len(list); missing > 0 {
		return home, record.Refuse("share", "share_too_few", "n", missing, "have", len(list), "need", first.K).Because(ErrTooFew)
	}
	return home, nil
}
