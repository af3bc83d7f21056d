// Package exchangetest is what tests of copies and of exchange stand on: a workspace of made-up members and devices
// that really sign and seal, a copy in memory, the suite every copy must pass (Conform), and a comparison of copies.
//
// Everything follows from a seed, so a failing history plays again.
package exchangetest
