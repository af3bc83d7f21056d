package web

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"amparo/internal/record"
)

// whose is the hidden box in every form that says whose page it was.
const whose = "_who"

// postForm finds the forms of a finished page that send something.
var postForm = regexp.MustCompile(`<form\b[^>]*\bmethod="post"[^>]*>`)

// signed puts the member into every form of a page: when another member has unlocked in the same browser meanwhile, what the
// first one had typed must not be saved under the second one's name. It is done here, for all forms at once, so that no page
// can forget it.
func signed(page []byte, member record.ID) []byte {
	box := []byte(`<input type="hidden" name="` + whose + `" value="` + member.String() + `">`)
	return postForm.ReplaceAllFunc(page, func(form []byte) []byte {
		return append(form[:len(form):len(form)], box...)
	})
}

// ofMember reports whether a form was this member's page, or does not say whose it was.
func ofMember(typed url.Values, member record.ID) bool {
	return !typed.Has(whose) || typed.Get(whose) == member.String()
}

// otherError reports a form from the page of another member.
type otherError struct{ member string }

func (e otherError) Error() string { return "web: the page was another member's" }

// sameMember refuses a form of another member's page and takes the box away from what handlers read.
func (c *call) sameMember() error {
	if streamed[c.route.Pattern] { // upload looks at it
		return nil
	}
	if err := c.parse(); err != nil {
		return err
	}
	if !ofMember(c.r.PostForm, c.session.member) {
		e := otherError{}
		if m, known := memberNamed(c.config.House.Members(), c.r.PostForm.Get(whose)); known {
			e.member = m.Name
		}
		return e
	}
	c.r.PostForm.Del(whose)
	c.r.Form.Del(whose)
	return nil
}

// parse reads a form, with its files when it has some. Nothing is written to the disk: what a form may hold at most fits
// into the memory that is allowed here.
func (c *call) parse() error {
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	err := c.r.ParseForm()
	if kind == "multipart/form-data" && err == nil {
		err = c.r.ParseMultipartForm(c.route.most())
	}
	if err != nil {
		return errors.Join(errTooMuch, err)
	}
	return nil
}

// awake tells a page how many seconds it may still be shown; 0: it must be covered now. The page asks when its time is over
// and when it comes to light again. Asked without X-Quiet it says that somebody is working on it.
func awake(c *call) error {
	left := time.Duration(0)
	if c.session != nil && c.r.URL.Query().Get("who") == c.session.member.String() {
		left = c.sessions.left(c.session)
	}
	seconds := int64(max(0, (left+time.Second-1)/time.Second))
	return c.send(http.StatusOK, "text/plain; charset=utf-8", []byte(strconv.FormatInt(seconds, 10)))
}
