package journaltest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

// host answers questions: a relay, or a device that serves its neighbours.
type host interface {
	// handler is nil when nothing listens.
	handler() http.Handler
	label() string
	// age changes when the host's machine was started again.
	age() int
}

// journey is what happens to the connections of one exchange. Counts are bytes of what a question and its answer have
// together; -1: never.
type journey struct {
	up, down int   // after which the line is cut, on the first connection
	stall    bool  // … or falls silent
	deaf     bool  // the server does not notice that its answer goes nowhere
	twice    bool  // the network brings the question twice, and of the answers the second
	pauses   []int // after which of the pieces that pass other things happen meanwhile
	piece    int   // how much passes at a time
	asked    int   // questions so far
}

var errLine = errors.New("the line was cut")

// line is a connection between a device and a host, seen from the device.
type line struct {
	*world
	from  *device
	to    host
	life  int // of the device's disk
	age   int // of the host
	trip  *journey
	mu    sync.Mutex
	ready sync.Cond

	question []byte
	answer   []byte
	came     int // bytes of answers that the device has read
	went     int // bytes of questions that got through
	broken   bool
	silent   bool
	closed   bool
	deadline time.Time
}

func (w *world) dial(from *device, to host, trip *journey) (net.Conn, error) {
	if from.away || to.handler() == nil || w.cut[to.label()] {
		return nil, errors.New("nobody answers there")
	}
	l := &line{world: w, from: from, to: to, life: from.disk.Life(), age: to.age(), trip: trip}
	l.ready.L = &l.mu
	return l, nil
}

// gone reports whether the device is no more the one that dialled.
func (l *line) gone() bool { return l.from.disk.Dead() || l.from.disk.Life() != l.life }

// over reports whether the host is no more the one that was dialled.
func (l *line) over() bool { return l.to.handler() == nil || l.to.age() != l.age }

// Write takes a part of a question. When it is whole, or no more of it will come, it is answered before Write returns.
func (l *line) Write(b []byte) (int, error) {
	l.mu.Lock()
	useless := l.closed || l.broken || l.gone()
	l.mu.Unlock()
	if useless {
		return 0, errLine
	}
	n := len(b)
	if left := l.trip.up - l.went; l.trip.up >= 0 && n > left {
		n = max(left, 0)
	}
	l.question, l.went = append(l.question, b[:n]...), l.went+n
	if n < len(b) {
		l.trip.up = -1 // the next connection is better
		l.serve(true)
		l.end()
		return n, errLine
	}
	if l.whole() {
		l.serve(false)
	}
	return n, nil
}

// whole reports whether all of the question is here.
func (l *line) whole() bool {
	head, body, found := bytes.Cut(l.question, []byte("\r\n\r\n"))
	if !found {
		return false
	}
	length := 0
	for field := range bytes.SplitSeq(head, []byte("\r\n")) {
		if _, err := fmt.Sscanf(string(field), "Content-Length: %d", &length); err == nil {
			break
		}
	}
	return len(body) >= length
}

func (l *line) end() {
	l.mu.Lock()
	l.broken = true
	l.ready.Broadcast()
	l.mu.Unlock()
}

// serve answers a question that came whole, or was cut.
func (l *line) serve(cut bool) {
	question := l.question
	l.question = nil
	if l.trip.asked++; l.trip.asked > 100 {
		l.failf("%s asks %s without end", l.from.name, l.to.label())
		l.end()
		return
	}
	l.heard = append(l.heard, heard{l.to, question})
	answer, whole := l.ask(l.to, question, l)
	if cut {
		return
	}
	if l.trip.twice {
		l.trip.twice = false
		answer, whole = l.ask(l.to, question, l)
	}
	l.mu.Lock()
	l.answer = append(l.answer, answer...)
	l.broken = l.broken || !whole
	l.ready.Broadcast()
	l.mu.Unlock()
}

