package journaltest

import (
	"fmt"
	"math/rand/v2"
)

// Classes are the kinds of trouble a play may have.
var Classes = []string{"faults", "restores", "revocations", "liars"}

type drawing struct {
	*rand.Rand
	History
	known int // devices so far
}

// Draw draws the history of a seed.
func Draw(class string, seed uint64) History {
	g := &drawing{Rand: rand.New(rand.NewPCG(seed, 11)), History: History{Seed: seed, Class: class}}
	g.Devices, g.Relays = 2+g.IntN(3), 1+g.IntN(10)/9
	g.known = g.Devices
	if class == "liars" { // r0 may lie, r1 never does
		g.Relays = 2
	}
	for range 15 + g.IntN(25) {
		g.Steps = append(g.Steps, g.draw())
	}
	return g.History
}

func (g *drawing) device() string { return fmt.Sprint("d", g.IntN(g.known)) }
func (g *drawing) relay() string  { return fmt.Sprint("r", g.IntN(g.Relays)) }

func (g *drawing) machine() string {
	if g.IntN(3) == 0 {
		return g.relay()
	}
	return g.device()
}

// size is mostly small and sometimes large.
func (g *drawing) size(most int) int { return g.IntN(1 + g.IntN(most)) }

func (g *drawing) draw() Step {
	s := Step{N: map[string]int{}}
	if g.IntN(4) == 0 && g.special(&s) {
		return s
	}
	if g.IntN(3) == 0 {
		s.N["after"] = g.size(4000)
	}
	switch n := g.IntN(100); {
	case n < 25:
		s.Verb, s.Who = "write", g.device()
		s.N["n"], s.N["luck"], s.N["size"], s.N["batch"] = 1+g.size(6), g.IntN(9), g.size(60), g.IntN(2)
	case n < 60:
		g.exchange(&s)
	case n < 65:
		s.Verb, s.Who, s.Whom = "carry", g.device(), g.device()
		if g.IntN(2) == 0 && g.Class != "liars" { // what a file that was cut says of others is not looked at
			s.N["runs"] = g.IntN(5)
		}
	case n < 76:
		s.Verb, s.Who = "fail", g.machine()
		s.N["how"], s.N["n"] = g.IntN(4), g.size(60)
	case n < 81:
		s.Verb, s.Who = "stop", g.machine()
		s.N["power"] = g.IntN(2)
	case n < 84:
		s.Verb, s.Who = "full", g.machine()
		s.N["room"] = g.size(40000)
	case n < 87:
		s.Verb, s.Who = "roomy", g.machine()
	case n < 91:
		s.Verb, s.Who = "clock", g.machine()
		s.N["by"] = g.size(400000)
		s.N["by"] -= g.size(400000)
	case n < 93:
		s.Verb, s.Who = "away", g.device()
	case n < 94:
		s.Verb, s.Who = "part", g.relay()
	case n < 96:
		s.Verb, s.N["n"] = "ghost", g.IntN(100)
		if g.IntN(2) == 0 {
			s.N["cut"] = g.size(4000)
		}
	case n < 98:
		s.Verb, s.Who = "start", g.relay()
	default:
		s.Verb, s.Who, s.Whom = "admit", "d0", fmt.Sprint("d", g.known)
		g.known++
	}
	return s
}

func (g *drawing) exchange(s *Step) {
	s.Verb, s.Who, s.Whom = "exchange", g.device(), g.relay()
	if g.IntN(4) == 0 {
		s.Whom = "at:" + g.device()
	}
	s.N["attempts"] = 1 + g.IntN(3)
	switch g.IntN(6) {
	case 0:
		s.N["up"] = g.size(6000)
	case 1:
		s.N["down"], s.N["stall"], s.N["deaf"] = g.size(6000), g.IntN(2), g.IntN(2)
	case 2:
		s.N["twice"] = 1
	}
	if g.IntN(3) == 0 {
		s.N["piece"] = 1 + g.size(3000)
		for _, k := range []string{"pause1", "pause2", "pause3"}[:1+g.IntN(3)] {
			s.N[k] = 1 + g.size(12)
		}
	}
}

func (g *drawing) grow() string {
	g.known++
	return fmt.Sprint("d", g.known-1)
}

// special draws what only plays of this class have.
func (g *drawing) special(s *Step) bool {
	switch g.Class {
	case "restores":
		switch n := g.IntN(10); {
		case n < 4:
			s.Verb, s.Who = "backup", g.machine()
		case n < 8:
			s.Verb, s.Who, s.N["unseen"] = "restore", g.machine(), g.IntN(2)
		case n < 9 && g.known < 7:
			s.Verb, s.Who = "folder", g.device()
			s.Whom = g.grow()
		default:
			s.Verb, s.Who, s.N["narrow"], s.N["shelf"] = "scope", g.device(), g.IntN(2), g.IntN(3)
		}
		return true
	case "revocations":
		switch n := g.IntN(12); {
		case n < 2:
			s.Verb, s.Who, s.Whom = "empower", g.device(), g.device()
		case n < 5:
			s.Verb, s.Who, s.Whom = "revoke", g.device(), g.device()
		case n < 6 && g.known < 8:
			s.Verb, s.Who = "another", g.device()
			s.Whom = g.grow()
		case n < 8 && g.known < 8:
			s.Verb, s.Who = "admit", g.device()
			s.Whom = g.grow()
		case n < 9:
			s.Verb, s.Who = "rogue", g.device()
		default:
			s.Verb, s.Who, s.N["n"], s.N["luck"] = "erase", g.device(), g.size(4), g.IntN(1000)
		}
		return true
	}
	if g.Class == "liars" {
		s.Verb, s.Who, s.N["how"], s.N["luck"] = "lie", "r0", g.IntN(lies), g.IntN(1000)
		return true
	}
	return false
}
