package notify

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
)

// maxSecret bounds what a file or a command may give, in bytes.
const maxSecret = 64 << 10

// readSecret reads a file with one line in it.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	// To open a pipe that nobody writes to would last for ever.
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	secret, err := oneSecret(data)
	if err != nil {
		return "", fmt.Errorf("%s %w", path, err)
	}
	return secret, nil
}

// oneSecret takes the line end off that editors and echo add.
func oneSecret(data []byte) (string, error) {
	if len(data) > maxSecret {
		return "", fmt.Errorf("holds more than %d bytes", maxSecret)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		return "", errors.New("is empty")
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "", errors.New("holds more than one line")
	}
	return text, nil
}

// brief keeps as much as a secret may have, and refuses more. It is no
// bytes.Buffer, which would read for itself what is copied to it, however much.
type brief struct{ data []byte }

func (b *brief) Write(p []byte) (int, error) {
	if len(b.data)+len(p) > maxSecret {
		return 0, fmt.Errorf("it printed more than %d bytes", maxSecret)
	}
	b.data = append(b.data, p...)
	return len(p), nil
}
