package vault

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
)

var (
	// ErrFile reports a key file that is not one, or is damaged.
	ErrFile = errors.New("the key file is damaged or of another version")
	// ErrPassphrase reports a passphrase that does not open the member's keys.
	ErrPassphrase = errors.New("wrong passphrase")
	// ErrNoMember reports a member who is not on this device.
	ErrNoMember = errors.New("no such member on this device")
)

// Keep is the vault folder of one device.
type Keep struct {
	dir       string
	workspace journal.WorkspaceID
	Cost      seal.Cost // for what is sealed from now on
}

// OpenKeep uses a folder; it is made when missing.
func OpenKeep(dir string, workspace journal.WorkspaceID) (*Keep, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	k := &Keep{dir: dir, workspace: workspace, Cost: seal.FieldCost}
	return k, k.forgetOld()
}

// Listed is a member on this device, as the unlock page shows them.
type Listed struct {
	ID      journal.MemberID
	Label   string
	Damaged bool      // the file no longer reads: only its id is known
	Lease   time.Time // when the keys end unless an administrator is heard of; zero: they do not
}

type memberFile struct {
	Version int         `cbor:"1,keyasint"`
	Label   string      `cbor:"2,keyasint"`
	Locked  seal.Locked `cbor:"3,keyasint"`
	Sum     []byte      `cbor:"4,keyasint"`           // of all the rest: tells a damaged file from a wrong passphrase
	Lease   int64       `cbor:"5,keyasint,omitempty"` // unix seconds; 0: the keys do not end by themselves
}

func (f memberFile) sum() ([]byte, error) {
	f.Sum = nil
	raw, err := encode(f)
	sum := seal.Digest(raw)
	return sum[:], err
}

type memberSecret struct {
	Sign     []byte `cbor:"1,keyasint"`
	Receiver []byte `cbor:"2,keyasint"`
}

func (k *Keep) purpose(id journal.MemberID) string {
	return "amparo member v1 " + k.workspace.String() + " " + id.String()
}

func (k *Keep) path(id journal.MemberID) string {
	return filepath.Join(k.dir, id.String()+".member")
}

// Members lists who can unlock here, by label.
func (k *Keep) Members() ([]Listed, error) {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	var out []Listed
	for _, e := range entries {
		name, isMember := strings.CutSuffix(e.Name(), ".member")
		raw, err := hex.DecodeString(name)
		if !isMember || err != nil || len(raw) != len(journal.MemberID{}) {
			continue
		}
		id := journal.MemberID(raw)
		f, err := k.read(id)
		if errors.Is(err, ErrFile) { // the others can work all the same
			out = append(out, Listed{ID: id, Damaged: true})
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, f.listed(id))
	}
	slices.SortFunc(out, func(a, b Listed) int { return strings.Compare(a.Label+a.ID.String(), b.Label+b.ID.String()) })
	return out, nil
}

// Find gives the member with that label or id; with an empty name, the only one there is.
func (k *Keep) Find(name string) (Listed, error) {
	all, err := k.Members()
	if err != nil {
		return Listed{}, err
	}
	if name == "" && len(all) == 1 {
		return all[0], nil
	}
	for _, m := range all {
		if name != "" && (strings.EqualFold(m.Label, name) || m.ID.String() == name) {
			return m, nil
		}
	}
	for _, m := range all {
		if m.Damaged { // it may be theirs
			return Listed{}, fmt.Errorf("member file %s: %w", m.ID, ErrFile)
		}
	}
	return Listed{}, fmt.Errorf("%w: %q", ErrNoMember, name)
}

func (f memberFile) listed(id journal.MemberID) Listed {
	l := Listed{ID: id, Label: f.Label}
	if f.Lease != 0 {
		l.Lease = time.Unix(f.Lease, 0).UTC()
	}
	return l
}

func (k *Keep) read(id journal.MemberID) (memberFile, error) {
	var f memberFile
	raw, err := os.ReadFile(k.path(id))
	if err != nil {
		return f, fmt.Errorf("member file: %w", err)
	}
	if err := decode(raw, &f); err != nil {
		return f, fmt.Errorf("member file: %w", err)
	}
	if f.Version != 1 {
		return f, fmt.Errorf("member file: %w: version %d", ErrFile, f.Version)
	}
	if sum, err := f.sum(); err != nil || !bytes.Equal(sum, f.Sum) {
		return f, errors.Join(fmt.Errorf("member file: %w: its digest differs", ErrFile), err)
	}
	return f, nil
}

