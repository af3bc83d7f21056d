package attachment

import (
	"amparo/internal/people"
	"amparo/internal/record"
)

// compartments are those in which there are files, with the number of each one's kind.
var compartments = []struct {
	in     record.Compartment
	number uint16
	name   string
}{
	{record.Identity, 120, "attachment_identity"}, {record.Care, 121, "attachment_care"}, {record.Mind, 122, "attachment_mind"},
	{record.Survivor, 123, "attachment_survivor"}, {record.Law, 124, "attachment_law"}, {record.FieldWork, 125, "attachment_field"},
}

// Whats are what a file may be, code list attachment_what.
var Whats = []string{"id_document", "medical", "legal", "consent", "photo", "letter", "other"}

// kinds has one kind a compartment: who may know is decided by the kind. What takes a file back corrects it and says why.
var kinds = func() (out []*record.Kind) {
	for _, c := range compartments {
		k := &record.Kind{Number: c.number, Name: c.name, In: c.in, Form: record.Happening, File: "file", Fields: []record.Field{
			{Number: 1, Name: "person", Type: record.Ref, Index: true}, // nobody: it is about the site
			{Number: 2, Name: "what", Type: record.Code, Codes: "attachment_what"},
			{Number: 3, Name: "name", Type: record.Text},
			{Number: 4, Name: "media", Type: record.Text},
			{Number: 5, Name: "size", Type: record.Int}, // bytes
			{Number: 6, Name: "note", Type: record.Text},
			{Number: 7, Name: "file", Type: record.Blob},
			{Number: 8, Name: "removal", Type: record.Text}, // why it was taken back
		}}
		if c.in != record.FieldWork {
			k.Subject = "person"
			people.About(k)
		}
		out = append(out, k)
	}
	return out
}()

func kindIn(in record.Compartment) *record.Kind {
	for _, k := range kinds {
		if k.In == in {
			return k
		}
	}
	return nil
}

func allIn() (out []record.Compartment) {
	for _, c := range compartments {
		out = append(out, c.in)
	}
	return out
}

// In names the compartments in which there may be files about a person, or without one about a site.
func In(person bool) (out []record.Compartment) {
	for _, c := range compartments {
		if person == (c.in != record.FieldWork) {
			out = append(out, c.in)
		}
	}
	return out
}
