// Package web serves the pages, the forms and the HTTP API of one node.
//
// It holds pages, not rules: what a page may do is an action, what it shows is a query, and both go through the
// [Desk] of the member who unlocked. Every address stands in one table (routes.go) with what it needs; a test walks
// that table and proves that nothing but the few public addresses answers without a session.
//
// To add a page: one file with its struct, its handler and its form; one template of the same name under templates/;
// one line in routes.go; one entry in webtest, so that it is rendered with made-up people in all five languages,
// weighed, and checked for labels, inline script and missing texts.
//
// Nothing typed or shown is ever written to disk in clear: pages are not stored by the browser, sessions and drafts
// live in this process's memory, and the script keeps nothing in the browser's own storage.
package web
