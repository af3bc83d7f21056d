package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"amparo/internal/seal"
)

// meter counts the bytes on the connections of one exchange.
type meter struct{ in, out atomic.Int64 }

// metered counts, and gives a connection up when no byte came or went for a while. Slow is not silent: there is no limit
// on the whole.
type metered struct {
	net.Conn
	meter *meter
	idle  time.Duration
}

func (c metered) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.idle)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	c.meter.in.Add(int64(n))
	return n, err
}

// Write sends in small pieces, so that each of them is a sign of life on a slow link.
func (c metered) Write(b []byte) (sent int, err error) {
	const piece = 16 << 10
	for err == nil && (len(b) > 0 || sent == 0) {
		// Who reads has perhaps been waiting since the last answer: the time for this one begins now.
		if err = c.SetDeadline(time.Now().Add(c.idle)); err != nil {
			break
		}
		var n int
		n, err = c.Conn.Write(b[:min(piece, len(b))])
		c.meter.out.Add(int64(n))
		sent, b = sent+n, b[n:]
		if n == 0 {
			break
		}
	}
	return sent, err
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func newClient(dial dialer, config *tls.Config, m *meter, idle time.Duration) *http.Client {
	if dial == nil {
		dial = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	}
	counted := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return metered{conn, m, idle}, nil
	}
	carrier := &http.Transport{
		DialContext:         counted,
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: idle,
		ForceAttemptHTTP2:   false, // one question at a time on one connection gains nothing from streams
		DisableCompression:  true,  // sealed bytes do not compress
		MaxConnsPerHost:     1,
	}
	if config != nil && config.VerifyConnection != nil {
		carrier.Proxy = nil // the key is that of who is asked, and nobody stands between
		carrier.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := counted(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return greet(ctx, tls.Client(conn, config))
		}
	}
	return &http.Client{Transport: carrier, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// greet shakes hands with who should hold a pinned key. Who sends us away at this point answers for another key.
func greet(ctx context.Context, conn *tls.Conn) (net.Conn, error) {
	err := conn.HandshakeContext(ctx)
	if err == nil {
		return conn, nil
	}
	conn.Close()
	var turned *net.OpError
	var header tls.RecordHeaderError
	if errors.As(err, &turned) && turned.Op == "remote error" || errors.As(err, &header) {
		err = fmt.Errorf("%w: %w", seal.ErrPin, err)
	}
	return nil, err
}
