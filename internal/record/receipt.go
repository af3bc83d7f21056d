package record

import "time"

// What is known of where a record is: the code list receipt.
const (
	ReceiptHere      = "only_here" // no other place said that it has it
	ReceiptHeld      = "held"      // it stays on this machine, because the person has not agreed that it leaves
	ReceiptExchanged = "exchanged" // written here, and another place said that it has it
	ReceiptArrived   = "arrived"   // written on another machine
)

// Receipt says of one thing that was written where else than on this machine it is known to be.
type Receipt struct {
	State  string    `json:"state"`            // a code of the list receipt
	At     time.Time `json:"at,omitzero"`      // exchanged: when the first place said so; zero: longer ago than is remembered
	Places []string  `json:"places,omitempty"` // exchanged: which places have it now
}

// Receipts finds the receipt of what a member wrote in a compartment at a moment (of the commit, to the millisecond). What is
// not known to be about the person it was asked for has none.
type Receipts func(in Compartment, by ID, recorded time.Time) (Receipt, bool)
