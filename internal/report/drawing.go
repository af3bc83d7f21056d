package report

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	titleSize = 18.0
	lineStep  = 18.0 // from one line of text to the next
	signWide  = 26.0 // room that a sign of the legend takes
)

// How each series is told apart: colour on light ground, dash, and the marker of the same number. Order is by how easily they are seen.
var (
	colours = [MaxSeries]string{"#0b5a52", "#9a3412", "#1d4e89", "#6b2c7a", "#5c4300", "#1d2320"}
	dashes  = [MaxSeries]string{"", "8 4", "2 3", "10 3 2 3", "14 4", "5 2"}
)

// A drawing is one SVG in the making. Coordinates are in pixels of the drawing's own width.
type drawing struct {
	*Chart
	size Size
	out  bytes.Buffer

	left, right   float64 // edges of the plot
	roof, ceiling float64 // top of the plot, and where the highest tick lies below it
	floor         float64 // the zero line
	flags         float64 // middle of the row of marks
	height        float64
	ticks         []int64
	slot          float64 // width of a period
	title         []string
	unit, source  []string
	legend        []entry
	direct        bool // series are named at their ends
	taken         []box
}

// An entry of the legend: a sign and its words.
type entry struct {
	sign  int // series 0…, or one of the below
	words string
	lines []string
	x, y  float64
}

const (
	signGap  = -1
	signMark = -2 // and further down: the second mark is -3
)

// A box is room that a label has taken.
type box struct{ x0, y0, x1, y1 float64 }

func (a box) meets(b box) bool { return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1 }

func newDrawing(c *Chart, size Size) *drawing {
	d := &drawing{Chart: c, size: size}
	want := 4
	if size.width > 400 {
		want = 5
	}
	d.ticks = ticks(c.top(), want)

	edge := 2.0
	if size.alone {
		edge = 16
	}
	widest := 0.0
	for _, t := range d.ticks {
		widest = max(widest, d.wide(c.Number(t)))
	}
	d.left, d.right = edge+widest+6, size.width-edge
	d.nameSeries(edge)
	d.slot = (d.right - d.left) / float64(c.periods())

	y := edge
	if size.alone {
		// A font of the reader's own may be wider than thought, and nothing may stand out over the edge.
		d.title = wrap(c.Title, (size.width-2*edge)/1.2, titleSize)
		y += float64(len(d.title)) * (titleSize + 5)
	}
	d.unit = wrap(c.Unit, (size.width-2*edge)/1.1, size.font)
	y += lineStep * float64(len(d.unit))
	y = d.placeLegend(edge, y)
	d.roof = y + 6
	d.ceiling = d.roof + 6
	if len(c.Bands) > 0 {
		d.ceiling += lineStep
	}
	d.flags = d.ceiling + 3
	if len(c.Marks) > 0 {
		d.ceiling += lineStep
	}
	if len(c.Series) == 1 || c.Shape == Bars {
		d.ceiling += lineStep
	}
	d.floor = d.roof + size.height
	d.height = d.floor + 24
	if size.alone {
		if c.Source != "" {
			d.source = wrap(c.Source, (size.width-2*edge)/1.1, size.font)
		}
		d.height += float64(len(d.source))*lineStep + edge
	}
	return d
}

// nameSeries decides whether series are named at their ends, which is easiest to read, or in a legend where there is no room for that.
func (d *drawing) nameSeries(edge float64) {
	if len(d.Series) == 1 {
		return
	}
	widest := 0.0
	for _, s := range d.Series {
		widest = max(widest, d.wide(s.Name))
	}
	share := 0.3
	if d.size.width < 400 {
		share = 0.22
	}
	d.direct = d.Shape == Lines && widest+18 <= share*d.size.width
	if d.direct {
		d.right = d.size.width - edge - widest - 18
		return
	}
	for i, s := range d.Series {
		d.legend = append(d.legend, entry{sign: i, words: s.Name})
	}
}

