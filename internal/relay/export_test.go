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

// Vouches lists who says of whom how far the chain went: of whom first.
func Vouches(s *SQLStore, id journal.WorkspaceID) (map[[2]journal.WriterID]uint64, error) {
	out := map[[2]journal.WriterID]uint64{}
	rows, err := s.read.Query("SELECT writer, by, seq FROM vouch WHERE workspace = $1", id[:])
	return out, each(rows, err, func() error {
		var of, by []byte
		var seq uint64
		err := rows.Scan(&of, &by, &seq)
		if err == nil {
			out[[2]journal.WriterID{journal.WriterID(of), journal.WriterID(by)}] = seq
		}
		return err
	})
}

// Recount adds up what is stored of a workspace.
func Recount(s *SQLStore, id journal.WorkspaceID, bytes *int64) error {
	return s.read.QueryRow(`SELECT (SELECT COALESCE(SUM(LENGTH(header) + COALESCE(LENGTH(sig), 0)), 0) FROM commits WHERE workspace = $1) +
		(SELECT COALESCE(SUM(LENGTH(p.data)), 0) FROM parts p JOIN commits c ON c.workspace = p.workspace AND c.writer = p.writer AND c.seq = p.seq WHERE p.workspace = $1)`, id[:]).Scan(bytes)
}

// Scrubbed waits for what goes on beside, and reports whether nothing of what was erased is left to be scrubbed.
func Scrubbed(s *SQLStore) bool {
	s.scrub.beside.Wait()
	return !s.scrub.due.Load()
}

// Stray puts a part beyond the end of a chain.
func Stray(s *SQLStore, id journal.WorkspaceID, w journal.WriterID, seq uint64) error {
	_, err := s.write.Exec("INSERT INTO parts (workspace, writer, seq, idx, shelf, data) VALUES ($1, $2, $3, 0, 0, $4)", id[:], w[:], int64(seq), []byte("stray"))
	return err
}
