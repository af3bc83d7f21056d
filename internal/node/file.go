package node

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/store"
)

// A file is sealed in chunks under a key of its own. The fact that speaks of it holds the key and the chunks' names, in the
// field Kind.File, and is sealed for its compartment like every other: so who may not open the part cannot open the file, and
// where the part is erased nobody can any more. The chunks go with it, for they belong to that part.

// MaxFile is the most bytes of one file.
const MaxFile = 10 << 20

// keptFile is what the field says: where the fact was written, the key, the length and the names of the chunks.
type keptFile struct {
	writer journal.WriterID
	seq    uint64
	key    seal.FileKey
	size   int64
	chunks [][32]byte
}

const keptVersion = 1

func (k *keptFile) encode() []byte {
	b := append([]byte{keptVersion}, k.writer[:]...)
	b = binary.BigEndian.AppendUint64(b, k.seq)
	b = append(b, k.key[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(k.size))
	for _, c := range k.chunks {
		b = append(b, c[:]...)
	}
	return b
}

// readKept reads what encode wrote, and only that.
func readKept(raw []byte) (k keptFile, err error) {
	const head = 1 + 16 + 8 + 32 + 8
	if len(raw) < head {
		return k, fmt.Errorf("a file: %w", journal.ErrFormat)
	}
	if raw[0] != keptVersion {
		return k, fmt.Errorf("a file: %w", journal.ErrNewer)
	}
	copy(k.writer[:], raw[1:])
	k.seq = binary.BigEndian.Uint64(raw[17:])
	copy(k.key[:], raw[25:])
	size := binary.BigEndian.Uint64(raw[57:])
	if raw = raw[head:]; size > MaxFile || k.seq == 0 || k.seq > journal.MaxSeq || len(raw) != seal.ChunksOf(int64(size))*32 {
		return k, fmt.Errorf("a file: %w", journal.ErrFormat)
	}
	k.size = int64(size)
	for ; len(raw) > 0; raw = raw[32:] {
		k.chunks = append(k.chunks, [32]byte(raw[:32]))
	}
	return k, nil
}

// keep seals the bytes of a file and keeps its chunks (record.Change.Keep). They are durable before the commit is.
func (s *Session) keep(in record.Compartment, content []byte) ([]byte, error) {
	if len(content) > MaxFile {
		return nil, record.Refuse("", "too_large")
	}
	if _, _, ok := s.member.Ring.Current(in); !ok {
		return nil, record.Refuse("", "not_allowed")
	}
	writer := s.member.WriterID()
	k := keptFile{writer: writer, seq: s.node.journal.Head(writer).Seq + 1, key: seal.NewFileKey(), size: int64(len(content))}
	defer k.key.Wipe()
	for n, count := 0, seal.ChunksOf(k.size); n < count; n++ {
		piece := content[n*seal.ChunkSize : min((n+1)*seal.ChunkSize, len(content))]
		sealed, err := seal.SealChunk(k.key, s.member.Workspace, n, n == count-1, piece)
		if err != nil {
			return nil, err
		}
		digest, err := s.node.files.Stage(s.member.Ring.Tag(in), sealed)
		if err != nil {
			return nil, err
		}
		k.chunks = append(k.chunks, digest)
	}
	return k.encode(), nil
}

// sessionFiles gives files to queries (record.Files).
type sessionFiles struct{ session *Session }

// Content implements record.Files.
func (f sessionFiles) Content(_ record.Compartment, id record.ID, kept []byte) (content []byte, here bool, err error) {
	k, err := readKept(kept)
	if err != nil {
		return nil, false, err
	}
	defer k.key.Wipe()
	files := f.session.node.files
	var out bytes.Buffer
	for n, digest := range k.chunks {
		sealed, there, err := files.Read(digest)
		if err != nil {
			return nil, false, err
		}
		if !there {
			_, err := files.Ask(id)
			return nil, false, err
		}
		piece, err := seal.OpenChunk(k.key, f.session.member.Workspace, n, n == len(k.chunks)-1, sealed)
		if err != nil {
			return nil, false, fmt.Errorf("piece %d of a file: %w: %w", n, store.ErrDamaged, err)
		}
		out.Write(piece)
	}
	if int64(out.Len()) != k.size {
		return nil, false, fmt.Errorf("a file of %d bytes where %d were said: %w", out.Len(), k.size, store.ErrDamaged)
	}
	return out.Bytes(), true, nil
}

// Stands implements record.Files.
func (f sessionFiles) Stands(id record.ID) (record.FileStanding, error) {
	s, err := f.session.node.files.Stands(id)
	return record.FileStanding{Pieces: s.Chunks, Here: s.Here, Elsewhere: s.Elsewhere}, err
}

// noteFiles lists the chunks of files of which this member can read, drops those that were taken back, and removes what was
// sealed for commits that were never saved. No batch is running.
func (s *Session) noteFiles(ctx context.Context) error {
	known, err := s.node.files.Files()
	if err != nil {
		return err
	}
	var tags []uint8
	var roster Roster
	for _, k := range s.node.registry.Kinds() {
		if k.File == "" || !s.views.Opens(k.In) {
			continue
		}
		tags = append(tags, s.member.Ring.Tag(k.In))
		fresh, taken, err := s.fileRows(ctx, k, known)
		if err != nil {
			return err
		}
		for _, row := range fresh {
			if err := s.registerFile(ctx, k, row); err != nil {
				return err
			}
		}
		for _, t := range taken {
			if t.by != t.author {
				if roster == nil {
					if roster, err = s.roster(ctx, s.views); err != nil {
						return err
					}
				}
				if h := roster[journal.MemberID(t.by)]; h == nil || !h.Rights().May(record.Erase, k.In) {
					continue
				}
			}
			if err := s.node.files.Drop(t.id); err != nil {
				return err
			}
		}
	}
	if err := s.node.files.Sweep(tags); err != nil {
		return err
	}
	s.kept = false
	return s.node.dropFiles()
}

type fileRow struct {
	id     record.ID
	person record.ID
	kept   []byte
	at     int64 // unix milliseconds
}

type takenBack struct{ id, author, by record.ID }

// fileRows reads which files are not listed yet, and which listed ones were taken back, by whom.
func (s *Session) fileRows(ctx context.Context, k *record.Kind, known map[record.ID]journal.PartPlace) (fresh []fileRow, taken []takenBack, err error) {
	subject := "NULL"
	if k.Subject != "" {
		subject = k.Subject
	}
	rows := store.Rows(k, s.node.registry.Kinds()) // of persons who are hidden too
	err = s.views.Select(ctx, fmt.Sprintf("SELECT id, _rec, %s, %s, _by, (SELECT later._by FROM %s AS later WHERE later.id = t._corrected) FROM %s AS t WHERE %s IS NOT NULL", k.File, subject, rows, rows, k.File), nil, func(row record.Row) error {
		id := row.ID(0)
		_, listed := known[id]
		switch {
		case !row.Null(5): // a later one corrects it, and says that it is taken back
			if listed {
				taken = append(taken, takenBack{id, row.ID(4), row.ID(5)})
			}
		case !listed:
			fresh = append(fresh, fileRow{id: id, at: row.Int(1), kept: bytes.Clone(row.Blob(2)), person: row.ID(3)})
		}
		return nil
	})
	return fresh, taken, err
}

// registerFile lists the chunks of one file, when the fact stands where it says. A fact that does not is passed over: its
// chunks would belong to somebody else's part.
func (s *Session) registerFile(_ context.Context, k *record.Kind, row fileRow) error {
	kept, err := readKept(row.kept)
	if err != nil {
		return nil // damaged, or of a later version
	}
	kept.key.Wipe()
	place, found, err := s.placeOfFact(kept.writer, kept.seq, k.In, row)
	if err != nil || !found {
		return err
	}
	return s.node.files.Register(store.File{ID: row.id, Place: place, Time: row.at, Size: kept.size, Chunks: kept.chunks})
}

// mostFactsBefore is how many facts an action may say before that of a file.
const mostFactsBefore = 16

func (s *Session) placeOfFact(w journal.WriterID, seq uint64, in record.Compartment, row fileRow) (place journal.PartPlace, found bool, err error) {
	tag, shelf := s.member.Ring.Tag(in), s.member.Ring.Secret.Shelf(row.person[:])
	for i := range journal.MaxParts {
		p := journal.PartPlace{Writer: w, Seq: seq, Index: uint8(i)}
		a, here, err := s.node.journal.Part(p)
		if err != nil {
			return place, false, err
		}
		if !here {
			continue
		}
		h := a.Commit.Header
		if h.Parts[i].Tag != tag || !row.person.IsZero() && h.Parts[i].Shelf&^journal.DetailShelf != shelf {
			continue
		}
		for n := range mostFactsBefore {
			if record.ID(journal.FactID(w, seq, h.Salt, n)) == row.id {
				return p, true, nil
			}
		}
	}
	return place, false, nil
}

// dropFiles removes the chunks of parts that were erased, and those of parts that this device let go of, once the relay holds
// them: a neighbour may let go of them too, because this device has them.
func (n *Node) dropFiles() error {
	listed, err := n.files.Files()
	if err != nil {
		return err
	}
	for id, place := range listed {
		if !n.journal.Erased(place) {
			here, err := n.journal.Holds(place)
			if err != nil {
				return err
			}
			if here {
				continue
			}
			standing, err := n.files.Stands(id)
			if err != nil {
				return err
			}
			p := n.relayPlace()
			kept, err := n.files.At(p.key(), id)
			if err != nil {
				return err
			}
			if standing.Here > 0 && !kept {
				continue
			}
		}
		if err := n.files.Drop(id); err != nil {
			return err
		}
	}
	return nil
}
