package seal

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/bits"
	"math/rand/v2"

	"filippo.io/age"
)

// A file that leaves the device is a file of the age format, version 1 (age-encryption.org/v1), which other programs open
// too, and behind it 40 bytes: its length (64 bits, big-endian) and the SHA-256 of it and of the length. By these anybody
// can tell, with no key, whether the file is whole and unchanged by accident. Whether it was changed on purpose only who
// has a key can tell.

var (
	// ErrNotFile reports bytes that do not begin as a sealed file does.
	ErrNotFile = errors.New("not a sealed file")
	// ErrFileCut reports a sealed file that ends too early.
	ErrFileCut = errors.New("the sealed file is cut short")
	// ErrFileChanged reports a sealed file whose bytes are not those that were written.
	ErrFileChanged = errors.New("the sealed file was changed after it was written")
)

// FileMagic begins every sealed file.
const FileMagic = "age-encryption.org/v1\n"

const (
	tailLen = 8 + sha256.Size
	// fewestRecipients: a file is sealed to as many keys as the next power of two, and to eight at least. Keys that nobody
	// has fill up, so that who finds it cannot count the team.
	fewestRecipients = 8
	// mostRecipients is how many programs that read the format take.
	mostRecipients = 1024
)

// SealFile begins a file that the holder of any one of the keys can open and nobody else. Keys to which nothing can be sealed
// are passed over; it fails when none is left, and when there are too many for anybody to open it. Close ends the file; it does not close what is below.
func SealFile(to io.Writer, keys []ReceiverKey) (io.WriteCloser, error) {
	var all []age.Recipient
	for _, key := range keys {
		if pub, err := hpke.MLKEM768X25519().NewPublicKey(key); err == nil {
			all = append(all, sealedTo{pub})
		}
	}
	if len(all) == 0 {
		return nil, errors.New("seal a file: to nobody")
	}
	if len(all) > mostRecipients {
		return nil, fmt.Errorf("seal a file: to %d, the format allows %d", len(all), mostRecipients)
	}
	for most := max(fewestRecipients, 1<<bits.Len(uint(len(all)-1))); len(all) < most; {
		nobody, err := hpke.MLKEM768X25519().GenerateKey()
		if err != nil {
			return nil, fmt.Errorf("seal a file: %w", err)
		}
		all = append(all, sealedTo{nobody.PublicKey()})
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return sealFile(to, all...)
}

// SealFileUnder begins a file that the passphrase opens.
func SealFileUnder(to io.Writer, passphrase []byte, cost Cost) (io.WriteCloser, error) {
	if err := cost.check(); err != nil {
		return nil, err
	}
	return sealFile(to, underPassphrase{passphrase, cost.scrypt()})
}

type sealedFile struct {
	io.WriteCloser // of the age format
	below          *tailWriter
}

func sealFile(to io.Writer, recipients ...age.Recipient) (io.WriteCloser, error) {
	below := &tailWriter{w: to, digest: sha256.New()}
	inner, err := age.Encrypt(below, recipients...)
	if err != nil {
		return nil, fmt.Errorf("seal a file: %w", err)
	}
	return sealedFile{inner, below}, nil
}

// Close writes what is still to be written, and the tail.
func (f sealedFile) Close() error {
	if err := f.WriteCloser.Close(); err != nil {
		return err
	}
	_, err := f.below.w.Write(tail(f.below.digest, f.below.length))
	return err
}

// SealedLength is how long a file becomes after so many bytes of plaintext, given how long it was before the first.
func SealedLength(head, plain int64) int64 {
	const chunk = 64 << 10
	return head + plain + PartOverhead*max(1, (plain+chunk-1)/chunk) + tailLen
}

type tailWriter struct {
	w      io.Writer
	digest hash.Hash
	length uint64
}

func (t *tailWriter) Write(b []byte) (int, error) {
	n, err := t.w.Write(b)
	t.digest.Write(b[:n])
	t.length += uint64(n)
	return n, err
}

func tail(digest hash.Hash, length uint64) []byte {
	out := binary.BigEndian.AppendUint64(nil, length)
	digest.Write(out)
	return digest.Sum(out)
}

// tailReader gives what stands before the tail, and at the end says what the tail tells.
type tailReader struct {
	r      *bufio.Reader
	digest hash.Hash
	length uint64
	ended  bool
	err    error // once ended: nil, ErrFileCut or ErrFileChanged; or reading failed
}

func newTailReader(r io.Reader) *tailReader {
	return &tailReader{r: bufio.NewReaderSize(r, 128<<10), digest: sha256.New()}
}

func (t *tailReader) Read(p []byte) (int, error) {
	if t.ended {
		return 0, t.end()
	}
	if len(p) == 0 {
		return 0, nil
	}
	window, err := t.r.Peek(min(len(p)+tailLen, t.r.Size()))
	if err != nil && !errors.Is(err, io.EOF) {
		t.ended, t.err = true, err
		return 0, err
	}
	if n := copy(p, window[:max(0, len(window)-tailLen)]); n > 0 {
		t.digest.Write(p[:n])
		t.length += uint64(n)
		_, err := t.r.Discard(n)
		return n, err
	}
	t.ended = true
	switch {
	case len(window) < tailLen || binary.BigEndian.Uint64(window) != t.length:
		t.err = ErrFileCut
	case subtle.ConstantTimeCompare(window, tail(t.digest, t.length)) != 1:
		t.err = ErrFileChanged
	}
	return 0, t.end()
}

// end is io.EOF to who reads the file: what the tail tells is asked for by itself.
func (t *tailReader) end() error {
	if t.err == nil || errors.Is(t.err, ErrFileCut) || errors.Is(t.err, ErrFileChanged) {
		return io.EOF
	}
	return t.err
}

// verdict reads to the end and says whether the file is whole.
func (t *tailReader) verdict() error {
	if _, err := io.Copy(io.Discard, t); err != nil {
		return err
	}
	return t.err
}

// CheckFile reads a sealed file and says, with no key, whether it is whole and unchanged by accident. It fails with
// ErrNotFile, ErrFileCut or ErrFileChanged.
func CheckFile(from io.Reader) (length int64, underPassphrase bool, err error) {
	t := newTailReader(from)
	kind, err := t.begins()
	if err != nil {
		return 0, false, err
	}
	err = t.verdict()
	return int64(t.length) + tailLen, kind, err
}

// begins looks at the first bytes: is it a sealed file, and under a passphrase?
func (t *tailReader) begins() (underPassphrase bool, err error) {
	const scrypt = FileMagic + "-> scrypt "
	start, err := t.r.Peek(len(scrypt))
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if !bytes.HasPrefix(start, []byte(FileMagic)) {
		return false, ErrNotFile
	}
	return string(start) == scrypt, nil
}

// OpenFile opens a file that was sealed to one of these keys. It fails with ErrNotFile, also for a file under a passphrase, with ErrSealed when the file is whole
// and for others, with ErrFileCut or ErrFileChanged. Reading gives everything whole of a cut or changed file, and then one of
// the two.
func OpenFile(from io.Reader, keys ...Receiver) (io.Reader, error) {
	var all []age.Identity
	for _, key := range keys {
		all = append(all, openedBy(key))
	}
	return openFile(newTailReader(from), false, all...)
}

// OpenFileUnder opens a file under a passphrase. It fails as OpenFile does; ErrSealed: another passphrase.
func OpenFileUnder(from io.Reader, passphrase []byte) (io.Reader, error) {
	return openFile(newTailReader(from), true, underPassphrase{passphrase, 0})
}

func openFile(t *tailReader, underPassphrase bool, identities ...age.Identity) (io.Reader, error) {
	if under, err := t.begins(); err != nil {
		return nil, err
	} else if under != underPassphrase {
		return nil, ErrNotFile
	}
	if len(identities) == 0 {
		return nil, cmp.Or(t.verdict(), ErrSealed)
	}
	plain, err := age.Decrypt(t, identities...)
	if err == nil {
		return &openedFile{plain, t}, nil
	}
	if errors.Is(err, ErrCost) {
		return nil, err
	}
	stranger := errors.As(err, new(*age.NoIdentityMatchError))
	if stranger && underPassphrase { // said at once: a mistyped passphrase should not cost reading all of a large file
		return nil, ErrSealed
	}
	if whole := t.verdict(); whole != nil { // damaged is said before: that it is for others
		return nil, whole
	}
	if stranger {
		return nil, ErrSealed
	}
	return nil, fmt.Errorf("%w: %w", ErrFileChanged, err)
}

type openedFile struct {
	plain io.Reader
	t     *tailReader
}

// Read gives the plaintext.
func (f *openedFile) Read(p []byte) (int, error) {
	n, err := f.plain.Read(p)
	if err == nil {
		return n, nil
	}
	whole := f.t.verdict()
	if whole == nil && !errors.Is(err, io.EOF) { // somebody who knows no key made the tail anew
		whole = fmt.Errorf("%w: %w", ErrFileChanged, err)
	}
	if whole == nil {
		whole = io.EOF
	}
	return n, whole
}

// The stanza of a file's header, as the age specification has it.
const (
	hybridStanza = "mlkem768x25519"
	hybridLabel  = "age-encryption.org/mlkem768x25519"
	hybridEnc    = 1120 // bytes of an encapsulated key
)

var stanza64 = base64.RawStdEncoding.Strict()

// sealedTo seals a file's key to a member.
type sealedTo struct{ key hpke.PublicKey }

// Wrap is age's.
func (s sealedTo) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	sealed, err := hpke.Seal(s.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(hybridLabel), fileKey)
	if err != nil {
		return nil, err
	}
	return []*age.Stanza{{Type: hybridStanza, Args: []string{stanza64.EncodeToString(sealed[:hybridEnc])}, Body: sealed[hybridEnc:]}}, nil
}

// openedBy is a member's key as an identity of the age format.
type openedBy Receiver

// Unwrap is age's.
func (r openedBy) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type != hybridStanza || len(s.Args) != 1 {
			continue
		}
		enc, err := stanza64.DecodeString(s.Args[0])
		if err != nil || len(enc) != hybridEnc {
			continue
		}
		if key, err := hpke.Open(r.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(hybridLabel), append(enc, s.Body...)); err == nil && len(key) == 16 {
			return key, nil
		}
	}
	return nil, age.ErrIncorrectIdentity
}
