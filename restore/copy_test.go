//go:build unix

package restore_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatkeep/providers/storage/storagetest/server"
)

// TestCopyProgram copies repositories with the program as people have it, between
// folders and servers that have credentials of their own.
func TestCopyProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	program := filepath.Join(built(t), "chatkeep")
	t.Run("around", func(t *testing.T) { testCopyAround(t, program) })
	t.Run("killed", func(t *testing.T) { testCopyKilled(t, program) })
}

// twoServers starts a MinIO and a Versity, and gives what the environment must have
// to find the credentials of both: the profiles one and two.
func twoServers(t *testing.T) (one, two string, env map[string]string) {
	minio, versity := server.MinIO(t), server.Versity(t)
	file := filepath.Join(t.TempDir(), "credentials")
	must(t, os.WriteFile(file, fmt.Appendf(nil, "[one]\naws_access_key_id = %s\naws_secret_access_key = %s\n[two]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
		minio.AccessKey, minio.SecretKey, versity.AccessKey, versity.SecretKey), 0o600))
	return "s3:" + minio.Endpoint + "/one/chats", "s3:" + versity.Endpoint + "/two/chats", map[string]string{
		"AWS_SHARED_CREDENTIALS_FILE": file, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
	}
}

// keyless is a machine with no key and no passphrase, which only makes copies.
func keyless(t *testing.T, program string, env map[string]string) *host {
	h := newHost(t, program, "")
	delete(h.env, "CHATKEEP_REPOSITORY")
	for name, value := range env {
		h.env[name] = value
	}
	return h
}

// wantKeyless asks that a machine has got no key of any kind.
func wantKeyless(t *testing.T, h *host) {
	t.Helper()
	for _, path := range filesBelow(t, h.home) {
		data, err := os.ReadFile(path)
		must(t, err)
		if filepath.Base(path) == "writer.key" || bytes.Contains(data, []byte("AGE-SECRET-KEY")) {
			t.Errorf("%s is a key", path)
		}
	}
}

// wantSameFiles compares two folders, file for file.
func wantSameFiles(t *testing.T, got, want string) {
	t.Helper()
	files := map[string]bool{}
	for _, path := range filesBelow(t, want) {
		name := strings.TrimPrefix(path, want)
		files[name] = true
		a, err := os.ReadFile(path)
		must(t, err)
		b, err := os.ReadFile(got + name)
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s is another file in %s: %v", name, got, err)
		}
	}
	for _, path := range filesBelow(t, got) {
		if name := strings.TrimPrefix(path, got); !files[name] && !strings.HasPrefix(name, "/.tmp") {
			t.Errorf("%s is in %s alone", name, got)
		}
	}
}

// noiseFiles makes files that nothing makes smaller.
func noiseFiles(t *testing.T, dir string, seed byte, files, size int) {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o700))
	data := make([]byte, size)
	noise := rand.NewChaCha8([32]byte{seed})
	for i := range files {
		_, _ = noise.Read(data)
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d-%03d.bin", seed, i)), data, 0o600))
	}
}

// testCopyAround copies from a folder to a server, to another one, and to a folder.
// Every copy gives everything back, and takes backups as the original.
func testCopyAround(t *testing.T, program string) {
	one, two, env := twoServers(t)
	dir := t.TempDir()
	src, first, last := filepath.Join(dir, "src"), filepath.Join(dir, "first"), filepath.Join(dir, "last")
	noiseFiles(t, src, 1, 12, 600<<10)
	owner := initialised(t, program, first, env)
	owner.json(0, "backup", src, "--pack-size", "1MiB")
	mirror := keyless(t, program, env)
	steps := [][]string{
		{first, one, "--to-s3-profile", "one"},
		{one, two, "--from-s3-profile", "one", "--to-s3-profile", "two"},
		{two, last, "--from-s3-profile", "two"},
	}
	for _, step := range steps {
		args := append([]string{"copy"}, step...)
		dry := mirror.json(0, append(args, "--dry-run")...)
		real := mirror.json(0, append(args, "--verify")...)
		again := mirror.json(0, args...)
		if dry.number("moved") == 0 || dry.number("moved") != real.number("moved") || dry.number("bytes_moved") != real.number("bytes_moved") {
			t.Errorf("%v: a dry run says %s, and the run %s", step, dry.stdout, real.stdout)
		}
		if real.number("verified") != real.number("objects") || again.number("moved") != 0 || again.number("present") != real.number("objects") {
			t.Errorf("%v: %s, then %s", step, real.stdout, again.stdout)
		}
	}
	wantSameFiles(t, last, first)
	wantKeyless(t, mirror)

	// A machine that has the recovery key and nothing else reads each of them.
	for i, place := range [][]string{{first}, {one, "--s3-profile", "one"}, {two, "--s3-profile", "two"}, {last}} {
		reader := keyless(t, program, env)
		reader.env["CHATKEEP_PASSPHRASE_FILE"] = owner.env["CHATKEEP_PASSPHRASE_FILE"]
		back := filepath.Join(dir, fmt.Sprint("back", i))
		reader.run(0, append([]string{"restore", "--target", back, "--repo"}, place...)...)
		wantSameFiles(t, back, src)
		reader.run(0, append([]string{"check", "--read-data", "--repo"}, place...)...)
	}

	// The writer backs up to the copy in the middle, which goes on, and back to where
	// it all came from.
	noiseFiles(t, src, 2, 3, 600<<10)
	stored := owner.json(0, "backup", src, "--pack-size", "1MiB", "--repo", two, "--s3-profile", "two")
	if n := stored.number("bytes_new"); n < 3*600<<10 || n > 4*600<<10 {
		t.Errorf("the copy knows little of what it has: %d new bytes", n)
	}
	if r := mirror.json(0, "copy", two, first, "--from-s3-profile", "two"); r.number("moved") == 0 {
		t.Error("what went to the copy does not come back")
	}
	mirror.run(0, "copy", two, last, "--from-s3-profile", "two")
	wantSameFiles(t, last, first)
	owner.run(0, "check", "--read-data")
	back := filepath.Join(dir, "newest")
	owner.run(0, "restore", "--target", back)
	wantSameFiles(t, back, src)
	// The writer goes on at the original, as if it had never been elsewhere.
	if n := owner.json(0, "backup", src).number("bytes_new"); n != 0 {
		t.Errorf("%d bytes are new to the original", n)
	}
	// One that is behind is told so, and is no reason to stop.
	if r := owner.run(0, "snapshots", "--verbose", "--repo", two, "--s3-profile", "two"); !strings.Contains(r.stderr, "behind") {
		t.Errorf("nothing tells that the copy is behind: %s", r.stderr)
	}
	// Another repository is no place for a copy.
	other := initialised(t, program, filepath.Join(dir, "other"), nil)
	other.run(0, "backup", src)
	mirror.run(11, "copy", first, filepath.Join(dir, "other"))
}

