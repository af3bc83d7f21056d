package journaltest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// Disk is the disk of one simulated machine, for SQLite to write on. What was not synced may be lost when the power goes,
// in any part and in any order; a write under way may be torn; it fills up; it fails. Of real disks it keeps what those of
// the systems Amparo runs on keep: syncing a new file makes its name durable too, and a sector outside what is written is
// not harmed.
type Disk struct {
	mu    sync.Mutex
	name  string // of the VFS
	shm   string // folder for the index that connections share; never survives a crash
	life  int    // how often the machine was started
	dead  bool   // it fell over: nothing works until Start
	files map[string]*file
	gone  map[string]*file // deleted, and may come back when the power goes
	room  int64            // bytes the disk has; 0: enough
	left  int              // operations until the fault; 0: none is due
	fault Fault
	ops   int  // that changed something, so far
	deaf  bool // syncs are answered and not done
	hits  int  // faults that happened, and writes that found no room
}

// Fault is what a disk does when its time has come.
type Fault int

// Faults of a disk. The first two end the machine: it must be started again.
const (
	PowerFails Fault = iota // the machine loses what was not synced, or some of it
	Killed                  // the program ends; what it had written is there, the last write perhaps in part
	WriteFails              // one write fails, perhaps after a part of it was written
	SyncFails               // one sync fails, and what it should have synced may never be durable
)

// String names the fault as histories do.
func (f Fault) String() string { return [...]string{"power", "kill", "write", "sync"}[f] }

// file is what a disk keeps under a name.
type file struct {
	data    []byte // as programs see it
	stable  []byte // as the platter has it
	pending []write
	synced  bool // its name is durable

	readers           int
	reserved, waiting bool // to write, and for readers to leave
}

// write is a change that is not durable yet. cut: it shortens the file.
type write struct {
	off  int64
	data []byte
	cut  bool
}

func (w write) apply(to []byte) []byte {
	if w.cut {
		if w.off < int64(len(to)) {
			return to[:w.off]
		}
		return append(to, make([]byte, w.off-int64(len(to)))...)
	}
	if end := w.off + int64(len(w.data)); end > int64(len(to)) {
		to = append(to, make([]byte, end-int64(len(to)))...)
	}
	copy(to[w.off:], w.data)
	return to
}

var disks atomic.Int64

// NewDisk makes an empty disk. shm is a folder for files that are no part of it. Close takes its name back.
func NewDisk(shm string) *Disk {
	d := &Disk{name: fmt.Sprint("simulated", disks.Add(1)), shm: shm, files: map[string]*file{}, gone: map[string]*file{}}
	vfs.Register(d.name, d)
	return d
}

// Name is what SQLite calls the disk.
func (d *Disk) Name() string { return d.name }

// Close takes the disk out of SQLite's list.
func (d *Disk) Close() { vfs.Unregister(d.name) }

// Fail lets a fault happen at the n-th change from now, 1 being the next.
func (d *Disk) Fail(what Fault, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.left = what, n
}

// Room bounds what the disk holds; 0 takes the bound away.
func (d *Disk) Room(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = bytes
}

// Used is how many bytes are on the disk.
func (d *Disk) Used() (n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used()
}

func (d *Disk) used() (n int64) {
	for _, f := range d.files {
		n += int64(len(f.data))
	}
	return n
}

// Hits counts the faults that happened.
func (d *Disk) Hits() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hits
}

// Life counts how often the machine was started.
func (d *Disk) Life() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.life
}

// Kill ends the machine now. power: what was not synced is lost.
func (d *Disk) Kill(power bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead, d.left, d.fault = true, 0, Killed
	if power {
		d.fault = PowerFails
	}
	d.hits++
}

// Dead reports whether the machine fell over.
func (d *Disk) Dead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// Start starts the machine again after it was stopped or fell over. power: it had lost its power, and what was not synced is
// lost as the draw has it. Files opened before stay useless.
func (d *Disk) Start(power bool, draw *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	power = power || d.dead && d.fault == PowerFails
	d.life++
	d.dead, d.left = false, 0
	for _, f := range d.files {
		f.readers, f.reserved, f.waiting = 0, false, false
	}
	if !power {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(d.gone)) {
		if d.files[name] == nil && draw.IntN(2) == 0 {
			d.files[name] = d.gone[name]
		}
	}
	clear(d.gone)
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		f := d.files[name]
		if !f.synced && draw.IntN(2) == 0 {
			delete(d.files, name)
			continue
		}
		f.lose(draw)
	}
}

