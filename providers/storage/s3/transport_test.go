package s3

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"chatkeep/providers/storage"
)

// TestSlowUpload has a server that reads in small sips, each well within the
// time for progress, all together well beyond it; and then one that stops.
func TestSlowUpload(t *testing.T) {
	slow := quick
	slow.budget, slow.idle = 0, 600*time.Millisecond
	var sips atomic.Int64
	sips.Store(1 << 30)
	done := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			io.WriteString(w, "<ListBucketResult></ListBucketResult>")
			return
		}
		for range sips.Load() {
			n, err := io.CopyN(io.Discard, r.Body, 512<<10)
			if n == 0 || err != nil {
				w.Header().Set("ETag", `"e"`)
				return
			}
			time.Sleep(slow.idle / 10)
		}
		<-done
	}))
	// Or a good part of the upload would be in the kernel's buffers.
	server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		conn.(*net.TCPConn).SetReadBuffer(64 << 10)
		return ctx
	}
	server.Start()
	defer server.Close()
	defer close(done)
	location := storage.Location{Text: "s3:" + server.URL + "/bucket", Values: map[string]string{settingRegion: "r"}}
	s, err := open(t.Context(), location, false, slow)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 8<<20)
	if _, err := s.Put(t.Context(), "a", data); err != nil {
		t.Error(err)
	}
	sips.Store(1)
	_, err = s.Put(t.Context(), "a", data)
	wantTrouble(t, "put", err, storage.Unreachable, nil)
}
