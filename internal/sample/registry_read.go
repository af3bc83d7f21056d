package sample

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// ReadRegistry reads persons.csv and queries.csv of a folder, as the reference program writes them.
func ReadRegistry(folder string) (*Registry, error) {
	r := emptyRegistry(0)
	err := readTable(filepath.Join(folder, "persons.csv"), func(cell func(string) string) error {
		l, err := readListed(cell)
		if err != nil {
			return err
		}
		if l.ID != r.Len()+1 {
			return fmt.Errorf("person %d follows %d", l.ID, r.Len())
		}
		r.add(l)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read a registry: %w", err)
	}
	err = readTable(filepath.Join(folder, "queries.csv"), func(cell func(string) string) error {
		q := Sought{Class: cell("class"), Text: cell("query"), Age: -1, Nationality: cell("nationality"), Sex: cell("sex"),
			Given1: cell("given1"), Given2: cell("given2"), Surname1: cell("surname1"), Surname2: cell("surname2")}
		var err error
		if q.Person, err = strconv.Atoi(cell("person_id")); err != nil {
			return err
		}
		if q.Person < 1 || q.Person > r.Len() {
			return fmt.Errorf("nobody is person %d", q.Person)
		}
		if cell("age") != "" {
			q.Age, err = strconv.Atoi(cell("age"))
		}
		r.read = append(r.read, q)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read a registry: %w", err)
	}
	return r, nil
}

func readListed(cell func(string) string) (Listed, error) {
	id, err := strconv.Atoi(cell("id"))
	if err != nil {
		return Listed{}, err
	}
	age, err := strconv.Atoi(cell("age"))
	if err != nil {
		return Listed{}, err
	}
	l := Listed{ID: id, Given1: cell("given1"), Given2: cell("given2"), Surname1: cell("surname1"), Surname2: cell("surname2"), Sex: cell("sex"),
		Birth: cell("birth_date"), Age: age, Nationality: cell("nationality"), Culture: cell("culture")}
	for _, n := range nations {
		if n.code == l.Nationality {
			return l, nil
		}
	}
	return l, fmt.Errorf("nationality %q is none of the registry's", l.Nationality)
}

// readTable gives the rows of a table whose first line names its columns, one at a time.
func readTable(path string, row func(cell func(column string) string) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	in := csv.NewReader(f)
	in.ReuseRecord = true
	head, err := in.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	column := map[string]int{}
	for i, name := range head {
		column[name] = i
	}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = row(func(name string) string {
				if i, ok := column[name]; ok {
					return cells[i]
				}
				return ""
			})
		}
		if err != nil {
			line, _ := in.FieldPos(0)
			return fmt.Errorf("%s, line %d: %w", path, line, err)
		}
	}
}
