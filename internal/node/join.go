package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	"amparo/internal/vault"
)

// Roles a member can be given. Which compartments and verbs each has becomes data with the roster; until then every
// member is given all seven.
var Roles = []string{"registrar", "clinician", "psychologist", "social_worker", "monitor", "logistician", "coordinator", "epidemiologist", "administrator", "auditor"}

// InviteLasts is how long an invitation can be answered.
const InviteLasts = 7 * 24 * time.Hour

// Invitation is the file an administrator hands over. Who holds it can ask to join, once; it opens nothing.
type Invitation struct {
	Amparo    string           `json:"amparo"` // "invitation 1"
	Workspace string           `json:"workspace"`
	Founder   string           `json:"founder"` // so that nobody between can found another
	ID        string           `json:"id"`
	Token     []byte           `json:"token"`
	Role      string           `json:"role"`
	Site      string           `json:"site,omitempty"`
	Expires   time.Time        `json:"expires"`
	Receiver  seal.ReceiverKey `json:"receiver"` // the inviter's, for the answer
	Relay     string           `json:"relay,omitempty"`
}

// Request answers an invitation: the new member's public keys and name, sealed to the inviter.
type Request struct {
	Amparo    string `json:"amparo"` // "request 1"
	Workspace string `json:"workspace"`
	ID        string `json:"id"` // of the invitation
	Sealed    []byte `json:"sealed"`
}

type requestInside struct {
	Proof    []byte         `json:"proof"`
	Sign     seal.VerifyKey `json:"sign"`
	Receiver []byte         `json:"receiver"`
	Name     string         `json:"name"`
	Role     string         `json:"role"`
	Site     string         `json:"site,omitempty"`
	Relay    string         `json:"relay,omitempty"`
	Founder  string         `json:"founder"`
	Expires  time.Time      `json:"expires"`
}

const (
	invitationMark = "invitation 1"
	requestMark    = "request 1"
)

// token follows from the inviter's key and all that the invitation says, so nothing secret has to be kept until it is
// answered, and a changed invitation proves nothing: neither another role nor another relay.
func token(m *vault.Member, inv *Invitation) ([]byte, error) {
	key, err := m.Sign.Derive(fmt.Sprintf("amparo invitation v1 %s %s %s %q %q %d", inv.Founder, inv.ID, inv.Role, inv.Site, inv.Relay, inv.Expires.Unix()))
	return key[:], err
}

func proof(token []byte, keys journal.MemberKeys, name string) []byte {
	d := sha256.New()
	d.Write(token)
	d.Write(keys.Sign[:])
	d.Write(keys.Receiver)
	d.Write([]byte(name))
	return d.Sum(nil)
}

// Invite makes an invitation. Only the founder's are answered until roles that may grant come with the roster.
func (s *Session) Invite(role, site string) (Invitation, error) {
	end, err := s.use()
	if err != nil {
		return Invitation{}, err
	}
	defer end()
	if !slices.Contains(Roles, role) {
		return Invitation{}, record.Refuse("role", "not_in_list", "field", "role", "list", strings.Join(Roles, ", "))
	}
	if s.member.ID != s.node.journal.Roll().Founder {
		return Invitation{}, record.Refuse("", "not_allowed")
	}
	inv := Invitation{Amparo: invitationMark, Workspace: s.node.settings.Workspace, Founder: s.node.settings.Founder, ID: hex.EncodeToString(draw(16)), Role: role, Site: site,
		Expires: s.now().Add(InviteLasts).UTC().Truncate(time.Second), Receiver: s.member.Receiver.Public(), Relay: s.node.Relay()}
	inv.Token, err = token(s.member, &inv)
	return inv, err
}

