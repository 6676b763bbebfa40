package android

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"chatkeep/providers/internal/sqlite"
)

// sideTables are the tables that are read for what a message, or one of the rows that
// belong to it, has besides: the column with the row's number, and what is read, by
// position.
var sideTables = []struct {
	table, key string
	columns    []string
}{
	{"message_media", "message_row_id", []string{"file_path", "mime_type", "media_name", "media_caption", "message_url", "file_hash",
		"file_length", "file_size", "media_duration", "width", "height", "raw_transcription_text", "accessibility_label"}},
	{"message_quoted", "message_row_id", []string{"chat_row_id", "from_me", "key_id", "text_data", "sender_jid_row_id"}},
	{"message_forwarded", "message_row_id", []string{"forward_score"}},
	{"forwarded_newsletter_message_info", "message_row_id", []string{"newsletter_name"}},
	{"message_location", "message_row_id", []string{"latitude", "longitude", "place_name", "place_address", "url",
		"live_location_share_duration", "live_location_final_latitude", "live_location_final_longitude", "live_location_final_timestamp"}},
	{"message_ephemeral", "message_row_id", []string{"expire_timestamp", "keep_in_chat"}},
	{"message_text", "message_row_id", []string{"url", "page_title", "description"}},
	{"message_mentions", "message_row_id", []string{"jid_row_id"}},
	{"message_vcard", "message_row_id", []string{"vcard"}},
	{"messages_vcards", "message_row_id", []string{"vcard"}},
	{"message_system", "message_row_id", []string{"action_type"}},
	{"message_system_chat_participant", "message_row_id", []string{"user_jid_row_id"}},
	{"message_system_number_change", "message_row_id", []string{"old_jid_row_id", "new_jid_row_id"}},
	{"message_add_on", "parent_message_row_id", []string{"rowid", "from_me", "sender_jid_row_id", "timestamp", "message_add_on_type"}},
	{"message_add_on_reaction", "message_add_on_row_id", []string{"reaction", "sender_timestamp"}},
	{"message_add_on_poll_vote", "message_add_on_row_id", []string{"sender_timestamp"}},
	{"message_add_on_poll_vote_selected_option", "message_add_on_row_id", []string{"message_poll_option_id"}},
	{"message_poll_option", "message_row_id", []string{"rowid", "option_name", "vote_total"}},
	{"newsletter_message_reaction", "message_row_id", []string{"reaction", "reaction_count"}},
	{"missed_call_logs", "message_row_id", []string{"video_call"}},
	{"call_log_participant_v2", "call_log_row_id", []string{"jid_row_id", "call_result"}},
}

// Tables of what is not in records: who got and read what when, small pictures of
// media, what only the app can use, and what others quoted.
var (
	receiptTables = []string{"receipt_user", "receipt_device", "receipts", "receipt_orphaned", "receipt_coex", "played_self_receipt", "message_add_on_receipt_device"}
	pictureTables = []string{"message_thumbnail", "message_thumbnails", "mms_thumbnail_metadata", "mms_metadata", "media_hash_thumbnail"}
	innerTables   = []string{
		"message_secret", "message_broadcast_ephemeral", "message_conditional_reveal", "reporting_info", "group_history_share_reporting_info",
		"message_streaming_sidecar", "audio_data", "media_processed_video", "message_media_map", "message_details", "message_send_count",
		"message_logging_funnel_id", "message_link", "messages_links", "message_vcard_jid", "messages_vcards_jids", "message_media_vcard_count",
		"message_quoted_media", "message_quoted_text", "message_quoted_mentions", "message_quoted_vcard", "message_quoted_location",
		"message_quoted_ui_elements", "message_quoted_ui_elements_reply", "message_quoted_product", "message_quoted_order", "message_quoted_group_invite",
		"message_quoted_call_log", "message_quoted_payment_invite", "message_quoted_blank_reply", "message_template_quoted",
		"message_edit_info", "message_revoked", "message_call_log", "message_association", "message_parent_association",
		"message_structure_analysis_result", "optimised_delivery_info", "template_messages_metadata", "message_privacy_state",
		"message_system_group", "labeled_messages", "message_media_interactive_annotation", "message_media_interactive_annotation_vertex",
		"transcription_segment", "url_tracking_map_element", "suggested_replies", "tee_message_info_table", "tee_chat_request_table",
		"message_quarantine", "bot_message_prompts", "message_ai_media_collection", "status_crossposting_v3", "media_refs",
	}
)

