package report

import (
	"fmt"
	"math"
	"strings"
)

// bold is how much wider bold text is.
const bold = 1.08

// lines draws each series as a line that breaks where a period has no figure.
func (d *drawing) lines() {
	ends := make([]float64, 0, len(d.Series))
	for i, s := range d.Series {
		d.put(`<g class="chart-s%d" color="%s">`, i+1, colours[i])
		if path := d.path(s); path != "" {
			dash := ""
			if dashes[i] != "" && len(d.Series) > 1 {
				dash = ` stroke-dasharray="` + dashes[i] + `"`
			}
			d.put(`<path class="chart-line" d="%s" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"%s/>`, path, dash)
		}
		d.markers(i, s)
		d.put("</g>\n")
		if n := len(s.Points); n > 0 {
			ends = append(ends, d.y(s.Points[n-1].Value))
		} else {
			ends = append(ends, d.floor)
		}
	}
	if d.direct {
		for i, y := range spread(ends, lineStep-1, d.roof+8, d.floor) {
			if n := len(d.Series[i].Points); n > 0 && math.Abs(y-ends[i]) > 3 { // a label that had to move is tied to its line
				d.put(`<path class="chart-s%d" color="%s" d="M%s %sL%s %s" stroke="currentColor" stroke-opacity=".6"/>`, i+1, colours[i],
					px(d.middle(d.Series[i].Points[n-1].At)+4), px(ends[i]), px(d.right+7), px(y))
			}
			d.put(`<g class="chart-s%d" color="%s">`, i+1, colours[i])
			d.mark(i, marker(i, d.right+9, y))
			d.text(d.right+17, y+4.5, "", ` class="chart-name"`, d.Series[i].Name)
			d.put("</g>")
		}
		d.out.WriteByte('\n')
	}
	if len(d.Series) == 1 {
		d.nameTops(d.Series[0])
	}
}

// path joins neighbouring periods. A figure with no neighbour is a marker only.
func (d *drawing) path(s Series) string {
	var b strings.Builder
	pen := pen{out: &b}
	for i, p := range s.Points {
		before := i > 0 && s.Points[i-1].At == p.At-Month(d.Step)
		after := i+1 < len(s.Points) && s.Points[i+1].At == p.At+Month(d.Step)
		switch {
		case before:
			pen.line(d.middle(p.At), d.y(p.Value))
		case after:
			pen.move(d.middle(p.At), d.y(p.Value))
		}
	}
	return b.String()
}

// A pen writes path data with relative steps, which are shorter. It keeps count in tenths so that rounding does not add up.
type pen struct {
	out  *strings.Builder
	x, y int
}

func (p *pen) move(x, y float64) {
	p.x, p.y = int(math.Round(x*10)), int(math.Round(y*10))
	p.out.WriteString("M" + pair(p.x, p.y))
}

func (p *pen) line(x, y float64) {
	nx, ny := int(math.Round(x*10)), int(math.Round(y*10))
	p.out.WriteString("l" + pair(nx-p.x, ny-p.y))
	p.x, p.y = nx, ny
}

// pair writes two coordinates given in tenths; a minus sign parts them by itself.
func pair(x, y int) string {
	a, b := px(float64(x)/10), px(float64(y)/10)
	if b[0] == '-' {
		return a + b
	}
	return a + " " + b
}

// markers stand on figures without neighbours, on all figures when they are few, and else at distances, each series a little further
// along, so that lines can be told apart where they run together.
func (d *drawing) markers(i int, s Series) {
	every := max(1, int(math.Ceil(44/d.slot)))
	data := ""
	for _, p := range s.Points {
		_, before := s.value(p.At - Month(d.Step))
		_, after := s.value(p.At + Month(d.Step))
		place := int(p.At-d.From) / d.Step
		some := len(d.Series) > 1 && (place+i*every/len(d.Series))%every == every/2
		if !before && !after || len(s.Points) <= 12 || some {
			data += marker(i, d.middle(p.At), d.y(p.Value))
		}
	}
	d.mark(i, data)
}

// marker is the path of a series' sign at a place: circle, square, triangle, diamond, ring, cross.
func marker(series int, x, y float64) string {
	at := func(dx, dy float64) string { return "M" + pair(int(math.Round((x+dx)*10)), int(math.Round((y+dy)*10))) }
	switch series {
	case 0:
		return at(0, 0) + "h0" // drawn with a round pen
	case 1:
		return at(-3.2, -3.2) + "h6.4v6.4h-6.4z"
	case 2:
		return at(0, -4.6) + "l4.4 7.6h-8.8z"
	case 3:
		return at(0, -4.6) + "l4.6 4.6-4.6 4.6-4.6-4.6z"
	case 4:
		return at(-3, 0) + "a3 3 0 1 0 6 0a3 3 0 1 0-6 0"
	}
	return at(-3.5, -3.5) + "l7 7m0-7l-7 7"
}

// mark draws markers of a series.
func (d *drawing) mark(series int, data string) {
	if data == "" {
		return
	}
	pen := ""
	switch series {
	case 0:
		pen = ` stroke="currentColor" stroke-width="7" stroke-linecap="round"`
	case 4, 5:
		pen = ` fill="none" stroke="currentColor" stroke-width="2"`
	}
	d.put(`<path d="%s"%s/>`, data, pen)
}

