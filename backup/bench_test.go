package backup_test

import (
	"context"
	"os"
	"testing"

	"chatkeep/backup"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/local"
)

// BenchmarkRun stores the folder that CHATKEEP_BENCH_SOURCE names into a fresh
// local repository.
func BenchmarkRun(b *testing.B) {
	src := os.Getenv("CHATKEEP_BENCH_SOURCE")
	if src == "" {
		b.Skip("CHATKEEP_BENCH_SOURCE names no folder")
	}
	for b.Loop() {
		store, err := local.Provider.Open(context.Background(), storage.Location{Text: b.TempDir() + "/r"}, true)
		if err != nil {
			b.Fatal(err)
		}
		w := newWorld(b, store)
		report, err := w.run(backup.Source{Path: src, App: "files"})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(report.Bytes)
		b.ReportMetric(float64(report.BytesStored), "stored-B")
	}
}

// BenchmarkUnchanged stores the same folder again.
func BenchmarkUnchanged(b *testing.B) {
	src := os.Getenv("CHATKEEP_BENCH_SOURCE")
	if src == "" {
		b.Skip("CHATKEEP_BENCH_SOURCE names no folder")
	}
	store, err := local.Provider.Open(context.Background(), storage.Location{Text: b.TempDir() + "/r"}, true)
	if err != nil {
		b.Fatal(err)
	}
	w := newWorld(b, store)
	if _, err := w.run(backup.Source{Path: src, App: "files"}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := w.run(backup.Source{Path: src, App: "files"}); err != nil {
			b.Fatal(err)
		}
	}
}
