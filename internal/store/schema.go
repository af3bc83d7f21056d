package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"amparo/internal/record"
)

// viewFormat changes when the way facts become rows changes; it is part of every view's format name.
const viewFormat = 2

// Schema is the SQL of one compartment's view, as it is today: one table a kind, and the engine's own, whose names
// begin with an underscore. It follows from the kinds alone; testdata holds it as files, so that a change is seen.
func Schema(c record.Compartment, kinds []*record.Kind) string {
	h := hidingIn(c, kinds)
	var b strings.Builder
	fmt.Fprintf(&b, `-- The view of compartment %[1]s.
CREATE TABLE %[1]s._view (one INTEGER PRIMARY KEY CHECK (one = 1), format TEXT NOT NULL, position INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;
CREATE TABLE %[1]s._client (hash BLOB NOT NULL, id BLOB NOT NULL, said BLOB NOT NULL, PRIMARY KEY (hash, id)) STRICT, WITHOUT ROWID;
CREATE TABLE %[1]s._correction (earlier BLOB NOT NULL, later BLOB NOT NULL, PRIMARY KEY (earlier, later)) STRICT, WITHOUT ROWID;
CREATE TABLE %[1]s.%[2]s (subject BLOB NOT NULL, at INTEGER NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL, PRIMARY KEY (subject, at, id)) STRICT, WITHOUT ROWID;
CREATE TABLE %[1]s.%[3]s (entity BLOB NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL, fields TEXT NOT NULL,
	_site BLOB, _by BLOB, _at INTEGER NOT NULL, _zone INTEGER NOT NULL, _rec INTEGER NOT NULL, PRIMARY KEY (entity, id)) STRICT;
`, c, h.name("_timeline"), h.name("_change"))
	if slices.ContainsFunc(kinds, func(k *record.Kind) bool { return k.In == c && (ofPersons(k) || k.Hides) }) {
		fmt.Fprintf(&b, aboutTable, c)
	}
	for _, k := range kinds {
		if k.In == c {
			table(&b, k, h.table(k))
		}
	}
	h.views(&b, kinds)
	return b.String()
}

func table(b *strings.Builder, k *record.Kind, name string) {
	fmt.Fprintf(b, "CREATE TABLE %s.%s (", k.In, name)
	if k.Form == record.Tally {
		var key []string
		for _, f := range k.Fields {
			if f.Name == "n" {
				continue
			}
			fmt.Fprintf(b, "%s %s NOT NULL, ", f.Name, columnType(f.Type))
			key = append(key, f.Name)
		}
		// _lines counts the lines behind the sum: the consistency line beside each figure.
		fmt.Fprintf(b, "n INTEGER NOT NULL, _lines INTEGER NOT NULL, PRIMARY KEY (%s)) STRICT, WITHOUT ROWID;\n", strings.Join(key, ", "))
		return
	}
	b.WriteString("id BLOB PRIMARY KEY, ")
	for _, f := range k.Fields {
		fmt.Fprintf(b, "%s %s, ", f.Name, columnType(f.Type))
	}
	b.WriteString("_site BLOB, _by BLOB, _at INTEGER, _zone INTEGER, _rec INTEGER, ")
	if k.Registers() {
		b.WriteString("_rivals INTEGER NOT NULL, _state BLOB NOT NULL) STRICT;\n")
		fmt.Fprintf(b, "CREATE INDEX %s_rivals ON %s (_rivals) WHERE _rivals > 0;\n", k.Table(), name)
	} else {
		b.WriteString("_corrected BLOB) STRICT;\n")
	}
	fmt.Fprintf(b, "CREATE INDEX %s_when ON %s (_site, _at);\n", k.Table(), name)
	for _, f := range k.Fields {
		if f.Index || k.Hides && f.Name == "person" {
			fmt.Fprintf(b, "CREATE INDEX %s_%s ON %s (%s);\n", k.Table(), f.Name, name, f.Name)
		}
	}
}

func columnType(t record.Type) string {
	switch t {
	case record.Int, record.Bool, record.Time:
		return "INTEGER"
	case record.Ref, record.Blob:
		return "BLOB"
	}
	return "TEXT"
}

// formatName names how a view was made; one that differs is rebuilt.
func formatName(schema string) string {
	sum := sha256.Sum256([]byte(schema))
	return fmt.Sprintf("%d-%s", viewFormat, hex.EncodeToString(sum[:8]))
}
