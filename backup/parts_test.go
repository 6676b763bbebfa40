package backup_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup"
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/messenger"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage/storagetest"
)

// download is one in three parts: a thread whose files and media are in different
// ones, a thread in one and its media in another, and a part of media alone.
func download() []map[string]string {
	thread := func(title string, messages ...string) string {
		return fmt.Sprintf(`{"participants":[{"name":%q},{"name":"Ben"}],"messages":[%s],"title":%q}`, title, strings.Join(messages, ","), title)
	}
	message := func(at int, more string) string {
		return fmt.Sprintf(`{"sender_name":"Ben","timestamp_ms":%d%s}`, 1700000000000+at, more)
	}
	photo := func(path string) string { return fmt.Sprintf(`,"photos":[{"uri":%q}]`, path) }
	const inbox = "your_facebook_activity/messages/inbox/"
	return []map[string]string{
		{
			inbox + "anna_1/message_1.json": thread("Anna", message(30, `,"content":"four"`), message(20, photo(inbox+"anna_1/photos/1.jpg"))),
			inbox + "cy_2/message_1.json":   thread("Cy", message(5, photo(inbox+"cy_2/photos/9.jpg"))),
			"start_here.html":               "<html>1</html>",
		},
		{
			inbox + "anna_1/message_2.json": thread("Anna", message(10, `,"content":"two"`), message(0, `,"content":"one"`)),
			inbox + "cy_2/photos/9.jpg":     "a picture of nine",
			"start_here.html":               "<html>2</html>",
		},
		{
			inbox + "anna_1/photos/1.jpg":                                       "a picture of one",
			"personal_information/profile_information/profile_information.json": `{"profile_v2":{"name":{"full_name":"Ben"}}}`,
			"your_facebook_activity/posts/media/2.jpg":                          "a post",
		},
	}
}

const partName = "facebook-ben-2026-01-31-"

// packings are ways in which a download may lie in a folder.
var packings = map[string]func(t *testing.T, dir string){
	"three zips": func(t *testing.T, dir string) {
		for i, p := range download() {
			writeZip(t, filepath.Join(dir, partName+string(rune('A'+i))+".zip"), "", p)
		}
	},
	"three folders": func(t *testing.T, dir string) {
		for i, p := range download() {
			writeFolder(t, filepath.Join(dir, partName+string(rune('A'+i))), p)
		}
	},
	"one zip": func(t *testing.T, dir string) {
		writeZip(t, filepath.Join(dir, partName+"A.zip"), "", download()...)
	},
	"one folder": func(t *testing.T, dir string) {
		writeFolder(t, filepath.Join(dir, "unpacked"), download()...)
	},
	"zips and folders": func(t *testing.T, dir string) {
		for i, p := range download() {
			name := filepath.Join(dir, partName+string(rune('A'+i)))
			if writeZip(t, name+".zip", "", p); i != 1 {
				writeFolder(t, name, p)
			}
		}
	},
	"zips with their folders": func(t *testing.T, dir string) {
		for i, p := range download() {
			name := partName + string(rune('A'+i))
			writeZip(t, filepath.Join(dir, name+".zip"), name+"/", p)
		}
	},
	"folders in folders": func(t *testing.T, dir string) {
		for i, p := range download() {
			name := partName + string(rune('A'+i))
			writeFolder(t, filepath.Join(dir, name, name), p)
		}
	},
}

func writeZip(t *testing.T, name, below string, parts ...map[string]string) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, p := range parts {
		for path, text := range p {
			if i > 0 && path == "start_here.html" {
				continue
			}
			f, err := z.Create(below + path)
			must(t, err)
			_, err = f.Write([]byte(text))
			must(t, err)
		}
	}
	must(t, z.Close())
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, b.Bytes(), 0o644))
}

func writeFolder(t *testing.T, dir string, parts ...map[string]string) {
	t.Helper()
	for _, p := range parts {
		for path, text := range p {
			name := filepath.Join(dir, filepath.FromSlash(path))
			must(t, os.MkdirAll(filepath.Dir(name), 0o755))
			must(t, os.WriteFile(name, []byte(text), 0o644))
		}
	}
}

var metaApps = []chat.Provider{whatsapp.Provider, messenger.Provider}

// inPart is where a path in the snapshot changes with the packing.
var inPart = regexp.MustCompile(`"originals/.*?your_facebook_activity`)

