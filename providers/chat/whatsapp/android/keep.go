package android

import (
	"encoding/json"
	"slices"
	"strings"

	"chatkeep/providers/chat"
)

// payments are tables whose rows make a message one about money.
var payments = []string{"message_payment", "pay_transaction", "message_payment_invite", "message_payment_status_update", "message_payment_transaction_reminder", "message_invoice"}

// worded are the tables that have what a message says where it has no text of its own,
// and the columns to read.
var worded = []struct {
	table   string
	columns []string
}{
	{"interactive_message_header_content", []string{"header_title", "header_sub_title"}},
	{"message_template", []string{"content_text_data", "footer_text_data"}},
	{"message_ui_elements", []string{"description", "footer_text", "button_text"}},
	{"message_ui_elements_reply", []string{"reply_description"}},
	{"message_group_invite", []string{"group_name"}},
	{"message_newsletter_admin_invite", []string{"newsletter_name"}},
	{"message_event", []string{"name", "description"}},
	{"message_order", []string{"order_title", "message"}},
	{"message_product", []string{"title", "description"}},
	{"message_scheduled_call", []string{"title"}},
	{"message_sticker_pack", []string{"pack_name"}},
	{"message_payment", []string{"amount_with_symbol"}},
	{"message_invoice", []string{"amount", "note"}},
}

// keep keeps the rows that nothing else is known of, and finds in them what a message
// says.
func (m *maker) keep(r *row) {
	rows := m.extras.of(r.id, m.people)
	for _, f := range rows {
		m.extra(f.table, f.json())
	}
	text, paid := words(rows)
	if m.message.Text == "" && m.message.Kind != chat.EventKind && m.message.Deleted == nil {
		m.message.Text = text
	}
	switch {
	case m.message.Kind != chat.Other || m.message.Deleted != nil:
	case paid:
		m.message.Kind = chat.Payment
	case spoken[r.kind] && m.message.Text != "":
		m.message.Kind = chat.Text
	}
}

func words(rows []found) (text string, paid bool) {
	var lines []string
	for _, w := range worded {
		i := slices.IndexFunc(rows, func(f found) bool { return f.table == w.table })
		if i < 0 {
			continue
		}
		for _, column := range w.columns {
			lines = append(lines, rows[i].text(column))
		}
		if w.table == "message_ui_elements" {
			lines = append(inElement(rows[i].text("element_content")), lines...)
		}
	}
	for _, f := range rows {
		paid = paid || slices.Contains(payments, f.table)
	}
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" }), "\n"), paid
}

// inElement are the texts of an element of the app's screens, which is JSON.
func inElement(content string) (lines []string) {
	var element map[string]any
	if json.Unmarshal([]byte(content), &element) != nil {
		return nil // it is kept all the same
	}
	for _, name := range []string{"title", "sub_title", "description", "body", "content", "footer"} {
		if s, ok := element[name].(string); ok {
			lines = append(lines, s)
		}
	}
	return lines
}
