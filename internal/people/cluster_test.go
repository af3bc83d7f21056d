package people

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/record"
)

// Whatever is said of some records, by whomever and in whatever order it arrives: every device makes the same clusters, none of them
// holds two records of whom somebody said that they are different, and every one hangs together by links that count.
func TestClustersAreTheSameEverywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := func(n int) record.ID { return record.ID{byte(n + 1)} }
		type heard struct {
			a, b    int
			verdict string
			rec     int64
		}
		n := rapid.IntRange(2, 8).Draw(t, "records")
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) heard {
			a := rapid.IntRange(0, n-1).Draw(t, "a")
			return heard{a, (a + rapid.IntRange(1, n-1).Draw(t, "b")) % n, rapid.SampledFrom([]string{Same, Same, Same, Different, Apart}).Draw(t, "verdict"), rapid.Int64Range(1, 9).Draw(t, "rec")}
		}), 0, 20).Draw(t, "said")
		build := func(order []heard) *linkWeb {
			w := &linkWeb{said: sayings{}}
			for _, h := range order {
				w.said.put(pairOf(id(h.a), id(h.b)), Saying{Verdict: h.verdict, rec: h.rec})
			}
			w.join()
			return w
		}
		w, other := build(all), build(rapid.Permutation(all).Draw(t, "order"))
		for i := range n {
			if !slices.Equal(w.with(id(i)), other.with(id(i))) {
				t.Fatalf("two orders of arrival make two clusters: %v and %v", w.with(id(i)), other.with(id(i)))
			}
		}
		for _, cluster := range w.set {
			if bad := w.apartBetween(cluster, cluster); len(bad) > 0 {
				t.Fatalf("%v are together and said to be different", bad)
			}
			for _, one := range cluster[1:] {
				if w.between(cluster[0], one).IsZero() {
					t.Fatalf("%v does not hang together", cluster)
				}
			}
		}
		for p := range w.said {
			counts := w.said.verdict(p) == Same && !slices.Contains(w.shut, p)
			if counts && w.rootOf(p.a) != w.rootOf(p.b) {
				t.Fatalf("a link that counts joins nobody: %v", p)
			}
		}
		// Taking every link apart leaves everybody alone.
		for _, p := range slices.Collect(maps.Keys(w.said)) {
			w.say(p, Apart, 10)
		}
		if len(w.set) != 0 {
			t.Fatalf("all apart, and together: %v", w.set)
		}
	})
}
