package sample

import (
	"encoding/json"
	"math"
	"time"
)

// Shares of people about whom two sites write while apart.
const (
	rivalShare = 0.04 // in one field: both values stand until someone settles it
	mergeShare = 0.04 // in different fields: nobody notices
)

// change is one field of an edit.
type change struct {
	field string
	value any
}

// writeApart lets the site that somebody left and the one where they are now write about them on the same day, neither
// knowing of the other: a sister calls the first, the person corrects something at the second.
func (t *teller) writeApart() {
	rivals := t.share(rivalShare)
	merges := t.share(mergeShare)
	// The walker first, so that every demonstration has a rival to show on the person it shows.
	order := make([]traveller, 0, len(t.travelled))
	for _, tr := range t.travelled {
		if tr.id == t.Walker {
			order = append(order, tr)
		}
	}
	for _, i := range t.r.Perm(len(t.travelled)) {
		if t.travelled[i].id != t.Walker {
			order = append(order, t.travelled[i])
		}
	}
	done := map[string]bool{}
	for _, tr := range order {
		if done[tr.id] {
			continue
		}
		there, here, ok := t.apart(tr)
		if !ok {
			continue
		}
		switch {
		case t.Totals.Rivals < rivals:
			a, b := t.rivalry(tr.who)
			t.update(tr.who, tr.before, there, a.field, a.value)
			t.update(tr.who, tr.here, here, b.field, b.value)
			if t.Totals.Rivals++; t.Totals.Rivals%3 == 0 {
				t.settle(tr, a.field, []any{a.value, b.value}[t.r.IntN(2)], there, here)
			}
		case t.Totals.Merges < merges:
			fields := t.free(tr.who)
			if len(fields) < 2 {
				continue
			}
			i := t.r.IntN(len(fields) - 1)
			t.update(tr.who, tr.before, there, fields[i], t.value(tr.who, fields[i]))
			t.update(tr.who, tr.here, here, fields[i+1], t.value(tr.who, fields[i+1]))
			t.Totals.Merges++
		default:
			return
		}
		done[tr.id] = true
	}
}

func (t *teller) share(part float64) int {
	return max(1, int(math.Round(part*float64(len(t.People)))))
}

// apart finds two moments on the day of arrival at which the two sites write without knowing of each other.
func (t *teller) apart(tr traveller) (there, here time.Time, ok bool) {
	if !t.open(tr.before, tr.day) || len(t.free(tr.who)) == 0 {
		return there, here, false
	}
	there = t.at(tr.before, tr.day, 0.1, 0.95)
	here = tr.at.Add(t.minutes(tr.here, tr.day, 5, 60))
	if here.After(t.End.Add(-4*time.Minute)) || !there.After(tr.said[tr.before]) {
		return there, here, false
	}
	ab, ba := t.arrives(tr.before, there, tr.here), t.arrives(tr.here, here, tr.before)
	return there, here, ab.After(here) && ba.After(there)
}

// free lists the fields of a person that nobody has changed since the registration, so that every site sees the same value.
func (t *teller) free(w *who) []string {
	var out []string
	for _, f := range []string{"phone", "note", "direction", "nickname", "surname2"} {
		if !w.edited[f] && !(f == "surname2" && (w.alias || w.Surname2 == "")) && !(f == "nickname" && w.alias) {
			out = append(out, f)
		}
	}
	return out
}

// rivalry draws a field and two values for it that differ from each other and from what stands.
func (t *teller) rivalry(w *who) (a, b change) {
	fields := t.free(w)
	f := fields[t.r.IntN(len(fields))]
	a = change{f, t.value(w, f)}
	b = a
	for tries := 0; b.value == a.value; tries++ {
		b.value = t.value(w, f)
		if text, ok := b.value.(string); ok && f == "surname2" && tries > 3 && b.value == a.value {
			b.value = text + pick(t.r, "s", "z", "x") // a short name may have one mistyped form only
		}
	}
	return a, b
}

// value draws a new value for a field.
func (t *teller) value(w *who, field string) any {
	for {
		var new, old string
		switch field {
		case "phone":
			country := w.Nationality[0]
			if dialling[country] == "" {
				country = "MEX"
			}
			new, old = t.phone(country), w.Phone
		case "direction":
			new, old = pick(t.r, "north", "south", "staying", "unknown"), w.Direction
		case "nickname":
			new, old = t.nickname(w.Sex, w.Nationality[0]), w.Nickname
		case "surname2":
			if new, old = mistype(t.r, w.Surname2), w.Surname2; new == old {
				new += pick(t.r, "s", "z", "x")
			}
		default:
			new, old = pick(t.r, remarks...), w.Note
		}
		if new != old {
			return new
		}
	}
}

var remarks = []string{
	"Pregunta por su hermana, que viene un día atrás.", "Prefiere hablar con una mujer.", "Llamar solo por la tarde.", "Viaja ahora con dos primos.",
	"No quiere que se avise al consulado.", "Necesita intérprete.", "Se queda con una familia de la iglesia.", "Perdió el teléfono en el tren.",
	"Espera a su esposo hasta el lunes.", "Pide copia de su resumen.", "Tiene cita el próximo mes.", "Usa lentes, los perdió.",
}

type settling struct {
	Record string          `json:"record"`
	Kind   string          `json:"kind"`
	Field  string          `json:"field"`
	Value  json.RawMessage `json:"value"`
}

// settle lets the coordination decide, the morning after both values have arrived there.
func (t *teller) settle(tr traveller, field string, value any, there, here time.Time) {
	known := t.arrives(tr.before, there, Coordination)
	if other := t.arrives(tr.here, here, Coordination); other.After(known) {
		known = other
	}
	for day := range days {
		if !t.open(Coordination, day) {
			continue
		}
		if at := t.at(Coordination, day, 0.05, 0.3); at.After(known) {
			t.do(Coordination, at, "conflict.settle", t.newID("k"), settling{tr.id, "person", field, marshal(value)})
			return
		}
	}
}
