package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// An element as it stands in a drawing.
type element struct {
	name  string
	attrs map[string]string
	text  string
}

// A failer is a test, a property or a fuzz target.
type failer interface {
	Fatalf(format string, args ...any)
	Helper()
}

// parse reads a drawing as XML and fails when it is none.
func parse(t failer, svg []byte) []element {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	var all []element
	var open []int
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, svg)
		}
		switch x := token.(type) {
		case xml.StartElement:
			e := element{name: x.Name.Local, attrs: map[string]string{}}
			for _, a := range x.Attr {
				if _, twice := e.attrs[a.Name.Local]; twice {
					t.Fatalf("attribute %s twice in %s", a.Name.Local, e.name)
				}
				e.attrs[a.Name.Local] = a.Value
			}
			open = append(open, len(all))
			all = append(all, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				all[open[len(open)-1]].text += string(x)
			}
		default:
			t.Fatalf("a %T in a drawing", token)
		}
	}
}

func texts(all []element) (out []string) {
	for _, e := range all {
		if text := strings.TrimSpace(e.text); text != "" {
			out = append(out, text)
		}
	}
	return out
}

func class(all []element, name string) (out []element) {
	for _, e := range all {
		if slices.Contains(strings.Fields(e.attrs["class"]), name) {
			out = append(out, e)
		}
	}
	return out
}

var (
	elements   = strings.Fields("svg title desc g path circle text defs pattern")
	attributes = strings.Fields(`class viewBox role aria-labelledby aria-describedby font-family font-size font-weight fill fill-opacity stroke stroke-opacity
		stroke-width stroke-dasharray stroke-linejoin stroke-linecap d x y cx cy r text-anchor id color width height patternUnits patternTransform xmlns`)
)

// harmless fails when a drawing holds anything that a content policy or a reader would stumble over.
func harmless(t failer, all []element) {
	t.Helper()
	ids := map[string]bool{}
	for _, e := range all {
		if !slices.Contains(elements, e.name) {
			t.Fatalf("element %s", e.name)
		}
		for name, v := range e.attrs {
			if !slices.Contains(attributes, name) {
				t.Fatalf("attribute %s of %s", name, e.name)
			}
			if strings.Contains(v, "NaN") || strings.Contains(v, "Inf") || strings.Contains(v, "e+") {
				t.Fatalf("%s=%q of %s", name, v, e.name)
			}
			if strings.HasPrefix(v, "url(") && !ids[strings.TrimSuffix(strings.TrimPrefix(v, "url(#"), ")")] {
				t.Fatalf("%s is not there", v)
			}
		}
		if id := e.attrs["id"]; id != "" {
			if ids[id] {
				t.Fatalf("id %s twice", id)
			}
			ids[id] = true
		}
	}
	root := all[0]
	if root.attrs["role"] != "img" || !ids[root.attrs["aria-labelledby"]] || !ids[root.attrs["aria-describedby"]] || all[1].name != "title" || all[2].name != "desc" {
		t.Fatalf("the drawing does not say what it is: %v", root.attrs)
	}
}

var coordinates = regexp.MustCompile(`[MHV](-?[0-9.]+)`)

// Whatever is drawn stays on the paper.
func TestNothingStandsOutOverTheEdge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "periods")
		var values [][]int64
		for range rapid.IntRange(1, MaxSeries).Draw(t, "series") {
			values = append(values, rapid.SliceOfN(rapid.Int64Range(-1, 3_000_000), n, n).Draw(t, "values"))
		}
		c := made(rapid.SampledFrom([]Shape{Lines, Bars}).Draw(t, "shape"), MonthOf(2019, 10), rapid.SampledFrom([]int{1, 3, 12}).Draw(t, "step"), values...)
		for i := range c.Series {
			c.Series[i].Name = rapid.StringMatching(`[A-Za-zñé]{1,12}( [A-Za-zñé]{1,12}){0,5}`).Draw(t, "name")
		}
		for range rapid.IntRange(0, 3).Draw(t, "marks") {
			c.Marks = append(c.Marks, Mark{c.From + Month(rapid.IntRange(-5, n+5).Draw(t, "at")), "algo pasa"})
		}
		for range rapid.IntRange(0, 4).Draw(t, "bands") {
			from := c.From + Month(rapid.IntRange(-20, n).Draw(t, "from"))
			c.Bands = append(c.Bands, Band{from, from + Month(rapid.IntRange(0, 20).Draw(t, "length")), "AF"})
		}
		size := rapid.SampledFrom([]Size{Phone, Page, Sheet}).Draw(t, "size")
		svg, err := SVG(c, size)
		if err != nil {
			t.Fatal(err)
		}
		all := parse(t, svg)
		harmless(t, all)
		var left, top, width, height float64
		if _, err := fmt.Sscanf(all[0].attrs["viewBox"], "%f %f %f %f", &left, &top, &width, &height); err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			if e.name == "text" {
				x, errX := strconv.ParseFloat(e.attrs["x"], 64)
				y, errY := strconv.ParseFloat(e.attrs["y"], 64)
				if errX != nil || errY != nil {
					t.Fatalf("%q at %q %q", e.text, e.attrs["x"], e.attrs["y"])
				}
				w := textWidth(e.text, size.font)
				x0, x1 := x, x+w
				switch e.attrs["text-anchor"] {
				case "middle":
					x0, x1 = x-w/2, x+w/2
				case "end":
					x0, x1 = x-w, x
				}
				if x0 < -1 || x1 > width+1 || y > height || y < size.font-4 {
					t.Fatalf("%q from %v to %v at %v is not on the paper of %v by %v", e.text, x0, x1, y, width, height)
				}
			}
			for _, m := range coordinates.FindAllStringSubmatch(e.attrs["d"], -1) {
				if v, err := strconv.ParseFloat(m[1], 64); err != nil || v < -7 || v > max(width, height)+7 {
					t.Fatalf("%s of %v is not on the paper of %v by %v", m[0], e, width, height)
				}
			}
		}
	})
}

