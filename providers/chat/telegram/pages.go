package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"chatkeep/providers/chat"
)

// pages are an export for people: HTML, a thousand messages a page. It says less
// than the JSON does: nobody has a number in it, nor has the chat, and notices have
// no time.
type pages struct {
	opened
	account  bool
	list     map[string]entry // what an account's list of chats says, by folder
	dialogs  map[string]*pageDialog
	standard bool // times had a zone without summer time
}

// entry is a chat in an account's list of chats.
type entry struct {
	name     string
	kind     string // private, bot, group, channel, unknown
	outgoing bool   // the owner's own messages alone
}

// pageDialog is a chat and its pages.
type pageDialog struct {
	dialog
	files []string // in their order
	gap   string   // a page that is missing among them
	seen  surveyed // what the first page tells
}

func openPages(fsys fs.FS, m chat.Match, o chat.Options) *pages {
	return &pages{opened: newOpened(fsys, m, o), account: m.Path == accountName, dialogs: map[string]*pageDialog{}}
}

// Conversations yields the chats: those of an account in the order of their
// folders.
func (e *pages) Conversations(ctx context.Context) iter.Seq2[*chat.Conversation, error] {
	return func(yield func(*chat.Conversation, error) bool) {
		clear(e.ignored)
		clear(e.dialogs)
		folders := []string{"."}
		if e.account {
			var err error
			if folders, err = e.readAccount(); err != nil && !yield(nil, err) {
				return
			}
		}
		for _, folder := range folders {
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			if !yield(e.begin(folder)) {
				return
			}
		}
	}
}

// readAccount reads whose account it is and which chats there are.
func (e *pages) readAccount() (folders []string, err error) {
	e.files.use(accountName)
	e.list = map[string]entry{}
	if f, openErr := e.files.fsys.Open(accountName); openErr == nil {
		e.owner, err = readOwner(f)
		f.Close()
		e.ignored[sections["personal_information"]]++
	}
	if f, openErr := e.files.fsys.Open("lists/chats.html"); openErr == nil {
		readList(f, e.list)
		f.Close()
	}
	dirs, listErr := fs.ReadDir(e.files.fsys, "chats")
	if listErr != nil && !errors.Is(listErr, fs.ErrNotExist) {
		return nil, listErr
	}
	for _, d := range dirs {
		folder := path.Join("chats", d.Name())
		if info, err := fs.Stat(e.files.fsys, path.Join(folder, pageName)); d.IsDir() && err == nil && info.Mode().IsRegular() {
			folders = append(folders, folder)
		}
	}
	if err != nil {
		err = &fault{accountName, err}
	}
	return folders, err
}

// pageFile is the name of a page after the first.
var pageFile = regexp.MustCompile(`^messages(\d{1,9})\.html$`)

// begin makes the conversation of a folder, by a look at its first page.
func (e *pages) begin(folder string) (*chat.Conversation, error) {
	d := &pageDialog{}
	if err := d.findPages(e.files.fsys, folder); err != nil {
		return nil, &fault{folder, err}
	}
	s, err := e.survey(d.files[0])
	if err != nil {
		return nil, err
	}
	c := &chat.Conversation{Platform: platform, Route: e.match.Route, Path: d.files[0], Kind: s.kind, Title: s.title}
	d.seen = s
	in, listed := e.list[path.Base(folder)]
	if listed {
		c.Title, c.Kind = in.name, listKinds[in.kind]
		d.left = in.outgoing
	}
	if !e.account && e.options.Chat != "" {
		c.Title = e.options.Chat
	}
	switch {
	case c.Title == "":
		c.Title = "Deleted Account"
	case c.Title == "Saved messages":
		c.Kind = chat.Self
	}
	if c.Kind == "" {
		c.Kind = chat.OtherChat
	}
	c.ID = chat.ConversationID(platform, "", "", c.Title)
	for n := 2; e.dialogs[c.ID] != nil; n++ { // names are no numbers: two chats may have one
		c.ID = chat.ConversationID(platform, "", "", fmt.Sprintf("%s#%d", c.Title, n))
	}
	e.dialogs[c.ID] = d
	return c, nil
}

// listKinds are the kinds of an account's list of chats.
var listKinds = map[string]chat.ConversationKind{
	"private": chat.Direct, "bot": chat.Direct, "group": chat.Group, "channel": chat.Channel,
}

