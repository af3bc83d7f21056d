package relay

import (
	"context"
	"io"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

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

// ForgeBackup writes a backup of one workspace with these runs, whatever they are.
func ForgeBackup(to io.Writer, id journal.WorkspaceID, runs ...journal.Run) error {
	out := wire.NewFrameWriter(to)
	header, err := wire.Marshal(backupHeader{Version: backupVersion})
	if err != nil {
		return err
	}
	if err := out.Write(frameBackup, append([]byte(BackupMagic), header...)); err != nil {
		return err
	}
	held, end := journal.Vector{}, backupEnd{Workspaces: 1}
	for _, run := range runs {
		held[run.Last().Writer] = run.Last().Seq
	}
	if err := write(out, frameWorkspace, backupWorkspace{ID: id, Vector: wire.PackVector(held, nil)}); err != nil {
		return err
	}
	for _, run := range runs {
		end.Runs, end.Commits = end.Runs+1, end.Commits+uint64(len(run.Commits))
		if err := out.Write(wire.FrameRun, run.Encode()); err != nil {
			return err
		}
	}
	return out.End(end)
}

// ReadBackup reads what a backup says and takes nothing.
func ReadBackup(ctx context.Context, from io.Reader) (BackupSummary, error) {
	return readFrames(ctx, from, checker{}, nil)
}

// DamageHeader changes a stored header.
func DamageHeader(s *SQLStore, w journal.WriterID, seq uint64) error {
	_, err := s.write.Exec("UPDATE commits SET header = $1 WHERE writer = $2 AND seq = $3", []byte("not what was written"), w[:], int64(seq))
	return err
}
