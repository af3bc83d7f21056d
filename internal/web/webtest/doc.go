// Package webtest is every page with made-up people, without login, key or database: the bed for the tests of pages, for
// screenshots and for accessibility checks. Its house answers queries with what is written here and says yes to every
// action, except those that a page's own example says no to.
package webtest
