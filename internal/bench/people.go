package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"amparo/internal/match"
	"amparo/internal/people/typed"
	"amparo/internal/sample"
)

// registrySeed draws the registry whose figures are published. Nothing is tuned to it: --seed takes any other.
const registrySeed = 20240601

// peerQuestions is how many of the questions the peer is asked when nobody says otherwise: a search takes it half a second.
const peerQuestions = 200

// asOf is the day on which ages were told: those of a registry are of the whole of 2024.
var asOf = time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC)

// searchRounds is how often each question is asked; the middle of the times counts.
const searchRounds = 3

// searched is what a way to search made of questions, round after round of them.
type searched struct {
	found1, found10 []float64 // 1 or 0 for each question
	took            []float64 // ms
	worked          []float64 // ms of processor time, which other work on the machine makes no longer
}

// middle keeps of each question what it gave in the first round, and the middle of its times.
func (s *searched) middle() {
	n := len(s.found1) / searchRounds
	s.found1, s.found10 = s.found1[:n], s.found10[:n]
	for _, list := range []*[]float64{&s.took, &s.worked} {
		out := make([]float64, n)
		for i := range out {
			var times []float64
			for round := range searchRounds {
				times = append(times, (*list)[round*n+i])
			}
			out[i] = median(times)
		}
		*list = out
	}
}

// ways are the two ways in which questions are asked: with nothing but what was typed of the name, and with the age and the
// nationality typed behind it.
var ways = []string{"by the name", "with age and nationality"}

