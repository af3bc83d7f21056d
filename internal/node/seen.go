package node

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

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

// settle starts a new writer when this folder is not the one in which the old writer wrote: a copied folder or a
// restored backup would otherwise continue the same chain twice.
func (n *Node) settle(m *vault.Member) error {
	place := filePlace(filepath.Join(n.dir, "journal"))
	if n.settings.Place == place {
		return nil
	}
	if n.settings.Place != "" && n.journal.Head(m.WriterID()).Seq > 0 {
		if err := n.newWriter(m); err != nil {
			return err
		}
	}
	n.settings.Place = place
	return n.settings.save(n.dir)
}

func (n *Node) newWriter(m *vault.Member) error {
	if err := m.NewWriter(); err != nil {
		return err
	}
	if err := n.keep.SaveWriter(m); err != nil {
		return fmt.Errorf("start a new writer: %w", err)
	}
	if n.session != nil {
		clear(n.session.saw)
	}
	return nil
}

// filePlace says which file it is: copying a folder gives another.
func filePlace(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fileIdentity(info)
}
