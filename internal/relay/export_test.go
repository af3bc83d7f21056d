package relay

import "amparo/internal/journal"

// SetVersion writes another version into a store.
func SetVersion(s *SQLStore, version string) error {
	_, err := s.write.Exec("UPDATE about SET value = $1 WHERE name = 'version'", version)
	return err
}

// Damage changes a stored part.
func Damage(s *SQLStore, w journal.WriterID, seq uint64) error {
	_, err := s.write.Exec("UPDATE parts SET data = $1 WHERE writer = $2 AND seq = $3", []byte("not what was written"), w[:], int64(seq))
	return err
}
