package node

import (
	"amparo/internal/record"
)

// Digests are the hashes of the views the member may open.
func (s *Session) Digests() (map[record.Compartment]string, error) {
	end, err := s.use()
	if err != nil {
		return nil, err
	}
	defer end()
	out := map[record.Compartment]string{}
	for _, c := range record.Compartments() {
		if !s.views.Opens(c) {
			continue
		}
		if out[c], err = s.views.Digest(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}
