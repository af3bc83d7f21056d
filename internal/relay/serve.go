package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Ending says how a relay stops. Behind something that watches /readyz the notice must be longer than it takes to look twice.
type Ending struct {
	Notice time.Duration // between saying on /readyz that it stops and taking no more questions
	Grace  time.Duration // for what is in flight after that; who is cut off resumes. Ten seconds without it
}

// defaultGrace is what is in flight given without another word.
const defaultGrace = 10 * time.Second

// Serve runs a handler on a listener until ctx ends, then lets what is in flight finish for a moment. A Relay says that it
// stops before it does. Serve returns nil after an orderly end.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	open := &connections{most: DefaultLimits.Connections, since: map[net.Conn]time.Time{}}
	ending := Ending{}
	r, isRelay := h.(*Relay)
	if isRelay {
		open.most, ending = r.limits.Connections, r.ending
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ConnState: open.turned}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("relay: %w", err)
	case <-ctx.Done():
	}
	if isRelay {
		r.stopping.Store(true)
		notice := time.NewTimer(ending.Notice)
		defer notice.Stop()
		select {
		case err := <-ended:
			return fmt.Errorf("relay: %w", err)
		case <-notice.C:
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(ending.Grace, defaultGrace))
	defer cancel()
	open.end()
	err := server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// connections lets the one that has been idle longest give way when there are too many: whoever opens many and says nothing
// keeps nobody out.
type connections struct {
	most int

	mu    sync.Mutex
	all   int
	since map[net.Conn]time.Time // idle, or nothing said yet
}

func (c *connections) turned(conn net.Conn, state http.ConnState) {
	if oldest := c.note(conn, state); oldest != nil {
		oldest.Close() // its own server hears of it by itself
	}
}

// end closes those on which nothing is under way; Shutdown would give the new ones five seconds to say something.
func (c *connections) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.since {
		conn.Close()
	}
}

func (c *connections) note(conn net.Conn, state http.ConnState) (oldest net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.since, conn)
	switch state {
	case http.StateClosed, http.StateHijacked:
		c.all--
	case http.StateIdle:
		c.since[conn] = time.Now()
	case http.StateNew:
		c.all++
		if c.all > c.most {
			for other, at := range c.since {
				if oldest == nil || at.Before(c.since[oldest]) {
					oldest = other
				}
			}
			delete(c.since, oldest)
		}
		c.since[conn] = time.Now()
	}
	return oldest
}
