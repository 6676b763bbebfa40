package meta

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chatkeep/providers/chat"
)

// readPages reads pages as one thread, in Berlin.
func readPages(t testing.TB, pages ...string) *result {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{"your_facebook_activity/messages/inbox/anna_1/photos/1.jpg": file("jpeg")}
	for i, p := range pages {
		fsys[fmt.Sprintf("your_facebook_activity/messages/inbox/anna_1/message_%d.html", i+1)] = file(p)
	}
	return read(t, fsys, RouteHTML, chat.Options{Me: "Ben", Zone: berlin})
}

// layouts are one message, "hi" by Anna, and one by Ben before it, in ways in
// which pages are and might be built.
var layouts = map[string]string{
	"flat":    `<div><div>Anna</div><div>hi</div><div>Oct 19, 2019, 2:37 PM</div></div><div><div>Ben</div><div>ho</div><div>Oct 19, 2019, 2:36 PM</div></div>`,
	"deep":    `<div class="l"><div class="m"><div><div>Anna</div></div><div><div><div></div><div>hi</div><div></div></div></div><div><a href="x.html"><div>Oct 19, 2019 at 2:37 PM</div></a></div></div><div class="m"><div><div>Ben</div></div><div><div>ho</div></div><div><div>Oct 19, 2019 at 2:36 PM</div></div></div></div>`,
	"spaced":  "<div>\n <div>\n  <div>Anna</div>\n  <div>\n   hi\n  </div>\n <div>\n 19 Oct 2019, 14:37 \n</div></div>\n\n<div><div>Ben</div><div>ho</div><div>19 Oct 2019, 14:36</div></div>\n</div>",
	"time up": `<div><span>Anna</span><div>Oct 19, 2019, 2:37:00 pm</div><p>hi</p></div><div><span>Ben</span><div>Oct 19, 2019, 2:36:00 pm</div><p>ho</p></div>`,
	"table":   `<table><tbody><tr><td>Anna</td><td>hi</td><td>Oct 19, 2019, 2:37 PM</td></tr><tr><td>Ben</td><td>ho</td><td>Oct 19, 2019, 2:36 PM</td></tr></tbody></table>`,
	"heading": `<section><h2>Anna</h2><p>hi</p><time>Oct 19, 2019, 2:37 PM</time></section><section><h2>Ben</h2><p>ho</p><time>Oct 19, 2019, 2:36 PM</time></section>`,
}

const pageHead, pageTail = `<html><head><title>Anna</title><style>div{}</style><script>if(1<2){}</script></head><body><div>Anna</div><div>Participants: Anna, Ben</div>`, `<div>the end</div></body></html>`

func TestLayouts(t *testing.T) {
	for name, body := range layouts {
		r := readPages(t, pageHead+body+pageTail)
		if len(r.threads) != 1 || len(r.threads[0].errs) > 0 {
			t.Errorf("%s: %v", name, r.errs)
			continue
		}
		th := r.threads[0]
		if got := th.texts(); !slices.Equal(got, []string{"ho", "hi"}) || th.chat.Title != "Anna" {
			t.Errorf("%s: %q, title %q", name, got, th.chat.Title)
			continue
		}
		m := th.messages[1]
		if got := m.Time.Format(time.RFC3339); got != "2019-10-19T14:37:00+02:00" || th.name(m.Sender) != "Anna" || m.ZoneSource != chat.FromUser || m.Kind != chat.Text {
			t.Errorf("%s: %s by %s, %+v", name, got, th.name(m.Sender), m)
		}
	}
}

func TestPageContent(t *testing.T) {
	block := func(body string) string {
		return `<div><div>Anna</div><div><div>` + body + `</div></div><div>Oct 19, 2019, 2:37 PM</div></div>`
	}
	for body, want := range map[string]string{
		`a<br>b`:                                                              "text a\nb",
		`<div>a</div><div>b</div>`:                                            "text a\nb",
		`a <b>bold</b>, <i>c</i>!`:                                            "text a bold, c!",
		`&lt;b&gt; &amp; &quot;&eacute;`:                                      `text <b> & "é`,
		`<div>Oct 20, 2019, 2:37 PM</div>`:                                    "text Oct 20, 2019, 2:37 PM",
		`<img src="messages/inbox/anna_1/photos/1.jpg">`:                      "media  image:stored",
		`look<a href="photos/1.jpg"><img src="photos/1.jpg"></a>`:             "media look image:stored",
		`<video src="messages/inbox/anna_1/videos/1.mp4"></video>`:            "media  video:missing",
		`<img src="https://example.org/x.png">`:                               "media  image:expired media.uri=https://example.org/x.png",
		`<img src="../../../../etc/passwd">`:                                  "media  file:error media.uri=../../../../etc/passwd",
		`<a href="https://example.org/">https://example.org/</a>`:             "text https://example.org/ link 0-20 https://example.org/",
		`see <a href="https://example.org/">this page</a>`:                    "text see this page link 4-13 https://example.org/",
		`a<ul><li>❤Ben</li><li>👍Cy (Oct 19, 2019, 2:38 PM)</li></ul>`:         "text a ❤ by Ben 👍 by Cy at 1571488680",
		`a<ul><li>milk</li><li>1 egg</li></ul>`:                               "text a\nmilk\n1 egg",
		`Anna named the group Lake.`:                                          "event Anna named the group Lake. subject by Anna",
		`Liked a message`:                                                     "other Liked a message pseudo=reaction",
		``:                                                                    "other ",
		`<table><tr><td>x</td></tr></table><script>y</script>`:                "text x",
		strings.Repeat("<div>", 600) + "deep" + strings.Repeat("</div>", 600): "text deep",
		`</span></p>a`:                                                        "text a",
	} {
		r := readPages(t, pageHead+block(body)+block("x")+pageTail)
		if len(r.threads) != 1 || len(r.threads[0].messages) != 2 {
			t.Errorf("%s: %v", body, r.errs)
			continue
		}
		th := r.threads[0]
		for _, m := range th.messages {
			if m.Text != "x" {
				if got := describe(th, m); got != want {
					t.Errorf("%s: %q, want %q", body, got, want)
				}
			}
		}
	}
}

