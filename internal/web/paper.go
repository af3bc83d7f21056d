package web

import (
	"encoding/base64"
	"html/template"
	"io"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// Paper is a text that leaves by hand: as a file, as a code that a telephone reads, or copied.
type Paper struct {
	Text              string
	File              template.URL  // the text itself, so that the server keeps nothing to be fetched later
	Name              string        // of the file
	Title, Save, Copy string        // what is said of it
	Code              template.HTML // a drawing; empty: the text is too long for one that can be read
}

// densest is the largest code that an old telephone reads from a screen, in points a side (version 25).
const densest = 117

func (c *call) paper(text, name string) *Paper {
	p := &Paper{Text: text, Name: name, Title: c.T("paper.code"), Save: c.T("paper.save"), Copy: c.T("paper.copy"), File: template.URL("data:application/json;base64," + base64.StdEncoding.EncodeToString([]byte(text)))}
	if code, err := qr.Encode(text, qr.L); err == nil && code.Size <= densest {
		p.Code = drawCode(code)
	}
	return p
}

// quiet is the white margin that readers of codes need, in points.
const quiet = 4

// drawCode draws the code of a page that names it once.
func drawCode(code *qr.Code) template.HTML {
	return drawCodeAs(code, `role="img" aria-labelledby="code-title"`)
}

// drawCodeAs draws a code as one path, row by row: moves over what is white, strokes over what is black. said is what the drawing is to
// who does not see it, as attributes.
func drawCodeAs(code *qr.Code, said string) template.HTML {
	var b strings.Builder
	side := strconv.Itoa(code.Size + 2*quiet)
	b.WriteString(`<svg class="qr" viewBox="0 0 ` + side + " " + side + `" ` + said + ` shape-rendering="crispEdges"><path fill="#fff" d="M0 0h` + side + `v` + side + `H0z"/><path stroke="#000" d="`)
	for y := range code.Size {
		b.WriteString("M" + strconv.Itoa(quiet) + " " + strconv.Itoa(y+quiet) + ".5")
		for x := 0; x < code.Size; {
			end, black := x, code.Black(x, y)
			for end < code.Size && code.Black(end, y) == black {
				end++
			}
			if black {
				b.WriteString("h" + strconv.Itoa(end-x))
			} else if end < code.Size {
				b.WriteString("m" + strconv.Itoa(end-x) + " 0")
			}
			x = end
		}
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String())
}

// readAll reads a small file that came with a form; the form as a whole is bounded already.
func readAll(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, largest)) }
