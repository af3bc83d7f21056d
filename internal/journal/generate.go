package journal

// The dictionary is trained on what made-up people's stories write, with everything random redrawn from a fixed seed, so
// that the same program gives the same file. Once a version is released its dictionary never changes: what was packed with
// it must unpack for ever. A better one is a new file with a new number.
//
//go:generate go run ../../cmd/amparo bench dictionary --out data/dictionary-1
