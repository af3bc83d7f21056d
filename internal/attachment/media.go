package attachment

import (
	"bytes"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxSize is the most bytes of a file: a photograph or a scanned letter, not a film.
const MaxSize = 10 << 20

// media are the kinds of files that are told by how they begin, with the endings under which they are known.
var media = []struct {
	name   string
	at     int // where the sign stands
	sign   string
	ending []string // the first is given to a file whose name has another
}{
	{"application/pdf", 0, "%PDF-", []string{".pdf"}},
	{"image/jpeg", 0, "\xff\xd8\xff", []string{".jpg", ".jpeg"}},
	{"image/png", 0, "\x89PNG\r\n\x1a\n", []string{".png"}},
	{"image/gif", 0, "GIF8", []string{".gif"}},
	{"image/webp", 8, "WEBP", []string{".webp"}},
	{"image/tiff", 0, "II*\x00", []string{".tif", ".tiff"}},
	{"image/tiff", 0, "MM\x00*", []string{".tif", ".tiff"}},
	{"image/heic", 4, "ftypheic", []string{".heic", ".heif"}},
	{"image/heic", 4, "ftypheix", []string{".heic", ".heif"}},
	{"image/heic", 4, "ftypmif1", []string{".heic", ".heif"}},
	{"audio/mp4", 4, "ftypM4A", []string{".m4a"}},
	{"video/3gpp", 4, "ftyp3gp", []string{".3gp"}},
	{"video/mp4", 4, "ftyp", []string{".mp4", ".mov"}},
	{"audio/ogg", 0, "OggS", []string{".ogg", ".opus", ".oga"}},
	{"audio/mpeg", 0, "ID3", []string{".mp3"}},
	{"audio/wav", 8, "WAVE", []string{".wav"}},
	{"audio/amr", 0, "#!AMR", []string{".amr"}},
	{"application/zip", 0, "PK\x03\x04", []string{".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp"}},
	{"application/msword", 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", []string{".doc", ".xls", ".ppt", ".msg"}},
	{"application/rtf", 0, "{\\rtf", []string{".rtf"}},
}

// What is neither told by a sign nor text is a file of some kind, and gets an ending that no machine opens by itself.
const (
	plainText = "text/plain"
	someFile  = "application/octet-stream"
)

// programs are how files begin that a machine runs. They are refused: whoever opens a file about a person means to read it.
var programs = []string{"MZ", "\x7fELF", "\xfe\xed\xfa", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "#!/", "#! /", "\x00asm", "L\x00\x00\x00\x01\x14\x02\x00"}

// sniff tells what a file is by its bytes, never by its name.
func sniff(content []byte) (name string, program bool) {
	for _, sign := range programs {
		if bytes.HasPrefix(content, []byte(sign)) {
			return someFile, true
		}
	}
	for _, m := range media {
		if len(content) >= m.at && bytes.HasPrefix(content[m.at:], []byte(m.sign)) {
			return m.name, false
		}
	}
	head := content[:min(len(content), 4096)]
	if len(head) < len(content) { // a letter may be cut in two
		for i := 0; i < utf8.UTFMax-1 && len(head) > 0 && !utf8.Valid(head); i++ {
			head = head[:len(head)-1]
		}
	}
	if utf8.Valid(head) && !bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' }) {
		return plainText, false
	}
	return someFile, false
}

// FileName is the name under which a file is handed out: without folders, without what no disk takes, and with an ending that
// tells what the bytes are. A page or a program that calls itself a photograph does not open as one.
func FileName(name, of string) string {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`<>:"/\|?*`, r) { // what turns the direction of text, too
			return '_'
		}
		return r
	}, name)
	if name = strings.Trim(name, " ."); name == "" {
		name = "archivo"
	}
	endings := []string{".bin"}
	if of == plainText {
		endings = []string{".txt"}
	}
	for _, m := range media {
		if m.name == of {
			endings = m.ending
			break
		}
	}
	end := strings.ToLower(path.Ext(name))
	for _, e := range endings {
		if e == end && len(name) > len(end) {
			return short(strings.TrimSuffix(name, path.Ext(name))) + end
		}
	}
	if len(endings) == 1 && endings[0] == ".bin" {
		return short(name) + ".bin"
	}
	return short(name) + endings[0]
}

// short keeps a name within what every disk takes.
func short(name string) string {
	for len(name) > 180 {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}