// sides are the side tables by name.
type sides map[string]*side

func openSides(s *store, b *budget) sides {
	all := sides{}
	for _, t := range sideTables {
		d := s.side(t.table, t.key, t.columns...)
		d.budget = b
		all[t.table] = d
	}
	return all
}

func (s sides) close() {
	for _, d := range s {
		d.close()
	}
}

// degrees writes a coordinate so that it is read back as the same, "" where there is
// none.
func degrees(rows *sqlite.Rows, i int) string {
	if rows.Null(i) {
		return ""
	}
	return degreesOf(rows.Float(i))
}

func degreesOf(f float64) string {
	if math.IsNaN(f) || math.Abs(f) > 360 {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// extra is a table whose rows are kept as they are.
type extra struct {
	*side
	columns []string
}

// extras are the tables that nothing else is known of, with rows that belong to
// messages, or to add-ons of messages.
type extras []*extra

// maxExtras bounds the tables of a database that are kept so. Apps have about a
// hundred.
const maxExtras = 400

func openExtras(s *store, key string, b *budget) (all extras) {
	known := map[string]bool{}
	for _, list := range [][]string{receiptTables, pictureTables, innerTables} {
		for _, table := range list {
			known[table] = true
		}
	}
	for _, t := range sideTables {
		known[t.table] = true
	}
	for _, table := range s.Tables() {
		if known[table] || !isPlain(table) || !s.HasColumn(table, key) || len(all) == maxExtras {
			continue
		}
		e := &extra{}
		for _, column := range s.Columns(table) {
			if isPlain(column) && column != key && column != "_id" && column != "chat_row_id" {
				e.columns = append(e.columns, column)
			}
		}
		e.side = s.side(table, key, e.columns...)
		e.budget = b
		if len(e.index.runs) > 0 {
			all = append(all, e)
		} else {
			e.side.close()
		}
	}
	return all
}

func (x extras) close() {
	for _, e := range x {
		e.side.close()
	}
}

// found are the rows of one table that belong to something: a map a row, of texts and
// numbers by column.
type found struct {
	table string
	rows  []map[string]any
}

// of returns what belongs to a row. Bytes are left out: they are pictures, keys, and
// what the app has for itself. Addresses stand for rows of table jid.
func (x extras) of(owner int64, p *people) (all []found) {
	for _, e := range x {
		f := found{table: e.table}
		for rows := range e.side.of(owner) {
			row := map[string]any{}
			for i, column := range e.columns {
				if v, ok := cell(rows, i, column, p); ok {
					row[column] = v
				}
			}
			f.rows = append(f.rows, row)
		}
		if len(f.rows) > 0 {
			all = append(all, f)
		}
	}
	return all
}

func cell(rows *sqlite.Rows, i int, column string, p *people) (v any, ok bool) {
	switch {
	case rows.Null(i), rows.IsBlob(i):
		return nil, false
	case rows.IsNumber(i) && strings.HasSuffix(column, "jid_row_id"):
		if one := p.at(rows.Int(i)); one != nil && one.jid.User != "" {
			return one.jid.String(), true
		}
		return rows.Int(i), rows.Int(i) > 0
	case rows.IsNumber(i):
		if n := rows.Int(i); float64(n) == rows.Float(i) {
			return n, true
		}
		return json.Number(strconv.FormatFloat(rows.Float(i), 'g', -1, 64)), !math.IsInf(rows.Float(i), 0)
	}
	return rows.Text(i), rows.Text(i) != ""
}

// text is what a row has in a column, "" for all else.
func (f found) text(column string) string {
	s, _ := f.rows[0][column].(string)
	return s
}

// json writes the rows: one as an object, several as a list. Names are in order.
func (f found) json() string {
	var v any = f.rows
	if len(f.rows) == 1 {
		v = f.rows[0]
	}
	return asJSON(v)
}

func asJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return `"in no form that can be written: see the original"`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
