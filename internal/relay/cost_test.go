package relay

import (
	"path/filepath"
	"strings"
	"testing"
)

// What is read of a run must not be looked for in all that comes after it: a device's first exchange reads every run of every
// chain, and a chain can have a hundred thousand commits.
func TestReadingARunReadsNoFurther(t *testing.T) {
	s, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "relay.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, statement := range map[string]string{"wholeParts": wholeParts, "openParts": openParts} {
		rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, []byte{1}, []byte{2}, 3, 4)
		bounded := false
		if err := each(rows, err, func() error {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				return err
			}
			bounded = bounded || strings.Contains(step, "seq>? AND seq<?")
			if strings.HasPrefix(step, "SCAN") || strings.Contains(step, "seq>?)") {
				t.Errorf("%s: %s", name, step)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !bounded {
			t.Errorf("%s is not bounded by the run", name)
		}
	}
}
