// Package node is a workspace opened on this machine: it runs what domain packages declare and knows none of them.
//
// There is one way down and one way up. Down: a Request goes to its action, the action says facts, the node seals them
// by compartment into a commit, the journal makes it durable, the views follow. Up: a query reads the views. Commits
// that arrive from elsewhere join at the journal and take the same way up.
//
//	DIR/node.json      which workspace, which site this device stands at: nothing secret
//	DIR/journal        the journal file
//	DIR/views/         encrypted views, rebuilt when missing
//	DIR/vault/         keys under passphrases
package node
