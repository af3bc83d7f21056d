package e2e

import (
	"fmt"
	"testing"
)

// Two sites of the demo exchange as neighbours: one opens its door, the other is told the link, and knows it from then on.
func TestTwoDevicesNearby(t *testing.T) {
	demo := theDemo(t)
	for _, w := range []struct {
		size   Size
		script bool
	}{{phone, true}, {laptop, false}} {
		t.Run(fmt.Sprintf("%s, script %v", w.size.Name, w.script), func(t *testing.T) {
			p := enter(t, demo["Reynosa"], w.size, w.script)
			p.Goto(p.base() + "/nearby")
			p.Inspect("nearby-closed")
			p.Follow("[value=open]")
			p.at("/nearby")
			p.See("Abierto hasta el")
			p.Inspect("nearby-open")
			link := eval[string](p, `document.querySelector('details .mono').textContent`)

			q := enter(t, demo["Tapachula"], w.size, w.script)
			q.Goto(q.base() + "/nearby")
			q.Fill("#link", link[:len(link)-40]) // not all of it was copied
			q.Follow("#form .go")
			q.expectFault("status of 422")
			q.Inspect("nearby-mistyped")
			q.Fill("#link", link)
			q.Follow("#form .go")
			q.at("/nearby")
			q.See("Listo.")
			q.See("127.0.0.1")
			q.Inspect("nearby-met")
			q.Follow("[action='/nearby/forget'] button")
			q.at("/nearby")
			q.See("ya no está en la lista")

			p.Goto(p.base() + "/nearby")
			p.Follow("[value=close]")
			p.at("/nearby")
			p.See("Ahora nadie puede intercambiar")
		})
	}
}
