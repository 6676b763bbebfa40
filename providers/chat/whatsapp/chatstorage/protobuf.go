package chatstorage

import (
	"encoding/base64"
	"iter"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// The app keeps parts of messages as protobufs whose schema is its own. Fields are
// known by number alone, from what public readers found in real databases; a blob
// that ends early or goes wrong gives what came before.

// maxBlob bounds a protobuf. Receipts of the largest groups take some 100 KiB.
const maxBlob = 4 << 20

// maxEntries bounds reactions, options and votes of one message.
const maxEntries = 10_000

// field is the value of a field: a number or bytes.
type field struct {
	number uint64
	bytes  []byte
}

// fields are those of a message, in order.
func fields(b []byte) iter.Seq2[protowire.Number, field] {
	return func(yield func(protowire.Number, field) bool) {
		for len(b) > 0 && len(b) <= maxBlob {
			num, typ, n := protowire.ConsumeTag(b)
			if n < 0 {
				return
			}
			b = b[n:]
			var f field
			switch typ {
			case protowire.VarintType:
				f.number, n = protowire.ConsumeVarint(b)
			case protowire.BytesType:
				f.bytes, n = protowire.ConsumeBytes(b)
			default:
				n = protowire.ConsumeFieldValue(num, typ, b)
			}
			if n < 0 {
				return
			}
			b = b[n:]
			if !yield(num, f) {
				return
			}
		}
	}
}

// within is the first message at a path of field numbers, or nil.
func within(b []byte, path ...protowire.Number) []byte {
	for _, want := range path {
		var found []byte
		for num, f := range fields(b) {
			if num == want && f.bytes != nil {
				found = f.bytes
				break
			}
		}
		b = found
	}
	return b
}

// number is the first number in a field, or 0.
func number(b []byte, want protowire.Number) uint64 {
	for num, f := range fields(b) {
		if num == want && f.bytes == nil {
			return f.number
		}
	}
	return 0
}

// text is the first text in a field, or "".
func text(b []byte, want protowire.Number) string {
	if s := within(b, want); utf8.Valid(s) {
		return string(s)
	}
	return ""
}

// quoted reads, of ZWAMEDIAITEM.ZMETADATA, which message is answered, and whose it
// is: fields 5 and 6.
func quoted(metadata []byte) (stanza, author string) {
	return text(metadata, 5), text(metadata, 6)
}

// callSeconds reads, of the metadata of a call's row, how long it was.
func callSeconds(metadata []byte) uint64 { return number(within(metadata, 87, 1), 3) }

// timerSeconds reads, of the metadata of a notice, after which time messages go.
func timerSeconds(metadata []byte) uint64 { return number(metadata, 36) }

// reaction is one in ZWAMESSAGEINFO.ZRECEIPTINFO.
type reaction struct {
	emoji string
	by    string // an address, or "" of the owner
	count uint64 // of a channel's readers, where by says nothing
	ms    uint64 // since 1970
}

// reactions reads field 7 of receipts: 1 others' {1 id, 2 address, 3 emoji, 4 ms},
// 2 the owner's {1 id, 2 emoji, 3 ms}, 3 a channel's sums {1 {1 emoji, 2 count}}.
func reactions(receipts []byte) (list []reaction) {
	for num, f := range fields(receipts) {
		if num == 7 {
			list = appendReactions(list, f.bytes)
		}
	}
	return list
}

func appendReactions(list []reaction, b []byte) []reaction {
	for num, f := range fields(b) {
		if len(list) >= maxEntries {
			break
		}
		switch num {
		case 1:
			list = append(list, reaction{emoji: text(f.bytes, 3), by: text(f.bytes, 2), ms: number(f.bytes, 4)})
		case 2:
			list = append(list, reaction{emoji: text(f.bytes, 2), ms: number(f.bytes, 3)})
		case 3:
			for num, sum := range fields(f.bytes) {
				if num == 1 && len(list) < maxEntries {
					list = append(list, reaction{emoji: text(sum.bytes, 1), count: number(sum.bytes, 2)})
				}
			}
		}
	}
	return list
}

// poll is one in ZWAMESSAGEINFO.ZRECEIPTINFO.
type poll struct {
	question string
	options  []string
	votes    []vote
}

// vote is what one person chose.
type vote struct {
	by      string // an address, or "" of the owner
	options []uint64
}

// pollOf reads field 8 of receipts: 2 the question, 3 options {1 text}, 5 others'
// votes and 6 the owner's {1 numbers of options, 4 address}. It returns nil where
// there is no poll.
func pollOf(receipts []byte) *poll {
	p := &poll{}
	for num, f := range fields(within(receipts, 8)) {
		if len(p.options)+len(p.votes) >= maxEntries {
			break
		}
		switch num {
		case 2:
			p.question = strings.ToValidUTF8(string(f.bytes), "\ufffd")
		case 3:
			p.options = append(p.options, text(f.bytes, 1))
		case 5, 6:
			p.votes = append(p.votes, voteOf(f.bytes))
		}
	}
	if p.question == "" && len(p.options) == 0 {
		return nil
	}
	return p
}

// voteOf reads a vote. Numbers of options come one by one, or packed.
func voteOf(b []byte) vote {
	v := vote{by: text(b, 4)}
	for num, f := range fields(b) {
		switch {
		case num != 1 || len(v.options) >= maxEntries:
		case f.bytes == nil:
			v.options = append(v.options, f.number)
		default:
			for b := f.bytes; len(b) > 0 && len(v.options) < maxEntries; {
				n, size := protowire.ConsumeVarint(b)
				if size < 0 {
					break
				}
				v.options = append(v.options, n)
				b = b[size:]
			}
		}
	}
	return v
}

// maxName bounds what is taken for a name, in bytes.
const maxName = 1 << 10

// pushName is what ZPUSHNAME says: a name in old databases; in newer ones a
// protobuf in base64, whose field 1 is the name.
func pushName(s string) string {
	if len(s) > maxName {
		return ""
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !wellFormed(b) {
		return s
	}
	return text(b, 1)
}

// wellFormed says whether bytes are a protobuf to their end.
func wellFormed(b []byte) bool {
	for len(b) > 0 {
		_, _, n := protowire.ConsumeField(b)
		if n < 0 {
			return false
		}
		b = b[n:]
	}
	return true
}