// Save seals a member under a passphrase, with the writer of this device.
func (k *Keep) Save(m *Member, passphrase []byte) error {
	file, err := k.sealed(m, passphrase)
	if err != nil {
		return err
	}
	if err := k.SaveWriter(m); err != nil {
		return err
	}
	return k.write(m.ID, file)
}

// Reseal seals a member who is here under another passphrase, or at today's cost. The file is replaced whole, then the bytes of
// the old one are overwritten; whether the disk keeps old blocks all the same is not in our hands.
func (k *Keep) Reseal(m *Member, passphrase []byte) error {
	file, err := k.sealed(m, passphrase)
	if err != nil {
		return err
	}
	old := k.path(m.ID) + oldFile
	if err := shredOld(old); err != nil {
		return err
	}
	_ = os.Link(k.path(m.ID), old) // a disk without links keeps the old bytes wherever it likes
	return errors.Join(k.write(m.ID, file), shredOld(old))
}

// oldFile ends the name under which a replaced key file waits to be overwritten.
const oldFile = ".old"

// forgetOld overwrites what a crash left of replaced key files.
func (k *Keep) forgetOld() error {
	left, err := filepath.Glob(filepath.Join(k.dir, "*.member"+oldFile))
	for _, path := range left {
		err = errors.Join(err, shredOld(path))
	}
	return err
}

// shredOld overwrites a replaced key file. Where it was not replaced, because the disk was full or the machine went off, both
// names are of the one file there is: then only the second name goes.
func shredOld(path string) error {
	old, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("replaced key file: %w", err)
	}
	if live, err := os.Stat(strings.TrimSuffix(path, oldFile)); err == nil && os.SameFile(live, old) {
		return os.Remove(path)
	}
	return shred(path)
}

func (k *Keep) sealed(m *Member, passphrase []byte) (memberFile, error) {
	receiver, err := m.Receiver.Secret()
	if err != nil {
		return memberFile{}, fmt.Errorf("save member: %w", err)
	}
	plain, err := encode(memberSecret{Sign: m.Sign.Seed(), Receiver: receiver})
	if err != nil {
		return memberFile{}, fmt.Errorf("save member: %w", err)
	}
	locked, err := seal.Lock(passphrase, k.Cost, k.purpose(m.ID), plain)
	clear(plain)
	if err != nil {
		return memberFile{}, fmt.Errorf("save member: %w", err)
	}
	file := memberFile{Version: 1, Label: m.Label, Locked: locked}
	if before, err := k.read(m.ID); err == nil {
		file.Lease = before.Lease
	}
	return file, nil
}

func (k *Keep) write(id journal.MemberID, file memberFile) error {
	var err error
	if file.Sum, err = file.sum(); err != nil {
		return fmt.Errorf("save member: %w", err)
	}
	raw, err := encode(file)
	if err != nil {
		return fmt.Errorf("save member: %w", err)
	}
	return WriteFile(k.path(id), raw)
}

// SetLease notes in the member's file, in clear, when the keys end; zero: they do not. A machine without the passphrase
// must be able to forget them in time.
func (k *Keep) SetLease(id journal.MemberID, until time.Time) error {
	file, err := k.read(id)
	if err != nil {
		return err
	}
	lease := int64(0)
	if !until.IsZero() {
		lease = until.Unix()
	}
	if file.Lease == lease {
		return nil
	}
	file.Lease = lease
	return k.write(id, file)
}

// WriterPath is the file of this device's writer.
func (k *Keep) WriterPath(id journal.MemberID) string {
	return filepath.Join(k.dir, id.String()+".writer")
}

// SaveWriter keeps the writer of this device, sealed under the member's own keys, so that a new one can be started
// without asking for the passphrase again.
func (k *Keep) SaveWriter(m *Member) error {
	key, err := m.deviceKey()
	if err != nil {
		return fmt.Errorf("save writer: %w", err)
	}
	sealed, err := seal.SealUnder(key, k.purpose(m.ID), m.Writer.Seed())
	if err != nil {
		return fmt.Errorf("save writer: %w", err)
	}
	return WriteFile(k.WriterPath(m.ID), sealed)
}