// multitude measures finding somebody among n by a name typed with errors whose answer is known: how often the right person is
// the first and among the first ten, beside the limit that namesakes set; how long an answer takes, beside PostgreSQL with its
// trigram index on the same people and a systematic part of the same questions; and what the index costs.
func multitude(ctx context.Context, o Options, r *Report) error {
	o.tell("people: %d persons are drawn", o.N)
	registry, err := registryOf(o)
	if err != nil {
		return err
	}
	questions := registry.Queries()
	if len(questions) == 0 {
		return errors.New("nobody is asked about")
	}
	r.N = registry.Len()
	byName, withContext := registry.Limits(questions)
	limits := []sample.Limit{byName, withContext}

	o.tell("people: the index is built")
	heap := heapInUse()
	index := match.NewIndex()
	built, err := spent(func() error {
		for l := range registry.People() {
			index.Put(entryOf(l))
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	heap = heapInUse() - heap
	peer, err := besideTrigram(ctx, o, registry)
	if err != nil {
		return err
	}
	every := max(1, len(questions)/orUsual(o.Peer, peerQuestions))
	ours, theirs := make([]searched, len(ways)), []searched(nil)
	if peer != nil {
		theirs = make([]searched, len(ways))
	}
	err = askRounds(ctx, o, index, peer, questions, every, ours, theirs)
	if peer != nil {
		err = errors.Join(err, peer.close(ctx))
	}
	if err != nil {
		return err
	}
	for i := range ways {
		ours[i].middle()
		if peer != nil {
			theirs[i].middle()
		}
	}
	resident := residentBytes()
	for way, name := range ways {
		r.against("found among the first ten, "+name, mean(ours[way].found10), "part", "the information limit: namesakes nobody can tell apart", limits[way].All)
		r.alone("short of that limit, "+name, limits[way].All-mean(ours[way].found10), "part")
		r.against("found first, "+name, mean(ours[way].found1), "part", "the information limit", limits[way].First)
	}

	for way, name := range ways {
		for _, q := range []struct {
			name string
			part float64
		}{{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}} {
			took := quantile(ours[way].took, q.part)
			if theirs == nil {
				r.alone("answer "+name+", "+q.name, took, "ms")
				continue
			}
			r.against("answer "+name+", "+q.name, took, "ms", trigramName+", "+q.name, quantile(theirs[way].took, q.part))
		}
		if used := quantile(ours[way].worked, 0.99); used > 0 {
			r.alone("processor time of an answer "+name+", p99", used, "ms")
		}
		if theirs != nil {
			r.against("its p95 for our p99, "+name, quantile(theirs[way].took, 0.95)/quantile(ours[way].took, 0.99), "times", "the goal", 20)
			r.against(fmt.Sprintf("found among the first ten, %s, of the %d questions that it was asked", name, len(theirs[way].found10)),
				mean(firstOfEach(ours[way].found10, every)), "part", trigramName, mean(theirs[way].found10))
		}
	}
	r.against("the index, in the heap", float64(heap)/1e6, "MB", "the goal", 200)
	if resident > 0 {
		r.alone("the whole program in memory, the made-up people included", float64(resident)/1e6, "MB")
	}
	r.alone("the index built", built, "s")
	if theirs != nil {
		r.against("the index built", built, "s", trigramName+", rows copied and index made", peer.built)
		r.against("the index, in the heap", float64(heap)/1e6, "MB", trigramName+", table and index on disk", peer.bytes/1e6)
	}
	added, removed := change(index, registry)
	r.alone("one person more, p99", added, "ms")
	r.alone("one person less, p99", removed, "ms")
	for way, name := range ways {
		r.Tables = append(r.Tables, byClass(name, questions, limits[way], ours[way], theirs, way, every))
	}
	return nil
}

// askRounds asks every question in every way and round, ours and the peer's by turns, so that other work on the machine hinders both.
func askRounds(ctx context.Context, o Options, index *match.Index, peer *trigramPeer, questions []sample.Sought, every int, ours, theirs []searched) error {
	first := questions[:min(20, len(questions))] // as in a program that has been running for a while
	for round := range searchRounds {
		o.tell("people: %d questions in two ways, round %d of %d", len(questions), round+1, searchRounds)
		for way := range ways {
			for _, q := range first {
				ask(index, q, way)
			}
			for _, q := range questions {
				start, used := time.Now(), processor()
				hits := ask(index, q, way)
				took, worked := time.Since(start), processor()-used
				ours[way].note(q.Person, hits, took, worked)
			}
			if peer != nil {
				if err := peer.askAll(ctx, questions, every, way, &theirs[way]); err != nil {
					return err
				}
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

func orUsual(n, usual int) int {
	if n > 0 {
		return n
	}
	return usual
}

func registryOf(o Options) (*sample.Registry, error) {
	if o.Data != "" {
		return sample.ReadRegistry(o.Data)
	}
	seed := o.Seed
	if seed == 0 {
		seed = registrySeed
	}
	return sample.NewRegistry(seed, o.N), nil
}

// entryOf is a record of a registry as the index takes it.
func entryOf(l sample.Listed) match.Entry {
	e := match.Entry{Key: keyOf(l.ID), Nationality: []string{l.Nationality}}
	for _, n := range []match.Name{{Field: match.Given, Text: l.Given()}, {Field: match.Surname1, Text: l.Surname1}, {Field: match.Surname2, Text: l.Surname2}} {
		if n.Text != "" {
			e.Names = append(e.Names, n)
		}
	}
	if born, ok := match.BornDate(l.Birth); ok {
		e.Born = born
	} else {
		e.Born = match.BornAge(l.Age, asOf)
	}
	return e
}

func keyOf(id int) (k match.Key) {
	binary.BigEndian.PutUint64(k[8:], uint64(id))
	return k
}

// typedLine is what somebody types: the name, and behind it what else they know.
func typedLine(q sample.Sought, way int) string {
	line := q.Text
	if way == 1 {
		if q.Age >= 0 {
			line += " " + strconv.Itoa(q.Age)
		}
		if q.Nationality != "" {
			line += " " + strings.ToLower(q.Nationality)
		}
	}
	return line
}

func ask(index *match.Index, q sample.Sought, way int) []int {
	hits := index.Search(match.Parse(typedLine(q, way), asOf, typed.CountryNamed), 10)
	ids := make([]int, len(hits))
	for i, h := range hits {
		ids[i] = int(binary.BigEndian.Uint64(h.Key[8:]))
	}
	return ids
}

func (s *searched) note(person int, hits []int, took, worked time.Duration) {
	one, ten := 0.0, 0.0
	for i, id := range hits {
		if id == person {
			if ten = 1; i == 0 {
				one = 1
			}
		}
	}
	s.found1, s.found10 = append(s.found1, one), append(s.found10, ten)
	s.took, s.worked = append(s.took, took.Seconds()*1e3), append(s.worked, worked.Seconds()*1e3)
}

// firstOfEach keeps the first of each group of that size.
func firstOfEach(list []float64, every int) (out []float64) {
	for i := 0; i < len(list); i += every {
		out = append(out, list[i])
	}
	return out
}

// change puts people who are registered again into the index and takes them out, and gives how long the slowest of a hundred
// takes, in ms.
func change(index *match.Index, registry *sample.Registry) (put, removed float64) {
	var list []match.Entry
	for a := range registry.Duplicates() {
		if list = append(list, entryOf(a.Listed)); len(list) == 2000 {
			break
		}
	}
	if len(list) == 0 { // a registry that was read: people of it under other ids
		for i := range min(2000, registry.Len()) {
			l := registry.Person(i)
			l.ID += registry.Len()
			list = append(list, entryOf(l))
		}
	}
	var puts, removals []float64
	for _, e := range list {
		start := time.Now()
		index.Put(e)
		puts = append(puts, time.Since(start).Seconds()*1e3)
	}
	for _, e := range list {
		start := time.Now()
		index.Remove(e.Key)
		removals = append(removals, time.Since(start).Seconds()*1e3)
	}
	return quantile(puts, 0.99), quantile(removals, 0.99)
}

// byClass breaks the part found down by how the question was typed.
func byClass(way string, questions []sample.Sought, limit sample.Limit, ours searched, theirs []searched, w, every int) Table {
	t := Table{Title: "found " + way + ", by how it was typed", Columns: []string{"typed", "questions", "first", "among ten", "limit"}}
	if theirs != nil {
		t.Columns = append(t.Columns, trigramName+" among ten", "of questions")
	}
	for _, class := range sample.Classes {
		var one, ten, them []float64
		for i, q := range questions {
			if q.Class != class {
				continue
			}
			one, ten = append(one, ours.found1[i]), append(ten, ours.found10[i])
			if theirs != nil && i%every == 0 {
				them = append(them, theirs[w].found10[i/every])
			}
		}
		row := []any{class, len(ten), round(mean(one)), round(mean(ten)), round(limit.ByClass[class])}
		if theirs != nil {
			row = append(row, round(mean(them)), len(them))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// heapInUse is what is held after all that can be let go was let go.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// residentBytes is how much memory the process takes now; 0 where the system does not say.
func residentBytes() uint64 {
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err == nil && kilobytes < math.MaxUint64/1024 {
				return kilobytes * 1024
			}
		}
	}
	return 0
}
