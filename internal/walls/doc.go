// Package walls holds no code, only tests of the house: who may lean on whom (wall_test.go reads the real import
// graph) and the habits that would rot if nothing checked them (habits_test.go). docs/architecture.md draws the same
// rules for people; when one of the two changes, so does the other.
package walls
