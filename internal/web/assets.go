package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"amparo/internal/report"
)

//go:embed assets templates
var files embed.FS

// asset is one embedded file with the name that changes when its bytes do, so browsers may keep it for ever.
type asset struct {
	address string
	kind    string
	plain   []byte
	packed  []byte // gzip, made once; nil when it would not be smaller
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// shelf holds the assets by file name and by address; made on first use.
type shelf struct{ byName, byAddress map[string]*asset }

var assets = sync.OnceValue(func() shelf {
	s := shelf{map[string]*asset{}, map[string]*asset{}}
	names, err := fs.Glob(files, "assets/*")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, name := range names {
		plain, err := files.ReadFile(name)
		if err != nil {
			panic(fmt.Errorf("an asset that is built in cannot be read: %w", err))
		}
		if path.Base(name) == "paper.css" { // one sheet for pages and their charts
			plain = append(plain, report.ChartCSS...)
		}
		sum := sha256.Sum256(plain)
		base, ext := path.Base(name), path.Ext(name)
		a := &asset{
			address: "/assets/" + strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext,
			kind:    kinds[ext], plain: plain,
		}
		if len(plain) > smallest {
			if packed := pack(plain, gzip.BestCompression); len(packed) < len(plain) {
				a.packed = packed
			}
		}
		s.byName[base], s.byAddress[a.address] = a, a
	}
	return s
})

// smallest is the size in bytes above which an answer is worth compressing.
const smallest = 1024

func pack(plain []byte, level int) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		panic(err) // the level is a constant
	}
	if _, err := z.Write(plain); err != nil {
		panic(err) // a bytes.Buffer does not fail
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// assetAddress is where a file of assets/ is served.
func assetAddress(name string) string {
	if a := assets().byName[name]; a != nil {
		return a.address
	}
	return ""
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	a := assets().byAddress[r.URL.Path]
	if a == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := a.plain
	if a.packed != nil && takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = a.packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader may have gone; nothing depends on it
	}
}

func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.EqualFold(name, "gzip") && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}
