package report

import (
	"math"
	"strings"
)

// ticks are round numbers from zero up to at least top, about want of them besides zero. They are whole, because people and events are.
func ticks(top int64, want int) []int64 {
	if top < 1 {
		return []int64{0, 1}
	}
	step := niceStep(float64(top) / float64(want))
	var out []int64
	for v := int64(0); ; v += step {
		out = append(out, v)
		if v >= top {
			return out
		}
	}
}

// niceStep is the smallest of 1, 2, 2.5, 5 times a power of ten, and whole, that is at least v.
func niceStep(v float64) int64 {
	if v <= 1 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if step := m * power; step >= v*(1-1e-9) && step == math.Trunc(step) {
			return int64(step)
		}
	}
	return int64(10 * power)
}

// textWidth estimates how wide a text is drawn, from the widths of a common sans-serif. It errs to the wide side, because a label that
// is given too much room does no harm.
func textWidth(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case r == ' ' || r == '.' || r == ',' || r == '\'' || r == '·' || r == 'i' || r == 'l' || r == 'I' || r == '\u202f' || r == ':':
			w += 0.32
		case r >= '0' && r <= '9':
			w += 0.6
		case r >= 'A' && r <= 'Z' || r == 'm' || r == 'w':
			w += 0.74
		case r >= 0x2e80:
			w += 1.05
		default:
			w += 0.58
		}
	}
	return w * size
}

// wrap parts a text into lines no wider than width. A word that is wider by itself stands alone.
func wrap(text string, width, size float64) []string {
	var out []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case textWidth(line+" "+word, size) <= width:
			line += " " + word
		default:
			out = append(out, line)
			line = word
		}
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}
