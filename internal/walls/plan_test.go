package walls

// The floors of the house from the top down. A room may import rooms of its own floor or of a lower one; on the engine
// floor the order of the list counts too, because there everything stands on something.
var floors = []struct {
	name    string
	ordered bool // may import only what stands further down in its own list
	rooms   []string
}{
	{"command", false, []string{"amparo/cmd/amparo"}},
	{"faces", false, []string{"~/web", "~/publish", "~/report", "~/disclose", "~/sample", "~/bench"}},
	{"the work", false, []string{"~/people", "~/place", "~/care", "~/attachment", "~/custody", "~/relief", "~/route", "~/observatory"}},
	{"methods", false, []string{"~/match", "~/match/linkage", "~/clock", "~/surge", "~/tables", "~/sheet"}},
	{"engine", true, []string{"~/node", "~/exchange", "~/relay", "~/store", "~/vault", "~/record", "~/journal", "~/seal", "~/lang"}},
}

// Rooms that only tests enter, wherever they stand: named for it (journaltest, webtest), and this one.
var testRooms = []string{"*test", "~/walls"}

var (
	theWork = floors[2].rooms
	methods = floors[3].rooms
	engine  = floors[4].rooms
)

// A wall is one rule of the house. Paths are import paths; "~" stands for amparo/internal, "/..." at the end takes in
// everything below, and "*" at the start any package of Amparo whose name ends so.
type wall struct {
	reason string   // printed when the wall is broken: why it stands
	from   []string // the packages it holds back
	except []string // packages it lets pass
	never  []string // what they must not import …
	unless []string // … other than these
	only   []string // or: all of Amparo they may import
	far    bool     // counts what is reached through other packages of Amparo too, not just direct imports
	breach [2]string
	// breach is an import that would break the wall; a test adds it to a sound house and expects this wall to answer.
}

