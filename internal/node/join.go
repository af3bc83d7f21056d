package node

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"amparo/internal/journal"
	"amparo/internal/record"
	"amparo/internal/vault"
)

// Join makes a folder for a new member of an existing workspace and gives the request to carry back. Whether the
// invitation still holds is for who accepts to say: this device's clock may be wrong.
func Join(dir string, registry *record.Registry, inv Invitation, name, passphrase string, o Options) (*Node, Request, error) {
	if _, err := os.Stat(filepath.Join(dir, "node.json")); err == nil {
		return nil, Request{}, ErrFounded
	}
	if err := unfinished(dir); err != nil {
		return nil, Request{}, err
	}
	id, founder, err := inv.names()
	if err != nil {
		return nil, Request{}, err
	}
	member, req, err := newcomer(id, inv, name, passphrase)
	if err != nil {
		return nil, Request{}, err
	}
	defer member.Wipe()
	n, err := create(dir, registry, id, founder, o)
	if err != nil {
		return nil, Request{}, err
	}
	n.settings.Relay = inv.Relay
	if len(inv.Sites) == 1 {
		n.settings.Site = inv.Sites[0]
	}
	if err = n.keep.Save(member, []byte(passphrase)); err == nil {
		n.settings.setPlace(member.ID, filePlace(n.keep.WriterPath(member.ID)))
		err = n.settings.save(dir)
	}
	if err != nil {
		return nil, Request{}, errors.Join(err, n.Close())
	}
	return n, req, nil
}

// JoinHere adds a member to a device that others use already. Their keys, views and rights are their own.
func (n *Node) JoinHere(inv Invitation, name, passphrase string) (Request, error) {
	id, founder, err := inv.names()
	if err != nil {
		return Request{}, err
	}
	if id != n.Workspace() || founder.String() != n.settings.Founder {
		return Request{}, record.Refuse("invite", "wrong_workspace")
	}
	if _, err := n.keep.Find(strings.TrimSpace(name)); err == nil { // two of one name could not be told apart when unlocking
		return Request{}, record.Refuse("member", "member_here")
	}
	member, req, err := newcomer(id, inv, name, passphrase)
	if err != nil {
		return Request{}, err
	}
	defer member.Wipe()
	if err := n.keep.Save(member, []byte(passphrase)); err != nil {
		return Request{}, err
	}
	return req, n.set(func(s *settings) { s.setPlace(member.ID, filePlace(n.keep.WriterPath(member.ID))) })
}

// names reads whose invitation it is.
func (i Invitation) names() (w journal.WorkspaceID, founder journal.MemberID, err error) {
	raw, err := hex.DecodeString(i.Workspace)
	if i.Amparo != invitationMark || err != nil || len(raw) != len(w) {
		return w, founder, record.Refuse("invite", "not_an_invitation").Because(err)
	}
	if err := founder.Parse(i.Founder); err != nil {
		return w, founder, record.Refuse("invite", "not_an_invitation").Because(err)
	}
	return journal.WorkspaceID(raw), founder, nil
}

func newcomer(w journal.WorkspaceID, inv Invitation, name, passphrase string) (*vault.Member, Request, error) {
	name, err := memberName(name)
	if err != nil {
		return nil, Request{}, err
	}
	if err := checkPassphrase(passphrase, name); err != nil {
		return nil, Request{}, err
	}
	member, err := vault.NewMember(w, name)
	if err != nil {
		return nil, Request{}, err
	}
	req, err := inv.answer(member, name)
	if err != nil {
		member.Wipe()
		return nil, Request{}, err
	}
	return member, req, nil
}

// nameMost is how long a member's name may be, in characters.
const nameMost = 80

// memberName refuses a name that a list of members could not show as one line: who comes chooses it.
func memberName(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", record.Refuse("member", "required", "field", "member")
	case utf8.RuneCountInString(text) > nameMost:
		return "", record.Refuse("member", "too_long", "max", nameMost)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", record.Refuse("member", "bad_character", "field", "member")
	}
	return text, nil
}
