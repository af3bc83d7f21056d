package report

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden drawings anew")

func number(n int64) string { return strconv.FormatInt(n, 10) }

func period(m Month) string { return fmt.Sprintf("%d/%d", m.Month(), m.Year()) }

// made is a chart of made-up figures; values below zero stand for periods without a figure.
func made(shape Shape, from Month, step int, values ...[]int64) Chart {
	c := Chart{ID: "chart", Title: "Llegan más personas en mayo", Description: "Línea por mes.", Unit: "personas por mes", Source: "Registro del sitio", Shape: shape,
		From: from, Step: step, NoData: "sin datos", Number: number, Period: period}
	for i, vs := range values {
		s := Series{Name: fmt.Sprintf("Serie %d", i+1)}
		for j, v := range vs {
			if v >= 0 {
				s.Points = append(s.Points, Point{from + Month(j*step), v})
			}
		}
		c.Series = append(c.Series, s)
		c.To = max(c.To, from+Month((len(vs)-1)*step))
	}
	return c
}

// wave is n figures that rise and fall.
func wave(n int, high, phase float64) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(high * (1 + math.Sin(float64(i)/4+phase)) / 2)
	}
	return out
}

func golden() map[string]Chart {
	start := MonthOf(2019, 10)
	line := made(Lines, start, 1, wave(48, 250_000, 0))
	for y := 2020; y <= 2023; y++ {
		line.Bands = append(line.Bands, Band{MonthOf(y-1, 10), MonthOf(y, 9), fmt.Sprintf("AF %d", y)})
	}
	holes := wave(48, 250_000, 0)
	for i := 14; i < 20; i++ {
		holes[i] = -1
	}
	holes[30], holes[40], holes[42] = -1, -1, -1
	gaps := line
	gaps.Series = made(Lines, start, 1, holes).Series

	two := made(Lines, start, 1, wave(48, 9000, 0), wave(48, 4000, 2))
	two.Bands = line.Bands
	two.Series[0].Name, two.Series[1].Name = "Título 8 (ley migratoria)", "Título 42 (expulsión por norma sanitaria)"
	two.Marks = []Mark{{MonthOf(2020, 3), "empieza el Título 42"}, {MonthOf(2023, 5), "termina el Título 42"}}

	years := made(Bars, start, 12, []int64{300_000, 900_000, 1_500_000, 1_400_000}, []int64{100_000, 500_000, 600_000, 800_000}, []int64{58_088, 146_000, 152_000, -1})
	years.Period = func(m Month) string { return fmt.Sprintf("AF %d", m.Year()+1) }

	return map[string]Chart{
		"line": line, "gaps": gaps, "two-lines-and-marks": two, "stacked-years": years,
		"six-lines": made(Lines, start, 1, wave(48, 90, 0), wave(48, 80, 1), wave(48, 70, 2), wave(48, 60, 3), wave(48, 50, 4), wave(48, 40, 5)),
		"bars":      made(Bars, start, 1, []int64{5, 0, 7, -1, 12, 3}),
		"one-point": made(Lines, start, 1, []int64{7}), "no-points": made(Lines, start, 1, []int64{-1, -1, -1}), "all-zero": made(Lines, start, 1, []int64{0, 0, 0}),
	}
}

func TestGoldenDrawings(t *testing.T) {
	for name, c := range golden() {
		for _, size := range []Size{Phone, Page, Sheet} {
			got, err := SVG(c, size)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			file := filepath.Join("testdata", name+"-"+size.name+".svg")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs; look at it, then run with -update", file)
			}
		}
	}
}

