// Package sample makes up people and the work that is done with them: the synthetic cohort and the story that the demonstration,
// tests and benchmarks play.
//
// Nobody here is real. Given names and surnames are drawn independently, each from the common names of a country, so a full name
// is a coincidence; telephone numbers lie in ranges that no operator may assign; towns are real, sites are not. Frequencies
// follow Zipf's law closely enough that a search has namesakes to tell apart.
//
// Everything is a pure function of its arguments: the same seed gives the same bytes on every machine, which the golden digest in
// story_test.go holds fast. The package knows nothing of a node: a [Story] is a list of steps (requests, looking someone up, exchanges
// with the relay) that whoever holds the nodes plays in order.
//
// It is the bed for hard cases on purpose: double surnames and single ones, particles and hyphens, accents that are typed and that
// are not, Mayan, Garífuna, Kichwa, Miskito and Wayuu surnames, ages told about, people who give no more than a nickname, families who
// travel together, two sites that write different things about one person on the same day, somebody who is registered twice, families that
// look for each other, cards that are lost.
//
// A [Registry] is another thing: up to a million people without a course, with questions about them whose answers are known, for
// measuring how well somebody is found.
package sample
