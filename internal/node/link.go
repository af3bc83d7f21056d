package node

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"amparo/internal/record"
	"amparo/internal/seal"
)

// NeighbourPort is where a device answers its neighbours when nobody says otherwise.
const NeighbourPort = "8462"

// Link is how to come to a neighbour: where it is, and by which key it is known. It is handed over in person, as a code on
// the screen or on paper, and opens nothing: what is exchanged is sealed, and only members are answered.
type Link struct {
	Address string // host:port
	Pin     seal.Pin
	Member  record.ID // who works on that device, to call it by in lists; zero: not said. Nothing is believed for it
}

// String is https://HOST:PORT/#PIN, with ".MEMBER" after it when a member is named. What stands behind # is never sent.
func (l Link) String() string {
	text := "https://" + l.Address + "/#" + l.Pin.String()
	if !l.Member.IsZero() {
		text += "." + l.Member.String()
	}
	return text
}

// ParseLink reads what String wrote, as people paste and type it. It refuses with `not_a_link`, or `mistyped_code` when
// only the code behind # is wrong.
func ParseLink(text string) (Link, error) {
	where, fragment, named := strings.Cut(strings.TrimSpace(text), "#")
	code, member, _ := strings.Cut(fragment, ".")
	if !named {
		return Link{}, record.Refuse("link", "not_a_link")
	}
	l, err := Link{}, error(nil)
	if l.Address, err = parseAddress(where); err != nil {
		return Link{}, err
	}
	if l.Pin, err = seal.ParsePin(code); err != nil {
		return Link{}, record.Refuse("link", "mistyped_code").Because(err)
	}
	if member != "" {
		if l.Member, err = record.ParseID(strings.ToLower(member)); err != nil {
			return Link{}, record.Refuse("link", "mistyped_code").Because(err)
		}
	}
	return l, nil
}

// parseAddress reads an address with or without https:// and a port.
func parseAddress(text string) (string, error) {
	bad := record.Refuse("link", "not_a_link")
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "", bad.Because(err)
	case u.Scheme != "https", u.Hostname() == "", u.User != nil, strings.Trim(u.Path, "/") != "", u.RawQuery != "":
		return "", bad
	}
	port := u.Port()
	if port == "" {
		port = NeighbourPort
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

// Neighbour finds a neighbour by what somebody gives: a whole link, or the code or the address of one that was met before.
// It refuses with `unknown_neighbour` when it was not, `not_a_link` and `mistyped_code`.
func (n *Node) Neighbour(text string) (Link, error) {
	if strings.Contains(text, "#") {
		return ParseLink(text)
	}
	met, err := n.Neighbours()
	if err != nil {
		return Link{}, err
	}
	pin, notPin := seal.ParsePin(text)
	address, notAddress := parseAddress(text)
	for _, l := range met {
		if notPin == nil && l.Pin == pin || notAddress == nil && l.Address == address {
			return l.Link, nil
		}
	}
	if notPin == nil || notAddress == nil && strings.ContainsAny(text, ".:") {
		return Link{}, record.Refuse("link", "unknown_neighbour")
	}
	if errors.Is(notPin, seal.ErrPinText) && notPin != seal.ErrPinText {
		return Link{}, record.Refuse("link", "mistyped_code").Because(notPin)
	}
	return Link{}, record.Refuse("link", "not_a_link")
}
