package bench

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/benchmarks.md again")

const (
	published     = "../../docs/benchmarks.md"
	publishedFrom = "../../docs/benchmarks"
)

// described is what the page says of a benchmark before its figures.
type described struct {
	name, title string
	text        string
	command     string // when not `amparo bench NAME`
}

var descriptions = []described{
	{name: "people", title: "Finding somebody among a million", text: `A million made-up people of sixteen nationalities (Spanish double surnames, Haitian, Portuguese, Maya, Nahua, Kichwa, Garífuna and West African names, as
unevenly spread as names are) and 2,000 questions about them whose answer is known, 250 of each of eight classes: as written, one slip, two slips, two parts by sound, one given name and one surname with a slip, surnames first,
the beginning of the second surname, short form. The generator and its error model are described at ` + "`NewRegistry` in `internal/sample`" + `; a seed gives the same people and questions, letter by letter, on every machine, and
nothing is tuned to the seed of these figures (` + "`--seed`" + ` takes any other, ` + "`--data`" + ` a folder with persons.csv and queries.csv).

Each question is asked twice: by the name alone, and with the age as it was told (up to three years off, missing in one of five) and the nationality (missing in one of five) typed behind it, as somebody would.
The *information limit* is what a reader could reach who undoes every slip and then still faces all who share what was typed: of *k* namesakes ten can stand in a list of ten.

Beside it stands PostgreSQL with ` + "`pg_trgm`" + ` on the same machine in the same run: the same people in a table, a GIN index over the trigrams of the name in small letters without marks, names from a similarity of 0.3 on, ordered by
similarity; with context, the same age and nationality raise a name by the weights that served it best. It is asked every tenth question, because it takes so long, and may use all processors; we use one. Every question is asked in three rounds, ours and the peer's by turns, and the middle of its three times counts. *Its p95 for our p99* compares our slow answers with its ordinary ones.`},
	{name: "linkage", title: "Telling one person from two", text: `Whether two records are of one person, learned from the records alone: no labelled pair is used for any figure, and no number of a document (` + "`soc_sec_id`" + ` is never read).
*FEBRL 4* are two lists of 5,000 made-up Australians with one counterpart each, *FEBRL 2* is one list of 5,000 records in which some stand several times; each with all columns, and with names, date of birth and state alone. *People of the route* are the
generator's of the search above with those whom a colleague registered again (8 in 100, some of them two or three times), written with its error classes.

*Precision*, *recall* and *F1* are of what the program would link by itself: at even odds, one counterpart at most in two lists that hold everybody once, and in one list in groups that all pairs between them speak for together. *Best F1* and *recall at 99 % precision*
are of the odds alone, at the threshold that the truth would choose, to be compared with what other tools publish. Goals and the figures of recordlinkage are of the project's own measurements on the same sets; beside them stands what a spreadsheet finds by equal names and date of birth.
In the program nothing is linked by these odds: they put pairs before a person, who decides. Any other table: ` + "`amparo bench linkage --left FILE [--right FILE] --truth COLUMN`" + `, columns known by their names.`},
	{name: "find", title: "Finding somebody at one site", text: `The search as the pages use it, through a node with its sealed views, among the people of the demonstration's story, by names as they are written and as they are mistyped.`},
	{name: "append", title: "Writing down", text: `Commits that survive a power cut when the answer is given, beside as many fsyncs of as many bytes appended to a plain file in the same folder: nothing durable can be faster.`},
	{name: "project", title: "From the journal to views", text: `How fast the journal becomes views (opened, decoded, merged, written), beside inserting the very rows that result, already made, with the same driver into the same encrypted files.`},
	{name: "start", title: "In the morning", text: `What somebody waits for: the program, the pages, unlocking, the first search; and what memory it takes.`},
	{name: "unlock", title: "A passphrase", text: `What one guess costs at several settings, so that the one in use is a choice and not a habit.`},
	{name: "pages", title: "Pages", text: `What a page costs the server and the line with 200 rows behind it, beside what the design allows and beside the query that it shows.`},
	{name: "exchange", title: "A commit on the wire", text: `A story played at three sites and a coordination that exchange through a relay in the evenings, then the whole set brought to a newcomer. The limit is all that the commits say, unsealed, in one zstd stream.`},
	{name: "nothing", title: "Nothing new", text: `An exchange that has nothing to do, in a workspace in which a hundred devices have written: what a phone spends that asks every quarter of an hour.`},
	{name: "link", title: "A day over a bad link", command: "make bench-link", text: `A day of one site over 64 kbit/s with loss and delay, beside what the link needs for our bytes when nothing is lost or waited for, and beside CouchDB-protocol replication of the same records over the same link.`},
	{name: "first", title: "A new device", text: `The first exchange of a device that takes 129,000 commits: until somebody registered lately is found, until everything is there, and what memory it takes.`},
	{name: "crowd", title: "Everybody at once", text: `Three hundred nodes begin their first exchange at the same moment with one relay on PostgreSQL, as after a day without network.`},
	{name: "ingest", title: "What a relay takes in", text: `Commits from the bytes that arrive to what is durable, checked, on PostgreSQL, beside COPY of the very rows that it makes.`},
	{name: "dictionary", title: "The dictionary", text: `Bodies of commits packed with trained dictionaries, each judged on a story that none was trained on.`},
}

