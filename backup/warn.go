package backup

import "sync"

// maxWarnings bounds how many warnings a report keeps; the counts beside them
// have no bound.
const maxWarnings = 1000

// warnings collects what people should know, from several goroutines.
type warnings struct {
	mu   sync.Mutex
	list []string
	lost int
}

func (w *warnings) add(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.list) >= maxWarnings {
		w.lost++
		return
	}
	w.list = append(w.list, s)
}
