package exchange_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
)

// Whatever is written where, however it is carried, in whatever order, and however often the line is cut: when everybody
// has exchanged twice with one relay, all hold the same.
func TestAnyOrderOfExchangesEndsTheSame(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := exchangetest.Found(t, rapid.Uint64().Draw(r, "seed"), nil)
		nodes := []*node{{Device: w.Founder}}
		for i := range rapid.IntRange(1, 4).Draw(r, "others") {
			nodes = append(nodes, &node{Device: w.Join(fmt.Sprint("n", i), nil)})
		}
		relays := []*network{newNetwork(t, &memoryStore{}), newNetwork(t, &memoryStore{})}
		memories := make([]map[*network]exchange.Memory, len(nodes))
		for i := range memories {
			memories[i] = map[*network]exchange.Memory{}
		}
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		with := func(i int, n *network, strict bool) {
			nodes[i].memory = memories[i][n]
			sum, err := n.try(nodes[i])
			memories[i][n] = sum.Memory
			if strict && (err != nil || len(sum.Faults)+len(sum.Hidden) > 0) {
				r.Fatalf("%s: %v, %+v", nodes[i].Name, err, sum)
			}
		}
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			i := rapid.IntRange(0, len(nodes)-1).Draw(r, "node")
			d := nodes[i]
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 0:
				d.Write(exchangetest.Bodies(rapid.IntRange(1, 3).Draw(r, "commits"), 20)...)
			case 1:
				d.Batch(exchangetest.Bodies(rapid.IntRange(1, 70).Draw(r, "commits"), 20)...)
			case 2, 3:
				with(i, rapid.SampledFrom(relays).Draw(r, "relay"), false)
			case 4:
				n := rapid.SampledFrom(relays).Draw(r, "relay")
				cut(n, rapid.IntRange(0, 3000).Draw(r, "out"), rapid.IntRange(0, 3000).Draw(r, "in"))
				with(i, n, false)
				n.wrap = nil
			case 5:
				to := nodes[rapid.IntRange(0, len(nodes)-1).Draw(r, "to")]
				path := filepath.Join(dir, "b")
				if _, err := exchange.WriteBundle(t.Context(), path, bundleFor(w.ID, exchangetest.VectorOf(t, to.Copy)), d.Copy); err != nil {
					r.Fatal(err)
				}
				if _, err := exchange.ReadBundle(t.Context(), path, reading(w.ID), to.Copy); err != nil {
					r.Fatal(err)
				}
			}
		}
		for range 2 {
			for i := range nodes {
				with(i, relays[0], true)
			}
		}
		for _, d := range nodes[1:] {
			exchangetest.Same(t, nodes[0].Copy, d.Copy)
		}
		held, err := relays[0].store.Workspace(t.Context(), w.ID)
		if err != nil {
			r.Fatal(err)
		}
		exchangetest.Same(t, nodes[0].Copy, held)
		for _, n := range relays {
			n.server.Close()
		}
		if t.Failed() {
			r.Fatal("copies differ")
		}
	})
}
