package journaltest

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"amparo/internal/journal"
	"amparo/internal/seal"
)

// History is what was drawn.
type History struct {
	Workspace journal.WorkspaceID
	Secret    seal.WorkspaceSecret
	Key       seal.CompartmentKey // of the one compartment, epoch 1
	Tag       uint8               // of that compartment
	Order     []string            // names of the commits as drawn

	t       testing.TB
	people  map[string]person
	commits map[string]*journal.Commit
	before  map[string]string // the commit that each one follows
}

type person struct {
	keys           journal.MemberKeys
	member, writer seal.Signer
}

// Start is the time of the first commit; each later one is a second younger.
var Start = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// Kind is the kind of the fact that a commit says its name with, in field 1.
const Kind = 60000

var drawn = regexp.MustCompile(`^([A-Z])([0-9]+)('*)(?:\(([^()]*)\))?$`)

// Draw makes a history. say, when given, is what the sealed part of a commit says.
func Draw(t testing.TB, drawing string, say ...func(name string) journal.Body) *History {
	t.Helper()
	workspace := secret("workspace")
	h := &History{Workspace: journal.WorkspaceID(workspace[:16]), Secret: seal.WorkspaceSecret(secret("tags")), Key: seal.CompartmentKey(secret("compartment")),
		t: t, people: map[string]person{}, commits: map[string]*journal.Commit{}, before: map[string]string{}}
	h.Tag = h.Secret.Tag(1)
	for word := range strings.FieldsSeq(drawing) {
		if m := drawn.FindStringSubmatch(word); m == nil {
			t.Fatalf("journaltest: %q is not the drawing of a commit", word)
		} else if _, known := h.people[m[1]]; !known {
			h.people[m[1]] = h.person(m[1])
		}
	}
	for word := range strings.FieldsSeq(drawing) {
		m := drawn.FindStringSubmatch(word)
		body := named(m[1] + m[2] + m[3])
		if len(say) > 0 {
			body = say[0](m[1] + m[2] + m[3])
		}
		h.add(m[1], m[2], m[3], m[4], body)
	}
	return h
}

func secret(of string) [32]byte { return seal.Digest([]byte("journaltest " + of)) }

func named(name string) journal.Body {
	return journal.Body{Facts: []journal.Fact{{Kind: Kind, Creates: true, Values: map[uint8]any{1: name}}}}
}

func (h *History) person(letter string) person {
	h.t.Helper()
	of := func(what string) []byte { s := secret(what + " of " + letter); return s[:] }
	member, err := seal.SignerFromSeed(of("member"))
	h.must(err)
	writer, err := seal.SignerFromSeed(of("writer"))
	h.must(err)
	receiver, err := seal.ReceiverFromSecret(of("receiver"))
	h.must(err)
	return person{journal.MemberKeys{Sign: member.Public(), Receiver: receiver.Public()}, member, writer}
}

func (h *History) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("journaltest: %v", err)
	}
}

func (h *History) add(letter, number, fork, seen string, body journal.Body) {
	h.t.Helper()
	name := letter + number + fork
	if h.commits[name] != nil {
		h.t.Fatalf("journaltest: %s is drawn twice", name)
	}
	seq, err := strconv.ParseUint(number, 10, 32)
	h.must(err)
	salt := secret("salt of " + name)
	c := &journal.Commit{Header: journal.Header{Workspace: h.Workspace, Writer: h.Writer(letter), Seq: seq, Salt: [8]byte(salt[:8]),
		Time: journal.TimeOf(Start.Add(time.Duration(len(h.Order)) * time.Second))}}
	if seq > 1 {
		before := letter + strconv.FormatUint(seq-1, 10) + fork
		if h.commits[before] == nil {
			before = strings.TrimRight(before, "'")
		}
		h.before[name], c.Prev = before, h.Commit(before).Hash
	}
	for other := range strings.FieldsFuncSeq(seen, func(r rune) bool { return r == ',' }) {
		o := h.Commit(other)
		c.Seen = append(c.Seen, journal.Seen{Writer: o.Writer, Seq: o.Seq, Hash: [16]byte(o.Hash[:16])})
	}
	if seq == 1 {
		open, err := journal.EncodeControls(h.introduction(letter))
		h.must(err)
		c.Header.Parts, c.Parts = append(c.Header.Parts, journal.PartHeader{Size: uint32(len(open)), Digest: seal.Digest(open)}), append(c.Parts, open)
	}
	packed, err := journal.EncodeBody(body)
	h.must(err)
	i := len(c.Parts)
	c.Header.Parts = append(c.Header.Parts, journal.PartHeader{Tag: h.Tag, Epoch: 1, Shelf: h.Secret.Shelf([]byte(letter))})
	sealed, err := seal.SealPart(h.Key, c.Place(i), packed)
	h.must(err)
	c.Header.Parts[i].Size, c.Header.Parts[i].Digest, c.Parts = uint32(len(sealed)), seal.Digest(sealed), append(c.Parts, sealed)
	c.Hash = journal.HashOf(c.Header.Encode())
	h.commits[name], h.Order = c, append(h.Order, name)
}

