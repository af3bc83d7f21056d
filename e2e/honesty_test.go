package e2e

import (
	"fmt"
	"testing"
)

// What two sites wrote differently is settled in one step and taken back in one; each page says what is only here; who
// coordinates sees when each device was heard of.
func TestWhatIsWhereAndWhatIsToBeSettled(t *testing.T) {
	demo := theDemo(t)
	for _, w := range []struct {
		size   Size
		script bool
	}{{phone, true}, {laptop, false}} {
		t.Run(fmt.Sprintf("%s, script %v", w.size.Name, w.script), func(t *testing.T) {
			p := enter(t, demo["Reynosa"], w.size, w.script)
			p.Goto(p.base() + "/conflicts")
			rivals := func() int { return eval[int](p, `document.querySelectorAll('.rival').length`) }
			before, record := rivals(), eval[string](p, `document.querySelector('.rival [name=record]').value`)
			p.Click(".rival [name=says]")
			p.Follow(".rival button")
			p.at("/conflicts")
			if n := rivals(); n != before-1 {
				t.Errorf("%d to settle after one of %d was", n, before)
			}
			p.Follow("[action='/undo'] button")
			p.at("/conflicts")
			if n := rivals(); n != before {
				t.Errorf("%d to settle after it was taken back, %d before", n, before)
			}
			p.Goto(p.base() + "/people/" + record)
			p.Until("an entry that is only here", `[...document.querySelectorAll('.time .tag')].some(e => e.innerText.includes('Solo aquí'))`) // the two steps
			p.Inspect("person-only-here")
			p.exchange()
			p.Inspect("pending-places")
			p.Goto(p.base() + "/people/" + record)
			p.See("con copia en otro lugar")
			p.Until("nothing that is only here", `![...document.querySelectorAll('.time .tag')].some(e => e.innerText.includes('Solo aquí'))`)

			c := enter(t, demo["coordination"], w.size, w.script)
			c.exchange()
			c.Goto(c.base() + "/devices")
			c.See("Este equipo")
			c.See("última noticia")
			c.Inspect("devices")
		})
	}
}
