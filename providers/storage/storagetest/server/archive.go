package server

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Archive is an S3 server with classes of storage, some of them cold: a proxy in
// front of a server that has none. It answers as Amazon documents it, and is no
// proof of what Amazon does. It remembers the class of a put, refuses a get of
// what is archived, takes requests to thaw, and tells of both in answers to HEAD
// and in listings.
type Archive struct {
	Server
	proxy *httputil.ReverseProxy

	mu      sync.Mutex
	objects map[string]*archived // by path
	thaws   []string             // the bodies of the requests, in order
	refused int
}

// archived is what the proxy knows of an object that was put into a class.
type archived struct {
	class    string
	restore  string // the header x-amz-restore, "" before it was asked for
	readable bool
}

// NewArchive puts a proxy in front of a server.
func NewArchive(t testing.TB, s *Server) *Archive {
	t.Helper()
	target, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	a := &Archive{Server: *s, objects: map[string]*archived{}}
	a.proxy = &httputil.ReverseProxy{
		// The host stays as the client signed it.
		Rewrite:        func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host },
		ModifyResponse: a.answer,
	}
	front := httptest.NewServer(a)
	t.Cleanup(front.Close)
	a.Endpoint = front.URL
	return a
}

// Ripen lets the time of all thaws pass.
func (a *Archive) Ripen() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, o := range a.objects {
		if o.restore != "" {
			o.readable = true
			o.restore = `ongoing-request="false", expiry-date="` + time.Now().UTC().Add(24*time.Hour).Format(http.TimeFormat) + `"`
		}
	}
}

// Thaws returns the bodies of the requests to thaw so far.
func (a *Archive) Thaws() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string{}, a.thaws...)
}

// Refused is how many gets there were of what is archived.
func (a *Archive) Refused() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused
}

// Classes counts the objects in each class that a put named.
func (a *Archive) Classes() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := map[string]int{}
	for _, o := range a.objects {
		n[o.class]++
	}
	return n
}

var classes = map[string]bool{ // and whether they are cold
	"STANDARD": false, "STANDARD_IA": false, "ONEZONE_IA": false, "GLACIER_IR": false, "INTELLIGENT_TIERING": false,
	"GLACIER": true, "DEEP_ARCHIVE": true,
}

const classHeader = "X-Amz-Storage-Class"

func (a *Archive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o := a.object(r.URL.Path)
	switch {
	case r.Method == http.MethodPost && r.URL.Query().Has("restore"):
		a.thaw(w, r, o)
		return
	case r.Method == http.MethodGet && o != nil && classes[o.class] && !o.readable:
		a.mu.Lock()
		a.refused++
		a.mu.Unlock()
		refuse(w, http.StatusForbidden, "InvalidObjectState")
		return
	case r.Method == http.MethodPut && r.Header.Get(classHeader) != "":
		class := r.Header.Get(classHeader)
		if _, known := classes[class]; !known {
			refuse(w, http.StatusBadRequest, "InvalidStorageClass")
			return
		}
		r.Header.Del(classHeader) // the server behind knows none of them
		a.sign(r)
		record := &statusRecorder{ResponseWriter: w}
		a.proxy.ServeHTTP(record, r)
		if record.status == http.StatusOK {
			a.mu.Lock()
			a.objects[r.URL.Path] = &archived{class: class}
			a.mu.Unlock()
		}
		return
	}
	a.proxy.ServeHTTP(w, r)
}

// object gives a copy, or nil.
func (a *Archive) object(path string) *archived {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o := a.objects[path]; o != nil {
		o := *o
		return &o
	}
	return nil
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
}

// thaw answers a POST of ?restore. A request that is not as the protocol has it
// is refused.
func (a *Archive) thaw(w http.ResponseWriter, r *http.Request, o *archived) {
	body, err := io.ReadAll(r.Body)
	var request struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ RestoreRequest"`
		Days    int
		Tier    string `xml:"GlacierJobParameters>Tier"`
	}
	if err == nil {
		err = xml.Unmarshal(body, &request)
	}
	known := map[string]bool{"Bulk": true, "Standard": true, "Expedited": o != nil && o.class == "GLACIER"}[request.Tier]
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "MalformedXML")
		return
	case o == nil:
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	case !classes[o.class]:
		refuse(w, http.StatusForbidden, "InvalidObjectState")
		return
	case request.Days < 1 || !known:
		refuse(w, http.StatusBadRequest, "InvalidArgument")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.thaws = append(a.thaws, string(body))
	switch mine := a.objects[r.URL.Path]; {
	case mine.readable:
		w.WriteHeader(http.StatusOK)
	case mine.restore != "":
		refuse(w, http.StatusConflict, "RestoreAlreadyInProgress")
	default:
		mine.restore = `ongoing-request="true"`
		w.WriteHeader(http.StatusAccepted)
	}
}

// answer puts into an answer of the server behind what that does not know.
func (a *Archive) answer(resp *http.Response) error {
	r := resp.Request
	if r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2" {
		return a.list(resp)
	}
	if o := a.object(r.URL.Path); o != nil && resp.StatusCode < 300 && r.Method != http.MethodPut {
		if o.class != "STANDARD" {
			resp.Header.Set(classHeader, o.class)
		}
		if o.restore != "" {
			resp.Header.Set("X-Amz-Restore", o.restore)
		}
	}
	return nil
}

var (
	listEntry = regexp.MustCompile(`(?s)<Contents>.*?</Contents>`)
	listKey   = regexp.MustCompile(`<Key>(.*?)</Key>`)
	listClass = regexp.MustCompile(`<StorageClass>.*?</StorageClass>`)
)

// list writes the classes into a page of a listing.
func (a *Archive) list(resp *http.Response) error {
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return err
	}
	bucket := strings.Split(resp.Request.URL.Path, "/")[1]
	page = listEntry.ReplaceAllFunc(page, func(entry []byte) []byte {
		key, err := url.QueryUnescape(string(listKey.FindSubmatch(entry)[1]))
		o := a.object("/" + bucket + "/" + key)
		if err != nil || o == nil {
			return entry
		}
		return listClass.ReplaceAll(entry, []byte("<StorageClass>"+o.class+"</StorageClass>"))
	})
	resp.Body = io.NopCloser(bytes.NewReader(page))
	resp.ContentLength = int64(len(page))
	resp.Header.Set("Content-Length", strconv.Itoa(len(page)))
	return nil
}
