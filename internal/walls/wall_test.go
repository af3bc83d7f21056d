package walls

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// graph says what each package of Amparo imports, tests left aside.
type graph map[string][]string

const ours = "amparo/"

// full writes "~" out.
func full(p string) string {
	if rest, ok := strings.CutPrefix(p, "~"); ok {
		return ours + "internal" + rest
	}
	return p
}

// covers reports whether a pattern takes in an import path.
func covers(patterns []string, importPath string) bool {
	for _, p := range patterns {
		p = full(p)
		if ending, ok := strings.CutPrefix(p, "*"); ok {
			if strings.HasPrefix(importPath, ours) && strings.HasSuffix(importPath, ending) {
				return true
			}
		} else if tree, ok := strings.CutSuffix(p, "/..."); ok {
			if importPath == tree || strings.HasPrefix(importPath, tree+"/") {
				return true
			}
		} else if importPath == p {
			return true
		}
	}
	return false
}

// readGraph asks the go command what the program really imports.
func readGraph(t *testing.T) graph {
	t.Helper()
	command := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports", "./...")
	command.Dir = moduleRoot(t)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaint.String())
	}
	g := graph{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if strings.HasPrefix(p.ImportPath, ours) {
			g[p.ImportPath] = p.Imports
		}
	}
	if len(g) < 5 {
		t.Fatalf("go list named %d packages of Amparo; the graph was not read", len(g))
	}
	return g
}

// reach lists what a package imports: directly, or (far) through other packages of Amparo, each with the way there.
// Imports of libraries are listed but not followed: what they import is theirs.
func (g graph) reach(from string, far bool) map[string]string {
	way := map[string]string{}
	var walk func(p, soFar string)
	walk = func(p, soFar string) {
		for _, next := range g[p] {
			if _, seen := way[next]; seen {
				continue
			}
			way[next] = soFar + " → " + next
			if far && strings.HasPrefix(next, ours) {
				walk(next, way[next])
			}
		}
	}
	walk(from, from)
	return way
}

// breaches names every import that breaks a wall.
func (w wall) breaches(g graph) []string {
	var found []string
	for _, from := range slices.Sorted(maps.Keys(g)) {
		if !covers(w.from, from) || covers(w.except, from) {
			continue
		}
		way := g.reach(from, w.far)
		for _, to := range slices.Sorted(maps.Keys(way)) {
			forbidden := covers(w.never, to) && !covers(w.unless, to)
			if w.only != nil && strings.HasPrefix(to, ours) && !covers(w.only, to) && to != from {
				forbidden = true
			}
			if forbidden {
				found = append(found, way[to]+"\n\tbut "+w.reason)
			}
		}
	}
	return found
}

