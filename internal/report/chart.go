package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"
)

// ChartCSS is the part of a page's style sheet that charts need.
//
//go:embed chart.css
var ChartCSS string

// Shape is how figures are drawn.
type Shape uint8

// The shapes. Bars of several series are stacked, so they must be parts of one whole.
const (
	Lines Shape = iota
	Bars
)

// MaxSeries is how many series one chart can tell apart without colour. More belong in a table.
const MaxSeries = 6

// Chart is figures over time. Values are counts: never negative, and the axis begins at zero.
type Chart struct {
	ID          string // unique on the page: letters, digits and hyphens, a letter first
	Title       string // a sentence that says the finding
	Description string // what the drawing shows, for those who hear the page
	Unit        string // what is counted, for example "encounters (events, not people) a month"
	Source      string // publisher and date; may be empty
	Shape       Shape
	From, To    Month // first and last period
	Step        int   // months in a period: 1 when zero; 12 for years, with From the first month of the first one
	Series      []Series
	Bands       []Band // shaded ground, for example fiscal years
	Marks       []Mark // things that happened, numbered on the chart and named above it
	NoData      string // the word for a period without figures

	Number func(int64) string // writes a count as the reader does
	Period func(Month) string // writes a period, given its first month: "oct 2022", "FY 2023"
}

// Series is one line, or one part of each bar.
type Series struct {
	Name   string
	Points []Point // in order of time; a period that is not among them is a gap
}

// Point is the figure of one period.
type Point struct {
	At    Month // first month of the period
	Value int64
}

// Band is a shaded stretch of time, both ends included.
type Band struct {
	From, To Month
	Label    string
}

// Mark is something that happened in a month.
type Mark struct {
	At    Month
	Label string
}

// Size is what a drawing is for. It is drawn as wide as it is shown, about, so that text has the size that it has elsewhere on the page.
type Size struct {
	name          string
	width, height float64 // of the whole drawing, and of the plot alone
	font          float64 // size of text, in the same measure
	alone         bool    // carries its own title, source and ground
}

// The sizes.
var (
	Phone = Size{name: "phone", width: 300, height: 200, font: 14}
	Page  = Size{name: "page", width: 640, height: 240, font: 13}
	Sheet = Size{name: "sheet", width: 640, height: 260, font: 13, alone: true} // a file by itself: for mail, print, download
)

// ErrChart reports a chart that cannot be drawn truthfully.
var ErrChart = errors.New("report: chart")

// TimeChart is a figure for a page: the title sentence, the chart as a phone and as a wide page need it, and the source. ChartCSS shows
// one of the two drawings.
func TimeChart(c Chart) (template.HTML, error) {
	phone, err := SVG(c, Phone)
	if err != nil {
		return "", err
	}
	page, err := SVG(c, Page)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(`<figure class="chart"><figcaption class="chart-title">` + escape(c.Title) + "</figcaption>\n")
	b.Write(phone)
	b.Write(page)
	if c.Source != "" {
		b.WriteString(`<p class="chart-source">` + escape(c.Source) + "</p>\n")
	}
	b.WriteString("</figure>\n")
	return template.HTML(b.String()), nil
}

// SVG is one drawing.
func SVG(c Chart, size Size) ([]byte, error) {
	if c.Step == 0 {
		c.Step = 1
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	d := newDrawing(&c, size)
	d.draw()
	return d.out.Bytes(), nil
}

var goodID = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,60}$`)

// maxPeriods is more than any screen has places for.
const maxPeriods = 2400

func (c *Chart) check() error {
	no := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrChart, fmt.Sprintf(format, args...))
	}
	switch {
	case !goodID.MatchString(c.ID):
		return no("id %.80q", c.ID)
	case c.Title == "" || c.Description == "" || c.Unit == "":
		return no("title, description and unit are all needed")
	case c.Number == nil || c.Period == nil:
		return no("Number and Period are needed")
	case c.Shape > Bars:
		return no("shape %d", c.Shape)
	case c.Step < 1 || c.Step > 120 || c.From < 0 || c.To < c.From || c.To-c.From > Month(maxPeriods*c.Step):
		return no("from %d to %d by %d months", c.From, c.To, c.Step)
	case len(c.Series) == 0 || len(c.Series) > MaxSeries:
		return no("%d series; 1 to %d can be told apart", len(c.Series), MaxSeries)
	}
	for _, s := range c.Series {
		if s.Name == "" && len(c.Series) > 1 {
			return no("a series without a name among others")
		}
		for i, p := range s.Points {
			switch {
			case p.Value < 0 || p.Value > 1<<53:
				return no("series %q: value %d", s.Name, p.Value)
			case p.At < c.From || p.At > c.To || int(p.At-c.From)%c.Step != 0:
				return no("series %q: month %d is not a period of the chart", s.Name, p.At)
			case i > 0 && s.Points[i-1].At >= p.At:
				return no("series %q: month %d is there twice or out of order", s.Name, p.At)
			}
		}
	}
	if c.NoData == "" && len(c.gaps()) > 0 {
		return no("there are gaps and no word for them")
	}
	return nil
}

// periods is how many places there are along the axis.
func (c *Chart) periods() int { return int(c.To-c.From)/c.Step + 1 }

// place is where on the axis a month lies, counted in periods from the left edge.
func (c *Chart) place(m Month) float64 { return float64(m-c.From) / float64(c.Step) }

// gaps lists the stretches of periods for which no series has a figure: first and last place.
func (c *Chart) gaps() [][2]int {
	have := make([]bool, c.periods())
	for _, s := range c.Series {
		for _, p := range s.Points {
			have[int(p.At-c.From)/c.Step] = true
		}
	}
	var out [][2]int
	for i := 0; i < len(have); i++ {
		if have[i] {
			continue
		}
		first := i
		for i+1 < len(have) && !have[i+1] {
			i++
		}
		out = append(out, [2]int{first, i})
	}
	return out
}

// top is the largest figure to be drawn: of a line, or of a whole bar.
func (c *Chart) top() int64 {
	if c.Shape == Lines || len(c.Series) == 1 {
		top := int64(0)
		for _, s := range c.Series {
			for _, p := range s.Points {
				top = max(top, p.Value)
			}
		}
		return top
	}
	sums := map[Month]int64{}
	top := int64(0)
	for _, s := range c.Series {
		for _, p := range s.Points {
			sums[p.At] += p.Value
			top = max(top, sums[p.At])
		}
	}
	return top
}

// value finds the figure of a period.
func (s *Series) value(at Month) (int64, bool) {
	i, found := slices.BinarySearchFunc(s.Points, at, func(p Point, m Month) int { return int(p.At - m) })
	if !found {
		return 0, false
	}
	return s.Points[i].Value, true
}
