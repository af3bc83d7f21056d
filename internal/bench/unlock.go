package bench

import (
	"context"
	"fmt"

	"amparo/internal/seal"
)

// unlockCosts are what a passphrase could cost, the cheaper first.
var unlockCosts = []seal.Cost{
	{Passes: 2, Memory: 19 << 10, Threads: 1}, // what OWASP's cheat sheet asks of web servers at least
	{Passes: 3, Memory: 32 << 10, Threads: 4},
	seal.FieldCost,
	{Passes: 4, Memory: 64 << 10, Threads: 4},
	{Passes: 3, Memory: 128 << 10, Threads: 4},
	{Passes: 3, Memory: 256 << 10, Threads: 4},
	{Passes: 1, Memory: 1 << 20, Threads: 4}, // half the memory of RFC 9106's first option: the most this program spends
}

const (
	unlockTime   = 1000     // ms that unlocking may take on a slow laptop, from the design of the pages
	unlockMemory = 64 << 10 // KiB that a machine with 2 GB can spare while the program and a browser run
	slowLaptop   = 5        // times slower than the machine of the figures: what is in the field
	guesses      = 1e6      // tries of who has the file, for the table
)

// unlockCost measures what one guess of a passphrase costs this machine at several settings, so that the one in use
// (seal.FieldCost) is a choice and not a habit.
func unlockCost(ctx context.Context, o Options, r *Report) error {
	table := Table{Title: "Argon2id", Columns: []string{"passes", "memory, MiB", "threads", "ms", "days for a million guesses on this machine", "in use"}}
	for _, cost := range unlockCosts {
		o.tell("unlock: %d passes over %d MiB", cost.Passes, cost.Memory>>10)
		var took []float64
		for range o.N {
			if err := ctx.Err(); err != nil {
				return err
			}
			t, err := spent(func() error { _, err := seal.Lock([]byte(passphrase), cost, "bench", []byte{1}); return err })
			if err != nil {
				return err
			}
			took = append(took, t*1e3)
		}
		ms, inUse := median(took), ""
		if cost == seal.FieldCost {
			inUse = "yes"
			r.against("one unlocking", ms, "ms", fmt.Sprintf("what it may take here, so that a laptop %d times slower is ready within a second", slowLaptop), unlockTime/slowLaptop)
			r.against("memory of one unlocking", float64(cost.Memory), "KiB", "what a machine with 2 GB can spare", unlockMemory)
		}
		table.Rows = append(table.Rows, []any{cost.Passes, cost.Memory >> 10, cost.Threads, round(ms), round(ms * guesses / 1e3 / 86400), inUse})
	}
	r.Tables = append(r.Tables, table)
	return nil
}
