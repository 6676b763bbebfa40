package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 4 << 10

// web is what a ping, ntfy and a webhook have in common.
type web struct {
	url, urlFile string // one of them
	tokenFile    string // or empty
	deps         Deps
	client       *http.Client
}

// obedient is the client without redirections. To follow one would hand what is
// secret in the address or the header to whoever it leads to, and most turn a POST
// into a GET, which tells nobody anything and looks like success.
func obedient(client *http.Client) *http.Client {
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// parseAddress reads an address. Errors have nothing of it in them, since it may be
// a secret.
func parseAddress(text string, token bool) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("is no address that begins with https:// or http://")
	}
	if u.Fragment != "" {
		return nil, errors.New("has a # in it, and what follows that goes nowhere")
	}
	if u.Scheme == "http" && (token || u.User != nil) && !localhost(u.Hostname()) {
		return nil, errors.New("has to begin with https://, or the token or password would go in the clear")
	}
	return u, nil
}

// shown is what may be told of an address.
func shown(u *url.URL) string { return u.Scheme + "://" + u.Host + "/…" }

// secretsOf are the parts of an address that nobody is to see.
func secretsOf(u *url.URL, token string) []string {
	secrets := []string{token, u.RequestURI(), u.EscapedPath(), u.Path, u.RawQuery}
	if u.User != nil {
		password, _ := u.User.Password()
		secrets = append(secrets, u.User.String(), password)
	}
	return secrets
}

// where finds out the address and the token, which may be empty.
func (w *web) where() (*url.URL, string, error) {
	var token string
	var err error
	if w.tokenFile != "" {
		if token, err = readSecret(w.tokenFile); err != nil {
			return nil, "", fmt.Errorf("token-file: %w", err)
		}
	}
	key, text := "url", w.url
	if w.urlFile != "" {
		key = "url-file"
		if text, err = readSecret(w.urlFile); err != nil {
			return nil, "", fmt.Errorf("url-file: %w", err)
		}
	}
	u, err := parseAddress(text, token != "")
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", key, err)
	}
	return u, token, nil
}

// post sends a body, to the address as change makes it (nil: as it is), and returns
// the beginning of the answer.
func (w *web) post(ctx context.Context, change func(*url.URL), header map[string]string, body string) (string, error) {
	u, token, err := w.where()
	if err != nil {
		return "", err
	}
	secrets := secretsOf(u, token)
	if change != nil {
		change(u)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("%s: no request can be made for it", shown(u))
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	req.Header.Set("User-Agent", "chatkeep")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return "", lost(ctx, u, err, secrets)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return "", w.refused(u, resp)
	}
	// What cuts the answer short makes what it began with no less true.
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return string(answer), nil
}

// lost says why no answer came. The client's error has the whole address in it, and
// its cause may have what the other side sent.
func lost(ctx context.Context, u *url.URL, err error, secrets []string) error {
	if ctx.Err() != nil {
		return &passing{error: fmt.Errorf("%s: %w", shown(u), errLate)}
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	told := fmt.Errorf("%s: %s", shown(u), oneLine(redact(err.Error(), secrets...), maxHint))
	if untrusted(err) {
		return told
	}
	return &passing{error: told}
}

// untrusted reports whether somebody answered whose certificate is not good: the
// next try would not be better.
func untrusted(err error) bool {
	var bad *tls.CertificateVerificationError
	return errors.As(err, &bad)
}

// refused is the error of an answer that is not as it should be.
func (w *web) refused(u *url.URL, resp *http.Response) error {
	code := resp.StatusCode
	err := fmt.Errorf("%s: answers %s", shown(u), strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code))))
	switch {
	case code/100 == 5, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		return &passing{err, retryAfter(resp.Header.Get("Retry-After"), w.deps.Now())}
	case code/100 == 3:
		return &cured{err, "redirections are not followed: write the address that it leads to"}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return &cured{err, "check the token, and what it may do"}
	case code == http.StatusNotFound:
		return &cured{err, "check the address"}
	}
	return err
}
