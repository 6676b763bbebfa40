package notify

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// maxSubject is the most of a subject, in bytes before it is encoded.
const maxSubject = 250

// compose writes a mail, in ASCII throughout. The same event is the same mail, id
// included, so that one that was sent twice is shown once.
func compose(e Event, from *mail.Address, to []*mail.Address) ([]byte, error) {
	id, err := messageID(e, from)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, a := range to {
		all = append(all, a.String())
	}
	subject := oneLine(e.Title()+": "+e.Summary, maxSubject)
	var b strings.Builder
	for _, header := range [][2]string{
		{"From", from.String()},
		{"To", strings.Join(all, ",\r\n ")},
		{"Subject", strings.ReplaceAll(headerText(subject), "?= =?", "?=\r\n =?")},
		{"Date", e.Time.Format("Mon, 02 Jan 2006 15:04:05 -0700")},
		{"Message-ID", id},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		b.WriteString(header[0] + ": " + header[1] + "\r\n")
	}
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	if _, err := body.Write([]byte(e.Text())); err != nil {
		return nil, err
	}
	if err := body.Close(); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

func messageID(e Event, from *mail.Address) (string, error) {
	event, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(event)
	name := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20]))
	return "<" + name + from.Address[strings.LastIndexByte(from.Address, '@'):] + ">", nil
}
