package bench

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"amparo/internal/match"
	"amparo/internal/match/linkage"
	"amparo/internal/sample"
)

//go:embed data/*.csv.gz
var linkageData embed.FS

// fewColumns are what is left when only names, date of birth and state are known.
var fewColumns = []string{"given_name", "surname", "date_of_birth", "state"}

// same measures whether records of one person are told from records of two, without a labelled pair: on the public sets FEBRL 4 (two lists,
// one record each) and FEBRL 2 (one list), with all columns and with names, date of birth and state alone, and on made-up people of
// the route who were registered twice; or on any table.
func samePerson(ctx context.Context, o Options, r *Report) error {
	l := linking{ctx: ctx, o: o, r: r}
	l.table.Title = "By set of records"
	l.table.Columns = []string{"set", "columns", "records", "true pairs", "pairs compared", "of the true pairs compared", "precision", "recall", "F1",
		"best F1", "at odds of (bits)", "recall at 99 % precision", "F1 of equal names and birth", "seconds"}
	var err error
	if o.Left != "" {
		r.N = 0
		err = l.files()
	} else {
		err = l.ours()
	}
	r.Tables = append(r.Tables, l.table)
	return err
}

type linking struct {
	ctx   context.Context
	o     Options
	r     *Report
	table Table
}

// files links what was given.
func (l *linking) files() error {
	truth, other, two := strings.Cut(l.o.Truth, ",")
	if !two {
		other = truth
	}
	left, err := l.file(l.o.Left, truth)
	if err != nil {
		return err
	}
	right := peopleTable{}
	if l.o.Right != "" {
		if right, err = l.file(l.o.Right, other); err != nil {
			return err
		}
	}
	if left.truth == nil || l.o.Right != "" && right.truth == nil {
		return errors.New("no column says who a record is of: name it with --truth")
	}
	l.r.N = len(left.records) + len(right.records)
	f, err := l.link("the tables given", strings.Join(left.columns, " "), left, right)
	if err != nil {
		return err
	}
	for _, v := range []struct {
		name  string
		value float64
	}{{"precision", f.precision}, {"recall", f.recall}, {"F1", f.f1}, {"best F1 of any threshold", f.best}, {"recall at 99 % precision", f.at99},
		{"of the true pairs compared", f.compared}} {
		l.r.alone(v.name, v.value, "part")
	}
	return nil
}

func (l *linking) file(path, truth string) (peopleTable, error) {
	f, err := os.Open(path)
	if err != nil {
		return peopleTable{}, err
	}
	t, err := readPeople(f, truth, nil)
	return t, errors.Join(err, f.Close())
}

func embedded(name string, only []string) (peopleTable, error) {
	f, err := linkageData.Open("data/" + name)
	if err != nil {
		return peopleTable{}, err
	}
	t, err := readPeople(f, "", only)
	return t, errors.Join(err, f.Close())
}

// ours links the sets that come with the program, then made-up people.
func (l *linking) ours() error {
	const toolkit = "the goal; recordlinkage's ECM reaches "
	for _, set := range []struct {
		name, columns string
		left, right   string
		only          []string
		against       string
		goal          float64
	}{
		{"FEBRL 4", "all", "febrl4a.csv.gz", "febrl4b.csv.gz", nil, toolkit + "0.987", 0.997},
		{"FEBRL 4", "names, birth, state", "febrl4a.csv.gz", "febrl4b.csv.gz", fewColumns, toolkit + "0.899", 0.95},
		{"FEBRL 2", "all", "febrl2.csv.gz", "", nil, "", 0},
		{"FEBRL 2", "names, birth, state", "febrl2.csv.gz", "", fewColumns, "", 0},
	} {
		l.o.tell("linkage: %s, %s", set.name, set.columns)
		left, err := embedded(set.left, set.only)
		if err != nil {
			return err
		}
		var right peopleTable
		if set.right != "" {
			if right, err = embedded(set.right, set.only); err != nil {
				return err
			}
		}
		f, err := l.link(set.name, set.columns, left, right)
		if err != nil {
			return err
		}
		of := " of " + set.name + ", " + set.columns
		if set.against == "" {
			l.r.against("F1"+of, f.f1, "part", "equal names and date of birth", f.plain)
		} else {
			l.r.against("F1"+of, f.f1, "part", set.against, set.goal)
		}
		l.r.alone("precision"+of, f.precision, "part")
		l.r.alone("recall"+of, f.recall, "part")
	}
	return l.registry()
}

