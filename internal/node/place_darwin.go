package node

import (
	"fmt"
	"os"
	"syscall"
)

// fileIdentity is the file's number on its disk and the time of its last change, which only the system sets.
func fileIdentity(info os.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("inode %d of %d.%09d", st.Ino, st.Ctimespec.Sec, st.Ctimespec.Nsec)
	}
	return "file"
}
