package relay_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"amparo/internal/exchange/exchangetest"
	"amparo/internal/journal"
	"amparo/internal/relay"
	"amparo/internal/relay/wire"
)

// bucket is as much of Amazon's S3 as a relay needs, over 127.0.0.1: objects are put, given and deleted by who names the key.
type bucket struct {
	t       *testing.T
	mu      sync.Mutex
	objects map[string][]byte
	busy    int // how many requests are answered with "come again" first
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	refuse := func(status int, code string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>no</Message><Resource>%s</Resource><RequestId>1</RequestId></Error>`, code, r.URL.Path)
	}
	if !strings.Contains(r.Header.Get("Authorization"), "Credential=made-up-key/") {
		refuse(http.StatusForbidden, "InvalidAccessKeyId")
		return
	}
	if b.busy > 0 {
		b.busy--
		refuse(http.StatusServiceUnavailable, "SlowDown")
		return
	}
	name, ours := strings.CutPrefix(r.URL.Path, "/files/")
	switch {
	case r.URL.Query().Has("location"):
		fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?><LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>`)
	case !ours:
		refuse(http.StatusNotFound, "NoSuchBucket")
	case r.Method == http.MethodPut:
		data, err := payload(r)
		if err != nil {
			b.t.Errorf("what was put does not read: %v", err)
		}
		b.objects[name] = data
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(data)))
	case r.Method == http.MethodDelete:
		delete(b.objects, name)
		w.WriteHeader(http.StatusNoContent)
	default:
		data, there := b.objects[name]
		if !there {
			refuse(http.StatusNotFound, "NoSuchKey")
			return
		}
		w.Header().Set("Last-Modified", "Sat, 21 Nov 2026 15:00:00 GMT")
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(data)))
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		if r.Method != http.MethodHead {
			w.Write(data)
		}
	}
}

// payload reads a body, which without TLS comes in pieces that are signed one by one.
func payload(r *http.Request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return io.ReadAll(r.Body)
	}
	in, out := bufio.NewReader(r.Body), []byte{}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(size, 16, 32)
		if err != nil || n == 0 {
			return out, err
		}
		piece := make([]byte, n+2) // with the end of the line
		if _, err := io.ReadFull(in, piece); err != nil {
			return nil, err
		}
		out = append(out, piece[:n]...)
	}
}

func keys(name string) string {
	return map[string]string{"AWS_ACCESS_KEY_ID": "made-up-key", "AWS_SECRET_ACCESS_KEY": "made-up-secret"}[name]
}

func TestChunksAreKeptInABucket(t *testing.T) {
	b := &bucket{t: t, objects: map[string][]byte{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.busy = 1 // it is asked again
	blobs, err := relay.OpenS3(t.Context(), "s3://files/amparo?region=eu-west-1&endpoint="+server.URL, keys)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.objects) != 0 {
		t.Errorf("trying left %d objects", len(b.objects))
	}
	if _, here, err := blobs.Get(t.Context(), "nothing"); err != nil || here {
		t.Errorf("what is not there: %v, %v", here, err)
	}
	if err := blobs.Delete(t.Context(), "nothing"); err != nil {
		t.Errorf("deleting what is not there: %v", err)
	}
	s := openStore(t, filepath.Join(t.TempDir(), "relay.db"))
	s.KeepChunksIn(blobs)
	w := exchangetest.Found(t, 5, nil)
	x := w.Join("x", nil)
	x.Write(exchangetest.Bodies(1, 200, 1)...)
	c := workspace(t, s, w.ID)
	exchangetest.Carry(t, w.Founder.Copy, c)
	exchangetest.Carry(t, x.Copy, c)
	for p := range sealedParts(exchangetest.RunsOf(t, x.Copy, journal.Vector{})) {
		if p.Writer != x.Writer() {
			continue
		}
		if code := put(t, s, w.ID, p, madeUp(1)); code != wire.ChunkKept || !has(t, s, w.ID, madeUp(1)) {
			t.Fatalf("it is answered with %d", code)
		}
		for name, data := range b.objects {
			if !strings.HasPrefix(name, "amparo/") || !bytes.Equal(data, madeUp(1)) {
				t.Errorf("the object %s has %d bytes", name, len(data))
			}
		}
		exchangetest.Take(t, c, w.Founder.Control(journal.ControlErase, journal.Erasure{Parts: []journal.PartPlace{p}}))
		if len(b.objects) != 0 {
			t.Errorf("%d objects are left of what was erased", len(b.objects))
		}
	}
}

func TestABucketThatCannotBeUsedIsNamedAtTheStart(t *testing.T) {
	b := &bucket{t: t, objects: map[string][]byte{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	none := func(string) string { return "" }
	wrong := func(name string) string { return "another" }
	for _, c := range []struct {
		address string
		getenv  func(string) string
	}{
		{"s3://files?endpoint=" + server.URL, none},
		{"s3://files?region=x&endpoint=" + server.URL, wrong},
		{"s3://others?region=x&endpoint=" + server.URL, keys},
		{"s3://", keys},
		{"https://files", keys},
		{"s3://key:secret@files", keys},
		{"s3://files?endpoint=ftp://127.0.0.1", keys},
	} {
		if _, err := relay.OpenS3(t.Context(), c.address, c.getenv); !errors.Is(err, relay.ErrBucket) {
			t.Errorf("%s: %v", c.address, err)
		} else if strings.Contains(err.Error(), "secret@") || strings.Contains(err.Error(), "made-up-secret") {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
}
