// The gazetteer: the states and municipalities of Mexico by INEGI code, with the time zone each keeps.
//
// A site, a count or an episode names a place by its five-digit municipality code and never by anything finer: a
// municipality is the smallest place this program stores about people. Positions are for maps of municipalities, two
// decimals of a degree (about a kilometre) at the head town, and are absent where no source gives one.
//
// The tables are embedded under data/ (see data/PROVENANCE.md), read on first use and checked strictly: a table that does
// not check is a broken build, so the first use panics with the line at fault rather than answering from half a gazetteer.

package place

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

//go:embed data/municipalities.csv.gz data/states.csv data/zone_exceptions.csv data/border_localities.csv
var gazetteerFiles embed.FS

// ErrUnknownMunicipality says that a code names no municipality of the gazetteer.
var ErrUnknownMunicipality = errors.New("unknown municipality")

// Area is one municipality (in Mexico City: one alcaldía).
type Area struct {
	Code       string  // INEGI, five digits: two of the state, three of the municipality; OCHA's p-code is "MX" + Code
	Name       string  // official name, with accents
	Head       string  // head town; empty for the alcaldías of Mexico City
	State      string  // INEGI code of the state, two digits
	StateName  string  // short name of the state, for instance "Veracruz"
	Zone       string  // IANA time zone, for instance "America/Matamoros"
	Lat, Lon   float64 // degrees, of the head town, two decimals; zero when HasPoint is false
	HasPoint   bool    // false for the few municipalities newer than the map
	Population int     // persons, census of 2020; zero for municipalities created after it
}

// FederalState is one of the 32 federal entities.
type FederalState struct {
	Code     string // INEGI, two digits
	Name     string // short name, for instance "Coahuila"
	Official string // full name, for instance "Coahuila de Zaragoza"
	Abbr     string // INEGI's abbreviation, for instance "Coah."
	Zone     string // IANA zone of all its municipalities but those of the exceptions
}

// Border says on which land border of Mexico a locality lies.
type Border string

// The two land borders.
const (
	NorthBorder Border = "north"
	SouthBorder Border = "south"
)

// Locality is a town at or near a land border, from a selection that is not an official list of crossing points.
type Locality struct {
	Code         string // INEGI, nine digits; the first five are the municipality
	Name         string
	Municipality string // INEGI code, five digits
	Border       Border
	Lat, Lon     float64 // degrees, two decimals
	Population   int     // persons, census of 2020
	Counterpart  string  // the place across the line, in its own country's name; empty for towns inland
}

// gazetteer holds the tables after the check; it never changes once loaded.
type gazetteer struct {
	areas      []Area // by code
	byCode     map[string]int
	states     []FederalState
	localities []Locality
	index      []searchEntry // beside areas, what search compares
}

// loaded reads the embedded tables once.
var loaded = sync.OnceValue(func() *gazetteer {
	g, err := loadGazetteer()
	if err != nil {
		panic("place: embedded gazetteer: " + err.Error())
	}
	return g
})

func loadGazetteer() (*gazetteer, error) {
	table := func(name string) ([]byte, error) {
		b, err := gazetteerFiles.ReadFile("data/" + name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return b, nil
	}
	packed, err := table("municipalities.csv.gz")
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("municipalities.csv.gz: %w", err)
	}
	municipalities, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("municipalities.csv.gz: %w", err)
	}
	states, err := table("states.csv")
	if err != nil {
		return nil, err
	}
	zones, err := table("zone_exceptions.csv")
	if err != nil {
		return nil, err
	}
	localities, err := table("border_localities.csv")
	if err != nil {
		return nil, err
	}
	return parseGazetteer(municipalities, states, zones, localities)
}

// Municipality returns the municipality of an INEGI code of five digits, and whether there is one.
func Municipality(code string) (Area, bool) {
	g := loaded()
	i, ok := g.byCode[code]
	if !ok {
		return Area{}, false
	}
	return g.areas[i], true
}

// Municipalities returns all municipalities by code. The slice is the caller's own.
func Municipalities() []Area {
	return append([]Area(nil), loaded().areas...)
}

// FederalStates returns the 32 states by code. The slice is the caller's own.
func FederalStates() []FederalState {
	return append([]FederalState(nil), loaded().states...)
}

// BorderLocalities returns the towns of the border selection by code. The slice is the caller's own.
func BorderLocalities() []Locality {
	return append([]Locality(nil), loaded().localities...)
}

// ZoneName returns the IANA time zone that a municipality keeps, and whether the code is known.
func ZoneName(code string) (string, bool) {
	a, ok := Municipality(code)
	return a.Zone, ok
}

// Zone returns the time zone that a municipality keeps. The error is ErrUnknownMunicipality for a code that is not in the
// gazetteer; any other error means that this machine has no time zone data and the program was built without its own.
func Zone(code string) (*time.Location, error) {
	name, ok := ZoneName(code)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownMunicipality, code)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone of municipality %s: %w", code, err)
	}
	return loc, nil
}

// Label names the municipality for a reader: "Tapachula, Chiapas".
func (a Area) Label() string { return a.Name + ", " + a.StateName }
