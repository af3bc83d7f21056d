package attachment

import (
	"encoding/base64"
	"fmt"

	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/place"
	"amparo/internal/record"
)

// AddData is what attachment.add takes. Without a person the file is about the site, and goes to field.
type AddData struct {
	Person      string `json:"person,omitempty"`
	Compartment string `json:"compartment" jsonschema:"enum=identity,enum=care,enum=mind,enum=survivor,enum=law,enum=field,description=who may open it"`
	What        string `json:"what" jsonschema:"enum=id_document,enum=medical,enum=legal,enum=consent,enum=photo,enum=letter,enum=other"`
	Name        string `json:"name" jsonschema:"description=name of the file"`
	Note        string `json:"note,omitempty"`
	Content     string `json:"content" jsonschema:"description=the bytes in base64; 10 MiB at most"`
}

// Added is the result of attachment.add.
type Added struct {
	ID         record.ID `json:"id"`
	Attachment record.ID `json:"attachment"` // the same id, under the name by which later actions ask for it
	Media      string    `json:"media"`
	Size       int64     `json:"size"`
}

var add = record.NewAction("attachment.add", allIn(), func(c *record.Change, d AddData) (any, error) {
	if c.Keep == nil {
		return nil, fmt.Errorf("attachment.add: no files are kept here")
	}
	in, known := record.ParseCompartment(d.Compartment)
	k := kindIn(in)
	if !known || k == nil || (d.Person == "") != (in == record.FieldWork) {
		return nil, record.Refuse("compartment", "not_in_list", "field", "compartment", "got", typed.Got(d.Compartment))
	}
	if !c.Writes(in) {
		return nil, record.Refuse("compartment", "not_allowed")
	}
	fields, err := about(c, d.Person)
	if err != nil {
		return nil, err
	}
	if fields["what"], err = typed.OneOf("what", d.What, Whats); err != nil {
		return nil, err
	}
	bytes, name, err := d.read()
	if err != nil {
		return nil, err
	}
	fields["name"], fields["size"] = name, len(bytes)
	media, _ := sniff(bytes)
	fields["media"] = media
	note, err := typed.Line("note", d.Note, 300)
	if err != nil {
		return nil, err
	}
	if note != "" {
		fields["note"] = note
	}
	if fields["file"], err = c.Keep(in, bytes); err != nil { // last: nothing is refused once it is on the disk
		return nil, err
	}
	id, err := c.Happen(k, fields)
	return Added{ID: id, Attachment: id, Media: media, Size: int64(len(bytes))}, err
})

// about says of whom or what a file is.
func about(c *record.Change, person string) (record.Fields, error) {
	if person == "" {
		_, err := place.Here(c)
		return record.Fields{}, err
	}
	id, err := people.Known(c, "person", person)
	return record.Fields{"person": id}, err
}

// read checks the bytes and the name.
func (d *AddData) read() (content []byte, name string, err error) {
	if name, err = typed.Line("name", d.Name, 200); err != nil {
		return nil, "", err
	}
	if name == "" {
		return nil, "", record.Refuse("name", "required", "field", "name")
	}
	if len(d.Content) > base64.StdEncoding.EncodedLen(MaxSize) {
		return nil, "", tooLarge()
	}
	if content, err = base64.StdEncoding.DecodeString(d.Content); err != nil {
		return nil, "", record.Refuse("content", "not_base64").Because(err)
	}
	switch {
	case len(content) == 0:
		return nil, "", record.Refuse("content", "file_empty")
	case len(content) > MaxSize:
		return nil, "", tooLarge()
	}
	if _, program := sniff(content); program {
		return nil, "", record.Refuse("content", "file_program")
	}
	return content, name, nil
}

func tooLarge() error { return record.Refuse("content", "file_too_large", "max", MaxSize>>20) }
