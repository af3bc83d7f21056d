package store

import "amparo/internal/record"

// Forget removes the file of a compartment that is not open: what a member may no longer read does not stay on the disk.
func (v *Views) Forget(c record.Compartment) error {
	if v.Opens(c) {
		return nil
	}
	return v.remove(c)
}
