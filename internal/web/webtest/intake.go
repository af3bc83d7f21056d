package webtest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// wrongList is a list of people of which some rows cannot be taken.
const wrongList = "Nombre;Apellidos;Edad;Nacionalidad;Nota\n" +
	"Ana Lucía;Pérez Soto;31;Honduras;\nJean;Baptiste;150;Haití;\nEva;Ruiz;treinta;Narnia;\n;;12;Cuba;=1+1\nLuz;Mora;como 40;Venezuela;viaja con su hermana\n"

// ApplyWhole takes every registration that names somebody, and every other action.
func (d *Desk) ApplyWhole(ctx context.Context, in lang.Tag, requests []record.Request, trial bool) ([]record.Result, bool, error) {
	var out []record.Result
	for _, r := range requests {
		var said struct{ Given, Surname1, Nickname string }
		if err := json.Unmarshal(r.Data, &said); err != nil {
			return nil, false, err
		}
		one := record.Result{OK: true, Action: r.Action, ID: r.ID, Result: map[string]any{"person": ID(40)}}
		if r.Action == "person.register" && strings.TrimSpace(said.Given+said.Surname1+said.Nickname) == "" {
			one = record.Result{Action: r.Action, ID: r.ID, Error: &record.Problem{Code: "name_required", Field: "given", Message: lang.T(in, "refuse.name_required")}}
		}
		out = append(out, one)
	}
	if trial || slices.ContainsFunc(out, func(r record.Result) bool { return !r.OK }) {
		return out, false, nil
	}
	for _, r := range requests {
		d.Apply(ctx, in, r)
	}
	return out, true, nil
}
