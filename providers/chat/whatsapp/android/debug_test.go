package android
import ("testing";"fmt";"io/fs";"strings";"chatkeep/providers/chat";"chatkeep/providers/chat/chattest")
func TestDebug(t *testing.T){
  dump(t, chattest.Load(t, "../testdata/exports/android-phone"))
}
func dump(t *testing.T, f fs.FS){
  ms, err := Recognize(f); fmt.Println(ms, err)
  s, err := Open(f, ms[0], chat.Options{}); if err!=nil {t.Fatal(err)}
  for c, err := range s.Conversations(t.Context()) { 
    if err != nil { fmt.Println("ERR", err); continue }
    for m, err := range s.Messages(t.Context(), c) { if err!=nil {fmt.Println("ERR", err);continue}; fmt.Println("  ", show(m)) }
    fmt.Println(c.Title, c.Kind, c.NativeID); for _, p := range c.Participants { fmt.Printf("      %+v\n", p) }
    fmt.Printf("%+v\n", s.Coverage(c))
  }
  fmt.Printf("%+v\n", s.Accounts()); s.Close()
}
func show(m *chat.Message) string {
  x := fmt.Sprintf("%s %s s=%.4s %s %q", m.NativeID, m.Time.Format("01-02 15:04:05"), m.Sender, m.Kind, m.Text)
  if m.Event != nil { x += fmt.Sprintf(" EV%+v", *m.Event) }
  if m.ReplyTo != nil { x += fmt.Sprintf(" RE%+v", *m.ReplyTo) }
  if m.Call != nil { x += fmt.Sprintf(" CALL%+v", *m.Call) }
  if m.Poll != nil { x += fmt.Sprintf(" POLL%+v", *m.Poll) }
  if m.Location != nil { x += fmt.Sprintf(" LOC%+v", *m.Location) }
  if m.Deleted != nil { x += fmt.Sprintf(" DEL%+v", *m.Deleted) }
  if m.Forwarded != nil { x += fmt.Sprintf(" FWD%+v", *m.Forwarded) }
  if len(m.Attachments)>0 { x += strings.ReplaceAll(fmt.Sprintf(" ATT%+v", m.Attachments),"Open:<nil>","") }
  if len(m.Reactions)>0 { x += fmt.Sprintf(" RCT%+v", m.Reactions) }
  if len(m.Spans)>0 { x += fmt.Sprintf(" SPAN%+v", m.Spans) }
  if m.Edited { x += fmt.Sprintf(" ED%+v", m.Edits) }
  if !m.Expires.IsZero() { x += " EXP"+m.Expires.String() }
  if len(m.Extra)>0 { x += fmt.Sprintf(" X%v", m.Extra) }
  return x+" "+m.Source.At
}
