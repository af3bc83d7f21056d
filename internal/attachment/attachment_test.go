package attachment_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amparo/internal/attachment"
	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
	"amparo/internal/record"
)

type fields = map[string]any

var pdf = append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("carta de la consulta "), 9000)...) // two pieces

func person(b *worktest.Bed, given string) string {
	b.Helper()
	return worktest.Do[people.Registered](b, "person.register", "", fields{"given": given, "surname1": "López", "consent": []string{"sharing"}}).Person.String()
}

func file(who, in, name string, content []byte) fields {
	return fields{"person": who, "compartment": in, "what": "medical", "name": name, "content": base64.StdEncoding.EncodeToString(content)}
}

func TestAFileIsKeptAndGivenBackAsItWas(t *testing.T) {
	b := worktest.New(t)
	who := person(b, "Ana")
	added := worktest.Do[attachment.Added](b, "attachment.add", "", file(who, "care", "informe.pdf", pdf))
	if added.Media != "application/pdf" || added.Size != int64(len(pdf)) || added.ID != added.Attachment {
		t.Errorf("added: %+v", added)
	}
	listed := worktest.Ask[attachment.Listed](b, "attachment.list", "person", who)
	if len(listed.Files) != 1 || listed.Files[0].Name != "informe.pdf" || listed.Files[0].Pieces != 2 || listed.Files[0].Here != 2 || listed.Files[0].ByName != "Ana" {
		t.Fatalf("listed: %+v", listed)
	}
	got := worktest.Ask[attachment.Content](b, "attachment.content", "person", who, "attachment", added.ID.String())
	if !bytes.Equal(got.Content, pdf) || got.FileName != "informe.pdf" {
		t.Errorf("given back: %d bytes as %s", len(got.Content), got.FileName)
	}
	told := worktest.Ask[people.Timeline](b, "person.timeline", "person", who)
	if !slices.ContainsFunc(told.Entries, func(e people.Entry) bool { return e.Kind == "attachment_care" && e.Fields["name"] == "informe.pdf" }) {
		t.Errorf("the timeline does not tell of it: %+v", told.Entries)
	}
	b.Reopen()
	if got := worktest.Ask[attachment.Content](b, "attachment.content", "person", who, "attachment", added.ID.String()); !bytes.Equal(got.Content, pdf) {
		t.Error("after unlocking again it is another file")
	}
}

