package linkage

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// together does something for every chunk of 0…n-1 on all processors. Each worker makes its own tools first; what comes of a chunk must not depend on
// which worker had it.
func together[T any](n int, tools func() T, do func(tool T, from, to int)) {
	const chunk = 512
	workers := min(runtime.GOMAXPROCS(0), (n+chunk-1)/chunk)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			tool := tools()
			for {
				from := int(next.Add(chunk)) - chunk
				if from >= n {
					return
				}
				do(tool, from, min(from+chunk, n))
			}
		})
	}
	wg.Wait()
}
