package node

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"

	"amparo/internal/journal"
	"amparo/internal/vault"
)

// What this writer's commits already name as seen is remembered in a note, written in the same batch as the commit.

func seenNote(w journal.WriterID) string { return "seen " + hex.EncodeToString(w[:]) }

func (s *Session) loadSeen() error {
	raw, err := s.node.journal.ReadNote(seenNote(s.member.WriterID()))
	if err != nil {
		return err
	}
	for len(raw) >= 24 {
		s.saw[journal.WriterID(raw[:16])] = binary.BigEndian.Uint64(raw[16:24])
		raw = raw[24:]
	}
	return nil
}

// noteSeen remembers what a commit names. The note is part of the running batch.
func (s *Session) noteSeen(seen []journal.Seen) error {
	if len(seen) == 0 {
		return nil
	}
	for _, h := range seen {
		s.saw[h.Writer] = h.Seq
	}
	raw := make([]byte, 0, len(s.saw)*24)
	for w, seq := range s.saw {
		raw = append(raw, w[:]...)
		raw = binary.BigEndian.AppendUint64(raw, seq)
	}
	return s.node.journal.Note(seenNote(s.member.WriterID()), raw)
}

// settle starts a new writer when the writer's file is not the very one that was last written here: a copied folder or
// a restored backup would otherwise continue the same chain twice. So it does when commits of that writer came from elsewhere
// while it was locked.
func (n *Node) settle(m *vault.Member) error {
	n.setMu.Lock()
	known := n.settings.place(m.ID)
	n.setMu.Unlock()
	back, err := n.journal.ReadNote(backNote(m.ID))
	if err != nil {
		return err
	}
	if known == filePlace(n.keep.WriterPath(m.ID)) && !hasWriter(back, m.WriterID()) {
		return nil
	}
	if err := n.newWriter(m); err != nil || len(back) == 0 {
		return err
	}
	return n.journal.Note(backNote(m.ID), []byte{})
}

func (n *Node) newWriter(m *vault.Member) error {
	if err := m.NewWriter(); err != nil {
		return err
	}
	if err := n.keep.SaveWriter(m); err != nil {
		return fmt.Errorf("start a new writer: %w", err)
	}
	if s := n.sessions[m.ID]; s != nil {
		clear(s.saw)
	}
	return n.set(func(s *settings) { s.setPlace(m.ID, filePlace(n.keep.WriterPath(m.ID))) })
}

// filePlace says which file it is and when the system last wrote it. Copying the folder, putting a backup back beside
// or over it, and writing the same bytes again all give another answer: no program can set that time.
func filePlace(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fileIdentity(info)
}
