package telegram

import (
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// unknownEvent is the code of what the app has a name for that is not known here.
const unknownEvent = "unknown"

// actions are the app's names for what happened, with our codes: those of
// Telegram Desktop up to version 6.1.
var actions = map[string]string{
	"create_group": "created", "create_channel": "created",
	"edit_group_title": "subject", "edit_group_photo": "icon", "delete_group_photo": "icon", "suggest_profile_photo": "icon",
	"invite_members": "added", "remove_members": "removed", "join_group_by_link": "joined", "join_group_by_request": "joined",
	"migrate_to_supergroup": "migrated", "migrate_from_group": "migrated",
	"pin_message": "pinned", "clear_history": "cleared", "take_screenshot": "screenshot",
	"set_messages_ttl": "disappearing", "edit_chat_theme": "theme", "set_chat_wallpaper": "theme", "set_same_chat_wallpaper": "theme",
	"topic_created": "topic", "topic_edit": "topic",
	"joined_telegram": "signed-up", "requested_phone_number": "contact", "proximity_reached": "proximity",
	"group_call_scheduled": "call", "invite_to_group_call": "call",
	"score_in_game": "game", "boost_apply": "boost", "giveaway_launch": "giveaway", "giveaway_results": "giveaway",
	"todo_completions": "todo", "todo_append_tasks": "todo",
	"attach_menu_bot_allowed": "bot", "web_app_bot_allowed": "bot", "allow_sending_messages": "bot", "send_passport_values": "bot",
	"send_webview_data": "bot", "requested_peer": "bot",
	"send_premium_gift": "gift", "send_stars_gift": "gift", "send_ton_gift": "gift", "send_star_gift": "gift",
	"gift_code_prize": "gift", "stars_prize": "gift",
	"paid_messages_price_change": "settings",
	"process_suggested_post":     "suggested-post", "suggested_post_success": "suggested-post", "suggested_post_refund": "suggested-post",
}

// payments are the actions that move money for a thing.
var payments = map[string]bool{"send_payment": true, "refunded_payment": true, "paid_messages_refund": true}

// service reads a notice of something that happened.
func (m *maker) service() {
	r, msg := &m.record, &m.message
	name := string(firstOf(r.fields[fActor], r.fields[fFrom]).Bytes())
	by := m.person(fActor, fActorID)
	if by == "" {
		by = m.person(fFrom, fFromID)
	}
	m.readText()
	action := r.text(fAction)
	code, known := actions[action]
	m.known = known || payments[action]
	switch {
	case action == "phone_call" || action == "conference_call" || action == "group_call":
		m.known = true
		m.call(action, by)
	case payments[action]:
		msg.Kind, msg.Sender = chat.Payment, by
	case action == "" && r.has(fInformation):
		msg.Kind, msg.Event = chat.EventKind, &chat.Event{Code: unknownEvent, By: by}
		msg.Text = r.text(fInformation)
	case !known:
		msg.Kind, msg.Event = chat.Other, &chat.Event{Code: unknownEvent, By: by}
	default:
		msg.Kind, msg.Event = chat.EventKind, &chat.Event{Code: code, By: by}
		m.event(action, name)
	}
	if action != "phone_call" {
		m.extra(fieldNames[fAction], action)
	}
	if r.has(fPhoto) {
		m.attach("avatar", fPhoto, fPhotoSize)
	}
	for _, f := range [...]field{fMessage, fGameMessage, fInvoiceMessage, fReplyTo} {
		if r.has(f) {
			m.reply(f)
			break
		}
	}
	m.reactions()
	m.edited()
}

func firstOf(a, b jsonstream.Value) jsonstream.Value {
	if len(a) > 0 {
		return a
	}
	return b
}

// event reads what the notice says besides who did what: what is new, as its
// text, and to whom it was done. Members are names, and names are not who they
// name, so they stay among the fields; that somebody did it to himself is clear.
func (m *maker) event(action, name string) {
	r, msg := &m.record, &m.message
	e := msg.Event
	switch action {
	case "create_group", "create_channel", "edit_group_title", "migrate_from_group":
		msg.Text = r.text(fTitle)
	case "topic_created":
		msg.Text = r.text(fTitle)
		if m.number != 0 {
			m.seen.begin(m.number)
			msg.Thread = msg.ID
		}
	case "topic_edit":
		msg.Text = r.text(fNewTitle)
	case "send_star_gift":
		if r.has(fGiftText) {
			f, keep, _ := m.textOf(r.fields[fGiftText], nil)
			msg.Text, msg.Spans = f.text, f.spans
			if !keep {
				r.take(fGiftText)
			}
		}
	case "invite_members", "remove_members":
		if m.onlyMember(name) {
			e.Code, e.Targets = map[string]string{"added": "joined", "removed": "left"}[e.Code], nil
			r.take(fMembers)
		}
	case "proximity_reached":
		if to := m.person(fTo, fToID); to != "" {
			e.Targets = []string{to}
		}
	}
}

// onlyMember says whether the members of a notice are one, who bears a name.
func (m *maker) onlyMember(name string) bool {
	n := 0
	for v := range m.record.fields[fMembers].Elements() {
		if n++; n > 1 {
			return false
		}
		if member, ok := v.Text(); !ok || member != name {
			return false
		}
	}
	return n == 1
}

// call reads a call.
func (m *maker) call(action, by string) {
	r, msg := &m.record, &m.message
	msg.Kind, msg.Sender = chat.CallKind, by
	c := &chat.Call{}
	if n := max(m.small(fSeconds), m.small(fDuration)); n > 0 {
		c.Duration, c.Outcome = time.Duration(n)*time.Second, "answered"
	}
	reason, _ := r.fields[fDiscard].Text()
	switch {
	case reason == "missed" || r.fields[fMissed].Kind() == 't':
		c.Missed, c.Outcome = true, "missed"
		if m.people.isSelf(by) {
			c.Missed, c.Outcome = false, "cancelled"
		}
	case reason == "busy":
		c.Outcome = "declined"
	}
	msg.Call = c
}