// findPages lists the pages of a folder in their order.
func (d *pageDialog) findPages(fsys fs.FS, folder string) error {
	list, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return err
	}
	numbers := []int{1}
	for _, f := range list {
		if m := pageFile.FindStringSubmatch(f.Name()); m != nil && f.Type().IsRegular() {
			if n, _ := strconv.Atoi(m[1]); n > 1 && m[1] == strconv.Itoa(n) {
				numbers = append(numbers, n)
			}
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != i+1 && d.gap == "" {
			d.gap = fmt.Sprintf("messages%d.html is missing", i+1)
		}
		name := pageName
		if n > 1 {
			name = fmt.Sprintf("messages%d.html", n)
		}
		d.files = append(d.files, path.Join(folder, name))
	}
	return nil
}

// Messages streams the pages of a chat.
func (e *pages) Messages(ctx context.Context, c *chat.Conversation) iter.Seq2[*chat.Message, error] {
	return func(yield func(*chat.Message, error) bool) {
		d := e.dialogs[c.ID]
		if d == nil {
			yield(nil, errUnknown)
			return
		}
		d.restart(c.ID)
		b := &pageMaker{chat: c, dialog: d, files: e.files, people: newPeople(c, &e.owner, e.me()), clock: newPageClock(e.options.Zone)}
		b.clock.prime(d.seen.first)
		var ends error
		for _, name := range d.files {
			err := e.page(ctx, b, name, yield)
			switch {
			case errors.Is(err, errStopped):
				return
			case err != nil && ctx.Err() != nil:
				yield(nil, ctx.Err())
				return
			case err != nil && ends == nil:
				ends = err // the other pages may be whole
			}
		}
		e.finish(b)
		if ends == nil && b.elements == 0 {
			ends = &fault{d.files[0], errNoMessages}
		}
		if ends != nil {
			d.incomplete("a page of the export ends early")
			yield(nil, ends)
		}
	}
}

// me is how the owner is called, as the user or the account says.
func (e *pages) me() string {
	if e.options.Me != "" {
		return e.options.Me
	}
	return e.owner.name
}

// page yields the messages of one page. What ends it early is its error.
func (e *pages) page(ctx context.Context, b *pageMaker, name string, yield func(*chat.Message, error) bool) error {
	f, err := e.files.fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	e.files.use(name)
	b.turn(name)
	p := newPage(f, isMessageNode)
	for i := 0; ; i++ {
		if i%512 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n, err := p.next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, errLarge):
			b.elements++
			if !yield(nil, &fault{name, fmt.Errorf("element %d: %w", i+1, err)}) {
				return errStopped
			}
			continue
		case err != nil:
			return &fault{name, err}
		case n.is("page_header"):
			continue
		}
		b.elements++
		if reason := passed(n); reason != "" {
			b.passOver(n)
			e.ignored[reason]++
			continue
		}
		if !yield(b.make(n), nil) {
			return errStopped
		}
	}
}

// finish takes in what a chat told when its pages have been read.
func (e *pages) finish(b *pageMaker) {
	b.people.pair(b.dialog.seen.title)
	if p := b.people; p.self >= 0 && e.owner.name != "" && p.named(e.owner.name) == p.owner()[0] {
		b.chat.Participants[p.self].IDs = e.owner.known()
	}
	e.guessed, e.standard = e.guessed || b.clock.guessed, e.standard || b.clock.standard
	e.meet(b.people)
	if b.dialog.left {
		b.dialog.incomplete("the export holds the owner's own messages alone")
	}
	if b.dialog.gap != "" {
		b.dialog.incomplete(b.dialog.gap)
	}
}

// Coverage tells how much of a chat the export holds.
func (e *pages) Coverage(c *chat.Conversation) chat.Coverage {
	var d *dialog
	if p := e.dialogs[c.ID]; p != nil {
		d = &p.dialog
	}
	return d.coverage(c.ID)
}

// Accounts tells where the export's records and files went.
func (e *pages) Accounts() chat.Accounts {
	warnings := []string{"exported as HTML, which lacks the numbers of people, edits, the times of notices and more: JSON has them"}
	if e.standard {
		warnings = append(warnings, "times have a zone without its summer time in the export: those in summer may be an hour late; --tz says the zone")
	}
	return e.accounts(len(e.dialogs), warnings...)
}

// Close frees nothing: files are open only while messages stream.
func (e *pages) Close() error { return nil }

// errNoMessages is a page of another form, as versions 1.3.8 and 1.3.9 wrote in
// June and July 2018.
var errNoMessages = errors.New("no message of a known form in it")

// passed is why a part of a page is no message, or "": the app numbers the lines
// that begin a day from -1 down, and messages of a group from before it became a
// supergroup from -1,000,000,000 up.
func passed(n *node) string {
	number, err := strconv.ParseInt(strings.TrimPrefix(n.attr("id"), "message"), 10, 64)
	if err == nil && n.is("service") && number < 0 && number > -500_000_000 {
		return "lines that begin a day"
	}
	return ""
}
