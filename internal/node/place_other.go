//go:build !linux && !darwin && !windows

package node

import "os"

// fileIdentity is the same for every file where nothing is known of the system: there a copied folder is noticed at its
// first exchange, when the relay holds more of its chain than it does.
func fileIdentity(os.FileInfo) string { return "file" }
