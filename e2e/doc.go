// Package e2e walks through the pages as people do: in a real browser, at phone and laptop size, by keyboard, with and
// without script, and asks axe-core about every page on the way. It is a module of its own so that nothing of it is
// linked into the program.
//
// TestMain builds the program once and starts one Chromium; each test opens a node of its own on 127.0.0.1 and a
// browser context of its own. A page fails its test when it logs an error, asks anything of another host, scrolls
// sideways, or breaks an accessibility rule.
//
// With AMPARO_SCREENSHOTS=1 (`make screenshots`) the same walks write the pictures in docs/screenshots.
package e2e
