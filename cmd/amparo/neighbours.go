package main

import (
	"context"
	"fmt"
	"time"

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/seal"
)

// neighbourAnswer is what `neighbours --json` prints.
type neighbourAnswer struct {
	Code       string          `json:"code"` // by which neighbours know this device
	Neighbours []neighbourLine `json:"neighbours"`
	Found      []neighbourLine `json:"found,omitempty"` // on the network now, when they were looked for
}

type neighbourLine struct {
	Code    string    `json:"code,omitempty"` // empty: found, and never met
	Address string    `json:"address"`
	At      time.Time `json:"last_exchange,omitzero"`
}

// neighbours lists, looks for and forgets the devices that this one exchanges with over local networks. It needs no
// passphrase: what it shows says nothing of anybody.
func neighbours(ctx context.Context, c *call) error {
	fs := newFlags("neighbours")
	look, forget := fs.Bool("look", false, ""), fs.String("forget", "", "")
	dirs, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	reg, err := registry()
	if err != nil {
		return err
	}
	n, err := node.Open(dirs[0], reg, c.options())
	if err != nil {
		return err
	}
	defer n.Close()
	if *forget != "" {
		pin, err := seal.ParsePin(*forget)
		if err != nil {
			return err
		}
		if err := n.ForgetNeighbour(pin); err != nil {
			return err
		}
	}
	answer, err := c.listNeighbours(ctx, n, *look)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(answer)
	}
	fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.neighbours.code", "code", answer.Code))
	for _, l := range answer.Neighbours {
		last := lang.T(c.lang, "pending.place_never")
		if !l.At.IsZero() {
			last = lang.T(c.lang, "status.exchanged", "ago", lang.Ago(c.lang, l.At, time.Now()))
		}
		fmt.Fprintf(c.Stdout, "  %s  %s  %s\n", l.Code, l.Address, last)
	}
	if len(answer.Neighbours) == 0 {
		fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.neighbours.none"))
	}
	if !*look {
		return nil
	}
	fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.neighbours.found", "n", len(answer.Found)))
	for _, l := range answer.Found {
		code := l.Code
		if code == "" {
			code = lang.T(c.lang, "cmd.neighbours.stranger")
		}
		fmt.Fprintf(c.Stdout, "  %s  %s\n", l.Address, code)
	}
	return nil
}

func (c *call) listNeighbours(ctx context.Context, n *node.Node, look bool) (neighbourAnswer, error) {
	own, err := n.Pin()
	if err != nil {
		return neighbourAnswer{}, err
	}
	answer := neighbourAnswer{Code: own.String(), Neighbours: []neighbourLine{}}
	met, err := n.Neighbours()
	if err != nil {
		return answer, err
	}
	for _, m := range met {
		answer.Neighbours = append(answer.Neighbours, neighbourLine{Code: m.Pin.String(), Address: m.Address, At: m.At})
	}
	if !look {
		return answer, nil
	}
	found, err := n.Look(ctx, nil)
	for _, f := range found {
		l := neighbourLine{Address: f.Address}
		if f.Met {
			l.Code = f.Link.Pin.String()
		}
		answer.Found = append(answer.Found, l)
	}
	return answer, err
}

// openDoor answers neighbours while the pages are served.
func (c *call) openDoor(h *house) error {
	n := h.open()
	if n == nil {
		return node.ErrNoWorkspace
	}
	d, err := n.OpenDoor(node.DoorOptions{Address: h.lan, Log: c.log()})
	if err != nil {
		return err
	}
	for _, l := range d.Links() {
		fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.serve.lan", "link", l.String()))
	}
	return nil
}
