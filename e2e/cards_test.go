package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A card as it is printed is held before the camera, and its person opens. Where there is no camera or no script its digits are typed.
// Lost, it says so.
func TestACardFindsItsPerson(t *testing.T) {
	for _, w := range []struct {
		size   Size
		script bool
	}{{laptop, true}, {phone, false}} {
		t.Run(fmt.Sprintf("%s, script %v", w.size.Name, w.script), func(t *testing.T) {
			p := signedIn(t, w.size, w.script)
			person := registerQuietly(p)
			p.Goto("http://" + p.host + person + "/card")
			p.Inspect("card")
			p.onPaper(surname1, workspace, "Albergue")
			digits := eval[string](p, `document.querySelector('.cut').getAttribute('aria-label')`)
			if w.script {
				beforeTheCamera(p, ".cut")
				p.Goto("http://" + p.host + "/find")
				p.Go("[href='/scan#camera']")
			} else {
				p.Goto("http://" + p.host + "/find")
				p.Go("[href='/scan#camera']")
				p.at("/scan")
				p.Inspect("scan")
				p.Put("[name=code]", digits)
				p.Go("#form .go")
			}
			p.Until("the person of the card", `location.pathname === `+quote(person))

			p.Goto("http://" + p.host + person + "/card")
			p.Click(".hits summary")
			p.Pick("reason", "stolen")
			p.Go("[name=new][value='']")
			p.Until("the card to be lost", `document.querySelector('.hits .tag.plain')`)
			p.Goto("http://" + p.host + "/scan")
			p.Put("[name=code]", digits)
			p.Go("#form .go")
			p.Until("the word about the lost card", `document.querySelector('.note.warn')`)
			p.See(surname1)
			p.Inspect("scan-lost")
			p.Goto("http://" + p.host + "/cards?sheets=2")
			p.Until("twenty cards", `document.querySelectorAll('.cut').length === 20`)
			p.Inspect("cards")
			p.onPaper(workspace, "Albergue")
		})
	}
}

// onPaper looks at the page as it is printed: it says none of these.
func (p *Page) onPaper(never ...string) {
	p.t.Helper()
	for _, media := range []string{"print", ""} {
		if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media}); err != nil {
			p.t.Fatal(err)
		}
		text := p.Text()
		for _, word := range never {
			if media != "" && strings.Contains(text, word) {
				p.t.Errorf("%q is printed:\n%s", word, text)
			}
		}
	}
}

// beforeTheCamera puts what is drawn on the page into the file that the browser takes for its camera.
func beforeTheCamera(p *Page, what string) {
	p.t.Helper()
	at := eval[[]int](p, `(() => { const el = document.querySelector(`+quote(what)+`); el.scrollIntoView({ block: "center" }); const r = el.getBoundingClientRect();
		return [r.left, r.top, r.width, r.height].map(Math.round); })()`)
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	page, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		p.t.Fatal(err)
	}
	const width, height = 640, 480
	seen := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width { // as large as fits, and gray at the edges
			from := image.Pt(at[0]+x*at[2]/width, at[1]+at[3]/2+(y-height/2)*at[2]/width)
			seen.Pix[y*width+x] = 128
			if from.Y >= at[1] && from.Y < at[1]+at[3] {
				r, _, _, _ := page.At(from.X, from.Y).RGBA()
				seen.Pix[y*width+x] = uint8(r >> 8)
			}
		}
	}
	var film bytes.Buffer
	fmt.Fprintf(&film, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", width, height)
	for range 3 {
		film.WriteString("FRAME\n")
		film.Write(seen.Pix)
		film.Write(bytes.Repeat([]byte{128}, width*height/2))
	}
	if err := os.WriteFile(filepath.Join(scratch, cameraFile), film.Bytes(), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// A summary in a file opens from the disk of any telephone, without a network: with its PIN, in five languages, and never with another.
func TestASummaryOpensFromAFile(t *testing.T) {
	p := signedIn(t, phone, true)
	person := registerQuietly(p)
	p.Goto("http://" + p.host + person + "/summary")
	p.Inspect("summary")
	p.Go("[action$='/summary/file'] button")
	p.at(person + "/summary/file")
	p.Inspect("summary-file")
	pin := strings.ReplaceAll(eval[string](p, `document.querySelector('#pin ~ .mono').textContent`), "\u00a0", "")
	address := eval[string](p, `document.querySelector('a[download]').href`)
	_, packed, found := strings.Cut(address, ";base64,")
	file, err := base64.StdEncoding.DecodeString(packed)
	if !found || err != nil {
		t.Fatalf("the file is not in the page: %v", err)
	}
	path := filepath.Join(t.TempDir(), "documento.html")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}

	far := open(t, phone, true)
	far.Goto("file://" + path)
	far.NotSee(surname1)
	far.Inspect("carried")
	wrong := "000000000001"
	for _, no := range []string{"123", wrong} {
		far.Put("#pin", no)
		far.Click(".go")
		far.Until("a word about a wrong PIN", `document.querySelector("#said").textContent && !document.querySelector("#page h1")`)
	}
	far.Until("the answer to the wrong PIN", `document.querySelector("#said").textContent === JSON.parse(document.querySelector("#data").textContent).texts.es.wrong`)
	far.Put("#pin", pin[:3]+" "+pin[3:])
	far.Click(".go")
	far.See(surname1)
	far.Inspect("carried-open")
	spanish := far.Text()
	far.Click("[data-lang=ht]")
	far.Until("the summary in Creole", `document.documentElement.lang === "ht"`)
	far.See(surname1)
	if far.Text() == spanish {
		t.Error("in Creole it says the same as in Spanish")
	}
	far.Click("#close")
	far.NotSee(surname1)

	mute := open(t, phone, false)
	mute.Goto("file://" + path)
	mute.See("Chrome, Firefox")
}
