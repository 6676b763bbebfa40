package restore

import (
	"container/list"
	"io"
	"sync"
)

// pool keeps things open that are used again soon, at most about limit of them:
// those in use at the same time may be more. It is safe for several goroutines.
type pool[K comparable, V io.Closer] struct {
	limit int
	mu    sync.Mutex
	open  map[K]*list.Element
	order list.List // of *pooled[K, V], last used first
}

type pooled[K comparable, V io.Closer] struct {
	key   K
	value V
	users int
}

func newPool[K comparable, V io.Closer](limit int) *pool[K, V] {
	return &pool[K, V]{limit: limit, open: map[K]*list.Element{}}
}

// acquire returns what is open under key, or opens it. It stays open until it
// is released as often.
func (p *pool[K, V]) acquire(key K, open func() (V, error)) (V, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.open[key]; e != nil {
		p.order.MoveToFront(e)
		item := e.Value.(*pooled[K, V])
		item.users++
		return item.value, nil
	}
	if err := p.evict(); err != nil {
		var none V
		return none, err
	}
	value, err := open()
	if err != nil {
		return value, err
	}
	p.open[key] = p.order.PushFront(&pooled[K, V]{key, value, 1})
	return value, nil
}

// release says that one user is done.
func (p *pool[K, V]) release(key K) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[key].Value.(*pooled[K, V]).users--
}

// take hands over what is open under key, if it is: the pool forgets it, and
// the caller closes it.
func (p *pool[K, V]) take(key K) (value V, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.open[key]
	if e == nil {
		return value, false
	}
	delete(p.open, key)
	p.order.Remove(e)
	return e.Value.(*pooled[K, V]).value, true
}

// evict closes what was not used for longest, if there are too many. An error
// is that of a file's close, so it is bad news about what was written.
func (p *pool[K, V]) evict() error {
	for e := p.order.Back(); e != nil && len(p.open) >= p.limit; {
		item, before := e.Value.(*pooled[K, V]), e.Prev()
		if item.users == 0 {
			delete(p.open, item.key)
			p.order.Remove(e)
			if err := item.value.Close(); err != nil {
				return err
			}
		}
		e = before
	}
	return nil
}

// closeAll closes everything.
func (p *pool[K, V]) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for e := p.order.Front(); e != nil; e = e.Next() {
		e.Value.(*pooled[K, V]).value.Close()
	}
	p.open = map[K]*list.Element{}
	p.order.Init()
}
