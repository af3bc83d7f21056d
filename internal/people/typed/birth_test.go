package typed_test

import (
	"testing"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people/typed"
)

func TestUnderstand(t *testing.T) {
	age := func(n int) *int { return &n }
	for _, c := range []struct {
		in   lang.Tag
		text string
		want typed.Born
	}{
		{lang.ES, "", typed.Born{}},
		{lang.ES, "27 3 91", typed.Born{Birth: "1991-03-27"}},
		{lang.ES, "27/3/1991", typed.Born{Birth: "1991-03-27"}},
		{lang.ES, "27.03.91", typed.Born{Birth: "1991-03-27"}},
		{lang.ES, "27031991", typed.Born{Birth: "1991-03-27"}},
		{lang.ES, "1991-03-27", typed.Born{Birth: "1991-03-27"}},
		{lang.ES, "27 de marzo de 1991", typed.Born{Birth: "1991-03-27"}},
		{lang.ES, "27 mar 91", typed.Born{Birth: "1991-03-27"}},
		{lang.ES, "2 2 20", typed.Born{Birth: "2020-02-02"}},
		{lang.ES, "2004-05", typed.Born{Birth: "2004-05"}},
		{lang.ES, "5/2004", typed.Born{Birth: "2004-05"}},
		{lang.ES, "mayo 2004", typed.Born{Birth: "2004-05"}},
		{lang.ES, "1991", typed.Born{Birth: "1991"}},
		{lang.ES, "~1991", typed.Born{Birth: "1991", About: true}},
		{lang.ES, "como 1991", typed.Born{Birth: "1991", About: true}},
		{lang.ES, "30", typed.Born{Age: age(30)}},
		{lang.ES, "30 años", typed.Born{Age: age(30)}},
		{lang.ES, "tiene 30", typed.Born{Age: age(30)}},
		{lang.ES, "como 30", typed.Born{Age: age(30), About: true}},
		{lang.ES, "unos 30 años", typed.Born{Age: age(30), About: true}},
		{lang.ES, "más o menos 30", typed.Born{Age: age(30), About: true}},
		{lang.ES, "30 aprox.", typed.Born{Age: age(30), About: true}},
		{lang.ES, "~30", typed.Born{Age: age(30), About: true}},
		{lang.ES, "8 meses", typed.Born{Age: age(0)}},
		{lang.ES, "18 meses", typed.Born{Age: age(1)}},
		{lang.ES, "adulto", typed.Born{Band: "adult"}},
		{lang.ES, "Niña pequeña", typed.Born{Band: "0_4"}},
		{lang.ES, "mayor de edad", typed.Born{Band: "adult"}},
		{lang.ES, "menor de 18 años", typed.Born{Band: "child"}},
		{lang.ES, "12–17 años", typed.Born{Band: "12_17"}},
		{lang.FR, "moins de 18 ans", typed.Born{Band: "child"}},
		{lang.HT, "granmoun", typed.Born{Band: "adult"}},
		{lang.EN, "elderly", typed.Born{Band: "60_plus"}},
		{lang.ES, "0", typed.Born{Age: age(0)}},
		{lang.EN, "27 March 1991", typed.Born{Birth: "1991-03-27"}},
		{lang.EN, "about 30", typed.Born{Age: age(30), About: true}},
		{lang.EN, "30 years old", typed.Born{Age: age(30)}},
		{lang.FR, "27 août 1991", typed.Born{Birth: "1991-08-27"}},
		{lang.FR, "environ 30 ans", typed.Born{Age: age(30), About: true}},
		{lang.FR, "2 févr 2001", typed.Born{Birth: "2001-02-02"}},
		{lang.PT, "12 out 1991", typed.Born{Birth: "1991-10-12"}},
		{lang.PT, "cerca de 30 anos", typed.Born{Age: age(30), About: true}},
		{lang.HT, "12 out 1991", typed.Born{Birth: "1991-08-12"}},
		{lang.HT, "anviwon 30 lane", typed.Born{Age: age(30), About: true}},
		{lang.HT, "27 mas 1991", typed.Born{Birth: "1991-03-27"}},
		{lang.ES, "27 January 1991", typed.Born{Birth: "1991-01-27"}}, // another language than the page's
	} {
		got, ok := typed.Understand(c.in, c.text, today)
		same := ok && got.Birth == c.want.Birth && got.About == c.want.About && got.Band == c.want.Band && (got.Age == nil) == (c.want.Age == nil) && (got.Age == nil || *got.Age == *c.want.Age)
		if !same {
			t.Errorf("%s %q: %+v (age %v), %v", c.in, c.text, got, got.Age, ok)
		}
	}
}

// What cannot be sure is asked again, never guessed.
func TestNotUnderstood(t *testing.T) {
	for _, text := range []string{"27 13 91", "31 2 1991", "3 27 91", "ayer", "2030", "28 3 2026", "121", "12 34 56 78", "marzo", "27 mar mar 91", "1700", "hola 30", "30 40", "1991 91", "-", "400 meses", "99999999999999999999"} {
		if got, ok := typed.Understand(lang.ES, text, today); ok && text != "-" {
			t.Errorf("%q was understood as %+v", text, got)
		}
	}
}

func FuzzUnderstand(f *testing.F) {
	for _, s := range []string{"27 3 91", "~1991", "como 30", "2004-05", "8 meses", "27 de août 99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		born, ok := typed.Understand(lang.ES, s, today)
		if !ok {
			return
		}
		if born.Age != nil && (born.Birth != "" || *born.Age < 0 || *born.Age > 120) {
			t.Errorf("%q: %+v", s, born)
		}
		if born.Birth != "" {
			if _, err := time.Parse("2006-01-02"[:len(born.Birth)], born.Birth); err != nil || born.Birth > today.Format(time.DateOnly) {
				t.Errorf("%q: %q: %v", s, born.Birth, err)
			}
		}
	})
}
