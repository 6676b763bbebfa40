package restore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// step is an instruction of a Dockerfile.
type step struct {
	name string // in capitals
	rest string
}

// words are those of a step, of either form that CMD and its like may have.
func (s step) words(t *testing.T) (words []string) {
	t.Helper()
	if strings.HasPrefix(s.rest, "[") {
		must(t, json.Unmarshal([]byte(s.rest), &words))
		return words
	}
	return strings.Fields(s.rest)
}

// dockerfile reads the project's Dockerfile.
func dockerfile(t *testing.T) (steps []step) {
	t.Helper()
	data, err := os.ReadFile("../Dockerfile")
	must(t, err)
	var text strings.Builder
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			text.WriteString(line)
		}
	}
	for line := range strings.Lines(strings.ReplaceAll(text.String(), "\\\n", " ")) {
		if name, rest, _ := strings.Cut(strings.TrimSpace(line), " "); name != "" {
			steps = append(steps, step{strings.ToUpper(name), strings.TrimSpace(rest)})
		}
	}
	return steps
}

// image is what a Dockerfile comes to.
type image struct {
	root    string // the folder that holds its files, and nothing else
	user    string // UID:GID
	env     []string
	volumes []string
	entry   []string
	command []string
	health  []string
}

// builder follows a Dockerfile as Docker does: a stage that builds, in a folder of
// this machine in place of a container, and one from scratch.
type builder struct {
	t       *testing.T
	context string // the folder that COPY copies from
	work    string // that of WORKDIR in the first stage
	workdir string // its name there
	args    []string
	stages  int
	image   image
}

func buildImage(t *testing.T) *image {
	t.Helper()
	b := &builder{t: t, context: t.TempDir(), work: t.TempDir()}
	b.image.root = t.TempDir()
	must(t, copySource(b.context, ".."))
	must(t, os.Chmod(b.image.root, 0o755))
	for _, s := range dockerfile(t) {
		b.step(s)
	}
	if b.stages != 2 {
		t.Fatalf("Dockerfile: %d stages", b.stages)
	}
	return &b.image
}

func (b *builder) step(s step) {
	b.t.Helper()
	switch first := b.stages == 1; {
	case s.name == "FROM":
		b.from(s)
	case s.name == "COPY":
		b.copy(s)
	case first && s.name == "ARG":
		value, ok := map[string]string{"TARGETOS": runtime.GOOS, "TARGETARCH": runtime.GOARCH}[s.rest]
		if !ok {
			b.t.Fatalf("Dockerfile: ARG %s, which nobody gives", s.rest)
		}
		b.args = append(b.args, s.rest+"="+value)
	case first && s.name == "WORKDIR":
		b.workdir = s.rest
	case first && s.name == "RUN":
		cmd := exec.CommandContext(b.t.Context(), "sh", "-c", s.rest)
		cmd.Dir, cmd.Env = b.work, append(os.Environ(), b.args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.t.Fatalf("Dockerfile: RUN %s: %v\n%s", s.rest, err, out)
		}
	case !first:
		b.setting(s)
	default:
		b.t.Fatalf("Dockerfile: %s in a stage that builds", s.name)
	}
}

func (b *builder) from(s step) {
	b.t.Helper()
	b.stages++
	module, err := os.ReadFile("../go.mod")
	must(b.t, err)
	_, version, _ := strings.Cut(string(module), "\ngo ")
	version = strings.Join(strings.Split(strings.Fields(version)[0], ".")[:2], ".")
	want := map[int]string{1: "--platform=$BUILDPLATFORM golang:" + version + " AS build", 2: "scratch"}[b.stages]
	if s.rest != want {
		b.t.Fatalf("Dockerfile: FROM %s, want %s", s.rest, want)
	}
}

// copy copies into the stage that is at work. A folder's content is copied, not the
// folder.
func (b *builder) copy(s step) {
	b.t.Helper()
	from, owner, words := "", "0:0", s.words(b.t)
	for strings.HasPrefix(words[0], "--") {
		switch flag, value, _ := strings.Cut(words[0], "="); flag {
		case "--from":
			from = value
		case "--chown":
			owner = value
		default:
			b.t.Fatalf("Dockerfile: COPY %s", words[0])
		}
		words = words[1:]
	}
	sources, to := words[:len(words)-1], words[len(words)-1]
	if b.stages == 1 {
		for _, source := range sources {
			must(b.t, copyOwned(b.work+"/"+to, filepath.Join(b.context, source), owner))
		}
		return
	}
	if from != "build" || len(sources) != 1 {
		b.t.Fatalf("Dockerfile: COPY %s", s.rest)
	}
	source := sources[0]
	if within, ok := strings.CutPrefix(source, b.workdir+"/"); ok {
		source = filepath.Join(b.work, within)
	} // else it is of the image golang, which is a Debian as that of CI is
	must(b.t, copyOwned(b.image.root+to, source, owner))
}

// copyOwned copies a file to a path, or into a folder where that ends in a slash, or
// the content of a folder into one; with modes, and for an owner, UID:GID.
func copyOwned(to, from, owner string) error {
	if info, err := os.Stat(from); err == nil && !info.IsDir() && strings.HasSuffix(to, "/") {
		to += filepath.Base(from)
	}
	to = filepath.Clean(to)
	var uid, gid int
	if _, err := fmt.Sscanf(owner, "%d:%d", &uid, &gid); err != nil {
		return fmt.Errorf("the owner %s: %w", owner, err)
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		target := to + strings.TrimPrefix(path, from)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if d.IsDir() {
			err = os.MkdirAll(target, 0o755)
			if path == from {
				return err // it stays what it was
			}
		} else {
			var data []byte
			if data, err = os.ReadFile(path); err == nil {
				err = os.WriteFile(target, data, 0o600)
			}
		}
		return errors.Join(err, os.Chown(target, uid, gid), os.Chmod(target, info.Mode()))
	})
}

// setting is a step that changes no file.
func (b *builder) setting(s step) {
	b.t.Helper()
	words := s.words(b.t)
	switch s.name {
	case "USER":
		b.image.user = s.rest
	case "ENV":
		b.image.env = append(b.image.env, words...)
	case "VOLUME":
		b.image.volumes = words
	case "ENTRYPOINT":
		b.image.entry = words
	case "CMD":
		b.image.command = words
	case "HEALTHCHECK":
		_, command, ok := strings.Cut(s.rest, " CMD ")
		if !ok {
			b.t.Fatalf("Dockerfile: HEALTHCHECK %s", s.rest)
		}
		b.image.health = step{"CMD", command}.words(b.t)
	default:
		b.t.Fatalf("Dockerfile: %s in the image", s.name)
	}
}
