package restore_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"

	"chatkeep/providers/storage/storagetest/server"
)

// composeFile is what of Compose's grammar the page uses. A key that is not here
// fails the test: somebody has to say what it comes to.
type composeFile struct {
	Services map[string]composeService
	Secrets  map[string]struct{ File string }
}

type composeService struct {
	User, Hostname string
	Environment    map[string]string
	Volumes        []string
	Secrets, Tmpfs []string
	ReadOnly       bool `yaml:"read_only"`
	Healthcheck    struct {
		Test     []string
		Interval string
	}
	// What a container of the test has anyway, or lacks.
	Image, Build, Restart string
	CapDrop               []string `yaml:"cap_drop"`
	SecurityOpt           []string `yaml:"security_opt"`
	Init                  bool
	StopGracePeriod       string `yaml:"stop_grace_period"`
}

// composed is the folder of somebody who follows the page.
type composed struct {
	t       *testing.T
	dir     string
	exports string
	service composeService
	box     *container
	running *process
}

// user is the page's 1000:1000.
var user = &syscall.Credential{Uid: 1000, Gid: 1000}

// follow makes the folder, with the files that the page has.
func follow(t *testing.T, page string, replace *strings.Replacer) *composed {
	t.Helper()
	p := &composed{t: t, dir: folder(t, "1000:1000"), exports: folder(t, "1000:1000")}
	for marker, name := range map[string]string{"compose": "compose.yaml", "credentials": "aws-credentials"} {
		lines, there := fenced(t, page, marker)
		if !there {
			t.Fatalf("docs/docker.md has no %s", name)
		}
		p.write(filepath.Join(p.dir, name), replace.Replace(strings.Join(lines, "\n")+"\n"))
	}
	p.write(filepath.Join(p.exports, exportName), string(someExport(t)))
	data, err := os.ReadFile(filepath.Join(p.dir, "compose.yaml"))
	must(t, err)
	var file composeFile
	decoder := yaml.NewDecoder(strings.NewReader(string(data)))
	decoder.KnownFields(true)
	must(t, decoder.Decode(&file))
	var there bool
	if p.service, there = file.Services["chatkeep"]; !there || len(file.Services) != 1 || !p.service.ReadOnly {
		t.Fatalf("docs/docker.md: the services are %v", file.Services)
	}
	p.box = &container{t: t, image: buildImage(t), user: p.service.User, hostname: p.service.Hostname}
	for name, value := range p.service.Environment {
		p.box.env = append(p.box.env, name+"="+value)
	}
	for _, name := range p.service.Tmpfs {
		p.box.mount(folder(t, p.service.User), name, false)
	}
	for _, name := range p.service.Secrets {
		p.box.mount(filepath.Join(p.dir, file.Secrets[name].File), "/run/secrets/"+name, true)
	}
	return p
}

// write makes a file that only its owner can read.
func (p *composed) write(path, text string) {
	p.t.Helper()
	must(p.t, os.WriteFile(path, []byte(text), 0o600))
	must(p.t, os.Chown(path, int(user.Uid), int(user.Gid)))
}

// mountVolumes mounts the volumes once they are there.
func (p *composed) mountVolumes() {
	p.t.Helper()
	for _, volume := range p.service.Volumes {
		parts := strings.Split(volume, ":")
		from := parts[0]
		switch {
		case strings.HasPrefix(from, "./"):
			from = filepath.Join(p.dir, from)
		case from == "/home/me/Exports":
			from = p.exports
		default:
			p.t.Fatalf("docs/docker.md: the volume %s", volume)
		}
		p.box.mount(from, parts[1], len(parts) == 3 && parts[2] == "ro")
	}
}