// TestStrays keeps text between messages that is none.
func TestStrays(t *testing.T) {
	r := readPages(t, pageHead+layouts["flat"]+`<div><div>Cy</div><div>lost</div><div>at half past nine</div></div>`+layouts["deep"]+pageTail)
	th := r.threads[0]
	unparsed := 0
	for _, m := range th.messages {
		if m.Kind == chat.Unparsed {
			unparsed++
			if m.Text != "Cy\nlost\nat half past nine" {
				t.Errorf("%q", m.Text)
			}
		}
	}
	if unparsed != 1 || len(th.messages) != 5 || r.accounts.Ignored["text around the messages of a page"] != 3 {
		t.Errorf("%d messages, %d unparsed, ignored %v", len(th.messages), unparsed, r.accounts.Ignored)
	}
}

// TestPageOrder reads pages from the newest to the oldest, and such as go the
// other way; equal minutes keep their order.
func TestPageOrder(t *testing.T) {
	line := func(text, at string) string {
		return `<div><div>Anna</div><div>` + text + `</div><div>` + at + `</div></div>`
	}
	first := []string{line("a", "Oct 19, 2019, 2:37 PM"), line("z", "Oct 19, 2019, 2:38 PM"), line("b", "Oct 19, 2019, 2:38 PM")}
	last := []string{line("y", "Oct 19, 2019, 2:38 PM"), line("c", "Oct 19, 2019, 2:39 PM")}
	want := []string{"a", "z", "b", "y", "c"}
	rising := readPages(t, pageHead+strings.Join(last, "")+pageTail, pageHead+strings.Join(first, "")+pageTail)
	slices.Reverse(first)
	slices.Reverse(last)
	falling := readPages(t, pageHead+strings.Join(last, "")+pageTail, pageHead+strings.Join(first, "")+pageTail)
	for _, r := range []*result{rising, falling} {
		if got := r.threads[0].texts(); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	}
	if !slices.Equal(rising.threads[0].ids(), falling.threads[0].ids()) {
		t.Error("other ids")
	}
}

// TestUnknownPage says what to do about a page that cannot be read.
func TestUnknownPage(t *testing.T) {
	r := readPages(t, pageHead+`<div><div>Anna</div><div>hi</div><div>le 19 brumaire an VIII</div></div>`+pageTail)
	var hint interface{ Hint() string }
	if len(r.threads) != 0 || len(r.errs) != 1 || !errors.As(r.errs[0], &hint) || !strings.Contains(hint.Hint(), "JSON") || strings.Contains(r.errs[0].Error(), "brumaire") {
		t.Errorf("%d threads, %v", len(r.threads), r.errs)
	}
	r = readPages(t, pageHead+layouts["flat"])
	if len(r.threads[0].messages) != 2 || len(r.threads[0].errs) != 1 || !errors.Is(r.threads[0].errs[0], io.ErrUnexpectedEOF) {
		t.Errorf("a page without its end: %d messages, %v", len(r.threads[0].messages), r.threads[0].errs)
	}
}

// TestPageMemory flushes what no message claims.
func TestPageMemory(t *testing.T) {
	long := `<div>` + strings.Repeat(`<p>words and more words, and no time</p>`, 300_000) + `</div>`
	got, most := 0, 0
	p, err := readPage(strings.NewReader(pageHead+layouts["flat"]+long+pageTail), "", func(b *block) bool {
		got++
		most = max(most, b.size())
		return true
	})
	if err != nil || p.blocks != 2 || got < 3 || most > 32<<20 {
		t.Errorf("%d messages of %d, the largest of %d bytes, %v", p.blocks, got, most, err)
	}
}
