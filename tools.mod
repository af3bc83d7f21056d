// The linters, pinned apart from the program: what checks Amparo is never
// linked into it. Run them with `go tool -modfile=tools.mod NAME`.
module amparo

go 1.26.0

// govulncheck 1.9.0 asks for a commit of x/telemetry that the module proxy
// lists but cannot serve; the newest one it serves has the same API.
exclude golang.org/x/telemetry v0.0.0-20261010193011-f71dc92da45e

tool (
	golang.org/x/vuln/cmd/govulncheck
	honnef.co/go/tools/cmd/staticcheck
)

require (
	github.com/BurntSushi/toml v1.4.1-0.20240526193622-a339e1f7089c // indirect
	golang.org/x/exp/typeparams v0.0.0-20231108232855-2478ac86f678 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/telemetry v0.0.0-20261009151841-97e8ea77aa2a // indirect
	golang.org/x/tools v0.52.0 // indirect
	golang.org/x/vuln v1.9.0 // indirect
	honnef.co/go/tools v0.8.2 // indirect
)