// floorOf says on which floor a package is and where on it; below a room counts as the room.
func floorOf(importPath string) (floor, place int, ok bool) {
	for i, f := range floors {
		for j, r := range f.rooms {
			if covers([]string{r + "/..."}, importPath) {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// upward names every import that points up.
func upward(g graph) []string {
	var found []string
	for _, from := range slices.Sorted(maps.Keys(g)) {
		floor, place, ok := floorOf(from)
		if !ok {
			continue // unplaced packages are another test's
		}
		for _, to := range g[from] {
			toFloor, toPlace, ok := floorOf(to)
			if !ok {
				continue
			}
			switch {
			case toFloor < floor:
				found = append(found, fmt.Sprintf("%s → %s\n\tbut every arrow points down, and %q stands above %q",
					from, to, floors[toFloor].name, floors[floor].name))
			case toFloor == floor && floors[floor].ordered && toPlace < place:
				found = append(found, fmt.Sprintf("%s → %s\n\tbut in the engine room everything stands on something: the order is %s",
					from, to, strings.Join(floors[floor].rooms, " > ")))
			}
		}
	}
	return found
}

func TestTheHouseStands(t *testing.T) {
	g := readGraph(t)
	for _, w := range walls {
		for _, b := range w.breaches(g) {
			t.Error(b)
		}
	}
	for _, b := range upward(g) {
		t.Error(b)
	}
}

func TestEveryRoomHasAPlaceAndAPlainName(t *testing.T) {
	for p := range readGraph(t) {
		if _, _, ok := floorOf(p); !ok && !covers(testRooms, p) {
			t.Errorf("%s is on no floor: say in docs/architecture.md what it is for, then add it to the floors in plan_test.go", p)
		}
		for word := range strings.SplitSeq(strings.TrimPrefix(p, ours), "/") {
			if slices.Contains(vagueNames, word) {
				t.Errorf("%s: a room is named with the field's words; %q says nothing about what is in it", p, word)
			}
		}
	}
}

// sound is a small house in which every wall stands.
func sound() graph {
	return graph{
		"amparo/cmd/amparo":           {"os", "amparo/internal/web", "amparo/internal/node", "amparo/internal/sample", "amparo/internal/people"},
		"amparo/internal/web":         {"net/http", "amparo/internal/node", "amparo/internal/record"},
		"amparo/internal/sample":      {"amparo/internal/lang"},
		"amparo/internal/people":      {"amparo/internal/record", "amparo/internal/place", "amparo/internal/match"},
		"amparo/internal/place":       {"amparo/internal/record"},
		"amparo/internal/care":        {"amparo/internal/record", "amparo/internal/people"},
		"amparo/internal/observatory": {"amparo/internal/record"},
		"amparo/internal/route":       {"amparo/internal/record"},
		"amparo/internal/match":       {"strings"},
		"amparo/internal/node":        {"amparo/internal/store", "amparo/internal/vault", "amparo/internal/record"},
		"amparo/internal/relay":       {"net/http", "amparo/internal/journal"},
		"amparo/internal/store":       {"github.com/ncruces/go-sqlite3", "amparo/internal/record"},
		"amparo/internal/vault":       {"amparo/internal/seal"},
		"amparo/internal/record":      {"crypto/sha256"},
		"amparo/internal/journal":     {"amparo/internal/seal"},
		"amparo/internal/seal":        {"crypto/ed25519", "crypto/hpke"},
		"amparo/internal/lang":        {"embed"},
		"amparo/internal/journaltest": {"testing"},
	}
}

// Each wall is broken once on purpose: a rule that cannot fail protects nothing.
func TestEveryWallHolds(t *testing.T) {
	for _, w := range walls {
		if found := w.breaches(sound()); len(found) > 0 {
			t.Fatalf("the sound house is not sound: %v", found)
		}
		from, to := full(w.breach[0]), full(w.breach[1])
		broken := sound()
		broken[from] = append(slices.Clone(broken[from]), to)
		found := w.breaches(broken)
		if !slices.ContainsFunc(found, func(f string) bool {
			return strings.Contains(f, from+" → "+to) && strings.Contains(f, w.reason)
		}) {
			t.Errorf("%s → %s was let through; the wall %q holds nothing back (found: %v)", from, to, w.reason, found)
		}
	}
}

func TestAWallSeesRoundCorners(t *testing.T) {
	g := sound()
	g["amparo/internal/journal"] = append(g["amparo/internal/journal"], "amparo/internal/vault")
	var found []string
	for _, w := range walls {
		found = append(found, w.breaches(g)...)
	}
	want := "amparo/internal/relay → amparo/internal/journal → amparo/internal/vault"
	if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, want+"\n") }) {
		t.Errorf("the relay reached the vault through the journal and nobody said so: %v", found)
	}
}

func TestArrowsPointDown(t *testing.T) {
	if found := upward(sound()); len(found) > 0 {
		t.Fatalf("the sound house is not sound: %v", found)
	}
	for _, edge := range [][2]string{{"~/people", "~/web"}, {"~/match", "~/care"}, {"~/store", "~/node"}, {"~/seal", "~/journal"}, {"~/lang", "~/seal"}} {
		g := sound()
		from, to := full(edge[0]), full(edge[1])
		g[from] = append(slices.Clone(g[from]), to)
		if found := upward(g); len(found) != 1 || !strings.Contains(found[0], path.Base(to)) {
			t.Errorf("%s → %s points up and was let through (found: %v)", from, to, found)
		}
	}
}
