package s3

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

// newTransport makes connections that give up when nothing moves on them.
// They speak HTTP/1.1: one connection a request fits large objects, and its
// deadlines are those of the request.
func newTransport(caFile string, tuning tuning) (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		pool, err := trust(caFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	dialer := &net.Dialer{Timeout: tuning.dial, KeepAlive: 15 * time.Second, Control: boundUnsent}
	return &http.Transport{
		Proxy: proxyOf,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &progress{Conn: conn, idle: tuning.idle}, nil
		},
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   tuning.dial,
		MaxIdleConnsPerHost:   maxParallel,
		IdleConnTimeout:       tuning.idle / 2,
		ResponseHeaderTimeout: tuning.idle,
		// Objects are to come as they are stored.
		DisableCompression: true,
	}, nil
}

// proxyOf is the environment's proxy. Where its address is none, the library's
// error would repeat it, and the password in it.
func proxyOf(r *http.Request) (*url.URL, error) { return hideProxy(http.ProxyFromEnvironment(r)) }

func hideProxy(proxy *url.URL, err error) (*url.URL, error) {
	if err != nil {
		return nil, &unusable{"the address of the proxy in the environment is no URL", "look at HTTPS_PROXY and HTTP_PROXY"}
	}
	return proxy, nil
}

func trust(caFile string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, &unusable{"--" + settingCA + ": " + err.Error(), ""}
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &unusable{"--" + settingCA + " " + caFile + " holds no certificate in PEM", ""}
	}
	return pool, nil
}

// progress is a connection on which every read and write may take idle at
// most. A write also gives a read that waits meanwhile more time: the answer
// to a long upload comes at its end.
type progress struct {
	net.Conn
	idle time.Duration
}

// unsent is how much may wait in the kernel that was not yet sent, in bytes.
// Without a bound it takes megabytes at once, which a slow line needs minutes
// for: a write would count as progress that is none, and the wait for the
// answer would begin before the upload has ended.
const unsent = 128 << 10

// writePiece is small enough to pass within idle on any line that is of use.
const writePiece = 32 << 10

func (c *progress) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.idle)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *progress) Write(p []byte) (int, error) {
	written := 0
	for {
		if err := c.SetDeadline(time.Now().Add(c.idle)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(p[written:min(len(p), written+writePiece)])
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// traffic is every request on its way: it bounds how many there are at once
// and hands the headers of an answer to whoever asked for them.
type traffic struct {
	store *Store
	base  http.RoundTripper
	limit *limit
}

func (t *traffic) RoundTrip(req *http.Request) (*http.Response, error) {
	ticket, err := t.limit.acquire(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := t.base.RoundTrip(req)
	slow := err == nil && (resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusTooManyRequests)
	t.limit.release(ticket, slow)
	if err != nil {
		return nil, err
	}
	t.store.reached.Store(true)
	if isList(req) && resp.StatusCode == http.StatusOK {
		if err := turnPage(req.Context()); err != nil {
			resp.Body.Close()
			return nil, err
		}
		if err := checkList(resp); err != nil {
			return nil, err
		}
	}
	if a, ok := req.Context().Value(answerKey{}).(*answer); ok {
		a.set(resp)
	}
	return resp, nil
}

// errNotS3 is for a portal or a proxy that says yes to everything.
var errNotS3 = errors.New("the answer is none of an S3 server")

func isList(req *http.Request) bool {
	return req.Method == http.MethodGet && req.URL.Query().Get("list-type") != ""
}

// checkList looks for the root element of a listing. The library takes any XML
// for one, and a page of HTML for an empty bucket.
func checkList(resp *http.Response) error {
	const enough = 1 << 10
	body := bufio.NewReaderSize(resp.Body, enough)
	head, err := body.Peek(enough)
	if err != nil && err != io.EOF {
		resp.Body.Close()
		return err
	}
	if !bytes.Contains(head, []byte("ListBucketResult")) {
		resp.Body.Close()
		return errNotS3
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{&bounded{body, maxPage}, resp.Body}
	return nil
}

// maxPage is how long a page of a listing may be, in bytes: several times what a
// thousand of the longest names take. The library holds all of it in memory.
const maxPage = 16 << 20

// bounded is a page of a listing, with an end.
type bounded struct {
	r    io.Reader
	left int64
}

func (p *bounded) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if p.left -= int64(n); p.left < 0 {
		return 0, errEndless
	}
	return n, err
}

// answer is the last response to the requests of one context, and of those
// derived from it.
type answer struct {
	outer *answer // or nil

	mu   sync.Mutex
	resp *http.Response
}

type answerKey struct{}

func withAnswer(ctx context.Context) (context.Context, *answer) {
	outer, _ := ctx.Value(answerKey{}).(*answer)
	a := &answer{outer: outer}
	return context.WithValue(ctx, answerKey{}, a), a
}

func (a *answer) set(resp *http.Response) {
	a.mu.Lock()
	a.resp = resp
	a.mu.Unlock()
	if a.outer != nil {
		a.outer.set(resp)
	}
}

func (a *answer) header() http.Header {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.resp == nil {
		return nil
	}
	return a.resp.Header
}

func (a *answer) status() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.resp == nil {
		return 0
	}
	return a.resp.StatusCode
}