// registry links made-up people of the route with the records of those registered again, then asks at full size whom a new record may be.
func (l *linking) registry() error {
	l.o.tell("linkage: %d made-up people, and those registered again", l.o.N)
	registry := sample.NewRegistry(cmp.Or(l.o.Seed, registrySeed), l.o.N)
	var t peopleTable
	add := func(p sample.Listed, who int) {
		t.records = append(t.records, recordOf(p))
		t.truth = append(t.truth, fmt.Sprint(who))
	}
	for p := range registry.People() {
		add(p, p.ID)
	}
	for d := range registry.Duplicates() {
		add(d.Listed, d.Person)
	}
	l.r.N = len(t.records)
	f, err := l.link("people of the route", "names, sex, birth or age, nationality", t, peopleTable{})
	if err != nil {
		return err
	}
	const goal, what = "the goal; keys, textbook weights and EM reach ", "of people registered twice: "
	l.r.against(what+"F1", f.f1, "part", goal+"0.765 at best", 0.94)
	l.r.against(what+"recall at 99 % precision", f.at99, "part", goal+"0.497", 0.88)
	l.r.against(what+"true pairs that are compared", f.compared, "part", goal+"0.784", 0.995)
	l.r.alone(what+"precision", f.precision, "part")
	l.r.alone(what+"recall", f.recall, "part")
	return l.checks()
}

// checks measures what somebody waits for who registers a person among ten times as many: whom of all they may be, from the index and
// the usual weights.
func (l *linking) checks() error {
	l.o.tell("linkage: whom somebody may be among %d", 10*l.o.N)
	registry := sample.NewRegistry(cmp.Or(l.o.Seed, registrySeed), 10*l.o.N)
	index, model := match.NewIndex(), linkage.Default()
	places := make(map[match.Key]int32, registry.Len())
	for i := range registry.Len() {
		p := registry.Person(i)
		e := entryOf(p)
		index.Put(e)
		r := recordOf(p)
		model.Count(&r)
		places[e.Key] = int32(i)
	}
	var took []float64
	found, tried, worked := 0, 0, time.Duration(0)
	for d := range registry.Duplicates() {
		if tried == mostChecks {
			break
		}
		tried++
		r := recordOf(d.Listed)
		start, used := time.Now(), processor()
		side := model.Ready(&r)
		best, at := math.Inf(-1), int32(-1)
		for _, h := range index.Candidates(queryOf(&r), 10) {
			other := recordOf(registry.Person(int(places[h.Key])))
			if w := model.Weigh(side, model.Ready(&other)); w > best {
				best, at = w, places[h.Key]
			}
		}
		worked += processor() - used
		took = append(took, time.Since(start).Seconds()*1e3)
		if int(at)+1 == d.Person {
			found++
		}
	}
	if err := l.ctx.Err(); err != nil || tried == 0 {
		return err
	}
	of := fmt.Sprintf(" against %d people", registry.Len())
	if worked > 0 {
		l.r.against("new records checked"+of+", a second of one processor", float64(tried)/worked.Seconds(), "checks", "the goal; E-PIX publishes 8.9", 100)
	}
	l.r.alone("one check"+of+", p95", quantile(took, 0.95), "ms")
	l.r.alone("the right person is the likeliest", float64(found)/float64(tried), "part")
	return nil
}

// mostChecks bounds how many records are checked.
const mostChecks = 1000

func recordOf(p sample.Listed) linkage.Record {
	r := linkage.Record{Given: strings.TrimSpace(p.Given1 + " " + p.Given2), Surname1: p.Surname1, Surname2: p.Surname2, Sex: p.Sex, Birth: p.Birth}
	if p.Birth == "" {
		r.Born = float64(asOfYear-p.Age) + 0.5
	}
	if p.Nationality != "" {
		r.Nationality = []string{p.Nationality}
	}
	return r
}

func queryOf(r *linkage.Record) match.Query {
	q := match.Query{Parts: match.Tokens(strings.Join([]string{r.Given, r.Surname1, r.Surname2}, " ")), Born: r.Born}
	if len(r.Nationality) > 0 {
		q.Nationality = r.Nationality[0]
	}
	if born, ok := match.BornDate(r.Birth); ok {
		q.Born = born
	}
	return q
}

