package node

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/relay/wire"
)

func vectorOf(t testing.TB, s *Session) journal.Vector {
	t.Helper()
	v, err := s.node.Copy().Vector(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// handed carries a file from one to another.
func handed(t testing.TB, from, to *Session) exchange.Summary {
	t.Helper()
	path := filepath.Join(t.TempDir(), "handed.amparo")
	if _, err := from.WriteBundle(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	sum, err := to.ReadBundle(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func refusedTo(sum exchange.Summary, w journal.WriterID) bool {
	return slices.ContainsFunc(sum.Refused, func(r exchange.Refused) bool { return r.Writer == w && r.Code == wire.FaultRevoked })
}

// Eva is revoked while she and Berta are cut off from the relay and see each other. What Berta had before she heard of it
// stands for everybody, what Eva wrote after that is refused and named, and nobody else loses anything.
func TestRevokedWhileCutOff(t *testing.T) {
	for seed := range uint64(storySeeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			url := relayed(t)
			_, ana := founded(t, t.TempDir())
			_, berta := member(t, ana, url, "Berta", Options{}, roles("clinician"))
			_, clara := member(t, ana, url, "Clara", Options{}, roles("clinician"))
			_, eva := member(t, ana, url, "Eva", Options{}, roles("clinician"))
			hers := eva.member.WriterID()
			honest := []*Session{ana, berta, clara}
			planted := map[string]bool{}
			plants := func(s *Session, who string, n int) {
				for range n {
					name := fmt.Sprintf("%s%d", who, len(planted))
					planted[name] = true
					plant(t, s, name)
				}
			}
			plants(eva, "eva", 2)
			inStep(t, url, eva, ana, clara)

			// Berta and Eva are away now.
			plants(eva, "eva", 1+r.IntN(3))
			plants(berta, "berta", r.IntN(3))
			handed(t, eva, berta)
			if r.IntN(2) == 0 {
				plants(berta, "berta", 1) // has seen what Eva wrote
			}
			if err := ana.Revoke(t.Context(), []journal.MemberID{eva.member.ID}, "perdió la tableta"); err != nil {
				t.Fatal(err)
			}
			plants(ana, "ana", r.IntN(3))
			if r.IntN(2) == 0 {
				inStep(t, url, ana, clara)
				plants(clara, "clara", 1+r.IntN(2))
			}
			if r.IntN(2) == 0 {
				inStep(t, url, clara)
				handed(t, clara, berta) // hears of it from Clara
			}
			stands := berta.node.journal.Head(hers).Seq
			kept := maps.Clone(planted)
			plants(eva, "tarde", 1+r.IntN(3))
			late := eva.node.journal.Head(hers).Seq
			inStep(t, url, ana, berta, clara)
			if r.IntN(2) == 0 {
				if sum := handed(t, eva, clara); !slices.ContainsFunc(sum.Faults, func(f *exchange.Fault) bool { return f.Code == wire.FaultRevoked && f.Writer == hers }) {
					t.Errorf("a file of hers is taken: %+v", sum)
				}
			}
			sum, err := eva.Exchange(t.Context(), url, nil)
			if !errors.Is(err, ErrRevoked) || !sum.Revoked || !refusedTo(sum, hers) {
				t.Errorf("Eva is told %v, %+v", err, sum)
			}
			for range 2 {
				for _, s := range honest {
					sum, err := s.Exchange(t.Context(), url, nil)
					if err != nil || !sum.Complete || len(sum.Hidden)+len(sum.Faults) > 0 {
						t.Fatalf("%s: %v, %+v", s.member.Label, err, sum)
					}
				}
			}
			want, digests := vectorOf(t, ana), must2(ana.Digests())
			if got := want[hers]; got != stands || late <= stands {
				t.Errorf("%d of her %d commits stand, %d were known", got, late, stands)
			}
			for _, s := range honest {
				if got := vectorOf(t, s); !maps.Equal(got, want) {
					t.Errorf("%s holds %v, Ana %v", s.member.Label, got, want)
				}
				for _, c := range []record.Compartment{record.Identity, record.Care} {
					if got := must2(s.Digests())[c]; got != digests[c] {
						t.Errorf("%s sees another %s", s.member.Label, c)
					}
				}
				got := trees(t, s)
				if len(got) != len(kept) || slices.ContainsFunc(got, func(name string) bool { return strings.HasPrefix(name, "tarde") }) {
					t.Errorf("%s sees %q, and not the %d that stand", s.member.Label, got, len(kept))
				}
				if h, err := s.node.Check(t.Context(), s, nil); err != nil || !h.OK {
					t.Errorf("%s: %+v, %v", s.member.Label, h, err)
				}
			}
		})
	}
}

// Two members share a laptop. What the relay withheld from the one who is revoked comes when the other asks.
func TestALaptopOfARevokedMemberAndAnother(t *testing.T) {
	url := relayed(t)
	_, ana := founded(t, t.TempDir())
	n, eva := member(t, ana, url, "Eva", Options{}, roles("clinician"))
	letInHere(t, ana, n, "Rita", pass+" dos", roles("clinician"))
	inStep(t, url, ana, eva)
	rita, err := n.Unlock(t.Context(), "Rita", []byte(pass+" dos"))
	if err != nil {
		t.Fatal(err)
	}
	plant(t, rita, "mangle")
	inStep(t, url, rita, ana)
	if err := ana.Revoke(t.Context(), []journal.MemberID{eva.member.ID}, "se fue"); err != nil {
		t.Fatal(err)
	}
	plant(t, ana, "ceiba")
	inStep(t, url, ana)
	if sum, err := eva.Exchange(t.Context(), url, nil); !errors.Is(err, ErrRevoked) || !sum.Revoked {
		t.Fatalf("%v, %+v", err, sum)
	}
	if got := trees(t, rita); slices.Contains(got, "ceiba 0") || len(got) != 1 {
		t.Errorf("what was withheld from Eva is there: %q", got)
	}
	inStep(t, url, rita)
	if got := trees(t, rita); len(got) != 2 {
		t.Errorf("Rita sees %q", got)
	}
	if h, err := n.Check(t.Context(), rita, nil); err != nil || !h.OK || h.Withheld > 0 {
		t.Errorf("%+v, %v", h, err)
	}
}
