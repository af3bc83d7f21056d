// Package record is the vocabulary a domain package declares itself with: kinds of facts and their fields, the
// actions that write them, the queries that read them. It knows no database, no key and no network.
//
// A domain package exports one [Module]. internal/node runs what the modules declare; cmd/amparo hands it the list.
// To add a thing that can be recorded: declare a [Kind] with a number no other kind has (numbers are part of the
// journal format and are never reused), an [Action] that writes it, a [Query] that reads it, and a page.
package record