// ask brings a question to a host's handler and gives its answer. on may be nil: nothing happens meanwhile.
func (w *world) ask(to host, question []byte, on *line) (answer []byte, whole bool) {
	handler := to.handler()
	if handler == nil {
		return nil, false
	}
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(question)))
	if err != nil {
		return nil, false // not even its head came
	}
	request.Body = io.NopCloser(&slowly{request.Body, on})
	if n, ok := to.(*neighbour); ok {
		n.busy++
		defer func() { n.busy-- }()
	}
	out := &response{head: http.Header{}, on: on}
	defer func() {
		if r := recover(); r != nil {
			answer, whole = out.bytes(), false
			if r != http.ErrAbortHandler {
				w.failf("%s fell over a question: %v\n%s", to.label(), r, debug.Stack())
			}
		}
	}()
	handler.ServeHTTP(out, request)
	if on != nil && on.over() { // it fell over meanwhile
		return out.bytes(), false
	}
	out.finish()
	return out.bytes(), true
}

// slowly gives a body piece by piece.
type slowly struct {
	io.Reader
	on *line
}

func (s *slowly) Read(b []byte) (int, error) {
	if s.on == nil {
		return s.Reader.Read(b)
	}
	s.on.pause()
	n, err := s.Reader.Read(b[:min(len(b), s.on.trip.piece)])
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errLine
	}
	return n, err
}

// response is written as HTTP/1.1 does, in chunks.
type response struct {
	head   http.Header
	status int
	on     *line
	out    bytes.Buffer
	chunks io.WriteCloser
}

func (r *response) Header() http.Header { return r.head }

func (r *response) WriteHeader(status int) {
	if r.status != 0 {
		return
	}
	r.status = status
	fmt.Fprintf(&r.out, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	r.head.Set("Transfer-Encoding", "chunked")
	if err := r.head.Write(&r.out); err != nil {
		panic(err) // a buffer
	}
	r.out.WriteString("\r\n")
	r.chunks = httputil.NewChunkedWriter(&r.out)
}

func (r *response) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if r.on != nil {
		r.on.pause()
		if t := r.on.trip; t.down >= 0 && !t.deaf && r.out.Len() > t.down {
			return 0, errLine
		}
		if r.on.over() {
			return 0, errLine
		}
	}
	return r.chunks.Write(b)
}

func (r *response) finish() {
	r.WriteHeader(http.StatusOK)
	r.chunks.Close()
	r.out.WriteString("\r\n")
}

func (r *response) bytes() []byte { return r.out.Bytes() }

// Read gives what was answered.
func (l *line) Read(b []byte) (int, error) {
	l.mu.Lock()
	for len(l.answer) == 0 && !l.broken && !l.closed && !l.silent {
		l.ready.Wait()
	}
	if len(l.answer) > 0 && !l.closed {
		l.mu.Unlock()
		l.pause()
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	if l.closed || l.gone() {
		return 0, net.ErrClosed
	}
	n := min(len(b), len(l.answer), l.trip.piece)
	if l.trip.down >= 0 && l.came+n > l.trip.down {
		if n = l.trip.down - l.came; n <= 0 {
			l.trip.down, l.answer = -1, nil
			if l.silent = l.trip.stall; !l.silent {
				l.broken = true
			}
		}
	}
	if l.silent {
		return 0, l.wait()
	}
	if n <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	copy(b, l.answer[:n])
	l.answer, l.came = l.answer[n:], l.came+n
	return n, nil
}

// wait lets the time pass until the device gives up. The lock is held.
func (l *line) wait() error {
	left := time.Until(l.deadline)
	l.mu.Unlock()
	defer l.mu.Lock()
	time.Sleep(left) // the time of the bubble, in which nothing else moves
	return os.ErrDeadlineExceeded
}

// pause lets other things happen in the middle of an exchange.
func (l *line) pause() {
	if len(l.trip.pauses) == 0 {
		return
	}
	l.trip.pauses[0]--
	if l.trip.pauses[0] > 0 {
		return
	}
	l.trip.pauses = l.trip.pauses[1:]
	l.meanwhile()
}

// Close ends the connection from the device's side.
func (l *line) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.ready.Broadcast()
	return nil
}

// SetDeadline is net.Conn's; what is written never waits.
func (l *line) SetDeadline(t time.Time) error { return l.SetReadDeadline(t) }

// SetReadDeadline is net.Conn's.
func (l *line) SetReadDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = t
	return nil
}

// SetWriteDeadline is net.Conn's.
func (l *line) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr is net.Conn's.
func (l *line) LocalAddr() net.Addr { return &net.UnixAddr{Name: l.from.name} }

// RemoteAddr is net.Conn's.
func (l *line) RemoteAddr() net.Addr { return &net.UnixAddr{Name: l.to.label()} }
