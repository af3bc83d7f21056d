package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"sync"

	"amparo/internal/lang"
	"amparo/internal/people"
)

// The page that a person carries. It stands alone: it opens from a telephone's memory, without a network and without Amparo.
var (
	//go:embed carried/carried.js
	carriedScript string
	//go:embed carried/carried.css
	carriedStyle string
	//go:embed carried/carried.html
	carriedPage string
)

var carriedTemplate = sync.OnceValues(func() (*template.Template, error) { return template.New("carried").Parse(carriedPage) })

// carriedData is what stands in the page for its script.
type carriedData struct {
	Texts  map[lang.Tag]map[string]string `json:"texts"`
	Sealed any                            `json:"sealed"`
}

// carriedFile is the page as its template takes it.
type carriedFile struct {
	Lang    lang.Tag
	Title   string
	Policy  string
	Style   template.CSS
	Script  template.JS
	Langs   []LangChoice
	Without []carriedWithout
	Data    carriedData
}

// carriedWithout is what is said where scripts do not run.
type carriedWithout struct {
	Lang lang.Tag
	Text string
}

// CarriedFile is a file to be kept by who it is about. It is in the page that offers it: the program keeps nothing to be fetched later.
type CarriedFile struct {
	Address template.URL
	Name    string // says nothing of what is in it
	Size    int
}

func inPage(file []byte) CarriedFile {
	return CarriedFile{template.URL("data:text/html;base64," + base64.StdEncoding.EncodeToString(file)), "documento.html", len(file)}
}

// hashed names a text in a content security policy, so that it may run and nothing else.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// carry makes the file: the summary in all languages, sealed, in a page that opens it. The page itself names neither the person nor the
// organisation nor this program.
func (c *call) carry(all people.Copy, in lang.Tag, parts []string) (file []byte, pin string, err error) {
	desk, can := c.desk.(SummarySealer)
	if !can {
		return nil, "", errNothingHere
	}
	reader := c.lang
	defer func() { c.lang = reader }()
	said := map[lang.Tag]Summary{}
	data := carriedData{Texts: map[lang.Tag]map[string]string{}}
	page := carriedFile{Lang: in, Title: lang.T(in, "carried.title"), Style: template.CSS(carriedStyle), Script: template.JS(carriedScript)}
	page.Policy = strings.Join([]string{"default-src 'none'", "script-src " + hashed(carriedScript), "style-src " + hashed(carriedStyle), "base-uri 'none'", "form-action 'none'"}, "; ")
	for _, tag := range lang.Tags() {
		c.lang = tag
		said[tag] = c.summarise(all, parts)
		data.Texts[tag] = map[string]string{"title": c.T("carried.title"), "pin": c.T("carried.pin"), "open": c.T("carried.open"), "close": c.T("carried.close"), "opening": c.T("carried.opening"),
			"short": c.T("carried.short"), "wrong": c.T("carried.wrong"), "elsewhere": c.T("carried.elsewhere")}
		page.Langs = append(page.Langs, LangChoice{Tag: tag, Name: lang.Name(tag), On: tag == in})
		page.Without = append(page.Without, carriedWithout{tag, c.T("carried.elsewhere")})
	}
	text, err := json.Marshal(said)
	if err != nil {
		return nil, "", fmt.Errorf("web: a summary to carry: %w", err)
	}
	if data.Sealed, pin, err = desk.SealSummary(text); err != nil {
		return nil, "", err
	}
	page.Data = data
	t, err := carriedTemplate()
	if err != nil {
		return nil, "", fmt.Errorf("web: a summary to carry: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, page); err != nil {
		return nil, "", fmt.Errorf("web: a summary to carry: %w", err)
	}
	return b.Bytes(), pin, nil
}

// inThrees writes a PIN in groups of three.
func inThrees(pin string) string {
	var b strings.Builder
	for i := 0; i < len(pin); i += 3 {
		if i > 0 {
			b.WriteRune('\u00a0')
		}
		b.WriteString(pin[i:min(i+3, len(pin))])
	}
	return b.String()
}
