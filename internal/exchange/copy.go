package exchange

import "amparo/internal/relay/wire"

// Copy is one copy of a workspace. Its contract is written at wire.Copy and tried by exchangetest.Conform.
type Copy = wire.Copy

// Fault says why a run was set aside, or of which commit two stories are told.
type Fault = wire.Fault

// Refusal is a relay's answer when it does not answer; errors.As finds it, and Code is stable (wire.Refused…).
type Refusal = wire.Refusal