// placeLegend sets the entries in rows, breaks those that are wider than the drawing, and gives the y below them.
func (d *drawing) placeLegend(edge, y float64) float64 {
	for i, m := range d.Marks {
		d.legend = append(d.legend, entry{sign: signMark - i, words: m.Label})
	}
	if len(d.gaps()) > 0 {
		d.legend = append(d.legend, entry{sign: signGap, words: d.NoData})
	}
	x, rows := edge, 0
	for i := range d.legend {
		e := &d.legend[i]
		e.lines = wrap(e.words, (d.size.width-2*edge-signWide-4)/1.1, d.size.font)
		wide := 0.0
		for _, line := range e.lines {
			wide = max(wide, signWide+4+d.wide(line))
		}
		if x > edge && x+wide > d.size.width-edge {
			x, y, rows = edge, y+lineStep*float64(rows), 0
		}
		e.x, e.y = x, y
		x += wide + 14
		rows = max(rows, len(e.lines))
	}
	return y + lineStep*float64(rows)
}

// wide estimates the width of a text in the size of this drawing.
func (d *drawing) wide(s string) float64 { return textWidth(s, d.size.font) }

func (d *drawing) x(place float64) float64 { return d.left + place*d.slot }

func (d *drawing) middle(m Month) float64 { return d.x(d.place(m) + 0.5) }

func (d *drawing) y(v int64) float64 {
	return d.floor - float64(v)/float64(d.ticks[len(d.ticks)-1])*(d.floor-d.ceiling)
}

func (d *drawing) put(format string, args ...any) { fmt.Fprintf(&d.out, format, args...) }

