package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
)

// streamed are the addresses that take a file of any size. It is read as it comes and nothing of it is written to the disk:
// the boxes before the file are read first, so in these forms the file stands last.
var streamed = map[string]bool{"/carry/read": true, "/people/import": true, "/backup/check": true, "/restore": true}

// largestStream is more than a browser sends in a day.
const largestStream = 1 << 44

// upload reads the boxes of such a form up to the file. A form of another member's page is refused.
func (c *call) upload(name string) (boxes url.Values, file *multipart.Part, err error) {
	parts, err := c.r.MultipartReader()
	if err != nil {
		return nil, nil, errors.Join(errTooMuch, err)
	}
	boxes = url.Values{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return boxes, nil, nil
		}
		if err != nil {
			return nil, nil, errors.Join(errTooMuch, err)
		}
		if part.FileName() == "" && part.FormName() != name {
			value, err := io.ReadAll(io.LimitReader(part, longest+1))
			if err != nil || len(value) > longest {
				return nil, nil, errors.Join(errTooMuch, err)
			}
			boxes.Add(part.FormName(), string(value))
			continue
		}
		if c.session != nil && !ofMember(boxes, c.session.member) {
			return nil, nil, otherError{}
		}
		if part.FormName() != name || part.FileName() == "" { // nothing was chosen
			return boxes, nil, nil
		}
		return boxes, part, nil
	}
}

// download is an answer that the browser keeps as a file. Until the first byte is written another answer can be given.
type download struct {
	c     *call
	name  string
	began bool
}

// Write is io.Writer's.
func (d *download) Write(b []byte) (int, error) {
	if !d.began {
		d.began = true
		h := d.c.w.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
		h.Set("Vary", "Cookie")
		d.c.w.WriteHeader(http.StatusOK)
	}
	return d.c.w.Write(b)
}

// end says what went wrong while nothing was sent, and breaks off what was begun: only so the browser knows that the file
// is not whole.
func (d *download) end(err error) error {
	if err != nil && d.began {
		d.c.config.Log.Warn("a file broke off", "pattern", d.c.route.Pattern)
		panic(http.ErrAbortHandler)
	}
	return err
}
