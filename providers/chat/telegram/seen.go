package telegram

import (
	"slices"
	"sort"
)

// blockSize is how many numbers a block of seen has room for.
const blockSize = 4096

// seen are the numbers of a chat's messages so far. They grow as a rule, so they
// are kept in order, eight bytes each; those out of order are kept apart.
type seen struct {
	blocks []block
	last   int64
	others map[int64]int
	// topics are the notices that made the topics of a group, whose messages
	// answer them or each other: nothing else tells what is in a topic.
	topics []int64
}

// block is a run of numbers.
type block struct {
	numbers []int64
	topic   []uint32 // behind which of topics, from 1, the message stands; nil while there is none
}

// add takes a number in and returns how often it was there before.
func (s *seen) add(n int64) int {
	if len(s.blocks) == 0 || n > s.last {
		k := len(s.blocks)
		if k == 0 || len(s.blocks[k-1].numbers) == blockSize {
			s.blocks = append(s.blocks, block{numbers: make([]int64, 0, blockSize)})
			k++
		}
		s.blocks[k-1].numbers = append(s.blocks[k-1].numbers, n)
		s.last = n
		return 0
	}
	if s.others == nil {
		s.others = map[int64]int{}
	}
	before := s.others[n]
	s.others[n]++
	if s.find(n) != nil {
		before++
	}
	return before
}

// has says whether a number was there.
func (s *seen) has(n int64) bool { return s.find(n) != nil || s.others[n] > 0 }

// spot is a number's place.
type spot struct {
	block *block
	index int
}

// find is where a number stands that came in order, or nil.
func (s *seen) find(n int64) *spot {
	if len(s.blocks) == 0 || n > s.last {
		return nil
	}
	k := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i].numbers[0] > n }) - 1
	if k < 0 {
		return nil
	}
	i, ok := slices.BinarySearch(s.blocks[k].numbers, n)
	if !ok {
		return nil
	}
	return &spot{&s.blocks[k], i}
}

// topic is the notice behind whose topic a message stands, or 0.
func (s *seen) topic(n int64) int64 {
	if len(s.topics) == 0 {
		return 0
	}
	at := s.find(n)
	if at == nil || at.block.topic == nil || at.block.topic[at.index] == 0 {
		return 0
	}
	return s.topics[at.block.topic[at.index]-1]
}

// begin takes the notice of a new topic in, which is in it.
func (s *seen) begin(notice int64) {
	s.topics = append(s.topics, notice)
	s.mark(notice, uint32(len(s.topics)))
}

// follow puts a message into the topic of what it answers and returns the notice
// of that, or 0.
func (s *seen) follow(message, answered int64) int64 {
	t := s.topic(answered)
	if t != 0 {
		s.mark(message, uint32(slices.Index(s.topics, t))+1)
	}
	return t
}

func (s *seen) mark(n int64, topic uint32) {
	at := s.find(n)
	if at == nil {
		return
	}
	if at.block.topic == nil {
		at.block.topic = make([]uint32, blockSize)
	}
	at.block.topic[at.index] = topic
}
