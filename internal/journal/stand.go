package journal

// Vouch says that commits by one writer name another's chain as seen up to there.
type Vouch struct {
	Of, By WriterID
	Seq    uint64
}

// Standing is what stands of what the revoked wrote.
type Standing struct {
	Roll   *Roll               // of what stands: without what the rest says openly
	Limits map[WriterID]uint64 // up to where the chains of the revoked stand
	Lost   []Commit            // what cannot be believed without the rest: of members whom the revoked let in

	workspace WorkspaceID
	founder   MemberID
	open      []Commit
	known     map[WriterID]Certificate
	never     map[Hash]bool // what cannot be believed with the rest either: damaged
}

// Stand works out what stands, given all commits with open parts and who vouches for whom. Only that counts which stands
// without what it vouches for: a revoked administrator could otherwise let somebody in who vouches for it.
func Stand(roll *Roll, open []Commit, vouches []Vouch) *Standing {
	s := &Standing{workspace: roll.Workspace, founder: roll.Founder, never: map[Hash]bool{}}
	all, unbelieved := s.gather(open)
	for i := range unbelieved {
		s.never[unbelieved[i].Hash] = true
	}
	s.known = all.Writers
	s.again(all, open, vouches)
	return s
}

// Again works it out once more when some of it is no longer held. What was believed at first still counts as lost.
func (s *Standing) Again(open []Commit, vouches []Vouch) {
	all, _ := s.gather(open)
	s.again(all, open, vouches)
}

func (s *Standing) again(all *Roll, open []Commit, vouches []Vouch) {
	s.open, s.Limits = open, map[WriterID]uint64{}
	for w := range all.Writers {
		if cut, revoked := all.RevokedCut(w); revoked {
			s.Limits[w] = cut
		}
	}
	for raised := true; raised; {
		raised = false
		s.believe()
		doubtful := map[WriterID]bool{}
		for i := range s.Lost {
			doubtful[s.Lost[i].Writer] = true
		}
		for _, v := range vouches {
			limit, limited := s.Limits[v.Of]
			if limited && v.Seq > limit && s.Counts(all, v.By) && !doubtful[v.By] {
				s.Limits[v.Of], raised = v.Seq, true
			}
		}
	}
}

// Counts reports whether a writer's word vouches: its member is believed without what does not stand, and not revoked even by
// what does not stand, which may stand yet.
func (s *Standing) Counts(all *Roll, by WriterID) bool {
	return s.Roll.Active(s.Roll.MemberOf(by)) && all.Active(all.MemberOf(by))
}

func (s *Standing) gather(commits []Commit) (*Roll, []Commit) {
	roll := NewRoll(s.workspace)
	roll.Founder = s.founder
	return roll, roll.Gather(commits)
}

// believe works out Roll and Lost from Limits.
func (s *Standing) believe() {
	var within, unbelieved []Commit
	for i := range s.open {
		if limit, limited := s.Limits[s.open[i].Writer]; !limited || s.open[i].Seq <= limit {
			within = append(within, s.open[i])
		}
	}
	s.Roll, unbelieved = s.gather(within)
	s.Lost = nil
	for i := range unbelieved {
		if !s.never[unbelieved[i].Hash] {
			s.Lost = append(s.Lost, unbelieved[i])
		}
	}
}

// Disbelieve limits also the chains whose writers, or what they say openly, stood on what does not stand.
func (s *Standing) Disbelieve() {
	for more := true; more; {
		more = false
		s.believe()
		lower := func(w WriterID, to uint64) {
			if limit, limited := s.Limits[w]; !limited || to < limit {
				s.Limits[w], more = to, true
			}
		}
		for i := range s.Lost {
			lower(s.Lost[i].Writer, s.Lost[i].Seq-1)
		}
		for w := range s.known {
			if _, still := s.Roll.Writers[w]; !still {
				lower(w, 0)
			}
		}
	}
}