// docs/benchmarks.md is made of the figures in docs/benchmarks, so it cannot say anything else.
func TestThePageOfBenchmarksIsWhatWasMeasured(t *testing.T) {
	want := publishedText(t)
	if *update {
		if err := os.WriteFile(published, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/benchmarks.md is not what docs/benchmarks says: go test ./internal/bench -run TestThePageOfBenchmarks -args -update")
	}
}

// Every benchmark that the program has is described and published, and nothing else is.
func TestEveryBenchmarkIsPublished(t *testing.T) {
	for _, d := range descriptions {
		if !slices.ContainsFunc(benchmarks, func(b benchmark) bool { return b.name == d.name }) {
			t.Errorf("%s is described and is no benchmark", d.name)
		}
	}
	for _, b := range benchmarks {
		if !slices.ContainsFunc(descriptions, func(d described) bool { return d.name == b.name }) {
			t.Errorf("%s is not on the page", b.name)
		}
		if len(reportsOf(t, b.name)) == 0 {
			t.Errorf("%s has no figures in docs/benchmarks", b.name)
		}
	}
	files, err := filepath.Glob(filepath.Join(publishedFrom, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), ".json"), "-")
		if !slices.ContainsFunc(benchmarks, func(b benchmark) bool { return b.name == name }) {
			t.Errorf("%s is of no benchmark", f)
		}
	}
}

// reportsOf reads NAME.json and NAME-….json, each with one report or one a line.
func reportsOf(t *testing.T, name string) (list []Report) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(publishedFrom, name+"*.json"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	for _, f := range files {
		if part, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), ".json"), "-"); part != name {
			continue
		}
		in, err := os.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		for d := json.NewDecoder(in); d.More(); {
			var r Report
			if err := d.Decode(&r); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if r.Name != name {
				t.Errorf("%s holds a report of %q", f, r.Name)
			}
			list = append(list, r)
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func publishedText(t *testing.T) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Benchmarks\n")
	line("The newest figures of every benchmark, each beside the limit, the goal or the peer it is compared with, measured in the same run on the same machine.")
	line("This page is made from the files in [benchmarks](benchmarks) by a test (`go test ./internal/bench -run TestThePageOfBenchmarks -args -update`); the files are what `amparo bench NAME --json` printed.")
	line("Goals that are missed stay here beside the goal.\n")
	line("Figures vary with the machine and with its load (*load* is the one-minute average when the run began; a machine of two cores is busy from 2 on). The ratios vary less, and they are what a change must not make worse.\n")
	for _, d := range descriptions {
		line("- [%s](#%s)", d.title, strings.ReplaceAll(strings.ToLower(d.title), " ", "-"))
	}
	line("- [At the table](#at-the-table)")
	for _, d := range descriptions {
		list := reportsOf(t, d.name)
		command := d.command
		if command == "" {
			command = "amparo bench " + d.name
		}
		line("\n## %s\n\n%s\n\n`%s`", d.title, d.text, command)
		for _, r := range list {
			report(line, r)
		}
	}
	line("\n## At the table\n")
	line("How long somebody takes who knows the pages is counted by the browser tests from the keys that they really press, by the keystroke-level model of Card, Moran and Newell: a person registered in at most 30 s, from the search to the")
	line("open record in at most 5 s. The tests fail when a task takes longer ([e2e/tasks_test.go](../e2e/tasks_test.go)).")
	return b.String()
}

func report(line func(string, ...any), r Report) {
	when := r.When
	if when != "" {
		when += ", "
	}
	line("\n%s%s, load %v, n %s\n", when, r.Machine, r.Load, figure(float64(r.N)))
	line("| measured | figure | beside | its figure | ratio |\n| --- | ---: | --- | ---: | ---: |")
	for _, m := range r.Results {
		if m.Against == "" {
			line("| %s | %s %s | | | |", cell(m.Measure), figure(m.Value), m.Unit)
			continue
		}
		line("| %s | %s %s | %s | %s | %s |", cell(m.Measure), figure(m.Value), m.Unit, cell(m.Against), figure(m.Limit), figure(m.Ratio))
	}
	for _, t := range r.Tables {
		line("\n%s\n", t.Title)
		var head, rule []string
		for _, c := range t.Columns {
			head, rule = append(head, cell(c)), append(rule, "---")
		}
		line("| %s |\n| %s |", strings.Join(head, " | "), strings.Join(rule, " | "))
		for _, row := range t.Rows {
			var cells []string
			for _, v := range row {
				if n, ok := v.(float64); ok {
					cells = append(cells, figure(n))
				} else {
					cells = append(cells, cell(fmt.Sprint(v)))
				}
			}
			line("| %s |", strings.Join(cells, " | "))
		}
	}
}

func cell(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "|", "\\|"), "\n", " ") }

// figure writes a number with its thousands parted, and no more digits than it has.
func figure(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	whole, rest, broken := strings.Cut(s, ".")
	sign := strings.HasPrefix(whole, "-")
	whole = strings.TrimPrefix(whole, "-")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if sign {
		whole = "-" + whole
	}
	if broken {
		whole += "." + rest
	}
	return whole
}