func TestDrawingsSayWhatTheyAre(t *testing.T) {
	for name, c := range golden() {
		for _, size := range []Size{Phone, Page, Sheet} {
			svg, err := SVG(c, size)
			if err != nil {
				t.Fatal(err)
			}
			all := parse(t, svg)
			harmless(t, all)
			if all[1].text != c.Title || all[2].text != c.Description {
				t.Errorf("%s: title %q, description %q", name, all[1].text, all[2].text)
			}
			said := strings.Join(texts(all), " ")
			for _, s := range c.Series {
				if len(c.Series) > 1 && !strings.Contains(said, s.Name) && size.name != "phone" { // on a phone a name may be on two lines
					t.Errorf("%s, %s: %s is not named", name, size.name, s.Name)
				}
			}
			if size.alone && (!strings.Contains(said, c.Source) || !strings.Contains(said, c.Unit)) {
				t.Errorf("%s: by itself it says %q", name, said)
			}
			if len(svg) > 9000 {
				t.Errorf("%s, %s: %d bytes", name, size.name, len(svg))
			}
		}
	}
}

func first(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestColourIsNeverAlone(t *testing.T) {
	dashes := map[string]bool{}
	for _, e := range class(parse(t, first(SVG(golden()["six-lines"], Page))), "chart-line") {
		dashes[e.attrs["stroke-dasharray"]] = true
	}
	if len(dashes) != 6 {
		t.Errorf("%d kinds of line for six series", len(dashes))
	}
	fills := map[string]bool{}
	for _, e := range class(parse(t, first(SVG(golden()["stacked-years"], Page))), "chart-bar") {
		fills[e.attrs["fill"]] = true
	}
	if len(fills) != 3 {
		t.Errorf("%d fillings for three series", len(fills))
	}
}

func TestGapsAreNotZeros(t *testing.T) {
	for _, tt := range []struct {
		values []int64
		pieces int // of the line
		single int // markers for figures without neighbours
		gaps   int
	}{
		{[]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, 1, 0, 0},
		{[]int64{1, 2, 3, 4, 5, 6, -1, 8, 9, 10, 11, 12, 13, 14, 15}, 2, 0, 1},
		{[]int64{1, 2, 3, 0, 0, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, 1, 0, 0}, // zeros are figures
		{[]int64{1, 2, 3, 4, 5, 6, -1, 8, -1, -1, 11, 12, 13, 14, 15, 16, 17, 18}, 2, 1, 2},
		{[]int64{-1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, -1}, 1, 0, 2},
	} {
		all := parse(t, first(SVG(made(Lines, MonthOf(2020, 1), 1, tt.values), Page)))
		lines := class(all, "chart-line")
		if len(lines) != 1 || strings.Count(lines[0].attrs["d"], "M") != tt.pieces {
			t.Errorf("%v: %d lines, %v", tt.values, len(lines), lines)
		}
		markers := 0
		for _, e := range all {
			markers += strings.Count(e.attrs["d"], "h0")
		}
		if markers != tt.single {
			t.Errorf("%v: %d markers", tt.values, markers)
		}
		if got := len(class(all, "chart-gap")); got != tt.gaps {
			t.Errorf("%v: %d gaps shown, want %d", tt.values, got, tt.gaps)
		}
		if said := slices.Contains(texts(all), "sin datos"); said != (tt.gaps > 0) {
			t.Errorf("%v: the word for a gap is said: %v", tt.values, said)
		}
	}
}

func TestABarOfZeroIsSeenAndAGapIsNot(t *testing.T) {
	all := parse(t, first(SVG(made(Bars, MonthOf(2020, 1), 1, []int64{5, 0, -1, 5}), Page)))
	if got := strings.Count(class(all, "chart-bar")[0].attrs["d"], "M"); got != 3 {
		t.Errorf("%d bars for three figures, one of them zero", got)
	}
}

func TestFewAndMany(t *testing.T) {
	for _, n := range []int{1, 2, 12, 13, 18, 19, 48, 312, 1200} {
		for _, shape := range []Shape{Lines, Bars} {
			svg, err := SVG(made(shape, MonthOf(2000, 1), 1, wave(n, 1000, 0)), Phone)
			if err != nil {
				t.Fatal(err)
			}
			all := parse(t, svg)
			harmless(t, all)
			if n > 1 && shape == Lines && strings.Count(class(all, "chart-line")[0].attrs["d"], "l") != n-1 {
				t.Errorf("%d figures: the line is %s", n, class(all, "chart-line")[0].attrs["d"])
			}
		}
	}
	for _, name := range []string{"one-point", "no-points", "all-zero"} {
		if said := texts(parse(t, first(SVG(golden()[name], Page)))); !slices.Contains(said, "0") {
			t.Errorf("%s: the axis does not begin at zero: %v", name, said)
		}
	}
}

func TestChartsThatWouldLieAreRefused(t *testing.T) {
	good := func() Chart { return made(Lines, MonthOf(2020, 1), 1, []int64{1, 2, 3}, []int64{4, 5, 6}) }
	if _, err := SVG(good(), Page); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Chart){
		"no title":           func(c *Chart) { c.Title = "" },
		"no description":     func(c *Chart) { c.Description = "" },
		"no unit":            func(c *Chart) { c.Unit = "" },
		"bad id":             func(c *Chart) { c.ID = `x" onload="` },
		"no number":          func(c *Chart) { c.Number = nil },
		"no period":          func(c *Chart) { c.Period = nil },
		"end before start":   func(c *Chart) { c.To = c.From - 1 },
		"endless":            func(c *Chart) { c.To = c.From + 1_000_000 },
		"no series":          func(c *Chart) { c.Series = nil },
		"too many series":    func(c *Chart) { c.Series = slices.Repeat(c.Series, 4) },
		"series unnamed":     func(c *Chart) { c.Series[1].Name = "" },
		"negative":           func(c *Chart) { c.Series[0].Points[1].Value = -1 },
		"month twice":        func(c *Chart) { c.Series[0].Points[1].At = c.Series[0].Points[0].At },
		"out of the chart":   func(c *Chart) { c.Series[0].Points[2].At = c.To + 1 },
		"between periods":    func(c *Chart) { c.Step = 2 },
		"gap without a word": func(c *Chart) { c.NoData = ""; c.To++ },
		"unknown shape":      func(c *Chart) { c.Shape = 9 },
	} {
		c := good()
		spoil(&c)
		if _, err := TimeChart(c); !errors.Is(err, ErrChart) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFigureForAPage(t *testing.T) {
	c := golden()["gaps"]
	c.Title = `"Más" <b>de</b> 5 & 6`
	html, err := TimeChart(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<figcaption class="chart-title">&#34;Más&#34; &lt;b&gt;de&lt;/b&gt; 5 &amp; 6</figcaption>`, `id="chart-phone-t"`, `id="chart-page-t"`, "Registro del sitio"} {
		if !strings.Contains(string(html), want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, never := range []string{"<b>", "style=", "<style", "<script", "http:", "https:", "javascript:"} {
		if strings.Contains(string(html), never) {
			t.Errorf("%s is there", never)
		}
	}
	again, err := TimeChart(c)
	if err != nil || html != again {
		t.Error("the same chart gives other bytes")
	}
	ids := map[string]bool{}
	for _, e := range parse(t, []byte("<main>"+string(html)+"</main>")) {
		if id := e.attrs["id"]; id != "" && ids[id] {
			t.Errorf("id %s twice", id)
		} else {
			ids[id] = true
		}
	}
}

func TestStyleFitsItsBudget(t *testing.T) {
	if len(ChartCSS) > 1600 || strings.Contains(ChartCSS, "url(") || strings.Contains(ChartCSS, "@import") {
		t.Errorf("%d bytes of style", len(ChartCSS))
	}
	for i := range MaxSeries {
		for _, name := range []string{"prefers-color-scheme:dark", "print"} {
			_, rest, _ := strings.Cut(ChartCSS, name)
			block, _, _ := strings.Cut(rest, "}}")
			if !strings.Contains(block, fmt.Sprintf(".chart-s%d{", i+1)) {
				t.Errorf("series %d has no colour under %s", i+1, name)
			}
		}
	}
}

func BenchmarkTimeChart(b *testing.B) {
	c := golden()["line"]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := TimeChart(c); err != nil {
			b.Fatal(err)
		}
	}
}
