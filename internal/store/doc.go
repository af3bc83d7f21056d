// Package store keeps the journal file and the encrypted views of one node on SQLite.
//
// The journal is the only truth: ciphertext in order of arrival, durable before anyone is told "saved". Views are
// projections of it, one file a compartment, each encrypted with its own key; they can be deleted and are rebuilt.
// schema/journal-N.sql are the journal's numbered migrations; the views' schema follows from the kinds (see Schema),
// and a view whose format differs is rebuilt, not migrated.
// What is erased (erase.go) is overwritten where it stands; who is hidden (hiding.go) is in no answer; about.go says which
// parts speak of whom.
package store
