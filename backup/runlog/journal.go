package runlog

import (
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"time"
)

// JournalSocket is where systemd's journal takes records in its own protocol.
const JournalSocket = "/run/systemd/journal/socket"

// journalStream is the variable in which systemd says which file is a stream of
// the journal, as DEVICE:INODE.
const journalStream = "JOURNAL_STREAM"

// journalPatience is how long a journal that is busy is waited for.
const journalPatience = 2 * time.Second

// journal is the socket of a journal.
type journal struct{ socket string }

// send writes a record as one datagram. A journal may be started anew at any time,
// so each has its own socket.
func (j journal) send(r Record) error {
	socket := j.socket
	if socket == "" {
		socket = JournalSocket
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	err = conn.SetWriteDeadline(time.Now().Add(journalPatience))
	if err == nil {
		_, err = conn.Write(entry(r))
	}
	return errors.Join(err, conn.Close())
}

// entry is a record in the journal's protocol. The time is the journal's own.
func entry(r Record) []byte {
	b := entryField(nil, "MESSAGE", r.Message)
	b = entryField(b, "PRIORITY", priority(r.Level))
	b = entryField(b, "SYSLOG_IDENTIFIER", "chatkeep")
	for _, f := range r.fields() {
		b = entryField(b, "CHATKEEP_"+strings.ToUpper(f.name), f.value)
	}
	return b
}

// entryField adds a field: NAME=value, or where the value has several lines NAME,
// its length as 64 bits, and the value.
func entryField(b []byte, name, value string) []byte {
	b = append(b, name...)
	if strings.Contains(value, "\n") {
		b = append(b, '\n')
		b = binary.LittleEndian.AppendUint64(b, uint64(len(value)))
	} else {
		b = append(b, '=')
	}
	b = append(b, value...)
	return append(b, '\n')
}

// priority is a level as syslog counts them.
func priority(l Level) string {
	switch l {
	case Error:
		return "3"
	case Warning:
		return "4"
	}
	return "6"
}
