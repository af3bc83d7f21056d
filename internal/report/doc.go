// Package report draws what is counted: charts as SVG made by the server, so that they print, work in mail, can be hashed, and need no
// script.
//
// A chart is a value: [TimeChart] turns it into a figure for a page, [SVG] into one drawing. The same chart gives the same bytes. All
// words come from the caller, in the reader's language, and so do the functions that write numbers and periods.
//
// To use one on a page: serve [ChartCSS] with the page's own sheet, put the figure where it belongs, and the table of the same numbers
// beside it. The drawings carry no style attribute, no script and no address, so they pass the strictest content policy. Without the
// sheet they are still right: colours, dashes and sizes are presentation attributes, the sheet only adapts them to dark screens and
// chooses between the drawing for phones and the one for wide pages.
//
// Nothing is told by colour alone: every line has its own dash and its own marker, every bar its own filling, and each is named beside
// it. A period without a figure is a gap with a hatched ground, never a zero.
package report
