package exchange_test

import (
	"testing"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
)

// What a commit costs on the wire, all in, beside the sum of its sealed parts; and how fast a first exchange goes both
// ways through a relay on SQLite. Parts of 200 bytes are what a consultation takes.
func BenchmarkFirstExchange(b *testing.B) {
	const commits = 2000
	for name, batch := range map[string]int{"one signature a commit": 1, "one a batch of 64": 64} {
		b.Run(name, func(b *testing.B) {
			w := exchangetest.Found(b, 1, nil)
			from := &node{Device: w.Founder}
			for i := range commits / batch {
				from.Batch(exchangetest.Bodies(batch, 150, uint64(i))...)
			}
			parts := 0
			for _, run := range exchangetest.RunsOf(b, from.Copy, nil) {
				for _, c := range run.Commits {
					for _, p := range c.Parts {
						parts += len(p)
					}
				}
			}
			to := w.Stranger("to", nil)
			w.Admit(to)
			var up, down int64
			for b.Loop() {
				n := newNetwork(b, sqlite(b))
				from.memory = exchange.Memory{}
				reader := &node{Device: to}
				reader.Copy = exchangetest.NewMemory(w.ID)
				up += n.exchange(from).BytesOut
				down += n.exchange(reader).BytesIn
				n.server.Close()
			}
			held := float64(exchangetest.VectorOf(b, from.Copy)[from.Writer()])
			b.ReportMetric(float64(parts)/held, "part-B/commit")
			b.ReportMetric(float64(up)/float64(b.N)/held, "up-B/commit")
			b.ReportMetric(float64(down)/float64(b.N)/held, "down-B/commit")
			b.ReportMetric(held*float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

func BenchmarkNothingNew(b *testing.B) {
	one, two := two(b)
	n := newNetwork(b, sqlite(b))
	n.exchange(one)
	n.exchange(two)
	n.exchange(one)
	var sum exchange.Summary
	for b.Loop() {
		sum = n.exchange(one)
	}
	b.ReportMetric(float64(sum.BytesIn+sum.BytesOut), "B/exchange")
}
