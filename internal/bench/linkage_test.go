package bench

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"amparo/internal/match/linkage"
	"amparo/internal/sample"
)

func TestReadPeople(t *testing.T) {
	for name, c := range map[string]struct {
		text, truth string
		want        linkage.Record
		who         string
		columns     string
	}{
		"febrl": {"rec_id, given_name, surname, street_number, state, date_of_birth, soc_sec_id\nrec-17-dup-2, ana, lee, 4, vic, 19630721, 999\n", "",
			linkage.Record{Given: "ana", Surname1: "lee", Birth: "19630721", More: map[string]string{"street_number": "4", "state": "vic"}}, "17",
			"given_name surname street_number state date_of_birth"},
		"splink": {"unique_id,first_name,surname,dob,city,email,cluster\n3,Rob,Allen,1971-06-24,London,r@x.net,9\n", "",
			linkage.Record{Given: "Rob", Surname1: "Allen", Birth: "1971-06-24", More: map[string]string{"city": "London", "email": "r@x.net"}}, "9",
			"first_name surname dob city email"},
		"of the route": {"\xef\xbb\xbfperson_id;full_name;given1;given2;surname1;surname2;sex;birth_date;age;nationality\n5;Ana Luz Paz Gil;Ana;Luz;Paz;Gil;F;;30;HND\n", "",
			linkage.Record{Given: "Ana Luz", Surname1: "Paz", Surname2: "Gil", Sex: "F", Born: 1994.5, Nationality: []string{"HND"}}, "5",
			"given1 given2 surname1 surname2 sex birth_date age nationality"},
		"a column named": {"Nombre\tApellido\tquien\nAna\tPaz\tx\n", "Quien", linkage.Record{Given: "Ana", Surname1: "Paz"}, "x", "nombre apellido"},
		"whole names":    {"name,cluster\nAna Luz Paz,1\n", "", linkage.Record{Given: "Ana Luz", Surname1: "Paz"}, "1", "name"},
	} {
		got, err := readPeople(strings.NewReader(c.text), c.truth, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := got.records[0]
		if r.Given != c.want.Given || r.Surname1 != c.want.Surname1 || r.Surname2 != c.want.Surname2 || r.Sex != c.want.Sex || r.Birth != c.want.Birth ||
			r.Born != c.want.Born || !slices.Equal(r.Nationality, c.want.Nationality) || len(r.More) != len(c.want.More) {
			t.Errorf("%s: %+v, want %+v", name, r, c.want)
		}
		for k, v := range c.want.More {
			if r.More[k] != v {
				t.Errorf("%s: %s is %q, want %q", name, k, r.More[k], v)
			}
		}
		if got.truth[0] != c.who || strings.Join(got.columns, " ") != c.columns {
			t.Errorf("%s: of %s by %v, want %s by %s", name, got.truth[0], got.columns, c.who, c.columns)
		}
	}
	for _, bad := range []string{"", "given,surname\n", "\xff\xfe\n1", "given,surname\n\"a,b"} {
		if _, err := readPeople(strings.NewReader(bad), "", nil); err == nil && bad != "given,surname\n\"a,b" {
			t.Errorf("%q was read", bad)
		}
	}
	if _, err := readPeople(strings.NewReader("given,surname\na,b\n"), "who", nil); err == nil || !strings.Contains(err.Error(), "given, surname") {
		t.Errorf("a column that is not there: %v", err)
	}
}

// Two lists in files are linked, and what comes out is the truth they carry; the column with the answer is not compared.
func TestLinkageOfFiles(t *testing.T) {
	dir := t.TempDir()
	var left, right strings.Builder
	left.WriteString("given_name,surname,dob,who\n")
	right.WriteString("given_name,surname,dob,who\n")
	given, last := strings.Fields("ana juan rosa luis carmen pedro"), strings.Fields("paz gil rey cruz luna mora soto vega")
	for i := range 48 {
		line := given[i%6] + "," + last[i%8] + "," + "19" + string(rune('5'+i%5)) + string(rune('0'+i%10)) + "-0" + string(rune('1'+i%9)) + "-1" + string(rune('0'+i%7))
		left.WriteString(line + "," + "p" + string(rune('A'+i)) + "\n")
		right.WriteString(strings.Replace(line, "rosa", "roza", 1) + "," + "p" + string(rune('A'+i)) + "\n")
	}
	for name, text := range map[string]string{"left.csv": left.String(), "right.csv": right.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Left: filepath.Join(dir, "left.csv"), Right: filepath.Join(dir, "right.csv"), Truth: "who"}
	r, err := Run(context.Background(), "linkage", o)
	if err != nil {
		t.Fatal(err)
	}
	if r.N != 96 || len(r.Tables) != 1 || len(r.Tables[0].Rows) != 1 || r.Tables[0].Rows[0][1] != "given_name surname dob" {
		t.Errorf("%d records, %+v", r.N, r.Tables)
	}
	at := slices.IndexFunc(r.Results, func(x Result) bool { return x.Measure == "F1" })
	if at < 0 || r.Results[at].Value < 0.97 {
		t.Errorf("%+v", r.Results)
	}
	o.Truth = ""
	if _, err := Run(context.Background(), "linkage", o); err == nil {
		t.Error("tables that say nothing of who is who were judged")
	}
}

// The sets that come with the program are read, and with few columns a spreadsheet finds few.
func TestLinkageData(t *testing.T) {
	a, err := embedded("febrl4a.csv.gz", fewColumns)
	if err != nil {
		t.Fatal(err)
	}
	b, err := embedded("febrl4b.csv.gz", fewColumns)
	if err != nil {
		t.Fatal(err)
	}
	total := pairsOf(a.truth, b.truth)
	f1 := equalF1(a.records, b.records, func(p linkage.Pair) bool { return a.truth[p.A] == b.truth[p.B] }, total)
	if len(a.records) != 5000 || len(b.records) != 5000 || total != 5000 || len(a.columns) != 4 || f1 < 0.3 || f1 > 0.9 {
		t.Errorf("%d and %d records, %d pairs, %v, F1 %.3f of equal ones", len(a.records), len(b.records), total, a.columns, f1)
	}
	two, err := embedded("febrl2.csv.gz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := pairsOf(two.truth, nil); n != 1934 {
		t.Errorf("FEBRL 2 holds %d true pairs, want 1934", n)
	}
	for _, r := range a.records {
		if _, ok := r.More["soc_sec_id"]; ok {
			t.Fatal("the number of a document is compared")
		}
	}
}

func TestJudge(t *testing.T) {
	pairs := []linkage.Scored{{Pair: linkage.Pair{A: 0, B: 0}, Odds: 9}, {Pair: linkage.Pair{A: 1, B: 1}, Odds: 5}, {Pair: linkage.Pair{A: 2, B: 1}, Odds: 1}, {Pair: linkage.Pair{A: 3, B: 3}, Odds: -2}}
	f := judge(pairs, []linkage.Pair{pairs[0].Pair, pairs[1].Pair, pairs[2].Pair}, func(p linkage.Pair) bool { return p.A == p.B }, 4)
	for name, c := range map[string][2]float64{"precision": {f.precision, 2. / 3}, "recall": {f.recall, 0.5}, "best": {f.best, 0.75}, "at": {f.bestAt, -2}, "at99": {f.at99, 0.5},
		"compared": {f.compared, 0.75}} {
		if math.Abs(c[0]-c[1]) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, c[0], c[1])
		}
	}
}