// TestPartsAreOne reads a download alike however it was packed.
func TestPartsAreOne(t *testing.T) {
	want := ""
	for _, name := range []string{"one folder", "one zip", "three zips", "three folders", "zips and folders", "zips with their folders", "folders in folders"} {
		dir := t.TempDir()
		packings[name](t, dir)
		must(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("nothing of anybody's"), 0o644))
		var records bytes.Buffer
		report, err := backup.Inspect(t.Context(), backup.Source{Path: dir, Providers: metaApps}, &records)
		must(t, err)
		if len(report.Conversations) != 2 || report.Messages != 5 || report.Unparsed != 0 || len(report.Warnings) > 0 {
			t.Errorf("%s: %d conversations, %d messages, %d unparsed, %v", name, len(report.Conversations), report.Messages, report.Unparsed, report.Warnings)
		}
		for _, c := range report.Conversations {
			if c.MediaStored != 1 || c.MediaMissing != 0 {
				t.Errorf("%s: %s: %d media, %d missing", name, c.Title, c.MediaStored, c.MediaMissing)
			}
		}
		got := inPart.ReplaceAllString(records.String(), `"your_facebook_activity`)
		if want == "" {
			want = got
		}
		if got != want || !strings.Contains(got, `"self":true`) {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestPartsInSnapshot has every file of a record in the part that it lies in.
func TestPartsInSnapshot(t *testing.T) {
	for name, pack := range packings {
		dir := t.TempDir()
		pack(t, dir)
		w := newWorld(t, storagetest.NewMemory())
		report, err := w.run(backup.Source{Path: dir, Providers: metaApps})
		must(t, err)
		if len(report.Conversations) != 2 || report.Messages != 5 || !report.Complete() {
			t.Errorf("%s: %+v", name, report)
		}
		var records bytes.Buffer
		_, err = backup.Inspect(t.Context(), backup.Source{Path: dir, Providers: metaApps}, &records)
		must(t, err)
		// Five messages name the folders of their threads, two of them a file beside, and
		// the two conversations their three files.
		folders, files := 0, 0
		for _, m := range regexp.MustCompile(`("source":\{)?"file":"originals/([^"]*)"`).FindAllStringSubmatch(records.String(), -1) {
			folder := m[1] != ""
			if folder {
				folders++
			} else {
				files++
			}
			if !lies(t, dir, m[2], folder) {
				t.Errorf("%s: %s is not there", name, m[2])
			}
		}
		if folders != 5 || files != 5 {
			t.Errorf("%s: %d folders and %d files named", name, folders, files)
		}
	}
}

// lies says whether a path of a snapshot leads to a file or a folder, or to such a
// member of a zip.
func lies(t *testing.T, dir, path string, folder bool) bool {
	t.Helper()
	file, member, zipped := strings.Cut(path, ".zip/")
	if !zipped {
		info, err := os.Stat(filepath.Join(dir, path))
		return err == nil && info.IsDir() == folder && (folder || info.Mode().IsRegular())
	}
	z, err := zip.OpenReader(filepath.Join(dir, file+".zip"))
	must(t, err)
	defer z.Close()
	return slices.ContainsFunc(z.File, func(f *zip.File) bool {
		return !folder && f.Name == member || folder && strings.HasPrefix(f.Name, member+"/")
	})
}

// TestPartsApart keeps apart what is no download's part, or another download's.
func TestPartsApart(t *testing.T) {
	dir := t.TempDir()
	parts := download()
	writeZip(t, filepath.Join(dir, partName+"A.zip"), "", parts[0])
	writeZip(t, filepath.Join(dir, "facebook-ben-2026-02-28-A.zip"), "", parts[0])
	writeZip(t, filepath.Join(dir, "elsewhere", partName+"B.zip"), "", parts[1])
	report, err := backup.Inspect(t.Context(), backup.Source{Path: dir, Providers: metaApps}, nil)
	must(t, err)
	if len(report.Conversations) != 5 || report.Unrecognised != 0 {
		t.Errorf("%d conversations, %d files not recognised", len(report.Conversations), report.Unrecognised)
	}
	// A part that is the source itself has no siblings, and one that is left out
	// is none.
	writeZip(t, filepath.Join(dir, partName+"B.zip"), "", parts[1])
	alone, err := backup.Inspect(t.Context(), backup.Source{Path: filepath.Join(dir, partName+"A.zip"), Providers: metaApps}, nil)
	must(t, err)
	without, err := backup.Inspect(t.Context(), backup.Source{Path: dir, Providers: metaApps, Select: backup.Selection{Exclude: []string{"*-B.zip", "elsewhere", "*02-28*"}}}, nil)
	must(t, err)
	for _, r := range []*backup.InspectReport{alone, without} {
		if r.Messages != 3 {
			t.Errorf("%d messages", r.Messages)
		}
	}
}

// TestPartsClash tells of parts that are not of one download after all, and reads
// the first.
func TestPartsClash(t *testing.T) {
	dir := t.TempDir()
	parts := download()
	writeZip(t, filepath.Join(dir, partName+"A.zip"), "", parts[0])
	for path, text := range parts[0] {
		parts[0][path] = strings.Replace(text, "four", "fourteen", 1)
	}
	writeZip(t, filepath.Join(dir, partName+"B.zip"), "", parts[0])
	must(t, os.WriteFile(filepath.Join(dir, partName+"C.zip"), []byte("PK\x03\x04 cut off"), 0o644))
	var records bytes.Buffer
	report, err := backup.Inspect(t.Context(), backup.Source{Path: dir, Providers: metaApps}, &records)
	must(t, err)
	told := fmt.Sprint(report.Conversations[0].Warnings)
	if report.Messages != 3 || !strings.Contains(records.String(), `"four"`) || !strings.Contains(told, "anna_1/message_1.json") {
		t.Errorf("%d messages, %s", report.Messages, told)
	}
	if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], partName+"C.zip") {
		t.Errorf("warnings %q", report.Warnings)
	}
}

// TestPartsAlone tells what to do with a part that has no messages.
func TestPartsAlone(t *testing.T) {
	name := filepath.Join(t.TempDir(), partName+"C.zip")
	writeZip(t, name, "", download()[2])
	report, err := backup.Inspect(t.Context(), backup.Source{Path: name, Providers: metaApps}, nil)
	must(t, err)
	if len(report.Conversations) != 1 || report.Unparsed != 1 || !strings.Contains(fmt.Sprint(report.Conversations[0].Warnings), "side by side") {
		t.Errorf("%+v", report.Conversations)
	}
}
