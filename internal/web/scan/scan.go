// Package scan finds the code of a card in a picture. It works on this machine and in memory: a picture is looked at and forgotten,
// written nowhere and sent nowhere.
package scan

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // what cameras and telephones make
	_ "image/png"  // and pictures of screens
	"io"
	"sync"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// What can be wrong with a picture.
var (
	ErrPicture = errors.New("scan: not a picture that can be read") // neither JPEG nor PNG, damaged, or larger than cameras make
	ErrNothing = errors.New("scan: no code found")
)

// Bounds of a picture: unpacked it stands in memory, of which a small laptop has little.
const (
	mostPixels = 50_000_000
	mostSide   = 1600 // pixels on the longer side that are looked at: a code that fills a tenth of it is found
)

// one picture is looked at at a time, so that several windows together take no more memory than one.
var one sync.Mutex

// Code gives the text of the QR code in a picture. It fails with ErrPicture or ErrNothing.
func Code(picture []byte) (string, error) {
	about, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrPicture, err)
	}
	if about.Width <= 0 || about.Height <= 0 || about.Width > mostPixels/about.Height {
		return "", fmt.Errorf("%w: %d by %d pixels", ErrPicture, about.Width, about.Height)
	}
	one.Lock()
	defer one.Unlock()
	img, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || img == nil {
		return "", fmt.Errorf("%w: %w", ErrPicture, err)
	}
	side := max(about.Width, about.Height)
	for _, most := range []int{mostSide, mostSide / 3} { // blurred at full size, a code is often plain at a third
		if most < mostSide && side <= most {
			break
		}
		if text, err := read(gray(img, (side+most-1)/most)); err == nil {
			return text, nil
		}
	}
	return "", ErrNothing
}

// read looks for a code in gray pixels, by the light around each and by that of the whole.
func read(g *image.Gray) (text string, err error) {
	// The reader walks along what it takes for a code; a picture made to lead it astray must not end the program.
	defer func() {
		if p := recover(); p != nil {
			text, err = "", fmt.Errorf("%w: %v", ErrNothing, p)
		}
	}()
	width, height := g.Rect.Dx(), g.Rect.Dy()
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.Pix, g.Stride, height, 0, 0, width, height, false)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNothing, err)
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	for _, light := range []func(gozxing.LuminanceSource) gozxing.Binarizer{gozxing.NewHybridBinarizer, gozxing.NewGlobalHistgramBinarizer} {
		points, err := gozxing.NewBinaryBitmap(light(source))
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrNothing, err)
		}
		if found, err := qrcode.NewQRCodeReader().Decode(points, hints); err == nil && found.GetText() != "" {
			return found.GetText(), nil
		}
	}
	return "", ErrNothing
}

// gray takes the light of a picture, each pixel the mean of a square of k by k.
func gray(img image.Image, k int) *image.Gray {
	k = max(k, 1)
	b := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, max(b.Dx()/k, 1), max(b.Dy()/k, 1)))
	light := lightOf(img)
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			sum, n := 0, 0
			for dy := range min(k, b.Dy()) {
				for dx := range min(k, b.Dx()) {
					sum += int(light(b.Min.X+x*k+dx, b.Min.Y+y*k+dy))
					n++
				}
			}
			out.Pix[y*out.Stride+x] = uint8(sum / n)
		}
	}
	return out
}

// lightOf reads the light of a pixel; of what cameras make without turning it into colours first.
func lightOf(img image.Image) func(x, y int) uint8 {
	switch p := img.(type) {
	case *image.YCbCr:
		return func(x, y int) uint8 { return p.Y[p.YOffset(x, y)] }
	case *image.Gray:
		return func(x, y int) uint8 { return p.GrayAt(x, y).Y }
	}
	return func(x, y int) uint8 {
		r, g, b, a := img.At(x, y).RGBA()
		return uint8((299*r+587*g+114*b)/1000>>8 + (0xffff-a)>>8) // what lets light through stands on white
	}
}
