package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// runner is the user that runs PostgreSQL: nil when that is us.
func runner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	const name = "postgres"
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user %s to run it: %w", name, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// own gives a folder to the user that runs PostgreSQL.
func own(folder string) error {
	as, err := runner()
	if err != nil || as == nil {
		return err
	}
	return os.Chown(folder, int(as.Uid), int(as.Gid))
}

// as lets a program run as that user.
func as(c *exec.Cmd) {
	if as, err := runner(); err == nil && as != nil { // own has found out before
		c.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	}
}

// withUs ends a server with us, however we end.
func withUs(c *exec.Cmd) {
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	c.SysProcAttr.Setpgid = true // an interrupt at the keyboard is ours to pass on
}