// lose keeps of what was not synced as much as luck will have it.
func (f *file) lose(draw *rand.Rand) {
	at := f.stable
	switch draw.IntN(4) {
	case 0: // nothing of it reached the platter
	case 1: // all of it
		at = f.data
	case 2: // the beginning, and the last write of it in part
		n := draw.IntN(len(f.pending) + 1)
		for i, w := range f.pending[:n] {
			if i == n-1 && !w.cut {
				w.data = w.data[:draw.IntN(len(w.data)+1)]
			}
			at = w.apply(at)
		}
	case 3: // any of it, sector by sector
		for _, w := range f.pending {
			for _, s := range w.sectors() {
				if draw.IntN(2) == 0 {
					at = s.apply(at)
				}
			}
		}
	}
	f.data, f.stable = slices.Clone(at), slices.Clone(at)
	f.pending, f.synced = nil, true
}

const sector = 512

// sectors takes a write apart as a disk may.
func (w write) sectors() (all []write) {
	if w.cut {
		return []write{w}
	}
	for at := int64(0); at < int64(len(w.data)); {
		end := min(int64(len(w.data)), (w.off+at)/sector*sector+sector-w.off)
		all = append(all, write{off: w.off + at, data: w.data[at:end]})
		at = end
	}
	return all
}

// Image is what a disk holds, to be put back later or on another disk.
type Image map[string][]byte

// Image copies the disk's files as programs see them now: what a backup, a copied folder or a snapshot takes.
func (d *Disk) Image() Image {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := Image{}
	for name, f := range d.files {
		all[name] = slices.Clone(f.data)
	}
	return all
}

// Put replaces all files by those of an image, durably, on a disk that is as good as new.
func (d *Disk) Put(all Image) {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.files)
	clear(d.gone)
	d.life++
	d.dead, d.left, d.room = false, 0, 0
	for name, data := range all {
		d.files[name] = &file{data: slices.Clone(data), stable: slices.Clone(data), synced: true}
	}
}

var errOff = fmt.Errorf("the machine is off: %w", sqlite3.IOERR)

// change is asked before anything is changed. torn: only a part is done before the answer.
func (d *Disk) change(life int) (torn bool, err error) {
	if d.dead || life != d.life {
		return false, errOff
	}
	d.ops++
	if d.left == 0 {
		return false, nil
	}
	if d.left--; d.left > 0 {
		return false, nil
	}
	d.hits++
	switch d.fault {
	case PowerFails, Killed:
		d.dead = true
		return true, errOff
	case WriteFails:
		return true, sqlite3.IOERR_WRITE
	}
	return true, sqlite3.IOERR_FSYNC
}

// Open is vfs.VFS's.
func (d *Disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if name == "" || flags&vfs.OPEN_DELETEONCLOSE != 0 {
		return &vfsutil.SliceFile{}, flags | vfs.OPEN_MEMORY, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, flags, errOff
	}
	f := d.files[name]
	if f == nil {
		if flags&vfs.OPEN_CREATE == 0 {
			return nil, flags, sqlite3.CANTOPEN
		}
		f = &file{}
		d.files[name] = f
	}
	o := &opened{disk: d, file: f, life: d.life, main: flags&vfs.OPEN_MAIN_DB != 0}
	if o.main {
		o.shm = vfs.NewSharedMemory(filepath.Join(d.shm, fmt.Sprintf("%s-%d-shm", d.name, d.life)), flags)
	}
	return o, flags, nil
}

// Delete is vfs.VFS's.
func (d *Disk) Delete(name string, sync bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[name] == nil {
		return sqlite3.IOERR_DELETE_NOENT
	}
	if _, err := d.change(d.life); err != nil {
		return err
	}
	if !sync {
		d.gone[name] = d.files[name]
	}
	delete(d.files, name)
	return nil
}

// Access is vfs.VFS's.
func (d *Disk) Access(name string, _ vfs.AccessFlag) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[name] != nil, nil
}

// FullPathname is vfs.VFS's.
func (d *Disk) FullPathname(name string) (string, error) { return name, nil }

