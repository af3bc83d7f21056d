package observatory

import "amparo/internal/record"

// Source is who publishes figures and where they are found.
var Source = &record.Kind{Number: 100, Name: "source", In: record.Public, Form: record.Keyed, Key: []string{"source"}, Title: []string{"publisher"}, Fields: []record.Field{
	{Number: 1, Name: "source", Type: record.Code}, // a short name of our own, for example cbp
	{Number: 2, Name: "publisher", Type: record.Text},
	{Number: 3, Name: "title", Type: record.Text}, // of the publication, as its publisher writes it
	{Number: 4, Name: "url", Type: record.Text},
	{Number: 5, Name: "licence", Type: record.Text},
	{Number: 6, Name: "note", Type: record.Text},
}}

// Series is a table of figures by month. Its rows are in its blocks.
var Series = &record.Kind{Number: 101, Name: "series", In: record.Public, Form: record.Keyed, Key: []string{"series"}, Title: []string{"series"}, Fields: []record.Field{
	{Number: 1, Name: "series", Type: record.Code}, // for example cbp-encounters
	{Number: 2, Name: "title", Type: record.Text},  // catalogue key of the title, or the title itself
	{Number: 3, Name: "unit", Type: record.Code, Codes: "unit"},
	{Number: 4, Name: "geography", Type: record.Text},
	{Number: 5, Name: "source", Type: record.Code},      // the source's short name
	{Number: 6, Name: "fiscal_start", Type: record.Int}, // month in which the publisher's fiscal year begins; 1: it is the calendar year
}}

// SeriesBlock is one month of a series. The rows are bytes that only this package reads; see EncodeBlock.
var SeriesBlock = &record.Kind{Number: 102, Name: "series_block", In: record.Public, Form: record.Keyed, Key: []string{"series", "month"}, Title: []string{"series", "month"}, Fields: []record.Field{
	{Number: 1, Name: "series", Type: record.Code, Index: true},
	{Number: 2, Name: "month", Type: record.Date}, // calendar month
	{Number: 3, Name: "rows", Type: record.Blob},
}}

// SeriesImport says that a file was read into a series and what it changed. That a month was revised, and by which file, is read from here:
// each file that changes something is one of these, and the rows it replaced stay in the journal.
var SeriesImport = &record.Kind{Number: 103, Name: "series_import", In: record.Public, Form: record.Happening, Fields: []record.Field{
	{Number: 1, Name: "series", Type: record.Code, Index: true},
	{Number: 2, Name: "importer", Type: record.Code},
	{Number: 3, Name: "sha256", Type: record.Code},    // of the file
	{Number: 4, Name: "retrieved", Type: record.Date}, // when the file was fetched from its publisher, if known
	{Number: 5, Name: "revision", Type: record.Text},  // what the publisher says has changed: a note for the reader
	{Number: 6, Name: "months", Type: record.Set},     // the months it changed
	{Number: 7, Name: "added", Type: record.Int},      // rows
	{Number: 8, Name: "changed", Type: record.Int},
	{Number: 9, Name: "unchanged", Type: record.Int},
	{Number: 10, Name: "removed", Type: record.Int},
}}

// Module is what the node runs.
var Module = record.Module{
	Name:    "observatory",
	Kinds:   []*record.Kind{Source, Series, SeriesBlock, SeriesImport},
	Actions: []record.Action{sourceAdd, seriesRecord},
	Queries: []record.Query{seriesAsk, seriesList},
}
