package scan_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"rsc.io/qr"

	"amparo/internal/web/scan"
)

const text = "48214129000173218650"

// photograph lays the code of a text, seen from an angle of turn degrees, points wide squares of it, into a picture with a slope of light
// and grain.
func photograph(t testing.TB, text string, width, height int, points, turn, grain float64) *image.Gray {
	t.Helper()
	code, err := qr.Encode(text, qr.Q)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, uint64(turn)))
	g := image.NewGray(image.Rect(0, 0, width, height))
	sin, cos := math.Sincos(turn * math.Pi / 180)
	for y := range height {
		for x := range width {
			dx, dy := float64(x)-float64(width)/2, float64(y)-float64(height)/2
			u, v := (dx*cos+dy*sin)/points+float64(code.Size)/2, (dy*cos-dx*sin)/points+float64(code.Size)/2
			light := 200.0
			switch {
			case u < -4 || v < -4 || u > float64(code.Size)+4 || v > float64(code.Size)+4:
				light = 120 // the table
			case u >= 0 && v >= 0 && u < float64(code.Size) && v < float64(code.Size) && code.Black(int(u), int(v)):
				light = 60
			}
			light += 40*float64(x)/float64(width) - 20 + r.NormFloat64()*grain
			g.SetGray(x, y, color.Gray{Y: uint8(max(0, min(255, light)))})
		}
	}
	return g
}

func packed(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestACodeIsReadAsItIsHeld(t *testing.T) {
	for _, c := range []struct {
		name                string
		width, height       int
		points, turn, grain float64
	}{
		{"straight", 640, 480, 8, 0, 4},
		{"askew", 640, 480, 8, 17, 8},
		{"on its head", 640, 480, 7, 180, 8},
		{"far away", 640, 480, 3.1, 5, 3},
		{"close", 640, 480, 15, 44, 10},
		{"a telephone's photograph", 3000, 2000, 24, 93, 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := scan.Code(packed(t, photograph(t, text, c.width, c.height, c.points, c.turn, c.grain), 70))
			if err != nil || got != text {
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
}

func TestAPictureOfAScreenIsRead(t *testing.T) {
	gray := photograph(t, text, 300, 300, 6, 0, 0)
	drawn := image.NewNRGBA(gray.Bounds()) // black on nothing, as a drawing is kept
	for y := range 300 {
		for x := range 300 {
			if gray.GrayAt(x, y).Y < 100 {
				drawn.SetNRGBA(x, y, color.NRGBA{A: 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, drawn); err != nil {
		t.Fatal(err)
	}
	if got, err := scan.Code(b.Bytes()); err != nil || got != text {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestWhatIsNoPictureOfACode(t *testing.T) {
	bomb := packed(t, image.NewGray(image.Rect(0, 0, 8, 8)), 50)
	at := bytes.Index(bomb, []byte{0xff, 0xc0})
	copy(bomb[at+5:], []byte{0xff, 0xff, 0xff, 0xff}) // 65,535 by 65,535 pixels in some hundred bytes
	for name, c := range map[string]struct {
		picture []byte
		want    error
	}{
		"nothing":         {nil, scan.ErrPicture},
		"a text":          {[]byte("hola"), scan.ErrPicture},
		"far too large":   {bomb, scan.ErrPicture},
		"a gray wall":     {packed(t, photograph(t, text, 320, 240, 0.01, 0, 20), 70), scan.ErrNothing},
		"a single pixel":  {packed(t, image.NewGray(image.Rect(0, 0, 1, 1)), 70), scan.ErrNothing},
		"a sliver":        {packed(t, image.NewGray(image.Rect(0, 0, 4000, 1)), 70), scan.ErrNothing},
		"cut in the head": {packed(t, photograph(t, text, 320, 240, 4, 0, 2), 70)[:40], scan.ErrPicture},
	} {
		if got, err := scan.Code(c.picture); got != "" || !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v; want %v", name, got, err, c.want)
		}
	}
}

// Whatever bytes come as a picture: an answer or an error.
func FuzzCode(f *testing.F) {
	f.Add(packed(f, photograph(f, text, 120, 120, 4, 0, 2), 40))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, picture []byte) {
		if len(picture) > 1<<16 {
			return
		}
		if got, err := scan.Code(picture); (err == nil) == (got == "") {
			t.Fatalf("%q, %v", got, err)
		}
	})
}

// Pixels that look like a code in parts lead the reader astray without ending the program.
func FuzzPixels(f *testing.F) {
	f.Add(photograph(f, text, 64, 64, 2.5, 0, 0).Pix)
	f.Fuzz(func(t *testing.T, pix []byte) {
		g := image.NewGray(image.Rect(0, 0, 64, 64))
		copy(g.Pix, pix)
		var b bytes.Buffer
		if err := png.Encode(&b, g); err != nil {
			t.Fatal(err)
		}
		if got, err := scan.Code(b.Bytes()); (err == nil) == (got == "") {
			t.Fatalf("%q, %v", got, err)
		}
	})
}