// Join makes a folder for a new member of an existing workspace and gives the request to carry back. Whether the
// invitation still holds is for who accepts to say: this device's clock may be wrong.
func Join(dir string, registry *record.Registry, inv Invitation, name, passphrase string, o Options) (*Node, Request, error) {
	name = strings.TrimSpace(name)
	if inv.Amparo != invitationMark {
		return nil, Request{}, record.Refuse("invite", "not_an_invitation")
	}
	if name == "" {
		return nil, Request{}, record.Refuse("member", "required", "field", "member")
	}
	if err := checkPassphrase(passphrase); err != nil {
		return nil, Request{}, err
	}
	if _, err := os.Stat(filepath.Join(dir, "node.json")); err == nil {
		return nil, Request{}, ErrFounded
	}
	if err := unfinished(dir); err != nil {
		return nil, Request{}, err
	}
	raw, err := hex.DecodeString(inv.Workspace)
	if err != nil || len(raw) != len(journal.WorkspaceID{}) {
		return nil, Request{}, record.Refuse("invite", "not_an_invitation").Because(err)
	}
	id := journal.WorkspaceID(raw)
	var founder journal.MemberID
	if err := founder.Parse(inv.Founder); err != nil {
		return nil, Request{}, record.Refuse("invite", "not_an_invitation").Because(err)
	}
	member, err := vault.NewMember(id, name)
	if err != nil {
		return nil, Request{}, err
	}
	defer member.Wipe()
	req, err := answer(inv, member, name)
	if err != nil {
		return nil, Request{}, err
	}
	n, err := create(dir, registry, id, founder, o)
	if err != nil {
		return nil, Request{}, err
	}
	n.settings.Relay, n.settings.Site = inv.Relay, inv.Site
	if err = n.keep.Save(member, []byte(passphrase)); err == nil {
		n.settings.Place = filePlace(n.keep.WriterPath(member.ID))
		err = n.settings.save(dir)
	}
	if err != nil {
		return nil, Request{}, errors.Join(err, n.Close())
	}
	return n, req, nil
}

func answer(inv Invitation, m *vault.Member, name string) (Request, error) {
	keys := m.Keys()
	inside, err := json.Marshal(requestInside{Proof: proof(inv.Token, keys, name), Sign: keys.Sign, Receiver: keys.Receiver, Name: name, Role: inv.Role, Site: inv.Site, Relay: inv.Relay,
		Founder: inv.Founder, Expires: inv.Expires})
	if err != nil {
		return Request{}, err
	}
	sealed, err := seal.SealTo(inv.Receiver, "amparo request v1 "+inv.ID, inside)
	if err != nil {
		return Request{}, record.Refuse("invite", "not_an_invitation").Because(err)
	}
	return Request{Amparo: requestMark, Workspace: inv.Workspace, ID: inv.ID, Sealed: sealed}, nil
}

// Accept admits who answered an invitation of this member and grants them the keys, in one commit. The same request
// twice is refused.
func (s *Session) Accept(ctx context.Context, req Request) (name string, err error) {
	end, err := s.use()
	if err != nil {
		return "", err
	}
	defer end()
	if req.Amparo != requestMark || req.Workspace != s.node.settings.Workspace {
		return "", record.Refuse("request", "wrong_workspace")
	}
	plain, err := s.member.Receiver.Open("amparo request v1 "+req.ID, req.Sealed)
	if err != nil {
		return "", record.Refuse("request", "not_your_invitation").Because(err)
	}
	var inside requestInside
	if err := json.Unmarshal(plain, &inside); err != nil {
		return "", record.Refuse("request", "not_your_invitation").Because(err)
	}
	keys := journal.MemberKeys{Sign: inside.Sign, Receiver: inside.Receiver}
	expected, err := token(s.member, &Invitation{Founder: inside.Founder, ID: req.ID, Role: inside.Role, Site: inside.Site, Relay: inside.Relay, Expires: inside.Expires})
	if err != nil {
		return "", err
	}
	if !seal.Same(proof(expected, keys, inside.Name), inside.Proof) || inside.Founder != s.node.settings.Founder {
		return "", record.Refuse("request", "not_your_invitation")
	}
	if s.now().After(inside.Expires) {
		return "", record.Refuse("request", "invitation_expired")
	}
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	used := "invitation " + req.ID
	if before, err := s.node.journal.ReadNote(used); err != nil {
		return "", err
	} else if before != nil {
		return "", record.Refuse("request", "invitation_used")
	}
	return inside.Name, s.admit(ctx, keys, inside.Name, inside.Role, used)
}

// admit writes the commit that lets a member in.
func (s *Session) admit(ctx context.Context, keys journal.MemberKeys, name, role, used string) error {
	admit, err := journal.NewControl(journal.ControlAdmit, keys)
	if err != nil {
		return err
	}
	grant, err := s.member.Grant(keys, role, nil)
	if err != nil {
		return err
	}
	d := draft{time: s.node.clock.Now(), controls: []journal.Control{admit, grant}}
	change, err := s.change(ctx, "", record.Request{}, &d)
	if err != nil {
		return err
	}
	if err := putMember(change, keys.Member(), name, role); err != nil {
		return err
	}
	d.facts, d.site = change.Facts(), change.Site
	commit, err := s.write(ctx, d)
	if err == nil {
		err = s.sign(commit)
	}
	if err == nil {
		err = s.node.journal.Note(used, []byte{1})
	}
	if err != nil {
		return errors.Join(err, s.drop())
	}
	return s.flush()
}
