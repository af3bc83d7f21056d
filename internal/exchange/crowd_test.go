package exchange_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"amparo/internal/exchange"
	"amparo/internal/exchange/exchangetest"
	"amparo/internal/relay"
)

// Many devices begin at the same moment, before a relay that answers four at once: all get everything without an error, those
// on fast lines do not wait until those on slow ones are done, and nobody is answered out of turn for long.
func TestACrowdGetsItsTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const each = 12
		w := exchangetest.Found(t, 1, nil)
		var slow, fast []*node
		for i := range each {
			slow = append(slow, &node{Device: w.Join(fmt.Sprintf("slow%d", i), nil)})
			fast = append(fast, &node{Device: w.Join(fmt.Sprintf("fast%d", i), nil)})
		}
		founder := &node{Device: w.Founder}
		for i := range uint64(30) {
			founder.Batch(exchangetest.Bodies(20, 1500, i)...)
		}
		n := newNetwork(t, &memoryStore{}, func(c *relay.Config) { c.Limits.AtOnce = 4 })
		n.exchange(founder)
		began := time.Now()
		took := map[string]time.Duration{}
		var mu sync.Mutex
		var all sync.WaitGroup
		begin := func(d *node, line func(net.Conn) net.Conn) {
			all.Go(func() {
				sum, err := n.try(d, func(o *exchange.Options) {
					o.Attempts = 2
					o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
						conn, err := n.dial(ctx, network, address)
						if err != nil {
							return nil, err
						}
						return line(conn), nil
					}
				})
				mu.Lock()
				defer mu.Unlock()
				took[d.Name] = time.Since(began)
				if err != nil || sum.Received < 600 {
					t.Errorf("%s received %d after %s: %v", d.Name, sum.Received, took[d.Name], err)
				}
			})
		}
		for i := range each {
			begin(slow[i], func(c net.Conn) net.Conn { return slowly{c, time.Second, 8 << 10} }) // 64 kbit/s
			begin(fast[i], func(c net.Conn) net.Conn { return slowly{c, time.Millisecond, 64 << 10} })
		}
		all.Wait()
		var lastFast, lastSlow time.Duration
		for i := range each {
			lastFast, lastSlow = max(lastFast, took[fast[i].Name]), max(lastSlow, took[slow[i].Name])
		}
		t.Logf("the last on a fast line after %s, on a slow one after %s", lastFast, lastSlow)
		if lastFast > lastSlow/2 {
			t.Errorf("those on fast lines wait for those on slow ones: %s of %s", lastFast, lastSlow)
		}
		time.Sleep(time.Hour)
	})
}
