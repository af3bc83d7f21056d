package sheet_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/sheet"
)

func read(t testing.TB, text string) (header []string, rows [][]string, faults []sheet.Fault) {
	t.Helper()
	table, err := sheet.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := table.Next()
		var bad *sheet.Fault
		switch {
		case errors.Is(err, io.EOF):
			return table.Header, rows, faults
		case errors.As(err, &bad):
			faults = append(faults, *bad)
		case err != nil:
			t.Fatal(err)
		default:
			rows = append(rows, row.Cells)
		}
	}
}

func TestFilesAsPeopleHaveThem(t *testing.T) {
	for name, text := range map[string]string{
		"commas":         "nombre,edad\nJosé,27\n",
		"semicolons":     "nombre;edad\r\nJosé;27\r\n",
		"tabs":           "nombre\tedad\nJosé\t27",
		"a mark":         "\xef\xbb\xbfnombre,edad\nJosé,27\n",
		"Windows":        "nombre;edad\r\nJos\xe9;27\r\n",
		"UTF-16 little":  "\xff\xfen\x00o\x00m\x00b\x00r\x00e\x00,\x00e\x00d\x00a\x00d\x00\n\x00J\x00o\x00s\x00\xe9\x00,\x002\x007\x00",
		"UTF-16 big":     "\xfe\xff\x00n\x00o\x00m\x00b\x00r\x00e\x00,\x00e\x00d\x00a\x00d\x00\n\x00J\x00o\x00s\x00\xe9\x00,\x002\x007",
		"empty lines":    "\n ,\nnombre,edad\n\n,\nJosé,27\n\n",
		"quotes":         "\"nombre\",\"edad\"\n\"José\",\"27\"\n",
		"blanks":         " nombre , edad\nJosé,27\n",
		"trailing cells": "nombre,edad\nJosé,27,,\n",
	} {
		t.Run(name, func(t *testing.T) {
			header, rows, faults := read(t, text)
			if !reflect.DeepEqual(header, []string{"nombre", "edad"}) || !reflect.DeepEqual(rows, [][]string{{"José", "27"}}) || len(faults) > 0 {
				t.Errorf("%q, %q, %v", header, rows, faults)
			}
		})
	}
}

func TestRowsThatCannotBeRead(t *testing.T) {
	_, rows, faults := read(t, "nombre,edad\nAna,31\nJo\"sé,27\nLuz,1,2\nEva\n")
	if !reflect.DeepEqual(rows, [][]string{{"Ana", "31"}, {"Eva", ""}}) {
		t.Errorf("%q", rows)
	}
	if want := []sheet.Fault{{3, 3, "bad_quotes"}, {4, 7, "too_many_cells"}}; !reflect.DeepEqual(faults, want) {
		t.Errorf("%v, want %v", faults, want)
	}
}

func TestFilesThatAreNoTables(t *testing.T) {
	for text, want := range map[string]error{"": sheet.ErrEmpty, "\n\n": sheet.ErrEmpty, "\x89PNG\r\n\x1a\n\x00\x00": sheet.ErrBytes} {
		if _, err := sheet.Read(strings.NewReader(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	if _, err := sheet.Read(io.LimitReader(endless{}, sheet.Largest+10)); !errors.Is(err, sheet.ErrLarge) {
		t.Errorf("too large: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// Whatever a cell holds, a spreadsheet shows it, and reading the file again gives the same.
func TestWhatIsWrittenIsReadAgainAndRunsNowhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.SliceOfN(rapid.OneOf(rapid.String(),
			rapid.SampledFrom([]string{"=1+1", "+52 55", "-27", "@x", "\t=1", "'=1", "''=1", "＝1", " =1", "=HYPERLINK(\"http://x\")", "-2+3|cmd", "\r=1"})), 1, 6).Draw(t, "cells")
		for i, c := range cells {
			cells[i] = strings.NewReplacer("\x00", "", "\r", "").Replace(strings.ToValidUTF8(c, ""))
		}
		cells[0] = "a" + cells[0]
		header := make([]string, len(cells))
		for i := range header {
			header[i] = "c"
		}
		var b bytes.Buffer
		w := sheet.NewWriter(&b)
		if err := errors.Join(w.Write(header...), w.Write(cells...), w.Flush()); err != nil {
			t.Fatal(err)
		}
		raw, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range raw[1] {
			if cell != "" && strings.ContainsRune("=+-@＝＋－＠\t\r", []rune(cell)[0]) && strings.Trim(cell, "+-0123456789.") != "" {
				t.Fatalf("a spreadsheet would run %q", cell)
			}
		}
		table, err := sheet.Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		row, err := table.Next()
		if err != nil || !reflect.DeepEqual(row.Cells, cells) {
			t.Fatalf("%q became %q, %v", cells, row.Cells, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("a,b\n1,2\n")
	f.Add("a;b\n\"1;2\n")
	f.Add("\xff\xfea\x00")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := sheet.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		for range 10_000 {
			row, err := table.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			var bad *sheet.Fault
			if err != nil && !errors.As(err, &bad) {
				t.Fatal(err)
			}
			if err == nil && len(row.Cells) != len(table.Header) {
				t.Fatalf("%d cells under %d", len(row.Cells), len(table.Header))
			}
		}
	})
}

// No other file of the program writes tables: a cell that a spreadsheet runs would slip out there.
func TestEveryTableIsWrittenHere(t *testing.T) {
	for _, root := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "../../internal/sheet/") {
				return err
			}
			code, err := os.ReadFile(path)
			if bytes.Contains(code, []byte("csv.NewWriter")) {
				t.Errorf("%s writes a table by itself", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
