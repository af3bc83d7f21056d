//go:build unix

package node

import (
	"fmt"
	"os"
	"syscall"
)

// fileIdentity is the file's number on its disk.
func fileIdentity(info os.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("inode %d on %d", st.Ino, st.Dev)
	}
	return "file"
}
