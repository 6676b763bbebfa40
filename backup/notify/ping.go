package notify

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// ping tells a service that raises the alarm when it hears nothing, in the way of
// Healthchecks: what became of the run is the end of the path.
type ping struct{ web *web }

func (p *ping) tell(ctx context.Context, e Event) error {
	answer, err := p.web.post(ctx, func(u *url.URL) { address(u, e) }, map[string]string{"Content-Type": "text/plain; charset=utf-8"}, e.Text())
	if err != nil {
		return err
	}
	// Healthchecks answers 200 to these, too.
	switch strings.TrimSpace(answer) {
	case "OK (not found)":
		return hinted("check the address", "the service knows no check with this address")
	case "OK (rate limited)":
		return hinted("give each job a check of its own", "the service is pinged too often, and did not count it")
	}
	return nil
}

// address adds what happened to the address of a check.
func address(u *url.URL, e Event) {
	switch {
	case e.Kind == Start:
		*u = *u.JoinPath("start")
	case e.Kind == Failure && e.ExitCode > 0 && e.ExitCode < 256:
		*u = *u.JoinPath(strconv.Itoa(e.ExitCode))
	case e.Kind == Failure, e.Kind == Stale:
		*u = *u.JoinPath("fail")
	}
	if e.Run != "" {
		query := u.Query()
		query.Set("rid", uuid(e.Run))
		u.RawQuery = query.Encode()
	}
}

// uuid is the run's id where that is a UUID, else one made of it: the service takes
// nothing else.
func uuid(run string) string {
	if isUUID(run) {
		return run
	}
	sum := sha256.Sum256([]byte("chatkeep run " + run))
	id := sum[:16]
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8, which is free to be made up
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, r := range text {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}
	return true
}