func TestTicksAreRoundAndReach(t *testing.T) {
	for _, tt := range []struct {
		top  int64
		want string
	}{
		{0, "[0 1]"}, {1, "[0 1]"}, {3, "[0 1 2 3]"}, {7, "[0 2 4 6 8]"}, {10, "[0 5 10]"}, {99, "[0 25 50 75 100]"},
		{269735, "[0 100000 200000 300000]"}, {2475669, "[0 1000000 2000000 3000000]"},
	} {
		if got := fmt.Sprint(ticks(tt.top, 4)); got != tt.want {
			t.Errorf("%d: %s, want %s", tt.top, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		top := rapid.Int64Range(0, 1<<53).Draw(t, "top")
		all := ticks(top, rapid.IntRange(2, 6).Draw(t, "want"))
		if all[0] != 0 || all[len(all)-1] < top || len(all) > 9 || !slices.IsSorted(all) {
			t.Fatalf("%d: %v", top, all)
		}
	})
}

func TestLabelsAtTheEndsDoNotTouch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SliceOfN(rapid.Float64Range(0, 200), 1, MaxSeries).Draw(t, "heights")
		got := spread(at, 17, 8, 200)
		sorted := slices.Sorted(slices.Values(got))
		for i, y := range sorted {
			if y < 8-1e-9 || y > 200+1e-9 || i > 0 && y-sorted[i-1] < 17-1e-9 {
				t.Fatalf("%v became %v", at, got)
			}
		}
	})
}

func FuzzLabels(f *testing.F) {
	f.Add("Título", "a & b", `"><script>alert(1)</script>`, "'", "\x00\ufffe]]>", "&lt;")
	f.Add("ñ", "\xff\xfe", "<!--", "--><svg onload=x>", "\u202e", "{{.}}")
	f.Fuzz(func(t *testing.T, title, description, unit, name, band, gap string) {
		c := golden()["gaps"]
		c.Title, c.Description, c.Unit, c.NoData, c.Source = "t"+title, "d"+description, "u"+unit, "g"+gap, title
		c.Bands = []Band{{c.From, c.To, band}}
		c.Marks = []Mark{{c.From + 3, name}}
		c.Series = []Series{{Name: "m" + name, Points: c.Series[0].Points}, {Name: "n" + name, Points: c.Series[0].Points}}
		c.Number = func(n int64) string { return band + number(n) }
		c.Period = func(Month) string { return gap }
		for _, size := range []Size{Phone, Page, Sheet} {
			svg, err := SVG(c, size)
			if err != nil {
				t.Fatal(err)
			}
			all := parse(t, svg)
			harmless(t, all)
			if want := shown("d" + description); all[2].text != want {
				t.Fatalf("description %q reads %q", want, all[2].text)
			}
		}
		html, err := TimeChart(c)
		if err != nil {
			t.Fatal(err)
		}
		parse(t, []byte("<main>"+string(html)+"</main>"))
	})
}

// shown is what a reader sees of a text: blanks for line ends and tabs, a replacement for what XML cannot hold.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r >= 0x7f && r <= 0x9f || r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe:
			return '\ufffd'
		}
		return r
	}, s)
}