var walls = []wall{
	{
		reason: "ciphers, signatures, key agreement and key derivation exist only in seal, so that there is one small place to review " +
			"(digests, random bytes and constant-time comparison are free to all)",
		from:   []string{"amparo/..."},
		except: []string{"~/seal"},
		never: []string{"crypto/...", "golang.org/x/crypto/...", "filippo.io/...", "lukechampine.com/adiantum/...",
			"github.com/ncruces/go-sqlite3/vfs/xts/..."},
		unless: []string{"crypto/sha256", "crypto/sha512", "crypto/rand", "crypto/subtle", "crypto/tls", "crypto/x509"},
		breach: [2]string{"~/people", "crypto/ed25519"},
	},
	{
		reason: "MD5 and SHA-1 are broken; nothing here may depend on them",
		from:   []string{"amparo/..."},
		never:  []string{"crypto/md5", "crypto/sha1", "crypto/rc4", "crypto/des", "crypto/dsa"},
		breach: [2]string{"~/seal", "crypto/sha1"},
	},
	{
		reason: "the relay is blind: with no way to a key, a view or the meaning of a record it cannot decrypt, whoever holds it",
		from:   []string{"~/relay/..."},
		only:   []string{"~/journal", "~/seal", "~/lang", "~/relay/..."},
		far:    true,
		breach: [2]string{"~/relay", "~/vault"},
	},
	{
		reason: "a method is pure, values in and values out: then it can be tested, fuzzed and compared with the literature by itself",
		from:   methods,
		never:  []string{"os/...", "net/...", "database/...", "syscall", "log/...", "github.com/ncruces/..."},
		breach: [2]string{"~/match", "os"},
	},
	{
		reason: "a method knows numbers, names and dates, not Amparo's records",
		from:   methods,
		only:   append([]string{"~/lang"}, methods...),
		breach: [2]string{"~/match", "~/record"},
	},
	{
		reason: "a part of the work declares itself in the vocabulary of record and computes with methods; parts meet in a person and a " +
			"place and nowhere else, so each can be read, changed or removed alone",
		from:   theWork,
		only:   append([]string{"~/record", "~/lang", "~/people/...", "~/place/..."}, methods...),
		breach: [2]string{"~/care", "~/observatory"},
	},
	{
		reason: "people and place are what every part stands on, so they stand on no other part",
		from:   []string{"~/people", "~/place"},
		never:  []string{"~/care", "~/custody", "~/relief", "~/route", "~/observatory"},
		breach: [2]string{"~/place", "~/route"},
	},
	{
		reason: "what a machine says on a local network of strangers is decided in one place: only node announces it, and looks around",
		from:   []string{"amparo/..."},
		except: []string{"~/node"},
		never:  []string{"github.com/hashicorp/mdns", "github.com/miekg/dns"},
		breach: [2]string{"~/web", "github.com/hashicorp/mdns"},
	},
	{
		reason: "a part of the work holds no database handle, no connection and no key: it says what is recorded, and the engine does it",
		from:   theWork,
		never: []string{"database/...", "net/http/...", "net", "github.com/ncruces/...", "~/seal", "~/journal", "~/store", "~/vault",
			"~/node", "~/exchange", "~/relay"},
		far:    true,
		breach: [2]string{"~/care", "net/http"},
	},
	{
		reason: "the engine runs what the parts of the work declare and knows none of them; the command hands it the list",
		from:   engine,
		never:  append([]string{"~/web", "~/publish", "~/report", "~/disclose", "~/sample"}, theWork...),
		far:    true,
		breach: [2]string{"~/node", "~/people"},
	},
	{
		reason: "the journal is pure: the same commits mean the same everywhere, whatever disk or network they came by",
		from:   []string{"~/journal"},
		never:  []string{"os/...", "net/...", "database/...", "github.com/ncruces/..."},
		breach: [2]string{"~/journal", "os"},
	},
	{
		reason: "the vocabulary knows no database, no key and no network",
		from:   []string{"~/record"},
		never:  []string{"os/...", "net/...", "database/...", "github.com/ncruces/...", "~/seal", "~/journal"},
		breach: [2]string{"~/record", "database/sql"},
	},
	{
		reason: "SQLite is opened in store and by the relay's own store; everything else asks them",
		from:   []string{"amparo/..."},
		except: []string{"~/store/...", "~/relay/...", "~/bench", "~/journaltest", "amparo/cmd/amparo"}, // journaltest makes the disks that fail
		never:  []string{"github.com/ncruces/...", "database/..."},
		breach: [2]string{"~/web", "github.com/ncruces/go-sqlite3"},
	},
	{
		reason: "a page holds no rules: what it may do is an action, what it shows is a query, and node runs both",
		from:   []string{"~/web"},
		never:  []string{"~/store", "~/vault", "~/seal", "~/journal", "~/exchange", "~/relay"},
		breach: [2]string{"~/web", "~/store"},
	},
	{
		reason: "made-up people stay out of real work: only the command (for the demo and the benchmarks) and tests may reach the sample",
		from:   []string{"amparo/..."},
		except: []string{"amparo/cmd/amparo", "~/bench"},
		never:  []string{"~/sample"},
		breach: [2]string{"~/web", "~/sample"},
	},
	{
		reason: "rooms for tests are for tests: the program must not carry them",
		from:   []string{"amparo/..."},
		except: testRooms,
		never:  append([]string{"testing/...", "pgregory.net/rapid"}, testRooms...),
		breach: [2]string{"~/node", "~/journaltest"},
	},
	{
		reason: "the command is the top of the house; nothing leans on it",
		from:   []string{"amparo/..."},
		never:  []string{"amparo/cmd/..."},
		breach: [2]string{"~/node", "amparo/cmd/amparo"},
	},
	{
		reason: "the program tells nobody that it runs: no telemetry, no plugins, no remote profiling",
		from:   []string{"amparo/..."},
		never:  []string{"plugin", "expvar", "net/http/pprof", "golang.org/x/telemetry/...", "go.opentelemetry.io/..."},
		breach: [2]string{"amparo/cmd/amparo", "net/http/pprof"},
	},
}

// vague names hide what a room is for; everything ends up in them.
var vagueNames = []string{"util", "utils", "common", "helper", "helpers", "manager", "misc", "shared", "base", "core", "lib", "types", "models"}
