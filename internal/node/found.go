package node

import (
	"crypto/rand"
	"errors"
	"strings"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/seal"
	"amparo/internal/vault"
)

// Founding is what a new workspace needs.
type Founding struct {
	Workspace  string // the organisation or mission, as its members read it
	Member     string // the first administrator
	Passphrase string
	Lang       string
}

func (f *Founding) check() error {
	f.Workspace, f.Member = strings.TrimSpace(f.Workspace), strings.TrimSpace(f.Member)
	switch {
	case f.Workspace == "":
		return record.Refuse("workspace", "required", "field", "workspace")
	case f.Member == "":
		return record.Refuse("member", "required", "field", "member")
	}
	return checkPassphrase(f.Passphrase, f.Workspace, f.Member)
}

// checkPassphrase refuses what is easily guessed, also of who is called so.
func checkPassphrase(p string, names ...string) error {
	_, err := vault.JudgePassphrase(p, names...)
	return err
}

func draw(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// found writes the founding commit: the administrator's keys and grant in its open part, the names sealed.
func (n *Node) found(m *vault.Member, f Founding) error {
	founding, err := journal.NewControl(journal.ControlFound, journal.Founding{Admin: m.Keys()})
	if err != nil {
		return err
	}
	grant, err := vault.Grant(m.Workspace, m.Keys(), m.Ring, vault.NoLease)
	if err != nil {
		return err
	}
	var first journal.Rotation
	m.Ring.Each(func(c record.Compartment, epoch uint32, key seal.CompartmentKey) {
		first.Keys = append(first.Keys, journal.RotatedKey{Tag: m.Ring.Tag(c), Epoch: epoch, Commitment: key.Commitment()})
	})
	rotation, err := journal.NewControl(journal.ControlRotate, first)
	if err != nil {
		return err
	}
	return n.announce(m, []journal.Control{founding}, []journal.Control{rotation, grant}, func(c *record.Change) error {
		if _, _, err := c.Put(workspaceKind, record.Fields{"key": "workspace", "name": f.Workspace, "lang": f.Lang}); err != nil {
			return err
		}
		var failed error
		m.Ring.Each(func(of record.Compartment, epoch uint32, key seal.CompartmentKey) {
			_, _, err := c.Put(holdingKind, record.Fields{"member": record.ID(m.ID), "compartment": of.String(), "keys": []string{keyName(epoch, key)}})
			failed = errors.Join(failed, err)
		})
		// Somebody must hold every key before there is anybody else: the founder has all roles until they lay them down.
		return errors.Join(failed, admission{name: f.Member, roles: Roles()}.put(c, m.ID))
	})
}
