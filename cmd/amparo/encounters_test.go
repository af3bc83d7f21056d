package main

import (
	"bytes"
	"io"
	"strconv"

	"amparo/internal/observatory"
)

// encountersWith is the source's file as it ships, with a count that is none on the given line; line 0 leaves it whole.
func encountersWith(line string) []byte {
	number, err := strconv.Atoi(line)
	if err != nil {
		panic(err)
	}
	raw, err := io.ReadAll(observatory.Encounters())
	if err != nil {
		panic(err)
	}
	rows := bytes.Split(raw, []byte("\n"))
	if number == 0 {
		return bytes.Join(append(rows[:1:1], rows[1:3000]...), []byte("\n"))
	}
	cut := bytes.LastIndexByte(rows[number-1], ',')
	rows[number-1] = append(rows[number-1][:cut+1:cut+1], "12x"...)
	return bytes.Join(rows, []byte("\n"))
}