// People of the route who were registered twice are found again, learned and by the usual weights, and what is said to be likely is.
func TestPeopleRegisteredTwice(t *testing.T) {
	registry := sample.NewRegistry(7, 5000)
	var people peopleTable
	for p := range registry.People() {
		people.records, people.truth = append(people.records, recordOf(p)), append(people.truth, strconv.Itoa(p.ID))
	}
	for d := range registry.Duplicates() {
		people.records, people.truth = append(people.records, recordOf(d.Listed)), append(people.truth, strconv.Itoa(d.Person))
	}
	l := linking{ctx: context.Background(), r: &Report{}}
	f, err := l.link("", "", people, peopleTable{})
	if err != nil {
		t.Fatal(err)
	}
	if f.f1 < 0.96 || f.precision < 0.96 || f.at99 < 0.9 || f.compared < 0.995 {
		t.Errorf("%+v", f)
	}
	model := linkage.Default()
	model.Duplicates = 0.27 // as in these
	sides := make([]*linkage.Side, len(people.records))
	for i := range sides {
		sides[i] = model.Ready(&people.records[i])
		model.CountReady(sides[i])
	}
	likely, right := 0, 0
	for _, p := range linkage.Candidates(sides, nil, 10) {
		if model.CompareReady(sides[p.A], sides[p.B]).Band == linkage.Likely {
			likely++
			if people.truth[p.A] == people.truth[p.B] {
				right++
			}
		}
	}
	if total := pairsOf(people.truth, nil); float64(right) < 0.85*float64(likely) || float64(right) < 0.85*float64(total) {
		t.Errorf("%d of %d said to be likely are one person, of %d that there are", right, likely, total)
	}
}
