package shares

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rsc.io/qr"

	"amparo/internal/lang"
)

// Page is one share on one sheet. It says what it is and what to do with it, and neither who works here nor at what.
type Page struct {
	Tag         lang.Tag
	Number, Of  int // this share, and how many there are
	Need        int // how many suffice
	Set         string
	Made        string
	Words, Home []string
	Code        []string // in lines
	Dark        template.HTMLAttr
	Side        int // of the QR code with its margin, in modules
}

// Pages lays shares out, in a reader's language. made is the day that stands on them. The shares must know their Home.
func Pages(tag lang.Tag, list []Share, made time.Time) ([]Page, error) {
	var out []Page
	for _, s := range list {
		code := s.Code()
		dark, side, err := drawn(code)
		if err != nil {
			return nil, err
		}
		out = append(out, Page{Tag: tag, Number: s.Number, Of: s.N, Need: s.K, Set: s.Set.Label(), Made: lang.Date(tag, made), Words: s.Words(tag), Home: s.Home.Words(tag),
			Code: inLines(code), Dark: dark, Side: side})
	}
	return out, nil
}

// T is a text of the catalogue.
func (p Page) T(key string) string { return lang.T(p.Tag, key) }

// Title says which share it is.
func (p Page) Title() string { return lang.T(p.Tag, "share.title", "number", p.Number, "of", p.Of) }

// Origin says which set it is of, and when that was made.
func (p Page) Origin() string { return lang.T(p.Tag, "share.made", "set", p.Set, "date", p.Made) }

// What says what the sheet is: one thing when it takes several, another when each suffices.
func (p Page) What() string {
	if p.Need == 1 {
		return lang.T(p.Tag, "share.what_each", "of", p.Of)
	}
	return lang.T(p.Tag, "share.what", "of", p.Of, "need", p.Need)
}

// Use says what to do with it one day.
func (p Page) Use() string { return lang.T(p.Tag, "share.use", "need", p.Need) }

const quiet = 4 // modules left white around a QR code

// drawn is a QR code as the path of an SVG: black modules, joined along each row.
func drawn(text string) (path template.HTMLAttr, side int, err error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", 0, fmt.Errorf("draw a share: %w", err)
	}
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	return template.HTMLAttr(`d="` + b.String() + `"`), code.Size + 2*quiet, nil // numbers and letters only
}

const codeLine = 64

func inLines(code string) (out []string) {
	for len(code) > codeLine {
		out, code = append(out, code[:codeLine]), code[codeLine:]
	}
	return append(out, code)
}

//go:embed paper.html
var paperHTML string

var paperTemplate = template.Must(template.New("paper").Parse(paperHTML))

// HTML is a document for A4, black on white, one share a sheet. It asks for nothing from anywhere.
func HTML(pages []Page) ([]byte, error) {
	var b bytes.Buffer
	if err := paperTemplate.Execute(&b, pages); err != nil {
		return nil, fmt.Errorf("print shares: %w", err)
	}
	return b.Bytes(), nil
}

// Text is the same for a printer that knows letters only: form feeds between the sheets.
func Text(pages []Page) []byte {
	var b strings.Builder
	for i, p := range pages {
		if i > 0 {
			b.WriteString("\f")
		}
		p.text(&b)
	}
	return []byte(b.String())
}

const textWidth = 76

func (p Page) text(b *strings.Builder) {
	title := p.Title()
	fmt.Fprintf(b, "%s\n%s\n%s\n", title, strings.Repeat("=", utf8.RuneCountInString(title)), p.Origin())
	for _, text := range []string{p.What(), p.T("share.keep"), p.T("share.lost"), p.Use()} {
		b.WriteString("\n" + wrapped(text))
	}
	fmt.Fprintf(b, "\n    amparo recover DIR --share FILE --share FILE\n\n%s\n\n%s", p.T("share.words"), inColumns(p.Words))
	fmt.Fprintf(b, "\n%s\n", wrapped(p.T("share.code")))
	for _, line := range p.Code {
		b.WriteString("    " + line + "\n")
	}
	fmt.Fprintf(b, "\n%s\n\n%s\n%s\n%s: ______________________   %s: ______________\n", p.T("share.home_title"), wrapped(p.T("share.home")), inColumns(p.Home), p.T("share.kept_by"), p.T("share.since"))
}

func wrapped(text string) string {
	var b strings.Builder
	width := 0
	for _, w := range strings.Fields(text) {
		n := utf8.RuneCountInString(w)
		if width > 0 && width+1+n > textWidth {
			b.WriteString("\n")
			width = 0
		}
		if width > 0 {
			b.WriteString(" ")
			width++
		}
		b.WriteString(w)
		width += n
	}
	return b.String() + "\n"
}

func inColumns(words []string) string {
	const columns, each = 4, 17
	var b strings.Builder
	for i, w := range words {
		cell := fmt.Sprintf("%3s. %s", strconv.Itoa(i+1), w)
		b.WriteString(cell)
		if i%columns == columns-1 || i == len(words)-1 {
			b.WriteString("\n")
		} else {
			b.WriteString(strings.Repeat(" ", max(1, each-utf8.RuneCountInString(cell))))
		}
	}
	return b.String()
}
