package lang

import "testing"

func TestPersonName(t *testing.T) {
	for _, c := range []struct{ given, surname1, surname2, nickname, want string }{
		{"María José", "López", "Hernández", "", "María José López Hernández"},
		{"María José", "López", "Hernández", "Chepa", "María José López Hernández “Chepa”"},
		{"Jean-Baptiste", "Pierre", "", "", "Jean-Baptiste Pierre"},
		{"", "", "", "Chepa", "“Chepa”"},
		{" Ana ", " ", "de la Cruz", "\t", "Ana de la Cruz"},
		{"", "", "", "", ""},
	} {
		if got := PersonName(c.given, c.surname1, c.surname2, c.nickname); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestAge(t *testing.T) {
	for _, c := range []struct {
		tag   Tag
		years int
		about bool
		want  string
	}{
		{ES, 30, false, "30 años"}, {ES, 30, true, "unos 30 años"}, {ES, 1, false, "1 año"}, {ES, 1, true, "cerca de 1 año"},
		{ES, 0, false, "menos de 1 año"}, {ES, 0, true, "menos de 1 año"}, {ES, -1, false, "menos de 1 año"},
		{EN, 30, true, "about 30 years"}, {FR, 1, false, "1 an"}, {FR, 30, true, "environ 30 ans"}, {PT, 30, true, "cerca de 30 anos"},
		{HT, 30, true, "anviwon 30 an"},
	} {
		if got := Age(c.tag, c.years, c.about); got != c.want {
			t.Errorf("Age(%s, %d, %v) = %q, want %q", c.tag, c.years, c.about, got, c.want)
		}
	}
}

func TestList(t *testing.T) {
	for _, c := range []struct {
		tag   Tag
		items []string
		want  string
	}{
		{ES, nil, ""}, {ES, []string{"a"}, "a"}, {ES, []string{"a", "b"}, "a y b"}, {ES, []string{"a", "b", "c"}, "a, b y c"},
		{ES, []string{"a", "b", "c", "d"}, "a, b, c y d"},
		{EN, []string{"a", "b", "c"}, "a, b and c"}, {FR, []string{"a", "b", "c"}, "a, b et c"}, {PT, []string{"a", "b", "c"}, "a, b e c"},
		{HT, []string{"a", "b", "c"}, "a, b ak c"},
		// In Spanish "y" becomes "e" before the sound of i.
		{ES, []string{"Honduras", "Inglaterra"}, "Honduras e Inglaterra"}, {ES, []string{"geografía", "historia"}, "geografía e historia"},
		{ES, []string{"Irak", "Irán"}, "Irak e Irán"}, {ES, []string{"a", "Íñigo"}, "a e Íñigo"}, {ES, []string{"madre", "hijos"}, "madre e hijos"},
		{ES, []string{"agua", "hielo"}, "agua y hielo"}, {ES, []string{"Perú", "Haití"}, "Perú y Haití"}, {ES, []string{"a", ""}, "a y "},
		{ES, []string{"a", "Yemen"}, "a y Yemen"}, {EN, []string{"Honduras", "Ireland"}, "Honduras and Ireland"},
	} {
		if got := List(c.tag, c.items); got != c.want {
			t.Errorf("List(%s, %q) = %q, want %q", c.tag, c.items, got, c.want)
		}
	}
}