func (k *Keep) loadWriter(m *Member) error {
	key, err := m.deviceKey()
	if err != nil {
		return err
	}
	sealed, err := os.ReadFile(k.WriterPath(m.ID))
	if errors.Is(err, os.ErrNotExist) { // a vault carried here without its writer: a new chain begins
		if err := m.NewWriter(); err != nil {
			return err
		}
		return k.SaveWriter(m)
	}
	if err != nil {
		return fmt.Errorf("writer file: %w", err)
	}
	seed, err := seal.OpenUnder(key, k.purpose(m.ID), sealed)
	if err != nil {
		return fmt.Errorf("writer file: %w: %w", ErrFile, err)
	}
	defer clear(seed)
	m.Writer, err = seal.SignerFromSeed(seed)
	return err
}

// Unlock opens a member; the ring comes from the grants in the journal. It fails with ErrPassphrase, ErrNoMember or ErrFile.
func (k *Keep) Unlock(id journal.MemberID, passphrase []byte) (*Member, error) {
	f, err := k.read(id)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoMember, id)
	}
	if err != nil {
		return nil, err
	}
	plain, err := f.Locked.Unlock(passphrase, k.purpose(id))
	if errors.Is(err, seal.ErrSealed) {
		return nil, ErrPassphrase
	}
	if err != nil {
		return nil, fmt.Errorf("unlock: %w", err)
	}
	defer clear(plain)
	var s memberSecret
	if err := decode(plain, &s); err != nil {
		return nil, fmt.Errorf("unlock: %w", err)
	}
	m := &Member{Workspace: k.workspace, ID: id, Label: f.Label}
	if m.Sign, err = seal.SignerFromSeed(s.Sign); err != nil {
		return nil, err
	}
	if m.Receiver, err = seal.ReceiverFromSecret(s.Receiver); err != nil {
		return nil, err
	}
	if err := k.loadWriter(m); err != nil {
		return nil, err
	}
	if f.Locked.Cost.Below(k.Cost) { // sealed when machines were slower. It is done again at the next unlocking when it fails
		_ = k.Reseal(m, passphrase)
	}
	return m, nil
}

type viewKeyWire struct {
	Epoch  uint32 `cbor:"1,keyasint"`
	Sealed []byte `cbor:"2,keyasint"`
}

// ViewKeys gives the keys of a member's views of the given compartments, and draws and keeps those that are missing or whose
// wrapping key the ring does not hold: then the view is made anew.
func (k *Keep) ViewKeys(id journal.MemberID, ring *Ring, of []record.Compartment) (map[record.Compartment]seal.ViewKey, error) {
	path := k.viewsPath(id)
	stored := map[uint8]viewKeyWire{}
	raw, err := os.ReadFile(path)
	if err == nil {
		err = decode(raw, &stored)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, ErrFile) {
		return nil, fmt.Errorf("view keys: %w", err)
	}
	keys, changed := map[record.Compartment]seal.ViewKey{}, false
	for _, c := range of {
		purpose := "amparo view key v1 " + k.workspace.String() + " " + c.String()
		if w, ok := stored[uint8(c)]; ok {
			for _, under := range ring.Keys(c, w.Epoch) {
				if plain, err := seal.OpenUnder(under, purpose, w.Sealed); err == nil && len(plain) == len(seal.ViewKey{}) {
					keys[c] = seal.ViewKey(plain)
					continue
				}
			}
		}
		if keys[c] != (seal.ViewKey{}) {
			continue
		}
		epoch, under, held := ring.Current(c)
		if !held {
			continue
		}
		fresh := seal.NewViewKey()
		sealed, err := seal.SealUnder(under, purpose, fresh[:])
		if err != nil {
			return nil, err
		}
		keys[c], stored[uint8(c)], changed = fresh, viewKeyWire{Epoch: epoch, Sealed: sealed}, true
	}
	if !changed {
		return keys, nil
	}
	raw, err = encode(stored)
	if err != nil {
		return nil, fmt.Errorf("view keys: %w", err)
	}
	return keys, WriteFile(path, raw)
}

// WriteFile replaces a file whole, readable by its owner only: after a crash there is the old one or the new one.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), errors.Join(err, os.Remove(f.Name())))
	}
	if d, err := os.Open(filepath.Dir(path)); err == nil { // the rename itself must survive power loss
		d.Sync()
		d.Close()
	}
	return nil
}
