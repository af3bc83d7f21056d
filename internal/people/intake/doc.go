// Package intake brings in a list of people that somebody kept in a table: each row becomes one registration, read as the
// registration form reads what is typed, and refused with its line, column, field and reason when it cannot be.
//
// A list is taken whole or not at all, unless somebody who saw what is wrong takes the good rows. The same list again changes
// nothing, and a list that has grown brings only what is new.
package intake
