package whatsapp

import (
	"path"
	"regexp"
	"strings"

	"chatkeep/providers/chat"
)

// titleForms are the names that the app gives to an export, by language; %s is
// the chat's title. Longer ones stand before those that begin like them.
var titleForms = []string{
	"WhatsApp Chat - %s", "WhatsApp Chat with %s",
	"WhatsApp-Chat mit %s", "WhatsApp Chat mit %s",
	"Chat de WhatsApp con %s", "Chat WhatsApp con %s", "Conversación de WhatsApp con %s",
	"Discussion WhatsApp avec %s", "Conversation WhatsApp avec %s",
	"Conversa do WhatsApp com %s", "Conversa WhatsApp com %s", "Conversas do WhatsApp com %s",
	"WhatsApp-chat met %s", "WhatsApp-chatt med %s", "WhatsApp-chat med %s",
	"Чат WhatsApp с контактом %s", "Чат WhatsApp с %s", "Чат WhatsApp із контактом %s", "Чат WhatsApp з %s",
	"Chat WhatsApp s uživatelem %s", "Chat WhatsApp s kontaktem %s", "Konverzácia WhatsApp s %s",
	"Czat WhatsApp z użytkownikiem %s", "Czat WhatsApp z %s", "Rozmowa WhatsApp z %s",
	"Chat WhatsApp dengan %s", "Obrolan WhatsApp dengan %s", "Sembang WhatsApp dengan %s",
	"%s ile WhatsApp Sohbeti", "WhatsApp Sohbeti - %s", "WhatsApp Sohbeti %s",
	"Xat de WhatsApp amb %s", "Xat del WhatsApp amb %s", "Chat WhatsApp cu %s", "Conversație WhatsApp cu %s",
	"WhatsApp-keskustelu käyttäjän %s kanssa", "WhatsApp-keskustelu: %s", "WhatsApp csevegés - %s",
	"Συνομιλία WhatsApp με %s", "Συνομιλία στο WhatsApp με %s",
	"צ'אט WhatsApp עם %s", "צ׳אט WhatsApp עם %s", "محادثة واتساب مع %s", "دردشة واتساب مع %s", "دردشة WhatsApp مع %s", "محادثة WhatsApp مع %s",
	"%s के साथ WhatsApp चैट", "%s के साथ WhatsApp बातचीत", "แชท WhatsApp กับ %s", "Cuộc trò chuyện WhatsApp với %s", "Trò chuyện WhatsApp với %s",
	"与%s的 WhatsApp 聊天", "与%s的WhatsApp聊天", "與%s的WhatsApp對話", "與%s的 WhatsApp 對話", "WhatsApp 聊天 - %s", "WhatsApp 對話 - %s",
	"%sとのWhatsAppチャット", "WhatsAppチャット - %s", "WhatsApp 대화 - %s", "%s님과의 WhatsApp 대화", "%s 님과의 WhatsApp 대화",
	"WhatsApp - %s",
}

// copyMark is what a computer appends to the name of a second download.
var copyMark = regexp.MustCompile(` ?\(\d{1,3}\)$`)

// bareName is a file's name without folder, .zip, .txt and "(1)".
func bareName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	for _, ext := range []string{".zip", ".txt"} {
		if len(name) > len(ext) && strings.EqualFold(name[len(name)-len(ext):], ext) {
			name = name[:len(name)-len(ext)]
		}
	}
	return copyMark.ReplaceAllString(chat.NormalTitle(name), "")
}

// titleIn finds the title in the name of an export.
func titleIn(name string) (string, bool) {
	name = bareName(name)
	for _, form := range titleForms {
		before, after, _ := strings.Cut(form, "%s")
		if t, ok := cutAroundFold(name, before, after); ok {
			return t, true
		}
	}
	if i := strings.Index(strings.ToLower(name), "whatsapp"); i >= 0 && len(strings.ToLower(name)) == len(name) {
		if _, t, ok := strings.Cut(name[i:], " - "); ok && strings.TrimSpace(t) != "" {
			return strings.TrimSpace(t), true
		}
	}
	return "", false
}

func cutAroundFold(s, before, after string) (string, bool) {
	if len(s) <= len(before)+len(after) || !strings.EqualFold(s[:len(before)], before) || !strings.EqualFold(s[len(s)-len(after):], after) {
		return "", false
	}
	t := strings.TrimSpace(s[len(before) : len(s)-len(after)])
	return t, t != ""
}

// title is the conversation's: what the user says, what the name of the text
// or of its container tells, whom iOS names before its first notice, and else
// the bare name.
func title(file string, o chat.Options, pseudo string) string {
	if o.Chat != "" {
		return o.Chat
	}
	for _, name := range []string{file, o.Name} {
		if t, ok := titleIn(name); ok {
			return t
		}
	}
	if bare := bareName(file); bare != "_chat" {
		return bare
	}
	if pseudo != "" {
		return pseudo
	}
	if o.Name != "" && bareName(o.Name) != "." {
		return bareName(o.Name)
	}
	return "WhatsApp chat"
}
