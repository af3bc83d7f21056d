// Package vault holds what opens things: a member's keys and what they were granted, sealed under a passphrase in one
// file a member; and the keys of this device's views, each sealed under its compartment's key.
//
//	vault/<member id>.member   label in clear (choose initials), everything else under the passphrase
//	vault/<member id>.writer   this device's writer, under the member's own keys
//	vault/<member id>.views    the keys of the member's views on this device, each under the key of its compartment
//	vault/<member id>.passkeys public keys that show covered pages again, under the member's own keys; they open nothing
//	vault/<member id>.gone     why the keys of a member who was here were wiped
//
// A founding member makes the compartments' keys; others receive them as a grant sealed to their public key in an open
// part of a commit.
package vault
