package shares

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jba/templatecheck"
	"rsc.io/qr"

	"amparo/internal/lang"
)

func TestThePaperIsCheckedAgainstItsType(t *testing.T) {
	if err := templatecheck.CheckHTML(paperTemplate, []Page{}); err != nil {
		t.Error(err)
	}
}

// What is printed can be used: each sheet, as text and as a web page, in every language, read back as it is.
func TestWhatIsPrintedIsRead(t *testing.T) {
	for _, tag := range lang.Tags() {
		_, list := made(t, home(7), 2, 3)
		pages, err := Pages(tag, list, time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		html, err := HTML(pages)
		if err != nil {
			t.Fatal(err)
		}
		text := Text(pages)
		if strings.Count(string(text), "\f") != 2 || strings.Count(string(html), "<section>") != 3 {
			t.Errorf("%s: not one sheet a share", tag)
		}
		for name, paper := range map[string]string{"text": string(text), "html": string(html), "words alone": regexp.MustCompile(`(?m)^    [A-Z0-9:]+$`).ReplaceAllString(string(text), "")} {
			found, err := Parse(paper)
			if err != nil || len(found.Shares) != 3 {
				t.Errorf("%s, %s: %v, %d shares", tag, name, err, len(found.Shares))
				continue
			}
			if _, h, err := Combine(found.Home, found.Shares); err != nil || h.Workspace != home(7).Workspace {
				t.Errorf("%s, %s: %v %v", tag, name, err, h)
			}
		}
		for _, line := range strings.Split(string(text), "\n") {
			if n := len([]rune(line)); n > 80 {
				t.Errorf("%s: a line of %d signs: %s", tag, n, line)
			}
		}
		for _, outside := range []string{"http:", "https:", "<script", "url("} { // a sheet asks for nothing and shows no address in clear
			if strings.Contains(string(html), outside) {
				t.Errorf("%s: the document has %q", tag, outside)
			}
		}
	}
}

// The squares are those of the code, whatever way they are joined.
func TestTheDrawnCodeIsTheCode(t *testing.T) {
	_, list := made(t, home(8), 1, 1)
	path, side, err := drawn(list[0].Code())
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(list[0].Code(), qr.M)
	if err != nil || side != code.Size+2*quiet {
		t.Fatal(err, side)
	}
	if code.Size > 61 {
		t.Errorf("%d modules a side: the squares are too small for a cheap telephone", code.Size)
	}
	drawnBlack := map[[2]int]bool{}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(string(path), -1) {
		x, y, n := number(m[1]), number(m[2]), number(m[3])
		if m[3] != m[4] {
			t.Fatalf("%s is not a box", m[0])
		}
		for i := range n {
			drawnBlack[[2]int{x + i - quiet, y - quiet}] = true
		}
	}
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) != drawnBlack[[2]int{x, y}] {
				t.Fatalf("the module %d, %d", x, y)
			}
		}
	}
}

func number(digits string) (n int) {
	for _, d := range digits {
		n = n*10 + int(d-'0')
	}
	return n
}
