package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// sign signs a request anew from which a signed header was taken, with version 4
// of Amazon's signatures. Which headers are signed is as before.
func (s *Server) sign(r *http.Request) {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential="+s.AccessKey+"/")
	scope, rest, _ := strings.Cut(rest, ",") // date/region/s3/aws4_request
	_, rest, _ = strings.Cut(rest, "SignedHeaders=")
	list, _, _ := strings.Cut(rest, ",")
	var names []string
	canonical := r.Method + "\n" + r.URL.EscapedPath() + "\n" + r.URL.RawQuery + "\n"
	for name := range strings.SplitSeq(list, ";") {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		if name == "content-length" {
			value = fmt.Sprint(r.ContentLength)
		}
		if value != "" {
			names = append(names, name)
			canonical += name + ":" + strings.TrimSpace(value) + "\n"
		}
	}
	signed := strings.Join(names, ";")
	canonical += "\n" + signed + "\n" + r.Header.Get("X-Amz-Content-Sha256")
	sum := sha256.Sum256([]byte(canonical))
	text := "AWS4-HMAC-SHA256\n" + r.Header.Get("X-Amz-Date") + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	key := []byte("AWS4" + s.SecretKey)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x",
		s.AccessKey, scope, signed, mac(key, text)))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
