package wire

import (
	"encoding/binary"
	"errors"
	"fmt"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// Codes of faults. They are stable: screens and logs look them up.
const (
	FaultForked      = "forked"      // the writer signed two commits with one number
	FaultSignature   = "signature"   // not signed by the writer: changed on the way, or made up
	FaultChain       = "chain"       // does not follow what it says it follows
	FaultFormat      = "format"      // not a run
	FaultNewer       = "newer"       // a later version of the program wrote it
	FaultWorkspace   = "workspace"   // of another workspace
	FaultCertificate = "certificate" // its writer's certificate does not hold
	FaultControl     = "control"     // what it says openly cannot be believed
	FaultRevoked     = "revoked"     // its writer's member was revoked before anybody who works here had built on it
	FaultFull        = "full"        // the workspace has brought as much as it may to who was to take it
	FaultDamaged     = "damaged"     // the copy that holds it can no longer read it
)

// Fault says why a run was set aside.
type Fault struct {
	Writer journal.WriterID
	Seq    uint64 // the commit at fault, or the first of the run; 0: not even that can be read
	Code   string
	Err    error
}

func (f *Fault) Error() string {
	return fmt.Sprintf("commit %d by %s is set aside (%s): %v", f.Seq, f.Writer, f.Code, f.Err)
}

func (f *Fault) Unwrap() error { return f.Err }

// Fault is how FaultOf reads errors of copies that do not know this package.
func (f *Fault) Fault() (seq uint64, code string) { return f.Seq, f.Code }

// FaultOf names the fault in an error that a copy's Take gave for a run. An error with a method
// Fault() (seq uint64, code string) says itself; others are told by the journal's own errors.
func FaultOf(run *journal.Run, err error) *Fault {
	f := &Fault{Writer: run.First().Writer, Seq: run.First().Seq, Code: codeOf(err), Err: err}
	var own *Fault
	var says interface{ Fault() (uint64, string) }
	if errors.As(err, &own) {
		f.Err = own.Err
	}
	if errors.As(err, &says) {
		f.Seq, f.Code = says.Fault()
	}
	return f
}

// FaultsIn lists the faults in an error of Copy.Runs: many when errors.Join made it.
func FaultsIn(err error) []*Fault {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Fault
		for _, one := range several.Unwrap() {
			all = append(all, FaultsIn(one)...)
		}
		return all
	}
	var f *Fault
	if errors.As(err, &f) {
		return []*Fault{f}
	}
	return nil
}

func codeOf(err error) string {
	switch {
	case errors.Is(err, seal.ErrSignature):
		return FaultSignature
	case errors.Is(err, journal.ErrNewer):
		return FaultNewer
	case errors.Is(err, journal.ErrFormat):
		return FaultFormat
	}
	return FaultChain
}

// faultOfBytes names as much as can be read of a run that does not decode.
func faultOfBytes(data []byte, err error) *Fault {
	f := &Fault{Code: codeOf(err), Err: err}
	const writerAt = 1 + len(journal.WorkspaceID{})
	const seqAt = writerAt + len(journal.WriterID{})
	if len(data) > seqAt && data[0] == journal.Version {
		f.Writer = journal.WriterID(data[writerAt:seqAt])
		if seq, n := binary.Uvarint(data[seqAt:]); n > 0 {
			f.Seq = seq
		}
	}
	return f
}
