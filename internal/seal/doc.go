// Package seal turns bytes into sealed bytes and back. It is the only package that touches ciphers, signatures and key
// agreement; every secret has a type of its own, so that a key cannot be used for what it is not.
//
//	parts of commits      XChaCha20-Poly1305 under a compartment's key, padded (Padmé)
//	writers and members   Ed25519
//	grants to a member    HPKE (RFC 9180) with MLKEM768-X25519, HKDF-SHA256, ChaCha20-Poly1305
//	under a passphrase    Argon2id (RFC 9106), then XChaCha20-Poly1305
//	under a PIN           PBKDF2-SHA-256, then AES-256-GCM, for what a person takes along: every browser opens it
//	between neighbours    TLS 1.3 with an Ed25519 key that is pinned
//
// Nothing here invents a cipher: Go's own crypto and golang.org/x/crypto do the work.
package seal
