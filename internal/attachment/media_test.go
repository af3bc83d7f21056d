package attachment

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAFileIsToldByItsBytes(t *testing.T) {
	for _, c := range []struct {
		content, media string
		program        bool
	}{
		{"%PDF-1.4 …", "application/pdf", false},
		{"\xff\xd8\xff\xe0 jpeg", "image/jpeg", false},
		{"\x00\x00\x00\x18ftypheic", "image/heic", false},
		{"\x00\x00\x00\x18ftypisom", "video/mp4", false},
		{"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", false},
		{"Hola, señora.\nAdiós.", "text/plain", false},
		{strings.Repeat("ñ", 4000), "text/plain", false}, // a letter stands across the place up to which is looked
		{"<html><script>", "text/plain", false},
		{"\x01\x02\x03", "application/octet-stream", false},
		{"MZ\x90", "application/octet-stream", true},
		{"#!/bin/sh\n", "application/octet-stream", true},
		{"#!AMR\n", "audio/amr", false},
		{"\x7fELF\x02", "application/octet-stream", true},
	} {
		if media, program := sniff([]byte(c.content)); media != c.media || program != c.program {
			t.Errorf("%.20q is told as %s, a program: %v", c.content, media, program)
		}
	}
}

func TestTheNameOfAFileTellsWhatItIs(t *testing.T) {
	for _, c := range []struct{ name, media, want string }{
		{"informe.pdf", "application/pdf", "informe.pdf"},
		{"FOTO.JPEG", "image/jpeg", "FOTO.jpeg"},
		{"foto.jpg.exe", someFile, "foto.jpg.exe.bin"},
		{"página.html", plainText, "página.html.txt"},
		{"../../etc/passwd", plainText, "passwd.txt"},
		{`C:\fotos\ana.png`, "image/png", "ana.png"},
		{"carta.docx", "application/zip", "carta.docx"},
		{"carta", "application/zip", "carta.zip"},
		{"abc\u202egpj.exe", someFile, "abc_gpj.exe.bin"},
		{" . ", "image/png", "archivo.png"},
		{".pdf", "application/pdf", "pdf.pdf"},
		{"nota.bin", someFile, "nota.bin"},
	} {
		if got := FileName(c.name, c.media); got != c.want {
			t.Errorf("%q (%s) is handed out as %q, want %q", c.name, c.media, got, c.want)
		}
	}
}

func FuzzFileName(f *testing.F) {
	for _, name := range []string{"", "a.pdf", "..", "/", "a\x00b", strings.Repeat("é", 300), "con\u202e.txt"} {
		f.Add(name, "application/pdf")
	}
	f.Fuzz(func(t *testing.T, name, media string) {
		got := FileName(name, media)
		if got == "" || filepath.Base(got) != got || strings.ContainsAny(got, "\\\"\r\n\x00") || len(got) > 200 || utf8.ValidString(name) && !utf8.ValidString(got) {
			t.Errorf("%q is handed out as %q", name, got)
		}
	})
}