// run runs a line of the page.
func (p *composed) run(line string) {
	p.t.Helper()
	command, ok := strings.CutPrefix(line, "docker compose ")
	if !ok {
		cmd := exec.CommandContext(p.t.Context(), "sh", "-euc", line)
		cmd.Dir, cmd.SysProcAttr = p.dir, &syscall.SysProcAttr{Credential: user}
		if out, err := cmd.CombinedOutput(); err != nil {
			p.t.Fatalf("docs/docker.md: %s: %v\n%s", line, err, out)
		}
		return
	}
	switch words := strings.Fields(command); words[0] {
	case "build":
		p.mountVolumes()
	case "run":
		p.once(words[1:])
	case "up":
		p.running = p.box.start(append(slices.Clone(p.box.image.entry), p.box.image.command...)...)
	case "exec":
		p.running.until(p.t, func() bool { return strings.Contains(p.box.run(0, "status"), "nightly: ok\n") })
		if code, said := p.box.start(words[2:]...).wait(); code != 0 {
			p.t.Fatalf("docs/docker.md: %s: code %d: %s", line, code, said)
		}
	case "stop":
		p.running.stop(p.t)
	default:
		p.t.Fatalf("docs/docker.md: %s", line)
	}
}

// once is docker compose run, with a person at the terminal who types a passphrase.
func (p *composed) once(words []string) string {
	p.t.Helper()
	kept := p.box.env
	defer func() { p.box.env = kept }()
	for ; strings.HasPrefix(words[0], "-"); words = words[1:] {
		if words[0] == "-e" {
			p.box.env = append(slices.Clone(p.box.env), words[1])
			words = words[1:]
		}
	}
	if words[1] == "init" {
		p.box.env = append(slices.Clone(p.box.env), "CHATKEEP_PASSPHRASE=lanterns-over-quiet-water-71")
	}
	return p.box.run(0, words[1:]...)
}

// TestDockerPage does what docs/docker.md says, without Docker, with a server of ours
// in place of the one it names.
func TestDockerPage(t *testing.T) {
	needsContainers(t)
	t.Parallel()
	data, err := os.ReadFile("../docs/docker.md")
	must(t, err)
	page := string(data)
	s := server.MinIO(t)
	ours := strings.NewReplacer("https://s3.example.org", s.Endpoint, "AKIAEXAMPLE", s.AccessKey, "wJalrEXAMPLEKEY", s.SecretKey)
	p := follow(t, page, ours)
	lines, there := fenced(t, page, "docker-commands")
	if !there || strings.Count(strings.Join(lines, "\n"), "docker compose ") < 5 {
		t.Fatalf("docs/docker.md: the commands are %q", lines)
	}
	for _, line := range lines {
		p.run(ours.Replace(line))
	}
	if code, said := p.box.start(p.service.Healthcheck.Test[1:]...).wait(); code != 0 || p.service.Healthcheck.Test[0] != "CMD" {
		t.Errorf("docs/docker.md: the health check ends with code %d: %s", code, said)
	}
	const reads = "run --rm -e CHATKEEP_PASSPHRASE_FILE=/config/recovery.txt chatkeep "
	var snapshot struct{ Host string }
	first, _, _ := strings.Cut(p.once(strings.Fields(reads + "snapshots --json")[1:]), "\n")
	if err := json.Unmarshal([]byte(first), &snapshot); err != nil || snapshot.Host != p.service.Hostname {
		t.Errorf("the snapshot is %s", first)
	}

	// Another machine without the state.
	must(t, os.RemoveAll(filepath.Join(p.dir, "state")))
	p.run("mkdir -m 700 state")
	p.box.run(12, "run")
	var ids []string
	for line := range strings.Lines(p.once(strings.Fields(reads + "writer list --json")[1:])) {
		var writer struct{ Type, ID string }
		must(t, json.Unmarshal([]byte(line), &writer))
		if writer.Type == "writer" {
			ids = append(ids, writer.ID)
		}
	}
	for _, line := range strings.Split(page, "\n") {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "docker compose "+reads+"writer add "); ok {
			p.once(strings.Fields(reads + "writer add " + strings.Replace(command, "ID", ids[0], 1))[1:])
		}
	}
	p.box.run(0, "run", "nightly")
}
