// Package relay is the blind server: it keeps the sealed commits of workspaces, gives each copy what it lacks, and can
// open nothing. It learns from open parts (public keys and certificates) who may write and read in a workspace; the
// first founding commit that arrives claims the workspace, and whatever is pushed later must follow from it.
//
// New gives the handler, Serve runs it with limits that slow or greedy clients cannot exceed. What is kept is behind
// Store: a SQLStore, which OpenSQLite keeps in a file and OpenPostgres in a PostgreSQL database; the statements are plain SQL
// that other databases run too, and docs/decisions/0017-one-relay-store-for-every-database.md says what is asked of them.
//
// The relay knows workspace and writer numbers, times, sizes after padding and compartment tags that mean nothing to
// it. Its log names workspaces and writers by a short prefix and holds nothing else of them.
package relay
