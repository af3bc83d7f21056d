package node

import (
	"amparo/internal/exchange"
	"amparo/internal/journal"
)

// Copy is this node's journal, to be brought in step with another, or for another to be answered from. No key is needed.
func (n *Node) Copy() *exchange.JournalCopy {
	return &exchange.JournalCopy{Journal: n.journal, Lock: &n.mu, Wall: n.options.Wall, Took: n.took, Stored: n.stored}
}

// took follows commits that arrived, in the running batch.
func (n *Node) took(fresh []journal.Commit) error {
	for i := range fresh {
		n.clock.Observe(fresh[i].Time)
	}
	for _, s := range n.sessions {
		if s.member.WriterID() == fresh[0].Writer {
			// Our own commits come back to us: this folder was restored from a backup, or another copy of it lives. Both may
			// go on only as different writers.
			return n.newWriter(s.member)
		}
	}
	return n.cameBack(fresh[0].Writer)
}

// stored follows a batch that arrived and is durable.
func (n *Node) stored() error {
	n.grown.Add(1)
	return n.forgetDropped()
}
