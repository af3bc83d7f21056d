package journal_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/journal"
	"amparo/internal/journal/journaltest"
)

// house is a workspace of five members, each with one writer that has introduced itself.
func house(t testing.TB) (*journaltest.History, *journal.Roll) {
	t.Helper()
	h := journaltest.Draw(t, "A1 B1 C1 D1 E1")
	roll := h.Roll()
	for _, name := range h.Order {
		must(t, roll.Learn(h.Commit(name)))
	}
	return h, roll
}

func empower(t testing.TB, h *journaltest.History, of string) journal.Control {
	return control(t, journal.ControlEmpower, journal.Empowerment{Member: h.Member(of).Member()})
}

// revoke names the heads of writers as "B3": B's chain up to 3.
func revoke(t testing.TB, h *journaltest.History, of string, heads ...string) journal.Control {
	t.Helper()
	r := journal.Revocation{Member: h.Member(of).Member(), Heads: []journal.WriterHead{}}
	for _, head := range heads {
		var letter rune
		var seq uint64
		if _, err := fmt.Sscanf(head, "%c%d", &letter, &seq); err != nil {
			t.Fatal(err)
		}
		r.Heads = append(r.Heads, journal.WriterHead{Writer: h.Writer(string(letter)), Seq: seq})
	}
	return control(t, journal.ControlRevoke, r)
}

func at(c *journal.Commit, time journal.Time) *journal.Commit {
	c.Time = time
	return c
}

// active lists who is not revoked.
func active(h *journaltest.History, roll *journal.Roll) (letters string) {
	for _, letter := range []string{"A", "B", "C", "D", "E"} {
		if roll.Active(h.Member(letter).Member()) {
			letters += letter
		}
	}
	return letters
}

func TestOnlyAdministratorsAreBelievedWhatAdministratorsSay(t *testing.T) {
	h, roll := house(t)
	half := journal.Control{Kind: journal.ControlRevoke, Payload: []byte{0x82, 0x01, 0x02}}
	if err := roll.Learn(saying(t, h, "B", 2, half)); !errors.Is(err, journal.ErrFormat) {
		t.Errorf("half a revocation by who does not administer: %v", err)
	}
	other := journaltest.Draw(t, "Z1")
	admitted := other.Member("Z")
	rotation := journal.Rotation{Keys: []journal.RotatedKey{{Tag: 3, Epoch: 2, Commitment: [32]byte{7}}}, Without: []journal.MemberID{}}
	part := journal.PartPlace{Writer: h.Writer("C"), Seq: 1, Index: 1}
	says := []journal.Control{
		control(t, journal.ControlAdmit, admitted),
		empower(t, h, "D"),
		control(t, journal.ControlRotate, rotation),
		revoke(t, h, "C", "C1"),
		control(t, journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{part}}),
	}
	plain := roll.Clone()
	for i, say := range says {
		if err := roll.Learn(saying(t, other, "Z", uint64(2+i), say)); !errors.Is(err, journal.ErrUnknownWriter) {
			t.Errorf("kind %d by a writer nobody knows: %v", say.Kind, err)
		}
		must(t, roll.Learn(saying(t, h, "B", uint64(2+i), say))) // is kept, and holds nothing up
	}
	if len(roll.Revoked)+len(roll.Rotations)+len(roll.Erased)+len(roll.Admins) > 0 || len(roll.Members) != len(plain.Members) {
		t.Errorf("who does not administer has changed the roll: %+v", roll)
	}
	b := h.Member("B").Member()
	if roll.Administers(b) {
		t.Error("B administers, and nobody said so")
	}
	must(t, roll.Learn(saying(t, h, "A", 2, empower(t, h, "B"))))
	if !roll.Administers(b) || !roll.Administers(h.Member("A").Member()) || roll.Administers(h.Member("C").Member()) {
		t.Error("the founder and B administer, and C does not")
	}
	// What B had said before counts from now on; who read the roll meanwhile saw it unchanged.
	if len(plain.Revoked)+len(plain.Rotations)+len(plain.Erased)+len(plain.Admins) > 0 {
		t.Error("the roll before has learned too")
	}
	again := roll.Clone()
	for i, say := range says {
		must(t, again.Learn(saying(t, h, "B", uint64(2+i), say)))
	}
	if !reflect.DeepEqual(again, roll) {
		t.Error("learning the same again changes the roll")
	}
	if _, known := roll.Members[admitted.Member()]; !known || !roll.Administers(h.Member("D").Member()) || !roll.Erased[part] {
		t.Errorf("admitted %v, D administers %v, erased %v", known, roll.Administers(h.Member("D").Member()), roll.Erased)
	}
	if list := roll.CommitmentsOf(3, 2); !slices.Equal(list, [][32]byte{{7}}) || len(roll.CommitmentsOf(3, 1))+len(roll.CommitmentsOf(4, 2)) > 0 {
		t.Errorf("commitments %v", list)
	}
	if cut, revoked := roll.RevokedCut(h.Writer("C")); cut != 1 || !revoked || roll.Active(h.Member("C").Member()) || active(h, roll) != "ABDE" {
		t.Errorf("C is revoked (%v) from commit %d on; active are %s", revoked, cut, active(h, roll))
	}
	if _, revoked := roll.RevokedCut(h.Writer("D")); revoked {
		t.Error("D is revoked")
	}
}

