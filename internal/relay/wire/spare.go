package wire

import "sync/atomic"

// Spare is memory that several intakes share for what waits in them. When there is none left, more is forgotten: the other
// side has it still and brings it again. A nil Spare has no end.
type Spare struct{ left atomic.Int64 }

// NewSpare gives so many bytes to share.
func NewSpare(bytes int64) *Spare {
	s := &Spare{}
	s.left.Store(bytes)
	return s
}

// Left is how many bytes nobody has taken.
func (s *Spare) Left() int64 { return s.left.Load() }

func (s *Spare) take(n int) bool {
	if s == nil {
		return true
	}
	if s.left.Add(-int64(n)) >= 0 {
		return true
	}
	s.left.Add(int64(n))
	return false
}

func (s *Spare) give(n int) {
	if s != nil {
		s.left.Add(int64(n))
	}
}
