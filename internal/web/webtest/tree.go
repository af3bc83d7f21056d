package webtest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Node is one element of a page.
type Node struct {
	Name     string
	Attrs    map[string]string
	Text     string // directly inside, without that of elements below
	Children []*Node
	Parent   *Node
}

// Parse reads a page and fails when an element is not closed, closed twice or closed in the wrong order: our own pages are written
// so that this holds, which keeps what a browser makes of them predictable.
func Parse(page []byte) (*Node, error) {
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	d.AutoClose = append(slices.Clone(d.AutoClose), "source", "wbr")
	root := &Node{Name: "#root"}
	at := root
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			n := &Node{Name: token.Name.Local, Attrs: map[string]string{}, Parent: at}
			for _, a := range token.Attr {
				name := a.Name.Local
				if a.Name.Space != "" {
					name = a.Name.Space + ":" + name
				}
				if _, twice := n.Attrs[name]; twice {
					return nil, fmt.Errorf("<%s> has %s twice", n.Name, name)
				}
				n.Attrs[name] = a.Value
			}
			at.Children = append(at.Children, n)
			if !slices.Contains(xml.HTMLAutoClose, n.Name) {
				at = n
			}
		case xml.EndElement:
			if slices.Contains(xml.HTMLAutoClose, token.Name.Local) {
				continue
			}
			if at.Name != token.Name.Local {
				return nil, fmt.Errorf("</%s> closes <%s>", token.Name.Local, at.Name)
			}
			at = at.Parent
		case xml.CharData:
			at.Text += string(token)
		}
	}
	if at != root {
		return nil, fmt.Errorf("<%s> is never closed", at.Name)
	}
	return root, nil
}

// Walk visits an element and all below it.
func (n *Node) Walk(visit func(*Node)) {
	visit(n)
	for _, c := range n.Children {
		c.Walk(visit)
	}
}

// All lists the elements of a name.
func (n *Node) All(name string) []*Node {
	var out []*Node
	n.Walk(func(e *Node) {
		if e.Name == name {
			out = append(out, e)
		}
	})
	return out
}

// Words is all text of an element and below, with single blanks.
func (n *Node) Words() string {
	var b strings.Builder
	n.Walk(func(e *Node) { b.WriteString(" " + e.Text) })
	return strings.Join(strings.Fields(b.String()), " ")
}

// Inside reports an element within one of a name.
func (n *Node) Inside(name string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Name == name {
			return true
		}
	}
	return false
}