// introduction is what a writer's first commit says openly.
func (h *History) introduction(letter string) (list []journal.Control) {
	h.t.Helper()
	say := func(kind journal.ControlKind, payload any) {
		c, err := journal.NewControl(kind, payload)
		h.must(err)
		list = append(list, c)
	}
	p := h.people[letter]
	if len(h.Order) == 0 {
		say(journal.ControlFound, journal.Founding{Admin: p.keys})
	}
	say(journal.ControlCertify, journal.Certify(h.Workspace, p.keys.Member(), p.member, p.writer.Public()))
	if len(h.Order) == 0 {
		for _, other := range slices.Sorted(maps.Keys(h.people)) {
			if other != letter {
				say(journal.ControlAdmit, h.people[other].keys)
			}
		}
	}
	return list
}

// Commit is the commit of that name.
func (h *History) Commit(name string) *journal.Commit {
	h.t.Helper()
	if h.commits[name] == nil {
		h.t.Fatalf("journaltest: %s is not drawn (yet)", name)
	}
	return h.commits[name]
}

// Run is the commits from first to last of one writer, signed.
func (h *History) Run(first, last string) *journal.Run {
	h.t.Helper()
	run := &journal.Run{Sig: h.Sign(last)}
	for name := last; ; name = h.before[name] {
		c := *h.Commit(name)
		c.Parts = slices.Clone(c.Parts)
		run.Commits = append(run.Commits, c)
		if name == first {
			break
		}
		if h.before[name] == "" {
			h.t.Fatalf("journaltest: %s does not come before %s", first, last)
		}
	}
	slices.Reverse(run.Commits)
	return run
}

// Runs is every commit as a run of its own, in the order drawn.
func (h *History) Runs() (runs []*journal.Run) {
	h.t.Helper()
	for _, name := range h.Order {
		runs = append(runs, h.Run(name, name))
	}
	return runs
}

// Sign is the writer's signature of a commit.
func (h *History) Sign(name string) seal.Signature {
	h.t.Helper()
	c := h.Commit(name)
	return h.people[name[:1]].writer.Sign(journal.SignPurpose, c.Hash[:])
}

// Open is what the sealed part of a commit says.
func (h *History) Open(c *journal.Commit) journal.Body {
	h.t.Helper()
	last := len(c.Parts) - 1
	packed, err := seal.OpenPart(h.Key, c.Place(last), c.Parts[last])
	h.must(err)
	body, err := journal.DecodeBody(packed)
	h.must(err)
	return body
}

// Roll is the roll of who knows nothing yet but whom to believe: the founder.
func (h *History) Roll() *journal.Roll {
	roll := journal.NewRoll(h.Workspace)
	roll.Founder = h.Member(h.Order[0][:1]).Member()
	return roll
}

// Member is what others need of a member; MemberSigner and WriterSigner are the member's own keys, and Writer names the
// writer.
func (h *History) Member(letter string) journal.MemberKeys { return h.people[letter].keys }

// MemberSigner signs as the member.
func (h *History) MemberSigner(letter string) seal.Signer { return h.people[letter].member }

// WriterSigner signs as the writer.
func (h *History) WriterSigner(letter string) seal.Signer { return h.people[letter].writer }

// Writer names the writer.
func (h *History) Writer(letter string) journal.WriterID {
	return journal.WriterOf(h.people[letter].writer.Public())
}
