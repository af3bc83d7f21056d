// Package journaltest plays whole workspaces: devices with a journal on a disk that tears, fills up and loses its power,
// relays, the network between them, clocks that jump, members who are revoked, backups that are put back, and relays that
// lie. Everything follows from a seed and happens in one order, so that what failed once fails again.
//
// A history is a list of steps, one a line, and can be written down, cut shorter and kept:
//
//	Draw(seed) → history → Play → what went wrong, or nothing
//
// Nothing in it is faster or slower than anything else and nothing waits: the device, the relay and what is between them are
// one thread, and where real machines would run at once, other steps of the history are played in the middle of one.
package journaltest
