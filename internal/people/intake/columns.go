package intake

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// Columns that are no fields of a registration by themselves.
const (
	fullName = "name"     // given names and surnames in one cell
	surnames = "surnames" // both surnames in one cell
	metOn    = "at"       // the day on which the person was registered on the list
)

// columns are the fields that a column can hold: what person.register takes.
var columns = sync.OnceValue(func() map[string]reflect.Type {
	out := map[string]reflect.Type{fullName: reflect.TypeFor[string](), surnames: reflect.TypeFor[string](), metOn: reflect.TypeFor[string]()}
	of := reflect.TypeFor[people.RegisterData]()
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		out[name] = of.Field(i).Type
	}
	return out
})

// otherHeads are what lists call a column besides the field's name and its label in the five languages.
var otherHeads = map[string][]string{
	"given":       {"nombres", "nombre de pila", "primer nombre", "first name", "given name", "prenom", "prenoms", "primeiro nome", "non"},
	"surname1":    {"apellido", "primer apellido", "apellido 1", "apellido1", "last name", "surname", "family name", "nom de famille", "sobrenome", "siyati"},
	"surname2":    {"segundo apellido", "apellido 2", "apellido2", "second surname", "deuxieme nom", "segundo sobrenome"},
	"nickname":    {"apodo", "alias", "surnom", "apelido"},
	"birth":       {"nacimiento", "fecha de nacimiento", "fecha nac", "f nac", "fnac", "nacio", "born", "dob", "date of birth", "ne le", "naissance", "nascimento", "ane nesans"},
	"age":         {"edad", "anos", "years", "idade", "laj"},
	"nationality": {"nacionalidad", "pais", "pais de origen", "country", "country of origin", "pays", "nacionalidade", "peyi"},
	"languages":   {"idioma", "idiomas", "lengua", "lenguas", "language", "langue", "langues", "lingua", "linguas", "lang"},
	"direction":   {"direccion", "rumbo", "sentido"},
	"groups":      {"grupos", "vulnerabilidad", "vulnerabilidades", "prioridad", "group"},
	"phone":       {"telefono", "celular", "tel", "phone", "telephone"},
	"note":        {"nota", "notas", "observaciones", "observacion", "comentarios", "remarks", "comments", "observations", "observacoes"},
	"card":        {"tarjeta", "numero de tarjeta", "card number"},
	surnames:      {"apellidos", "los apellidos", "surnames", "last names", "noms", "sobrenomes"},
	fullName:      {"nombre completo", "nombre y apellidos", "nombre y apellido", "full name", "nom complet", "nome completo", "non konple"},
	metOn:         {"fecha", "fecha de registro", "registrado", "fecha de atencion", "fecha de ingreso", "date", "registered", "date d'enregistrement", "data", "dat"},
}

// heads gives the field for a column's head, as plain spells it.
var heads = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for name := range columns() {
		for _, tag := range lang.Tags() {
			if key := "field." + name; lang.Has(key) && name != metOn && name != fullName {
				out[plain(lang.T(tag, key))] = name
			}
		}
	}
	for name, others := range otherHeads {
		for _, head := range others {
			out[plain(head)] = name
		}
	}
	for name := range columns() { // the field's own name always means it
		out[plain(name)] = name
	}
	return out
})

// plain spells a head without accents, marks and doubled blanks.
func plain(head string) string {
	words := strings.FieldsFunc(typed.Plain(head), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, " ")
}

// numbering are heads of columns that only number the rows.
var numbering = []string{"", "no", "n", "num", "numero", "number", "nr", "id"}

// fieldOf is the field of a column; leave is true for one that says nothing and is passed over.
func fieldOf(head string) (name string, leave bool) {
	if strings.HasPrefix(head, "#") {
		return "", true
	}
	name = heads()[plain(head)]
	return name, name == "" && slices.Contains(numbering, plain(head)) && head != ""
}

// lists are the codes of coded fields.
var lists = map[string][]string{"sex": people.Sexes, "direction": people.Directions, "group": people.Groups, "consent": people.Purposes}

// codesOf is the code list of a field, by its name and what it may hold.
func codesOf(name string) (list string, codes []string) {
	f, known := people.Person.Field(name)
	if !known || f.Type != record.Code && f.Type != record.Set {
		return "", nil
	}
	return f.Codes, lists[f.Codes]
}