// testCopyKilled kills a copy between two servers at any moments, and wants that
// the next one finishes it.
func testCopyKilled(t *testing.T, program string) {
	const times = 20
	files, size, packs, rate := 36, 1<<20, "1MiB", "12MiB"
	if long {
		files, size, packs, rate = 80, 64<<20, "16MiB", "80MiB"
	}
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	one, two, env := twoServers(t)
	src := filepath.Join(t.TempDir(), "src")
	ownerEnv := map[string]string{"AWS_PROFILE": "one"}
	for name, value := range env {
		ownerEnv[name] = value
	}
	owner := initialised(t, program, one, ownerEnv)
	noiseFiles(t, src, 1, files/2, size)
	owner.run(0, "backup", src, "--pack-size", packs)
	noiseFiles(t, src, 2, files/2, size)
	owner.run(0, "backup", src, "--pack-size", packs)

	mirror := keyless(t, program, env)
	args := []string{"copy", one, two, "--from-s3-profile", "one", "--to-s3-profile", "two"}
	// On average a run comes a twentieth of the way, beside half a second to begin.
	seconds := float64(files*size) / float64(map[bool]int{false: 12 << 20, true: 80 << 20}[long])
	killed, finished := 0, 0
	for killed < times {
		cmd, _, stderr := mirror.command(append(args, "--limit-upload", rate)...)
		must(t, cmd.Start())
		wait := time.Duration((0.05 + r.Float64()*(0.8+2*seconds/times)) * float64(time.Second))
		over := make(chan struct{})
		go func() {
			select {
			case <-time.After(wait):
				_ = cmd.Process.Kill()
			case <-over:
			}
		}()
		_ = cmd.Wait() // how it ended is looked at below
		close(over)
		if cmd.ProcessState.Exited() {
			if code := cmd.ProcessState.ExitCode(); code != 0 {
				t.Fatalf("a run that was not hit ended with %d: %s", code, tail(stderr.String()))
			}
			// It was done early: there is more to copy.
			finished++
			noiseFiles(t, src, byte(2+finished), 4, size)
			owner.run(0, "backup", src, "--pack-size", packs)
			continue
		}
		killed++
	}
	last := mirror.json(0, append(args, "--verify")...)
	t.Logf("%d kills, %d runs to the end; %d objects were left to move of %d", killed, finished, last.number("moved"), last.number("objects"))
	if last.number("verified") != last.number("objects") || last.number("problems") != 0 {
		t.Errorf("%s", last.stdout)
	}
	// The other way round nothing moves: neither has an object that the other has not.
	back := mirror.json(0, "copy", two, one, "--from-s3-profile", "two", "--to-s3-profile", "one", "--dry-run")
	if back.number("moved") != 0 || back.number("objects") != last.number("objects") || back.number("bytes") != last.number("bytes") {
		t.Errorf("%s and %s", last.stdout, back.stdout)
	}
	wantKeyless(t, mirror)
	wantPeak(t, "the last copy", last, 400<<20)
	target := filepath.Join(t.TempDir(), "back")
	reader := keyless(t, program, env)
	reader.env["CHATKEEP_PASSPHRASE_FILE"] = owner.env["CHATKEEP_PASSPHRASE_FILE"]
	reader.run(0, "restore", "--target", target, "--repo", two, "--s3-profile", "two")
	wantSameFiles(t, target, src)
}
