package people

import (
	"slices"
	"testing"

	"amparo/internal/record"
)

// opensOnly is a member who opens some compartments.
type opensOnly struct {
	record.Reader
	in []record.Compartment
}

func (o opensOnly) Opens(c record.Compartment) bool { return slices.Contains(o.in, c) }

// What an earlier version wrote of survivors is told to nobody who does not open that compartment, also where it stands no more.
func TestOldValuesDoNotTellOfSurvivors(t *testing.T) {
	groups, _ := Person.Field("groups")
	old := []string{"pregnant", SurvivorGroup}
	registrar, psychologist := opensOnly{in: []record.Compartment{record.Identity}}, opensOnly{in: []record.Compartment{record.Identity, record.Survivor}}
	if got := discreet(registrar, Person, groups, old); !slices.Equal(got.([]string), []string{"pregnant", PrivateTalk}) {
		t.Errorf("a registrar is told %v", got)
	}
	if got := discreet(psychologist, Person, groups, old); !slices.Equal(got.([]string), []string{"pregnant", SurvivorGroup}) {
		t.Errorf("a psychologist is told %v", got)
	}
	if !slices.Contains(old, SurvivorGroup) {
		t.Error("what was read was changed")
	}
}