func TestWhoIsRevokedWhenAdministratorsDisagree(t *testing.T) {
	// A founded; A empowered B, then C; B empowered D. E does not administer.
	for name, c := range map[string]struct {
		say    map[string][]journal.Control // by writer, from commit 5 on
		active string
		cut    map[string]uint64
	}{
		"nobody": {nil, "ABCDE", nil},
		"twice, the higher heads count": {map[string][]journal.Control{
			"A": {}, "B": {revoked(t, "E", "E3")}, "C": {revoked(t, "E", "E7")}}, "ABCD", map[string]uint64{"E": 7}},
		"a writer nobody named is believed nothing":  {map[string][]journal.Control{"A": {revoked(t, "E")}}, "ABCD", map[string]uint64{"E": 0}},
		"each other, the senior stays":               {map[string][]journal.Control{"B": {revoked(t, "C", "C4")}, "C": {revoked(t, "B", "B4")}}, "ABDE", map[string]uint64{"C": 4}},
		"each other, who empowered stays":            {map[string][]journal.Control{"D": {revoked(t, "B", "B4")}, "B": {revoked(t, "D", "D4")}}, "ABCE", map[string]uint64{"D": 4}},
		"the founder stays":                          {map[string][]journal.Control{"A": {revoked(t, "C", "C4")}, "C": {revoked(t, "A", "A4")}}, "ABDE", map[string]uint64{"C": 4}},
		"the founder can be revoked":                 {map[string][]journal.Control{"C": {revoked(t, "A", "A4")}}, "BCDE", map[string]uint64{"A": 4}},
		"the answer of who knew of it counts too":    {map[string][]journal.Control{"A": {revoked(t, "C", "C5")}, "C": {revoked(t, "A", "A4")}}, "BDE", map[string]uint64{"A": 4, "C": 5}},
		"in a ring all go":                           {map[string][]journal.Control{"B": {revoked(t, "C", "C4")}, "C": {revoked(t, "D", "D4")}, "D": {revoked(t, "B", "B4")}}, "AE", nil},
		"who leaves says so in a commit that stands": {map[string][]journal.Control{"C": {revoked(t, "C", "C4")}}, "ABDE", map[string]uint64{"C": 5}},
	} {
		t.Run(name, func(t *testing.T) {
			h, roll := house(t)
			must(t, roll.Learn(at(saying(t, h, "A", 2, empower(t, h, "B")), 10)))
			must(t, roll.Learn(at(saying(t, h, "A", 3, empower(t, h, "C")), 20)))
			must(t, roll.Learn(at(saying(t, h, "B", 2, empower(t, h, "D")), 15)))
			for letter, list := range c.say {
				for i, say := range list {
					must(t, roll.Learn(at(saying(t, h, letter, uint64(5+i), say), 100)))
				}
			}
			if got := active(h, roll); got != c.active {
				t.Errorf("active are %s, not %s", got, c.active)
			}
			for letter, want := range c.cut {
				if got, revoked := roll.RevokedCut(h.Writer(letter)); got != want || !revoked {
					t.Errorf("%s is revoked (%v) beyond commit %d, not %d", letter, revoked, got, want)
				}
			}
		})
	}
}

