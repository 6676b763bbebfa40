package whatsapp

import (
	"fmt"
	"strings"
	"testing"

	"chatkeep/providers/chat/chattest"
)

// TestRecognizeDamaged knows a chat whose beginning is damaged by its name.
func TestRecognizeDamaged(t *testing.T) {
	var text strings.Builder
	for i := range 600 {
		fmt.Fprintf(&text, "[02.03.19, %02d:%02d:%02d] Anna: the %dth kettle is on\n", 8+i/60, i%60, i*7%60, i*i%977)
	}
	for _, name := range []string{"_chat.txt", "WhatsApp Chat with Anna.txt"} {
		chattest.Zeroed(t, Provider, name, []byte(text.String()))
	}
}
