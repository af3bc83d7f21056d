package node

import (
	"fmt"
	"os"
	"syscall"
)

// fileIdentity is when the file was made: a copied folder has new ones. A backup put back file over file is not noticed
// here before the first exchange, when the relay holds more of the chain than this folder.
func fileIdentity(info os.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		return fmt.Sprintf("made at %d", st.CreationTime.Nanoseconds())
	}
	return "file"
}
