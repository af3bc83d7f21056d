// Package shares splits a recovery seed into n shares of which any k give it back and fewer say nothing of it (Shamir,
// over GF(256)), and puts each share on paper: as words to be typed, and as a code that a telephone or a scanner reads.
//
// A share has two spellings. The 36 words carry what the share itself needs: version, k, n, its number, which set it is of, a
// check of the workspace, 32 bytes, a checksum. They suffice wherever the workspace's folder is. An empty machine must also
// know which workspace to ask for and whom to believe in it: 27 more words, the same on every paper of a set, so they are
// typed once. The code carries both, and where the relay is.
//
// A set is named by a digest of its seed, so shares that do not belong together are noticed and named, and what Combine
// returns is the seed or nothing. Nothing here reads or writes files; what is drawn comes from crypto/rand.
//
// The format of version 1 is read for ever: testdata/v1.json holds papers that must stay readable.
package shares
