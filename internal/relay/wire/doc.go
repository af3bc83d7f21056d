// Package wire is what two copies of a workspace say to each other, whatever carries it: a relay, a neighbour, a file.
//
// One exchange is a question and an answer, each a row of frames that ends with an end frame:
//
//	question  ask (who, signed; what I have)  run*  end
//	answer    hello (the time; how much comes)  note*  run*  end (what the other has)
//	bundle    header (workspace; what it was made against)  run*  end
//
// A run is consecutive commits of one writer with one signature (journal.Run); it is stored whole or not at all, so an
// exchange cut at any byte keeps every frame that arrived before. Bytes that end without an end frame were cut short,
// and the digest in the end frame finds what was changed.
//
// The package sees sealed bytes only. It is used by both sides and therefore stands under the relay, which may lean on
// nothing that could open them.
package wire