// opened is a file some connection has open.
type opened struct {
	disk *Disk
	file *file
	life int
	main bool
	lock vfs.LockLevel
	shm  vfs.SharedMemory
}

var (
	_ vfs.FileLockState    = (*opened)(nil)
	_ vfs.FileSharedMemory = (*opened)(nil)
)

func (o *opened) ReadAt(b []byte, off int64) (int, error) {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if o.disk.dead || o.life != o.disk.life {
		return 0, errOff
	}
	n := 0
	if off < int64(len(o.file.data)) {
		n = copy(b, o.file.data[off:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (o *opened) WriteAt(b []byte, off int64) (int, error) {
	d := o.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	torn, err := d.change(o.life)
	if err != nil && !torn {
		return 0, err
	}
	n := len(b)
	if torn {
		n /= 2
	}
	if grows := off + int64(n) - int64(len(o.file.data)); d.room > 0 && grows > 0 && d.used()+grows > d.room {
		n, err = max(0, int(int64(n)-(d.used()+grows-d.room))), sqlite3.FULL
		d.hits++
	}
	w := write{off: off, data: slices.Clone(b[:n])}
	o.file.data = w.apply(o.file.data)
	o.file.pending = append(o.file.pending, w)
	return n, err
}

func (o *opened) Truncate(size int64) error {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if _, err := o.disk.change(o.life); err != nil {
		return err
	}
	w := write{off: size, cut: true}
	o.file.data = w.apply(o.file.data)
	o.file.pending = append(o.file.pending, w)
	return nil
}

func (o *opened) Sync(vfs.SyncFlag) error {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	f := o.file
	if _, err := o.disk.change(o.life); err != nil {
		if errors.Is(err, sqlite3.IOERR_FSYNC) {
			// As on Linux: what could not be written is shown to who reads and not tried again.
			for _, w := range f.pending {
				for i, s := range w.sectors() {
					if i%2 == 0 {
						f.stable = s.apply(f.stable)
					}
				}
			}
			f.pending = nil
		}
		return err
	}
	if o.disk.deaf {
		return nil
	}
	for _, w := range f.pending {
		f.stable = w.apply(f.stable)
	}
	f.pending, f.synced = nil, true
	return nil
}

func (o *opened) Size() (int64, error) {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	return int64(len(o.file.data)), nil
}

func (o *opened) SectorSize() int { return 4096 }

func (o *opened) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return vfs.IOCAP_POWERSAFE_OVERWRITE | vfs.IOCAP_SUBPAGE_READ
}

func (o *opened) SharedMemory() vfs.SharedMemory { return o.shm }
func (o *opened) LockState() vfs.LockLevel       { return o.lock }

func (o *opened) Close() error {
	if o.shm != nil {
		o.shm.Close() // a file that is no part of the disk
	}
	return o.Unlock(vfs.LOCK_NONE)
}

func (o *opened) Lock(lock vfs.LockLevel) error {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if o.disk.dead || o.life != o.disk.life {
		return errOff
	}
	f := o.file
	switch {
	case o.lock >= lock:
		return nil
	case lock == vfs.LOCK_SHARED:
		if f.waiting {
			return sqlite3.BUSY
		}
		f.readers++
	case lock == vfs.LOCK_RESERVED:
		if f.reserved {
			return sqlite3.BUSY
		}
		f.reserved = true
	default:
		if o.lock < vfs.LOCK_RESERVED {
			if f.reserved {
				return sqlite3.BUSY
			}
			f.reserved = true
		}
		if f.waiting, o.lock = true, vfs.LOCK_PENDING; f.readers > 1 {
			return sqlite3.BUSY
		}
	}
	o.lock = lock
	return nil
}

func (o *opened) Unlock(lock vfs.LockLevel) error {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if o.lock <= lock {
		return nil
	}
	if f := o.file; o.life == o.disk.life { // of a machine that fell over, locks are gone
		f.reserved = f.reserved && o.lock < vfs.LOCK_RESERVED
		f.waiting = f.waiting && o.lock < vfs.LOCK_PENDING
		if lock < vfs.LOCK_SHARED {
			f.readers--
		}
	}
	o.lock = lock
	return nil
}

func (o *opened) CheckReservedLock() (bool, error) {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	return o.file.reserved, nil
}
