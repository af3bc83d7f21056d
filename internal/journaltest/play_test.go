package journaltest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	seeds = flag.Uint64("seeds", 8, "how many seeds of each class are played")
	first = flag.Uint64("seed", 0, "the first of them")
	soak  = flag.Duration("soak", 0, "play seeds of all classes in turn for so long")
)

// players is how many plays go on at once. Each is one thread by itself.
const players = 2

// Many histories of each class are drawn, played, healed and compared.
func TestPlays(t *testing.T) {
	for _, class := range Classes {
		t.Run(class, func(t *testing.T) {
			began := time.Now()
			all := many(t, *first, *seeds, func(seed uint64) (string, uint64) { return class, seed })
			t.Logf("%d seeds, %.0f a second: %+v", *seeds, float64(*seeds)/time.Since(began).Seconds(), all)
			if uint64(all.Commits) < *seeds || uint64(all.Crashes) < *seeds/4 || uint64(all.Meanwhile) < *seeds/2 {
				t.Errorf("that shows little")
			}
		})
	}
}

// many plays seeds until one goes wrong.
func many(t *testing.T, first, n uint64, which func(uint64) (class string, seed uint64)) (all Counts) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	next := atomic.Uint64{}
	for range players {
		wait.Go(func() {
			for !t.Failed() {
				i := next.Add(1) - 1
				if i >= n {
					return
				}
				class, seed := which(first + i)
				counts := Check(t, class, seed)
				mu.Lock()
				all.add(counts)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return all
}

// One seed gives one history and one outcome, whatever machine and however often.
func TestOneSeedReplays(t *testing.T) {
	for _, class := range Classes {
		for seed := range uint64(3) {
			h := Draw(class, seed)
			one, two := Play(t, h), Play(t, h)
			if one != two {
				t.Errorf("seed %d of %s goes differently:\n%s\nand\n%s", seed, class, one.Drawing, two.Drawing)
			}
			read, err := Read(one.Drawing)
			if err != nil || read.String() != h.String() {
				t.Errorf("seed %d of %s reads back as\n%s\n%v", seed, class, read, err)
			}
		}
	}
}

// What once went wrong goes well for ever.
func TestHistoriesThatWentWrong(t *testing.T) {
	files, err := filepath.Glob("testdata/*.history")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d histories: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			h, err := Read(string(raw))
			if err != nil {
				t.Fatal(err)
			}
			if o := Play(t, h); o.Failure != "" {
				t.Errorf("%s\n\n%s", o.Failure, o.Drawing)
			}
		})
	}
}

// The simulator is not blind: on disks that do not sync, what was said to be saved is lost, and it says so.
func TestDisksThatDoNotSync(t *testing.T) {
	for machine, what := range map[string]string{"d1": "said that", "r0": "said that it holds"} {
		wrong := 0
		for seed := range uint64(10) {
			h, err := Read(fmt.Sprintf("seed %d\nclass faults\ndevices 2\nrelays 1\n"+
				"deaf %[2]s\nwrite d1 n=5\nexchange d1 r0\nstop %[2]s power=1\nwrite d1 n=5\nexchange d1 r0\nstop %[2]s power=1", seed, machine))
			if err != nil {
				t.Fatal(err)
			}
			if o := Play(t, h); strings.Contains(o.Failure, what) {
				wrong++
			}
		}
		if wrong < 5 {
			t.Errorf("the disk of %s does not sync, and that is noticed in %d of 10 plays", machine, wrong)
		}
	}
}

// A history that goes wrong is cut down to what is needed for it.
func TestShrink(t *testing.T) {
	h := Draw("faults", 3)
	h.Steps = append(h.Steps, Step{Verb: "ghost", N: map[string]int{"n": 4, "cut": 7}})
	wrong := func(h History) bool {
		var wrote bool
		for _, s := range h.Steps {
			wrote = wrote || s.Verb == "write"
			if wrote && s.Verb == "ghost" && s.N["cut"] == 7 {
				return true
			}
		}
		return false
	}
	short := Shrink(h, wrong)
	if len(short.Steps) != 2 || !wrong(short) {
		t.Errorf("it was cut down to\n%s", short)
	}
	if _, n := short.Steps[1].N["n"]; n {
		t.Errorf("and what the last step did not need is there: %s", short.Steps[1])
	}
}

// Soak plays as long as it is told to.
func TestSoak(t *testing.T) {
	end, began, played := time.Now().Add(*soak), time.Now(), uint64(0)
	all := Counts{}
	start := *first
	if start == 0 {
		start = uint64(began.UnixNano())
	}
	for round := uint64(0); !t.Failed() && (round == 0 || time.Now().Before(end)); round++ {
		const n = 40
		all.add(many(t, start+round*n, n, func(seed uint64) (string, uint64) { return Classes[seed%uint64(len(Classes))], seed }))
		played += n
		if *soak > 0 {
			fmt.Printf("%d seeds from %d, %.1f a second: %+v\n", played, start, float64(played)/time.Since(began).Seconds(), all)
		}
	}
}