// revoked is revoke for the members of the house, whose keys are the same each time they are drawn.
func revoked(t *testing.T, of string, heads ...string) journal.Control {
	h, _ := house(t)
	return revoke(t, h, of, heads...)
}

// Whatever the order in which commits come, who holds the same believes the same.
func TestTheRollDoesNotDependOnTheOrder(t *testing.T) {
	h, _ := house(t)
	letters := []string{"A", "B", "C", "D", "E"}
	rapid.Check(t, func(r *rapid.T) {
		commits := []*journal.Commit{}
		for _, name := range h.Order[1:] {
			commits = append(commits, h.Commit(name))
		}
		seq := map[string]uint64{"A": 1, "B": 1, "C": 1, "D": 1, "E": 1}
		letter := rapid.SampledFrom(letters)
		for range rapid.IntRange(1, 14).Draw(r, "commits") {
			by := letter.Draw(r, "by")
			var says []journal.Control
			for range rapid.IntRange(1, 2).Draw(r, "controls") {
				of := letter.Draw(r, "of")
				switch rapid.IntRange(0, 5).Draw(r, "kind") {
				case 0, 1:
					says = append(says, empower(t, h, of))
				case 2, 3:
					var heads []string
					for _, w := range letters {
						if rapid.Bool().Draw(r, "named") {
							heads = append(heads, fmt.Sprintf("%s%d", w, rapid.IntRange(1, 6).Draw(r, "head")))
						}
					}
					says = append(says, revoke(t, h, of, heads...))
				case 4:
					says = append(says, control(t, journal.ControlRotate, journal.Rotation{Keys: []journal.RotatedKey{{Tag: 1, Epoch: rapid.Uint32Range(1, 3).Draw(r, "epoch"),
						Commitment: [32]byte{rapid.Byte().Draw(r, "key")}}}, Without: []journal.MemberID{h.Member(of).Member()}}))
				default:
					says = append(says, control(t, journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{{Writer: h.Writer(of), Seq: rapid.Uint64Range(1, 5).Draw(r, "seq")}}}))
				}
			}
			seq[by]++
			commits = append(commits, at(saying(t, h, by, seq[by], says...), journal.Time(rapid.IntRange(1, 5).Draw(r, "time"))))
		}
		learned := func(order []*journal.Commit) (*journal.Roll, int) {
			roll := h.Roll()
			must(t, roll.Learn(h.Commit("A1"))) // members are known; who empowered whom is not
			for waiting := order; ; {
				var still []*journal.Commit
				for _, c := range waiting {
					before := roll.Clone()
					if err := roll.Learn(c); errors.Is(err, journal.ErrUnknownWriter) {
						still = append(still, c)
						if !reflect.DeepEqual(before, roll) {
							r.Fatal("what waits has changed the roll")
						}
					} else if err != nil {
						r.Fatal(err)
					}
				}
				if len(still) == len(waiting) {
					return roll, len(still)
				}
				waiting = still
			}
		}
		roll, waiting := learned(commits)
		other, still := learned(rapid.Permutation(commits).Draw(r, "order"))
		if waiting != still || !reflect.DeepEqual(roll, other) {
			r.Fatalf("%d wait in one order, %d in another;\n%+v\n%+v", waiting, still, roll, other)
		}
		var list []journal.Commit
		for _, c := range rapid.Permutation(commits).Draw(r, "gathered") {
			list = append(list, *c)
		}
		gathered := h.Roll()
		must(t, gathered.Learn(h.Commit("A1")))
		if still := len(gathered.Gather(list)); still != waiting || len(roll.Erased) != len(gathered.Erased) {
			r.Fatalf("gathered at once %d wait, not %d", still, waiting)
		}
		if gathered.Erased = roll.Erased; !reflect.DeepEqual(gathered, roll) {
			r.Fatalf("gathered at once:\n%+v\n%+v", gathered, roll)
		}
	})
}
