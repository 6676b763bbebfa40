package notify

import (
	"io"
	"net/smtp"
	"strings"
	"testing"
)

// TestLoginInTheClear: the mechanism itself refuses, whatever the configuration's
// check let through.
func TestLoginInTheClear(t *testing.T) {
	for name, may := range map[string]bool{"mail.example.org": false, "localhost.example.org": false, "localhost": true} {
		_, _, err := (&login{user: "u", password: "p"}).Start(&smtp.ServerInfo{Name: name, Auth: []string{"LOGIN"}})
		if (err == nil) != may {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBrief: a command that prints for ever does not fill the memory, whichever way
// what it prints is copied.
func TestBrief(t *testing.T) {
	var out brief
	n, err := io.Copy(&out, strings.NewReader(strings.Repeat("x", 3*maxSecret)))
	if err == nil || len(out.data) > maxSecret {
		t.Errorf("%d bytes were copied and %d are kept (%v)", n, len(out.data), err)
	}
	out = brief{}
	if _, err := io.Copy(&out, strings.NewReader(strings.Repeat("x", maxSecret))); err != nil || len(out.data) != maxSecret {
		t.Errorf("%d bytes are kept, want %d (%v)", len(out.data), maxSecret, err)
	}
}
