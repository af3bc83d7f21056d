// Package journal is the format of what is written and exchanged: commits, the chains writers make of them, runs of
// commits on the way, and the rules by which a copy is believed. It is pure: bytes and values in, bytes and values out.
//
// A commit is a header and parts. The header is signed and never changes; it holds only the digests of the parts, so a
// part can be withheld, fetched later or erased and the chain still verifies. Each header names the hash of the one
// before it by the same writer, so one signature vouches for all before it.
//
// Format version 1 is fixed by golden vectors in testdata; docs/journal-format.md describes its bytes.
package journal
