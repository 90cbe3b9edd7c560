package acd

import (
	"container/list"
	"iter"
)

// A shelf remembers what was put on it, up to a limit: then it forgets what was
// put or touched longest ago. What it forgets depends on nothing but the order
// of the calls.
type shelf[K comparable, V any] struct {
	limit  int
	places map[K]*list.Element // of a slot
	order  list.List           // the oldest first
	forgot func(K, V)          // told what did not fit; may be nil
}

type slot[K comparable, V any] struct {
	key   K
	value V
}

func newShelf[K comparable, V any](limit int, forgot func(K, V)) *shelf[K, V] {
	return &shelf[K, V]{limit: limit, places: map[K]*list.Element{}, forgot: forgot}
}

func (s *shelf[K, V]) len() int { return len(s.places) }

// get returns what is there under the key, the zero value if nothing is.
func (s *shelf[K, V]) get(k K) (v V, ok bool) {
	e, ok := s.places[k]
	if !ok {
		return v, false
	}
	return e.Value.(*slot[K, V]).value, true
}

// put puts v there as the newest, whatever was there.
func (s *shelf[K, V]) put(k K, v V) {
	s.drop(k)
	s.places[k] = s.order.PushBack(&slot[K, V]{k, v})
	if s.len() > s.limit {
		s.forgetOldest()
	}
}

// touch makes what is there the newest.
func (s *shelf[K, V]) touch(k K) {
	if e, ok := s.places[k]; ok {
		s.order.MoveToBack(e)
	}
}

// drop takes it away, which is not forgetting.
func (s *shelf[K, V]) drop(k K) {
	if e, ok := s.places[k]; ok {
		s.order.Remove(e)
		delete(s.places, k)
	}
}

func (s *shelf[K, V]) forgetOldest() {
	if e := s.order.Front(); e != nil {
		old := e.Value.(*slot[K, V])
		s.drop(old.key)
		if s.forgot != nil {
			s.forgot(old.key, old.value)
		}
	}
}

// all yields what is there, the oldest first. What was yielded may be dropped
// meanwhile.
func (s *shelf[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for e := s.order.Front(); e != nil; {
			next := e.Next()
			at := e.Value.(*slot[K, V])
			if !yield(at.key, at.value) {
				return
			}
			e = next
		}
	}
}