// figures is what linking one set came to.
type figures struct {
	precision, recall, f1 float64 // of what the program links by itself: even odds, each record once in two lists, clusters in one
	best, bestAt, at99    float64 // of the odds alone, at the best threshold and at a precision of 99 %
	compared              float64 // true pairs among those compared
	plain                 float64 // F1 of who has equal names and an equal date of birth
}

// link links one set and notes it in the table.
func (l *linking) link(name, columns string, a, b peopleTable) (figures, error) {
	truth := func(p linkage.Pair) bool { return a.truth[p.A] == a.truth[p.B] }
	total := pairsOf(a.truth, nil)
	var right []linkage.Record
	if b.records != nil {
		right = b.records
		truth = func(p linkage.Pair) bool { return a.truth[p.A] == b.truth[p.B] }
		total = pairsOf(a.truth, b.truth)
	}
	if total == 0 {
		return figures{}, fmt.Errorf("%s: no two records are of one person", name)
	}
	start := time.Now()
	var o linkage.Options
	if right != nil {
		o.Once = [2]bool{linkage.OnceEach(a.records), linkage.OnceEach(right)}
	}
	found := linkage.Link(a.records, right, o)
	linked := found.Linked(0)
	took := time.Since(start).Seconds()
	if err := l.ctx.Err(); err != nil {
		return figures{}, err
	}
	f := judge(found.Pairs, linked, truth, total)
	f.plain = equalF1(a.records, right, truth, total)
	l.table.Rows = append(l.table.Rows, []any{name, columns, len(a.records) + len(right), total, len(found.Pairs), round(f.compared), round(f.precision), round(f.recall),
		round(f.f1), round(f.best), round(f.bestAt), round(f.at99), round(f.plain), round(took)})
	return f, nil
}

// judge counts what was linked against the truth.
func judge(scored []linkage.Scored, linked []linkage.Pair, truth func(linkage.Pair) bool, total int) figures {
	var f figures
	right := 0
	for _, p := range linked {
		if truth(p) {
			right++
		}
	}
	if len(linked) > 0 {
		f.precision = float64(right) / float64(len(linked))
	}
	f.recall = float64(right) / float64(total)
	f.f1 = harmonic(f.precision, f.recall)
	order := slices.Clone(scored)
	slices.SortFunc(order, func(x, y linkage.Scored) int { return cmp.Compare(y.Odds, x.Odds) })
	right, f.bestAt = 0, math.Inf(1)
	for i, s := range order {
		if truth(s.Pair) {
			right++
		}
		if i+1 < len(order) && order[i+1].Odds == s.Odds {
			continue
		}
		p, r := float64(right)/float64(i+1), float64(right)/float64(total)
		if h := harmonic(p, r); h > f.best {
			f.best, f.bestAt = h, s.Odds
		}
		if p >= 0.99 {
			f.at99 = max(f.at99, r)
		}
	}
	f.compared = float64(right) / float64(total)
	return f
}

func harmonic(p, r float64) float64 {
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}

// pairsOf counts the true pairs.
func pairsOf(a, b []string) (n int) {
	count := map[string]int{}
	for _, who := range a {
		if b == nil {
			n += count[who]
		}
		count[who]++
	}
	for _, who := range b {
		n += count[who]
	}
	return n
}

// equalF1 is what comes of linking who has equal names and an equal date of birth, as a spreadsheet would.
func equalF1(a, b []linkage.Record, truth func(linkage.Pair) bool, total int) float64 {
	key := func(r *linkage.Record) string {
		return strings.ToLower(strings.Join([]string{r.Given, r.Surname1, r.Surname2, r.Birth}, "|"))
	}
	by := map[string][]int32{}
	right, all := 0, 0
	note := func(p linkage.Pair) {
		all++
		if truth(p) {
			right++
		}
	}
	for i := range a {
		k := key(&a[i])
		if b == nil {
			for _, j := range by[k] {
				note(linkage.Pair{A: j, B: int32(i)})
			}
		}
		by[k] = append(by[k], int32(i))
	}
	for j := range b {
		for _, i := range by[key(&b[j])] {
			note(linkage.Pair{A: i, B: int32(j)})
		}
	}
	if all == 0 {
		return 0
	}
	return harmonic(float64(right)/float64(all), float64(right)/float64(total))
}
