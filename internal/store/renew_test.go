package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"amparo/internal/record"
	"amparo/internal/seal"
)

// A view that is made anew knows nothing of before, opens with the new key only, and shows nobody the half of it meanwhile.
func TestAViewMadeAnew(t *testing.T) {
	l := lit(t, record.Identity, record.Care)
	rosa := l.does(keeper, record.ID{}, map[uint8]any{1: "Rosa"})
	l.does(burn, record.ID{}, map[uint8]any{1: rosa[:], 2: "leve"})
	luz := l.does(keeper, record.ID{}, map[uint8]any{1: "Luz"})
	care, version := digestOf(t, l.views, record.Care), l.views.Version(record.Identity)
	gone := Dropped{N: 1, Arrival: 1, Tag: 5}
	if !l.views.Stale(record.Identity, gone) || l.views.Stale(record.Law, gone) || l.views.Stale(record.Identity, Dropped{N: 1, Arrival: 9}) || l.views.Stale(record.Identity, Dropped{N: 1}) {
		t.Error("what is stale is what was read here and dropped since")
	}
	old, err := os.ReadFile(l.views.Path(record.Identity))
	must(t, err)
	key := seal.NewViewKey()
	resume, err := l.views.Renew(map[record.Compartment]seal.ViewKey{record.Identity: key})
	must(t, err)
	if p := l.views.Positions(); p[record.Identity] != 0 || p[record.Care] != 3 {
		t.Errorf("positions %v", p)
	}
	hasty, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := l.views.Select(hasty, coastQuestions["persons"], nil, func(record.Row) error { t.Error("half a view answers"); return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who cannot wait: %v", err)
	}
	patient := make(chan string)
	go func() {
		var names string
		err := l.views.Select(context.Background(), coastQuestions["persons"], nil, func(r record.Row) error { names += r.Text(0); return nil })
		if err != nil {
			names = err.Error()
		}
		patient <- names
	}()
	if _, err := l.views.Project([]Opened{l.said[2]}, 3); err != nil { // all but Rosa
		t.Fatal(err)
	}
	must(t, l.views.Flush())
	must(t, l.views.FollowDropped(1))
	must(t, resume(nil))
	if got := <-patient; got != "Luz" {
		t.Errorf("who waited reads %q", got)
	}
	if l.views.Version(record.Identity) <= version {
		t.Error("what was computed from the old view still counts")
	}
	if l.views.Stale(record.Identity, gone) || l.views.DroppedSeen() != 1 {
		t.Error("it is stale still")
	}
	if got := digestOf(t, l.views, record.Care); got != care {
		t.Error("the other view changed")
	}
	now, err := os.ReadFile(l.views.Path(record.Identity))
	must(t, err)
	if len(old) > 0 && bytes.Equal(old[:4096], now[:4096]) {
		t.Error("the old file is still there")
	}
	fresh := lit(t, record.Identity, record.Care)
	fresh.arrive(l.said[1])
	fresh.arrive(l.said[2])
	must(t, fresh.views.Flush())
	if digestOf(t, fresh.views, record.Identity) != digestOf(t, l.views, record.Identity) {
		t.Error("made anew it differs from one that never knew")
	}
	must(t, l.views.Close())
	reopened, err := OpenViews(l.dir, l.views.registry, map[record.Compartment]seal.ViewKey{record.Identity: key, record.Care: l.views.keys[record.Care]})
	must(t, err)
	if reopened.DroppedSeen() != 1 || reopened.Positions()[record.Identity] != 3 {
		t.Errorf("opened again: %d, %v", reopened.DroppedSeen(), reopened.Positions())
	}
	if got := l.sees(reopened, "SELECT name FROM identity.keeper WHERE id = ?", luz); got != "Luz" {
		t.Errorf("opened again it reads %q", got)
	}
	must(t, reopened.Close())
}

// What could not be made anew answers nothing rather than half, and says what mends it.
func TestAViewThatCannotBeMadeAnew(t *testing.T) {
	for _, how := range []string{"the file cannot be removed", "it could not be filled"} {
		l := lit(t, record.Identity)
		l.does(keeper, record.ID{}, map[uint8]any{1: "Rosa"})
		keys := map[record.Compartment]seal.ViewKey{record.Identity: seal.NewViewKey()}
		if how == "the file cannot be removed" {
			must(t, os.Rename(l.views.Path(record.Identity), filepath.Join(l.dir, "elsewhere")))
			must(t, os.MkdirAll(filepath.Join(l.views.Path(record.Identity), "in the way"), 0o700))
			if _, err := l.views.Renew(keys); err == nil {
				t.Errorf("%s: no error", how)
			}
			if err := l.views.FollowDropped(1); !errors.Is(err, ErrViewDamaged) {
				t.Errorf("%s: following: %v", how, err)
			}
			if _, err := l.views.Project(nil, 9); !errors.Is(err, ErrViewDamaged) {
				t.Errorf("%s: projecting: %v", how, err)
			}
		} else {
			resume, err := l.views.Renew(keys)
			must(t, err)
			if err := resume(ErrDiskFull); !errors.Is(err, ErrDiskFull) {
				t.Errorf("%s: %v", how, err)
			}
		}
		err := l.views.Select(t.Context(), coastQuestions["persons"], nil, func(record.Row) error { return nil })
		if !errors.Is(err, ErrViewDamaged) {
			t.Errorf("%s: reading: %v", how, err)
		}
		if _, err := l.views.Digest(record.Identity); !errors.Is(err, ErrViewDamaged) {
			t.Errorf("%s: the digest: %v", how, err)
		}
		must(t, l.views.Close())
	}
}

func digestOf(t testing.TB, v *Views, c record.Compartment) string {
	t.Helper()
	d, err := v.Digest(c)
	must(t, err)
	return d
}
