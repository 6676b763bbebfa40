package telegram

import "chatkeep/providers/internal/jsonstream"

// field is a field of a message that this package knows.
type field uint8

const (
	fID field = iota
	fType
	fAction
	fDate
	fDateUnix
	fEdited
	fEditedUnix
	fFrom
	fFromID
	fActor
	fActorID
	fText
	fEntities
	fGiftText
	fReplyTo
	fReplyPeer
	fMessage
	fGameMessage
	fInvoiceMessage
	fForwarded
	fReactions
	fPhoto
	fPhotoSize
	fFile
	fFileName
	fFileSize
	fThumb
	fThumbSize
	fMediaType
	fMIME
	fSeconds
	fDuration
	fWidth
	fHeight
	fSelfDestruct
	fPaid
	fContact
	fVCard
	fVCardSize
	fLocation
	fLive
	fVenue
	fAddress
	fPoll
	fTodo
	fInvoice
	fGame
	fGiveaway
	fWinners
	fDiscard
	fMissed
	fTitle
	fNewTitle
	fInformation
	fMembers
	fTo
	fToID
	// What follows is kept as it is said.
	fAuthor
	fViaBot
	fSavedFrom
	fForwardedID
	fStickerEmoji
	fPerformer
	fGameText
	fGameLink
	fieldCount
)

// fieldNames are what the app calls them, in Telegram Desktop up to version 6.1.
var fieldNames = [fieldCount]string{
	fID: "id", fType: "type", fAction: "action",
	fDate: "date", fDateUnix: "date_unixtime", fEdited: "edited", fEditedUnix: "edited_unixtime",
	fFrom: "from", fFromID: "from_id", fActor: "actor", fActorID: "actor_id",
	fText: "text", fEntities: "text_entities", fGiftText: "gift_text",
	fReplyTo: "reply_to_message_id", fReplyPeer: "reply_to_peer_id",
	fMessage: "message_id", fGameMessage: "game_message_id", fInvoiceMessage: "invoice_message_id",
	fForwarded: "forwarded_from", fReactions: "reactions",
	fPhoto: "photo", fPhotoSize: "photo_file_size", fFile: "file", fFileName: "file_name", fFileSize: "file_size",
	fThumb: "thumbnail", fThumbSize: "thumbnail_file_size", fMediaType: "media_type", fMIME: "mime_type",
	fSeconds: "duration_seconds", fDuration: "duration", fWidth: "width", fHeight: "height",
	fSelfDestruct: "self_destruct_period_seconds", fPaid: "paid_stars_amount",
	fContact: "contact_information", fVCard: "contact_vcard", fVCardSize: "contact_vcard_file_size",
	fLocation: "location_information", fLive: "live_location_period_seconds", fVenue: "place_name", fAddress: "address",
	fPoll: "poll", fTodo: "todo_list", fInvoice: "invoice_information", fGame: "game_title",
	fGiveaway: "giveaway_information", fWinners: "giveaway_results",
	fDiscard: "discard_reason", fMissed: "is_missed", fTitle: "title", fNewTitle: "new_title",
	fInformation: "information_text", fMembers: "members", fTo: "to", fToID: "to_id",
	fAuthor: "author", fViaBot: "via_bot", fSavedFrom: "saved_from", fForwardedID: "forwarded_from_id",
	fStickerEmoji: "sticker_emoji", fPerformer: "performer", fGameText: "game_description", fGameLink: "game_link",
}

var fieldOf = func() map[string]field {
	m := map[string]field{}
	for f, name := range fieldNames {
		m[name] = field(f)
	}
	return m
}()

// record is a message as it is written. What is read is taken out of it; what is
// left in it at the end is kept as it is.
type record struct {
	fields [fieldCount]jsonstream.Value // empty where there is none
	others []other
	size   int // how many fields there are
}

// other is a field that is not known, or that is there twice.
type other struct {
	name  string
	value jsonstream.Value
}

// read takes an object apart.
func (r *record) read(v jsonstream.Value) {
	r.fields, r.others, r.size = [fieldCount]jsonstream.Value{}, r.others[:0], 0
	for name, value := range v.Members() {
		r.size++
		f, known := fieldOf[string(name)]
		switch {
		case known && len(r.fields[f]) == 0, known && f == fText && isEmptyText(r.fields[f]):
			r.fields[f] = value
		case known && f == fText && isEmptyText(value):
			// What a gift or a web app says stood under the name of the
			// message's own text, which follows.
		default:
			r.others = append(r.others, other{string(name), value})
		}
	}
}

func isEmptyText(v jsonstream.Value) bool {
	return string(v) == `""` || string(v) == "[]" || v.IsNull()
}

// has says whether a field is there and was not taken.
func (r *record) has(f field) bool { return len(r.fields[f]) > 0 }

// take takes a field out.
func (r *record) take(f field) jsonstream.Value {
	v := r.fields[f]
	r.fields[f] = nil
	return v
}

// text takes a field out that is a string, and leaves any other where it is.
func (r *record) text(f field) string {
	s, ok := r.fields[f].Text()
	if ok || r.fields[f].IsNull() {
		r.fields[f] = nil
	}
	return s
}

// number takes a field out that is a whole number from 1, and leaves any other
// where it is.
func (r *record) number(f field) int64 {
	n, ok := r.fields[f].Int()
	if !ok || n < 1 {
		return 0
	}
	r.fields[f] = nil
	return n
}
