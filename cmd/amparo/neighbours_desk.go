package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"amparo/internal/node"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/web"
)

// What follows shows the pages the devices nearby (web.Neighbourly).

func (d *desk) Door() (web.Doorway, error) {
	n := d.session.Node()
	pin, err := n.Pin()
	if err != nil {
		return web.Doorway{}, asWeb(err)
	}
	out := web.Doorway{Code: pin.String()}
	if door := n.Door(); door != nil {
		out.Open, out.Until = true, door.Until()
		for _, l := range door.Links() {
			out.Links = append(out.Links, l.String())
		}
	}
	return out, nil
}

func (d *desk) OpenDoor(lasts time.Duration) error {
	o := node.DoorOptions{Address: d.lan, Log: d.log, Lasts: lasts}
	_, err := d.session.Node().OpenDoor(o)
	var refusal *record.Refusal
	if errors.As(err, &refusal) && refusal.Code == "address_taken" && d.lan == "" { // by another folder of this machine
		o.Address = ":0"
		_, err = d.session.Node().OpenDoor(o)
	}
	return webError(err)
}

func (d *desk) CloseDoor() error {
	if door := d.session.Node().Door(); door != nil {
		return webError(door.Close())
	}
	return nil
}

func (d *desk) Neighbours() ([]web.Neighbour, error) {
	met, err := d.session.Node().Neighbours()
	if err != nil {
		return nil, asWeb(err)
	}
	out := make([]web.Neighbour, len(met))
	for i, m := range met {
		out[i] = d.neighbour(m.Link, m.At)
	}
	return out, nil
}

func (d *desk) neighbour(l node.Link, at time.Time) web.Neighbour {
	n := web.Neighbour{Code: l.Pin.String(), Address: l.Address, At: at}
	if !l.Member.IsZero() {
		n.Name = d.ask("SELECT name FROM field.member WHERE member = ?", l.Member)
	}
	return n
}

func (d *desk) LookAround(ctx context.Context) ([]web.Neighbour, error) {
	met, err := d.session.Node().Neighbours()
	if err != nil {
		return nil, asWeb(err)
	}
	found, err := d.session.Node().Look(ctx, nil)
	if err != nil {
		return nil, asWeb(err)
	}
	var out []web.Neighbour
	for _, f := range found {
		one := web.Neighbour{Address: f.Address}
		if f.Met {
			at := slices.IndexFunc(met, func(m node.Met) bool { return m.Pin == f.Link.Pin })
			one = d.neighbour(f.Link, met[max(at, 0)].At)
		}
		out = append(out, one)
	}
	return out, nil
}

func (d *desk) ExchangeWith(ctx context.Context, link string) (web.Exchanged, error) {
	sum, err := d.session.ExchangeNeighbour(ctx, link, nil)
	return web.Exchanged{Sent: int(sum.Sent), Received: int(sum.Received), Bytes: sum.BytesOut + sum.BytesIn}, webError(err)
}

func (d *desk) ForgetNeighbour(code string) error {
	pin, err := seal.ParsePin(code)
	if err != nil {
		return record.Refuse("code", "mistyped_code").Because(err)
	}
	return webError(d.session.Node().ForgetNeighbour(pin))
}
