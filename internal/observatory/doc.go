// Package observatory keeps what others have published: sources, and series of figures with their unit, their publisher and the
// file they came from.
//
// A series is a table of rows: for each month, each combination of codes that the publisher printed (region, nationality …) and a
// count. Nothing is summed when it is read in; a sum is made when someone asks for one, and the answer says of what. The unit is
// part of every answer: CBP counts encounters, which are events, so one person stopped three times is three.
//
// To read another publisher's file, write an [Importer] and list it in [Importers]: it turns the file into blocks, one a month, and
// refuses the whole file when any line is not understood. Everything after that, the comparison with what is held, the one commit,
// the questions, is the same for all of them.
//
// Which defaults: a word that is not in the importer's code list is refused, never guessed; "OTHER" is the publisher's residual class
// and stays the code OTHER, never a country; months that no file speaks of are gaps, not zeros.
//
// What is promised about old data: blocks carry a version number and every version stays readable. A revised file replaces only the
// months that differ, and the journal keeps what was held before.
package observatory
