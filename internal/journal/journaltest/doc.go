// Package journaltest draws histories for tests as a line of text and makes them real: signed, sealed, with keys that
// are the same in every run.
//
//	h := journaltest.Draw(t, "A1 A2 B1(A2) A3 B2(A3) B2'")
//
// A letter is a writer (and the member of that name, on one device), the number its place in the chain. In brackets
// stand the commits of others that it names as seen. An apostrophe makes a fork: B2' stands where B2 stands; B3' follows
// B2' when that is drawn. The first commit drawn founds the workspace and admits everyone else who is drawn; every first
// commit of a writer carries its certificate. Each commit holds one sealed part that says its own name, or what the test
// gives it to say.
package journaltest
