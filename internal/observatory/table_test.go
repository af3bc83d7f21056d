package observatory

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"amparo/internal/record"
)

// shippedTable is the shipped file after a way through the stored form.
func shippedTable(t testing.TB) *Table {
	t.Helper()
	_, p := shipped()
	out := &Table{FiscalStart: cbpFiscalStart}
	for _, b := range p.Blocks {
		enc, err := EncodeBlock(b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeBlock(b.Month, enc)
		if err != nil {
			t.Fatal(err)
		}
		out.Blocks = append(out.Blocks, back)
	}
	return out
}

func ask(t testing.TB, table *Table, p SeriesParams) ([]Sum, int) {
	t.Helper()
	q, err := table.question(p)
	if err != nil {
		t.Fatal(err)
	}
	return table.Answer(q)
}

func total(sums []Sum) (n int64) {
	for _, s := range sums {
		n += s.Value
	}
	return n
}

// knownAnswers were computed from CBP's file with other tools, and most of them agree with IOM's copy of the same figures.
var knownAnswers = []KnownAnswer{
	{"swb_fy2020", []string{"fiscal_year=2020", "region=southwest"}, 458088},
	{"swb_fy2022", []string{"fiscal_year=2022", "region=southwest"}, 2378944},
	{"swb_fy2023", []string{"fiscal_year=2023", "region=southwest"}, 2475669},
	{"nationwide_fy2023", []string{"fiscal_year=2023"}, 3201144},
	{"swb_fy2023_title42", []string{"fiscal_year=2023", "region=southwest", "authority=title_42"}, 564380},
	{"swb_fy2023_mexico", []string{"fiscal_year=2023", "region=southwest", "nationality=MEX"}, 717333},
	{"swb_fy2023_venezuela", []string{"fiscal_year=2023", "region=southwest", "nationality=VEN"}, 266071},
	{"swb_fy2023_other", []string{"fiscal_year=2023", "region=southwest", "nationality=OTHER"}, 172517},
	{"swb_fy2023_cuba", []string{"fiscal_year=2023", "region=southwest", "nationality=CUB"}, 142352},
	{"swb_fy2023_uac", []string{"fiscal_year=2023", "region=southwest", "demographic=unaccompanied_child"}, 137275},
}

func TestConditionsInAnyWords(t *testing.T) {
	table := shippedTable(t)
	for _, where := range [][]string{
		{"fiscal_year=2023", "region=southwest", "nationality=VEN"},
		{"fy=FY2023", "land_border_region=Southwest Land Border", "citizenship=VENEZUELA"},
		{"Fiscal Year=2023", "Land Border Region=SOUTHWEST", "Citizenship=Venezuela"},
		{"fiscal_year=2023;region=southwest;nationality=ven"},
		{"fiscal_year=2023&region=southwest&nationality=VEN"},
		{"fiscal_year=2023,region=southwest,nationality=VEN"},
		{"region=southwest", "nationality=VEN", "month=2022-10,2022-11,2022-12,2023-01,2023-02,2023-03,2023-04,2023-05,2023-06,2023-07,2023-08,2023-09"},
	} {
		sums, _ := ask(t, table, SeriesParams{Where: where})
		if got := total(sums); got != 266071 {
			t.Errorf("%q: %d", where, got)
		}
	}
	for _, where := range []string{"authority=Title 42", "title_of_authority=TITLE_42", "title=title 42"} {
		if sums, _ := ask(t, table, SeriesParams{Where: []string{"fy=2023", "region=southwest", where}}); total(sums) != 564380 {
			t.Errorf("%q: %d", where, total(sums))
		}
	}
	for _, where := range []string{"demographic=UC / Single Minors", "demographic=UAC", "demographic=uc/single minors", "demographic=unaccompanied_child"} {
		if sums, _ := ask(t, table, SeriesParams{Where: []string{"fy=2023", "region=southwest", where}}); total(sums) != 137275 {
			t.Errorf("%q: %d", where, total(sums))
		}
	}
	china, _ := ask(t, table, SeriesParams{Where: []string{"nationality=CHINA, PEOPLES REPUBLIC OF"}})
	chn, _ := ask(t, table, SeriesParams{Where: []string{"nationality=CHN"}})
	if total(china) == 0 || total(china) != total(chn) {
		t.Errorf("China by name %d, by code %d", total(china), total(chn))
	}
	two, _ := ask(t, table, SeriesParams{Where: []string{"fy=2023", "region=southwest", "nationality=VEN,CUB"}})
	again, _ := ask(t, table, SeriesParams{Where: []string{"fy=2023", "region=southwest", "nationality=VEN", "nationality=CUBA"}})
	if total(two) != 266071+142352 || total(again) != total(two) {
		t.Errorf("two nationalities: %d, %d", total(two), total(again))
	}
}

func TestUnknownIsRefusedWithTheKnown(t *testing.T) {
	table := shippedTable(t)
	for _, tt := range []struct {
		p           SeriesParams
		field, code string
		known       string
	}{
		{SeriesParams{Where: []string{"colour=red"}}, "where", "series_key", "fiscal_year, year, month, region, state, nationality, demographic, authority"},
		{SeriesParams{By: []string{"colour"}}, "by", "series_key", "fiscal_year"},
		{SeriesParams{Where: []string{"region=south"}}, "where", "series_value", "northern, other, southwest"},
		{SeriesParams{Where: []string{"nationality=FRA"}}, "where", "series_value", "BRA, CAN"}, // counted under OTHER: zero would be false
		{SeriesParams{Where: []string{"nationality=VEN,FRA"}}, "where", "series_value", "BRA, CAN"},
		{SeriesParams{Where: []string{"fiscal_year=2031"}}, "where", "series_value", "2020, 2021, 2022, 2023"},
		{SeriesParams{Where: []string{"region"}}, "where", "series_where", ""},
		{SeriesParams{From: "2023"}, "from", "series_month", ""},
		{SeriesParams{From: "2023-05", To: "2022-05"}, "to", "series_bounds", ""},
	} {
		_, err := table.question(tt.p)
		var no *record.Refusal
		if !errors.As(err, &no) || no.Field != tt.field || no.Code != tt.code {
			t.Errorf("%+v: %v", tt.p, err)
			continue
		}
		if !strings.Contains(no.Error(), tt.known) {
			t.Errorf("%+v: the known ones are not listed: %v", tt.p, no)
		}
	}
}

func TestEverySplitAddsUpToTheSame(t *testing.T) {
	table := shippedTable(t)
	whole, rows := ask(t, table, SeriesParams{})
	if rows != 42532 || len(whole) != 1 {
		t.Fatalf("%d rows, %d sums", rows, len(whole))
	}
	for _, by := range append(table.Keys(), "region,nationality", "nationality,month,authority", "state,fiscal_year", "demographic,year,region,state") {
		sums, n := ask(t, table, SeriesParams{By: []string{by}})
		if total(sums) != whole[0].Value || n != rows {
			t.Errorf("by %s: %d of %d rows give %d, not %d", by, n, rows, total(sums), whole[0].Value)
		}
		seen := map[string]bool{}
		for _, s := range sums {
			id := strings.Join(s.Codes, "|")
			if seen[id] {
				t.Errorf("by %s: %s is there twice", by, id)
			}
			seen[id] = true
		}
	}
}

func TestCalendarYearIsNotFiscalYear(t *testing.T) {
	table := shippedTable(t)
	sums, _ := ask(t, table, SeriesParams{By: []string{"fy,year"}, Where: []string{"region=southwest"}})
	var got []string
	for _, s := range sums {
		got = append(got, s.Code(KeyFiscalYear)+"/"+s.Code(KeyYear))
	}
	if s := strings.Join(got, " "); s != "2020/2019 2020/2020 2021/2020 2021/2021 2022/2021 2022/2022 2023/2022 2023/2023" {
		t.Error(s)
	}
	fiscal, _ := ask(t, table, SeriesParams{Where: []string{"fy=2023"}})
	months, _ := ask(t, table, SeriesParams{From: "2022-10", To: "2023-09"})
	if total(fiscal) != total(months) {
		t.Errorf("FY2023 is %d, October to September %d", total(fiscal), total(months))
	}
}

func TestZeroAndGap(t *testing.T) {
	row := func(month, nationality, n string) string {
		return "2023,FYTD," + month + ",Other,TX,FMUA," + nationality + ",Title 8," + n + "\n"
	}
	p := read(t, cbpHeader+row("OCT", "CUBA", "3")+row("NOV", "HAITI", "4")+row("JAN", "CUBA", "5"))
	table := &Table{Blocks: p.Blocks, FiscalStart: cbpFiscalStart}
	sums, _ := ask(t, table, SeriesParams{Where: []string{"nationality=CUB"}, By: []string{"month"}})
	text, err := json.Marshal(sums)
	if err != nil {
		t.Fatal(err)
	}
	// November is held and has no row for Cuba: zero. December is not held: absent.
	if string(text) != `[{"month":"2022-10","value":3},{"month":"2022-11","value":0},{"month":"2023-01","value":5}]` {
		t.Error(string(text))
	}
	if m := table.Missing(); len(m) != 1 || m[0].String() != "2022-12" {
		t.Errorf("missing %v", m)
	}
	years, _ := ask(t, table, SeriesParams{By: []string{"fiscal_year", "nationality"}})
	text, _ = json.Marshal(years)
	if string(text) != `[{"fiscal_year":2023,"nationality":"CUB","value":8},{"fiscal_year":2023,"nationality":"HTI","value":4}]` {
		t.Error(string(text))
	}
}

func BenchmarkAnswer(b *testing.B) {
	table := shippedTable(b)
	for name, p := range map[string]SeriesParams{
		"total":                {Where: []string{"fy=2023", "region=southwest"}},
		"by month":             {Where: []string{"region=southwest"}, By: []string{"month"}},
		"by nationality,month": {Where: []string{"region=southwest"}, By: []string{"nationality", "month"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ask(b, table, p)
			}
		})
	}
}