// nameTops writes the highest and the last figure beside them.
func (d *drawing) nameTops(s Series) {
	if len(s.Points) == 0 {
		return
	}
	top := 0
	for i, p := range s.Points {
		if p.Value > s.Points[top].Value {
			top = i
		}
	}
	d.put(`<g class="chart-top">`)
	last := len(s.Points) - 1
	d.nameOne(s.Points[top])
	if last != top {
		d.nameOne(s.Points[last])
	}
	d.put("</g>\n")
}

func (d *drawing) nameOne(p Point) {
	words := d.Number(p.Value) + " · " + d.Period(p.At)
	x, y := d.middle(p.At), d.y(p.Value)
	w := bold * d.wide(words)
	lx, ly, anchor, ok := d.free(w, [2]float64{x, y - 9}, [2]float64{x, y - 9 - lineStep}, [2]float64{x - w/2 - 8, y - 2}, [2]float64{x + w/2 + 8, y - 2})
	if !ok {
		return
	}
	d.put(`<circle class="chart-s1" color="%s" cx="%s" cy="%s" r="3.5"/>`, colours[0], px(x), px(y))
	d.text(lx, ly, anchor, ` font-weight="650"`, words)
}

// bars draws each period as a bar; several series are stacked, the first at the bottom.
func (d *drawing) bars(id string) {
	wide := d.slot * 0.72
	if d.slot < 5 {
		wide = d.slot * 0.9
	}
	base := make([]int64, d.periods())
	for i, s := range d.Series {
		path := ""
		for _, p := range s.Points {
			place := int(p.At-d.From) / d.Step
			y0, y1 := d.y(base[place]), d.y(base[place]+p.Value)
			base[place] += p.Value
			if p.Value == 0 { // a figure all the same: a short line on the floor says that it is not a gap
				y1 = y0 - 1
			}
			path += fmt.Sprintf("M%s %sh%sV%sh-%sz", px(d.middle(p.At)-wide/2), px(y0), px(wide), px(y1), px(wide))
		}
		if path == "" {
			continue
		}
		fill := ""
		if i > 0 {
			fill = fmt.Sprintf(` fill="url(#%s-f%d)" stroke="currentColor" stroke-width=".75"`, id, i+1)
		}
		d.put(`<path class="chart-bar chart-s%d" color="%s" d="%s"%s/>`, i+1, colours[i], path, fill)
	}
	d.out.WriteByte('\n')
	d.nameBars(base)
}

// nameBars writes each bar's figure above it when all of them fit, or only the highest and the last.
func (d *drawing) nameBars(sums []int64) {
	have := make([]bool, len(sums))
	for _, s := range d.Series {
		for _, p := range s.Points {
			have[int(p.At-d.From)/d.Step] = true
		}
	}
	fit, top, last := true, -1, -1
	for i, v := range sums {
		if !have[i] {
			continue
		}
		fit = fit && bold*d.wide(d.Number(v)) <= d.slot-2
		if top < 0 || v > sums[top] {
			top = i
		}
		last = i
	}
	d.put(`<g class="chart-top">`)
	for i, v := range sums {
		if !have[i] || !fit && i != top && i != last {
			continue
		}
		words := d.Number(v)
		if x, y, anchor, ok := d.free(bold*d.wide(words), [2]float64{d.x(float64(i) + 0.5), d.y(v) - 5}); ok {
			d.text(x, y, anchor, ` font-weight="650"`, words)
		}
	}
	d.put("</g>\n")
}

// sign draws what an entry of the legend is about, signWide around x.
func (d *drawing) sign(sign int, x, y float64) {
	switch {
	case sign <= signMark:
		d.put(`<circle class="chart-mark" cx="%s" cy="%s" r="8" fill="none" stroke="currentColor"/>`, px(x), px(y))
		d.text(x, y+4, "middle", ` font-size="11"`, fmt.Sprint(signMark-sign+1))
	case sign == signGap:
		d.put(`<path d="M%s %sh26v12h-26z" fill="url(#%s-gap)" stroke="currentColor" stroke-opacity=".35"/>`, px(x-13), px(y-6), d.ID+"-"+d.size.name)
	case d.Shape == Bars:
		fill := ""
		if sign > 0 {
			fill = fmt.Sprintf(` fill="url(#%s-%s-f%d)" stroke="currentColor" stroke-width=".75"`, d.ID, d.size.name, sign+1)
		}
		d.put(`<path class="chart-s%d" color="%s" d="M%s %sh26v12h-26z"%s/>`, sign+1, colours[sign], px(x-13), px(y-6), fill)
	default:
		dash := ""
		if dashes[sign] != "" {
			dash = ` stroke-dasharray="` + dashes[sign] + `"`
		}
		d.put(`<g class="chart-s%d" color="%s"><path d="M%s %sh26" stroke="currentColor" stroke-width="2"%s/>`, sign+1, colours[sign], px(x-13), px(y), dash)
		d.mark(sign, marker(sign, x, y))
		d.put("</g>")
	}
}
