// Package sheet reads and writes tables as the files that spreadsheets exchange (RFC 4180 CSV and what is called so).
//
// Reading takes what people really have: UTF-8 with or without a mark, UTF-16, the Windows code page of Western Europe; commas,
// semicolons or tabs; quotes; rows that are shorter than the header. Every row knows its line, so that a refusal can name it.
//
// Writing makes a file that a spreadsheet shows and never runs: a cell that a spreadsheet would take for a formula begins with an
// apostrophe (OWASP, CSV Injection), and reading takes that apostrophe away again. Every table that leaves the program is written
// here; a test looks for others.
package sheet
