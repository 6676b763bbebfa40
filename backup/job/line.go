package job

import (
	"strconv"

	"chatkeep/backup/config"
)

// backupLine is the command line that backs up a path of a source, or its command's
// output where the path is empty. Everything else the configuration says of it.
func backupLine(source, path, repository string) []string {
	line := given(at("backup", repository), "--source", source)
	if path == "" {
		return line
	}
	return append(line, "--", path)
}

// at begins a command line for a repository, which is the default where it is empty.
func at(command, repository string) []string {
	return given([]string{command}, "--repo", repository)
}

func given(line []string, flag, value string) []string {
	if value == "" {
		return line
	}
	return append(line, flag+"="+value) // a value may begin with a dash
}

// checkLine checks without any key.
func checkLine(repository string) []string {
	return append(at("check", repository), "--keyless")
}

func pruneLine(repository string) []string { return at("prune", repository) }

func drillLine(repository string) []string { return at("drill", repository) }

// forgetLine is the command line for a policy, nil where it keeps everything.
func forgetLine(k config.Keep, repository string) []string {
	line := at("forget", repository)
	bare := len(line)
	for _, f := range []struct {
		word string
		n    int
	}{{"last", k.Last}, {"hourly", k.Hourly}, {"daily", k.Daily}, {"weekly", k.Weekly}, {"monthly", k.Monthly}, {"yearly", k.Yearly}} {
		if f.n > 0 {
			line = append(line, "--keep-"+f.word+"="+strconv.Itoa(f.n))
		}
	}
	line = given(line, "--keep-within", k.Within)
	for _, tag := range k.Tags {
		line = given(line, "--keep-tag", tag)
	}
	if len(line) == bare {
		return nil
	}
	return line
}
