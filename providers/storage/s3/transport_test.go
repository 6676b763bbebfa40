package s3

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"chatkeep/providers/storage"
)

// TestSlowUpload has a server that reads in small sips, each well within the
// time for progress, all together well beyond it; and then one that stops.
func TestSlowUpload(t *testing.T) {
	sips := 1 << 30
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			io.WriteString(w, "<ListBucketResult></ListBucketResult>")
			return
		}
		for range sips {
			n, err := io.CopyN(io.Discard, r.Body, 2<<20)
			if n == 0 || err != nil {
				w.Header().Set("ETag", `"e"`)
				return
			}
			time.Sleep(quick.idle / 4)
		}
		<-r.Context().Done()
	}))
	defer server.Close()
	location := storage.Location{Text: "s3:" + server.URL + "/bucket", Values: map[string]string{settingRegion: "r"}}
	slow := quick
	slow.budget = 0
	s, err := open(t.Context(), location, false, slow)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 24<<20)
	if _, err := s.Put(t.Context(), "a", data); err != nil {
		t.Error(err)
	}
	sips = 1
	_, err = s.Put(t.Context(), "a", data)
	wantTrouble(t, "put", err, storage.Unreachable, nil)
}
