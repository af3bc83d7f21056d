package intake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/intake"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

// read reads a list that can be read, and gives what each row would register.
func read(t *testing.T, text string) (*intake.List, []map[string]any) {
	t.Helper()
	l, err := intake.Read(strings.NewReader(text), lang.ES, worktest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	for _, r := range l.Rows {
		var data map[string]any
		if r.Request.Data != nil {
			if err := json.Unmarshal(r.Request.Data, &data); err != nil {
				t.Fatal(err)
			}
		}
		rows = append(rows, data)
	}
	return l, rows
}

func TestListsAsPeopleKeepThem(t *testing.T) {
	for name, c := range map[string]struct {
		list string
		want map[string]any
	}{
		"the form's own words": {"Nombre,Apellido paterno,Apellido materno,Sexo,Nacionalidad,Fecha de nacimiento\nMaría José,López,Díaz,Mujer,hondureña,27/3/1991\n",
			map[string]any{"given": "María José", "surname1": "López", "surname2": "Díaz", "sex": "f", "nationality": []any{"HND"}, "birth": "1991-03-27"}},
		"the fields' names": {"given;surname1;age;languages;direction\nJean;Baptiste;27;ht, fr;south\n",
			map[string]any{"given": "Jean", "surname1": "Baptiste", "age": 27.0, "languages": []any{"ht", "fr"}, "direction": "south"}},
		"a whole name":          {"No.,Nombre completo,Edad\n1,Ana de la Cruz Pérez,como 30\n", map[string]any{"given": "Ana", "surname1": "de la Cruz", "surname2": "Pérez", "age": 30.0, "age_about": true}},
		"only a name":           {"Nombre\nAna López\n", map[string]any{"given": "Ana", "surname1": "López"}},
		"two surnames together": {"Nombres\tApellidos\nAna\tLópez Díaz\n", map[string]any{"given": "Ana", "surname1": "López", "surname2": "Díaz"}},
		"in English":            {"First name,Last name,Sex,Country of origin\nJo,Smith,male,Haiti\n", map[string]any{"given": "Jo", "surname1": "Smith", "sex": "m", "nationality": []any{"HTI"}}},
		"a column left out":     {"Nombre,#folio\nAna,=1+1\n", map[string]any{"given": "Ana"}},
		"born when age is told": {"Nombre,Edad\nAna,1991\n", map[string]any{"given": "Ana", "birth": "1991"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, rows := read(t, c.list)
			if len(l.Rejected) > 0 || len(rows) != 1 || !reflect.DeepEqual(rows[0], c.want) {
				t.Errorf("%v, want %v; rejected %v", rows, c.want, l.Rejected)
			}
		})
	}
}

func TestListsThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "list_empty",
		"Nombre\n":                       "list_empty",
		"Edad\n30\n":                     "list_no_name",
		"Nombre,Talla de zapato\nAna,5":  "list_columns",
		"Nombre,Nombres\nAna,Ana":        "list_twice",
		"Nombre completo,Apellido\nA,B":  "list_twice",
		"\x00\x01\x02":                   "list_no_table",
		"\"Nombre\nAna":                  "list_no_table",
		"Nombre,Edad,Fecha,Fecha\nA,1,,": "list_twice",
	} {
		_, err := intake.Read(strings.NewReader(text), lang.ES, worktest.Noon)
		var refusal *record.Refusal
		if !errors.As(err, &refusal) || refusal.Code != want || !lang.Has("refuse."+want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// whole runs a list's registrations in a workspace.
func whole(b *worktest.Bed) intake.Apply {
	return func(requests []record.Request, trial bool) ([]record.Result, bool, error) {
		return b.Session.ApplyWhole(b.Context(), lang.ES, requests, trial)
	}
}

func found(b *worktest.Bed, q string) int {
	return len(worktest.Ask[people.Found](b, "person.find", "q", q).Hits)
}

func commits(b *worktest.Bed) int {
	b.Helper()
	h, err := b.Session.Node().Check(b.Context(), b.Session, nil)
	if err != nil || !h.OK {
		b.Fatal(h.Problems, err)
	}
	return h.Commits
}

const mixed = "Nombre,Apellido,Edad,Nacionalidad\nAna,López,30,Honduras\nEva,Ruiz,treinta,Honduras\n,,12,Cuba\nLuz,Mora,150,Narnia\nJosé,Paz,41,Haití\n"

// Of a list in which anything is wrong nothing is taken; all that is wrong is named with its line, column, field and reason.
func TestNothingIsHalfTaken(t *testing.T) {
	b := worktest.New(t)
	before := commits(b)
	for _, how := range []intake.How{intake.Try, intake.Whole} {
		l, _ := read(t, mixed)
		taken, err := l.Take(how, whole(b))
		if how == intake.Whole != errors.Is(err, intake.ErrRejected) {
			t.Errorf("%d: %v", how, err)
		}
		got := []string{}
		for _, r := range taken.Rejected {
			got = append(got, fmt.Sprintf("%d:%d %s %s", r.Line, r.Column, r.Field, r.Code))
			if r.Reason == "" || strings.Contains(r.Reason, "{") {
				t.Errorf("the reason of %+v", r)
			}
		}
		want := []string{"3:10 age bad_age", "4:0 given name_required", "5:10 age bad_age", "5:14 nationality not_known"}
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		if commits(b) != before || found(b, "Ana") != 0 {
			t.Errorf("something was written: %d commits, were %d", commits(b), before)
		}
	}
}

// The good part of a list can be taken; what was not can be mended and brought again, and what was taken is not taken twice.
func TestTheGoodPart(t *testing.T) {
	b := worktest.New(t)
	l, _ := read(t, mixed)
	taken, err := l.Take(intake.Good, whole(b))
	if err != nil || taken.Added != 2 || len(taken.People) != 2 || len(taken.Rejected) != 4 || found(b, "José Paz") != 1 || found(b, "Eva Ruiz") != 0 {
		t.Fatalf("%+v, %v", taken, err)
	}
	var wrong bytes.Buffer
	if err := l.WriteRejected(&wrong); err != nil {
		t.Fatal(err)
	}
	mended := strings.NewReplacer("treinta", "30", ",,12,Cuba", ",Sol,12,Cuba", "150,Narnia", "15,Cuba").Replace(wrong.String())
	again, _ := read(t, mended)
	if taken, err = again.Take(intake.Whole, whole(b)); err != nil || taken.Added != 3 {
		t.Fatalf("%+v, %v of\n%s", taken, err, mended)
	}
	before := commits(b)
	for _, text := range []string{mended, "Nombre,Apellido,Edad,Nacionalidad\nAna,López,30,Honduras\nJosé,Paz,41,Haití\n"} {
		same, _ := read(t, text)
		if taken, err = same.Take(intake.Whole, whole(b)); err != nil || taken.Added != 0 || taken.Unchanged == 0 || commits(b) != before {
			t.Errorf("brought again: %+v, %v", taken, err)
		}
	}
	grown, _ := read(t, "Nombre,Apellido,Edad,Nacionalidad\nNora,Sol,20,Cuba\nAna,López,30,Honduras\nAna,López,30,Honduras\n")
	if taken, err = grown.Take(intake.Whole, whole(b)); err != nil || taken.Added != 2 || taken.Unchanged != 1 {
		t.Errorf("grown: %+v, %v", taken, err)
	}
}

// Names that no name can be are refused with words, and nothing shown of them does harm.
func TestHostileCells(t *testing.T) {
	b := worktest.New(t)
	list := "Nombre,Nota\n" + strings.Repeat("a", 500) + ",x\nA\u202eb,x\n\"A\nb\",x\n=HYPERLINK(\"\"http://x\"\"),x\n🦋 Luz,=1+1\n"
	l, _ := read(t, strings.ReplaceAll(list, "=HYPERLINK(\"\"http://x\"\"),x", "\"=HYPERLINK(\"\"http://x\"\")\",x"))
	taken, err := l.Take(intake.Good, whole(b))
	if err != nil || taken.Added != 2 {
		t.Fatalf("%+v, %v", taken, err)
	}
	var codes []string
	for _, r := range taken.Rejected {
		codes = append(codes, r.Code)
	}
	if !slices.Equal(codes, []string{"too_long", "bad_character", "no_pictures"}) {
		t.Errorf("%q", codes)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(mixed)
	f.Add("Nombre;Edad\n\"Ana;30\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := intake.Read(strings.NewReader(text), lang.ES, worktest.Noon)
		var refusal *record.Refusal
		if err != nil {
			if !errors.As(err, &refusal) {
				t.Fatal(err)
			}
			return
		}
		for _, r := range l.Rows {
			if r.Request.Data == nil {
				continue
			}
			var d people.RegisterData
			if err := record.Strict(r.Request.Data, &d); err != nil {
				t.Fatalf("%s: %v", r.Request.Data, err)
			}
		}
		if err := l.WriteRejected(&bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	})
}