// px writes a coordinate with at most one decimal place.
func px(v float64) string {
	v = math.Round(v*10) / 10
	if v == 0 {
		v = 0 // no "-0"
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if v != 0 && v > -1 && v < 1 { // ".5" and "-.5" are shorter and mean the same
		s = strings.Replace(s, "0.", ".", 1)
	}
	return s
}

// text writes a label. Anchor is "", "middle" or "end".
func (d *drawing) text(x, y float64, anchor, extra, words string) {
	if anchor != "" {
		anchor = ` text-anchor="` + anchor + `"`
	}
	d.put(`<text x="%s" y="%s"%s%s>%s</text>`, px(x), px(y), anchor, extra, escape(words))
}

func (d *drawing) draw() {
	id := d.ID + "-" + d.size.name
	d.put(`<svg class="chart-svg chart-%s" viewBox="0 0 %s %s" role="img" aria-labelledby="%s-t" aria-describedby="%s-d"`, d.size.name, px(d.size.width), px(d.height), id, id)
	d.put(` font-family="system-ui, sans-serif" font-size="%s" fill="currentColor"`, px(d.size.font))
	if d.size.alone {
		d.put(` xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" color="#1d2320"`, px(d.size.width), px(d.height))
	}
	d.put(`><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`, id, escape(d.Title), id, escape(d.Description))
	d.patterns(id)
	if d.size.alone {
		d.put(`<path d="M0 0h%sv%sH0z" fill="#fff"/>`, px(d.size.width), px(d.height))
	}
	d.out.WriteByte('\n')
	d.ground(id)
	if d.Shape == Bars {
		d.bars(id)
	} else {
		d.lines()
	}
	d.axis()
	d.words()
	d.out.WriteString("</svg>\n")
}

// patterns are the hatching of gaps and the fillings of bars.
func (d *drawing) patterns(id string) {
	filled := 0
	if d.Shape == Bars && len(d.Series) > 1 {
		filled = len(d.Series)
	}
	gaps := len(d.gaps()) > 0
	if !gaps && filled < 2 {
		return
	}
	d.put("<defs>")
	if gaps {
		d.put(`<pattern id="%s-gap" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0v6" stroke="currentColor" stroke-opacity=".35"/></pattern>`, id)
	}
	for i := 1; i < filled; i++ {
		d.put(`<pattern id="%s-f%d" class="chart-s%d" color="%s" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 0h6v6H0z" fill="currentColor" fill-opacity=".2"/>%s</pattern>`,
			id, i+1, i+1, colours[i], fillings[i])
	}
	d.put("</defs>")
}

// fillings of bars after the first, which is solid.
var fillings = [MaxSeries]string{
	1: `<path d="M-1 1l2-2M0 6l6-6M5 7l2-2" stroke="currentColor" stroke-width="1.5"/>`,
	2: `<circle cx="3" cy="3" r="1.3" fill="currentColor"/>`,
	3: `<path d="M0 1.5h6M0 4.5h6" stroke="currentColor"/>`,
	4: `<path d="M0 0l6 6M6 0L0 6" stroke="currentColor"/>`,
	5: `<path d="M1.5 0v6M4.5 0v6" stroke="currentColor"/>`,
}

// ground is all that lies behind the figures: bands, gaps, the lines of the axis, the marks.
func (d *drawing) ground(id string) {
	shade := ""
	labels := []Band{}
	for i, b := range d.Bands {
		x0, x1 := d.x(max(0, d.place(b.From))), d.x(min(float64(d.periods()), d.place(b.To)+1/float64(d.Step)))
		if x1 <= x0 {
			continue
		}
		if i%2 == 0 {
			shade += fmt.Sprintf("M%s %sH%sV%sH%sz", px(x0), px(d.roof), px(x1), px(d.floor), px(x0))
		}
		labels = append(labels, b)
	}
	if shade != "" {
		d.put(`<path class="chart-band" d="%s" fill-opacity=".06"/>`, shade)
	}
	for _, g := range d.gaps() {
		d.put(`<path class="chart-gap" d="M%s %sH%sV%sH%sz" fill="url(#%s-gap)"/>`, px(d.x(float64(g[0]))), px(d.roof), px(d.x(float64(g[1]+1))), px(d.floor), px(d.x(float64(g[0]))), id)
	}
	grid := ""
	for _, t := range d.ticks[1:] {
		grid += fmt.Sprintf("M%s %sH%s", px(d.left), px(d.y(t)), px(d.right))
	}
	d.put(`<path class="chart-grid" d="%s" stroke="currentColor" stroke-opacity=".18"/>`, grid)
	d.put(`<path class="chart-zero" d="M%s %sH%s" stroke="currentColor"/>`, px(d.left), px(d.floor), px(d.right))
	d.bandLabels(labels)
	for i, m := range d.Marks {
		if m.At < d.From || m.At > d.To+Month(d.Step)-1 {
			continue
		}
		x := d.x(d.place(m.At) + 0.5/float64(d.Step))
		d.put(`<path class="chart-mark" d="M%s %sV%s" stroke="currentColor" stroke-dasharray="3 3"/>`, px(x), px(d.flags+8), px(d.floor))
		d.sign(signMark-i, x, d.flags)
		d.taken = append(d.taken, box{x - 9, d.flags - 9, x + 9, d.flags + 9})
	}
	d.out.WriteByte('\n')
}

// bandLabels names the bands at the top, all of them or every second, third … as there is room.
func (d *drawing) bandLabels(bands []Band) {
	small := d.size.font - 1
	every := 1
	for ; every < len(bands); every++ {
		fits, end := true, math.Inf(-1)
		for i := 0; i < len(bands); i += every {
			c, w := d.bandMiddle(bands[i]), textWidth(bands[i].Label, small)
			if c-w/2 < end {
				fits = false
			}
			end = c + w/2 + 4
		}
		if fits {
			break
		}
	}
	for i := 0; i < len(bands); i += every {
		w := textWidth(bands[i].Label, small)
		x := min(max(d.bandMiddle(bands[i]), d.left+w/2), d.right-w/2)
		d.taken = append(d.taken, box{x - w/2, d.roof, x + w/2, d.roof + lineStep})
		d.text(x, d.roof+13, "middle", fmt.Sprintf(` font-size="%s" fill-opacity=".8"`, px(small)), bands[i].Label)
	}
}

func (d *drawing) bandMiddle(b Band) float64 {
	x0, x1 := d.x(max(0, d.place(b.From))), d.x(min(float64(d.periods()), d.place(b.To)+1/float64(d.Step)))
	return (x0 + x1) / 2
}

// axis writes the numbers on the left and the periods below.
func (d *drawing) axis() {
	d.put(`<g class="chart-axis">`)
	for _, t := range d.ticks {
		d.text(d.left-6, d.y(t)+4.5, "end", "", d.Number(t))
	}
	type tick struct {
		x     float64
		words string
	}
	var all []tick
	if d.Step == 1 && d.periods() > 18 { // years, at their January
		for m := d.From; m <= d.To; m++ {
			if m%12 == 0 {
				all = append(all, tick{d.x(d.place(m)), strconv.Itoa(m.Year())})
			}
		}
	} else {
		for i := range d.periods() {
			m := d.From + Month(i*d.Step)
			all = append(all, tick{d.middle(m), d.Period(m)})
		}
	}
	widest := 0.0
	for _, t := range all {
		widest = max(widest, d.wide(t.words)+5)
	}
	every := 1
	if len(all) > 1 {
		every = max(1, int(math.Ceil(widest/(all[1].x-all[0].x))))
	}
	marks := ""
	for i := 0; i < len(all); i += every {
		t := all[i]
		marks += fmt.Sprintf("M%s %sv5", px(t.x), px(d.floor))
		half := d.wide(t.words) / 2
		d.text(min(max(t.x, half), d.size.width-half), d.floor+19, "middle", "", t.words)
	}
	if marks != "" {
		d.put(`<path d="%s" stroke="currentColor"/>`, marks)
	}
	d.put("</g>\n")
}

// words are the unit, the legend, and what a drawing by itself needs to say.
func (d *drawing) words() {
	edge := 2.0
	y := edge
	if d.size.alone {
		edge, y = 16, 16
		for _, line := range d.title {
			y += titleSize + 5
			d.text(edge, y-5, "", fmt.Sprintf(` font-size="%s" font-weight="650"`, px(titleSize)), line)
		}
	}
	for _, line := range d.unit {
		d.text(edge, y+13, "", ` class="chart-unit" fill-opacity=".8"`, line)
		y += lineStep
	}
	for _, e := range d.legend {
		d.sign(e.sign, e.x+signWide/2, e.y+9)
		for i, line := range e.lines {
			d.text(e.x+signWide+4, e.y+13+lineStep*float64(i), "", "", line)
		}
	}
	for i, line := range d.source {
		d.text(edge, d.floor+24+lineStep*float64(i+1), "", ` fill-opacity=".8"`, line)
	}
}

// escape makes a text safe inside an element or attribute, and leaves out what XML cannot hold.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '"':
			b.WriteString("&#34;")
		case r == '\'':
			b.WriteString("&#39;")
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r < ' ' || r >= 0x7f && r <= 0x9f || r == utf8.RuneError || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// free finds, from several middles, the first where a label of that width meets no other. Where it would stand out over an edge it is
// moved in and anchored there, because the width is only an estimate.
func (d *drawing) free(w float64, spots ...[2]float64) (x, y float64, anchor string, ok bool) {
	for _, s := range spots {
		x, anchor := s[0], "middle"
		b := box{x - w/2, s[1] - 12, x + w/2, s[1] + 4}
		switch edge := d.right; {
		case b.x1 > edge:
			b.x0, b.x1, x, anchor = edge-w, edge, edge, "end"
		case b.x0 < d.left:
			b.x0, b.x1, x, anchor = d.left, d.left+w, d.left, "start"
		}
		if b.y0 < d.roof || slices.ContainsFunc(d.taken, b.meets) {
			continue
		}
		d.taken = append(d.taken, b)
		return x, s[1], anchor, true
	}
	return 0, 0, "", false
}

// spread moves labels at the given heights apart so that none is nearer than step to the next, within low and high.
func spread(heights []float64, step, low, high float64) []float64 {
	order := make([]int, len(heights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(heights[a], heights[b]) })
	out := slices.Clone(heights)
	for n, i := range order {
		out[i] = max(out[i], low)
		if n > 0 {
			out[i] = max(out[i], out[order[n-1]]+step)
		}
	}
	limit := high
	for n := len(order) - 1; n >= 0; n-- {
		out[order[n]] = min(out[order[n]], limit)
		limit = out[order[n]] - step
	}
	return out
}