func TestNothingOfAFileIsInClearOnTheDisk(t *testing.T) {
	b := worktest.New(t)
	who := person(b, "Ana")
	worktest.Do[attachment.Added](b, "attachment.add", "", file(who, "law", "nombre-del-archivo.txt", []byte(strings.Repeat("marca que nadie debe hallar ", 50))))
	b.Session.Lock()
	if err := filepath.WalkDir(b.Session.Node().Dir(), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, word := range []string{"marca que nadie", "nombre-del-archivo"} {
			if bytes.Contains(raw, []byte(word)) {
				t.Errorf("%s holds %q", path, word)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNotAFileIsRefused(t *testing.T) {
	b := worktest.New(t)
	who := person(b, "Ana")
	good := file(who, "care", "a.pdf", pdf)
	for _, c := range []struct {
		change      fields
		field, code string
	}{
		{fields{"person": "nobody"}, "person", "unknown_id"},
		{fields{"person": ""}, "compartment", "not_in_list"}, // about nobody, and in no compartment of sites
		{fields{"compartment": "field"}, "compartment", "not_in_list"},
		{fields{"compartment": "public"}, "compartment", "not_in_list"},
		{fields{"what": "novel"}, "what", "not_in_list"},
		{fields{"name": " "}, "name", "required"},
		{fields{"name": strings.Repeat("a", 201)}, "name", "too_long"},
		{fields{"content": "%%%"}, "content", "not_base64"},
		{fields{"content": ""}, "content", "file_empty"},
		{fields{"content": base64.StdEncoding.EncodeToString([]byte("MZ\x90\x00"))}, "content", "file_program"},
		{fields{"content": base64.StdEncoding.EncodeToString(make([]byte, attachment.MaxSize+1))}, "content", "file_too_large"},
	} {
		data := fields{}
		for _, part := range []fields{good, c.change} {
			for k, v := range part {
				data[k] = v
			}
		}
		b.Refused("attachment.add", "", data, c.field, c.code)
	}
	b.Refused("attachment.remove", "", fields{"attachment": "nothing", "reason": "x"}, "attachment", "unknown_id")
}

func TestTheLargestFileIsKept(t *testing.T) {
	b := worktest.New(t)
	who := person(b, "Ana")
	largest := append([]byte("%PDF-"), make([]byte, attachment.MaxSize-5)...)
	added := worktest.Do[attachment.Added](b, "attachment.add", "", file(who, "identity", "grande.pdf", largest))
	got := worktest.Ask[attachment.Content](b, "attachment.content", "person", who, "attachment", added.ID.String())
	if !bytes.Equal(got.Content, largest) {
		t.Error("it came back changed")
	}
}

func TestAFileThatIsTakenBackIsGone(t *testing.T) {
	b := worktest.New(t)
	who := person(b, "Ana")
	added := worktest.Do[attachment.Added](b, "attachment.add", "", file(who, "care", "informe.pdf", pdf))
	b.Refused("attachment.remove", "", fields{"attachment": added.ID.String()}, "reason", "required")
	worktest.Do[attachment.Removed](b, "attachment.remove", "", fields{"attachment": added.ID.String(), "reason": "Era de otra persona"})
	b.Refused("attachment.remove", "", fields{"attachment": added.ID.String(), "reason": "otra vez"}, "attachment", "file_removed")
	if listed := worktest.Ask[attachment.Listed](b, "attachment.list", "person", who); len(listed.Files) != 1 || !listed.Files[0].Removed {
		t.Errorf("listed: %+v", listed)
	}
	if _, err := b.Session.Query(t.Context(), lang.ES, "attachment.content", map[string][]string{"person": {who}, "attachment": {added.ID.String()}}); err == nil {
		t.Error("a file that was taken back was given")
	}
	if left := chunksOn(t, b); left != 0 {
		t.Errorf("%d of its pieces are still on the disk", left)
	}
}

// chunksOn counts the pieces of files on a device.
func chunksOn(t *testing.T, b *worktest.Bed) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(b.Session.Node().Dir(), "files", "??", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func TestAFileAboutASite(t *testing.T) {
	b := worktest.New(t)
	site := b.Site("Sur", "07089")
	data := file("", "field", "croquis.png", []byte("\x89PNG\r\n\x1a\nxyz"))
	delete(data, "person")
	b.Refused("attachment.add", "", data, "site", "no_site")
	added := worktest.Do[attachment.Added](b, "attachment.add", site, data)
	if listed := worktest.Ask[attachment.Listed](b, "attachment.list", "site", site); len(listed.Files) != 1 || listed.Files[0].Pieces != 1 {
		t.Errorf("listed: %+v", listed)
	}
	if got := worktest.Ask[attachment.Content](b, "attachment.content", "attachment", added.ID.String()); got.FileName != "croquis.png" {
		t.Errorf("given back as %s", got.FileName)
	}
}

// Nobody comes to a person's file without saying whose it is: that it was opened could not be written down.
func TestAFileOfAPersonIsAskedForWithThePerson(t *testing.T) {
	b := worktest.New(t)
	ana, eva := person(b, "Ana"), person(b, "Eva")
	added := worktest.Do[attachment.Added](b, "attachment.add", "", file(ana, "care", "informe.pdf", pdf))
	for _, params := range []map[string][]string{
		{"attachment": {added.ID.String()}},
		{"attachment": {added.ID.String()}, "person": {eva}},
	} {
		if _, err := b.Session.Query(t.Context(), lang.ES, "attachment.content", params); err == nil {
			t.Errorf("%v gave the file", params)
		}
	}
	worktest.Ask[attachment.Content](b, "attachment.content", "person", ana, "attachment", added.ID.String())
	b.Reopen() // what was read is written down at the latest on locking
	answer, err := b.Session.Query(t.Context(), lang.ES, "access", map[string][]string{"person": {ana}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(raw, []byte(`"why":"`+attachment.ForFile+`"`)) {
		t.Errorf("that it was opened is not written down: %s", raw)
	}
}

func TestTheSameRequestTwiceKeepsOneFile(t *testing.T) {
	b := worktest.New(t)
	who := person(b, "Ana")
	raw, err := json.Marshal(file(who, "care", "informe.pdf", pdf))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r := b.Session.Apply(t.Context(), lang.ES, record.Request{Action: "attachment.add", ID: "twice", Data: raw}); !r.OK {
			t.Fatalf("%+v", r.Error)
		}
	}
	if listed := worktest.Ask[attachment.Listed](b, "attachment.list", "person", who); len(listed.Files) != 1 {
		t.Errorf("listed: %+v", listed)
	}
}
