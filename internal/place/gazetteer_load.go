// Reading the gazetteer's tables: strict, so that a damaged or half-edited file never becomes a place.

package place

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Mexico's land lies inside this box (degrees); a position outside it is a slip of columns or of sign.
const minLat, maxLat, minLon, maxLon = 14.0, 33.0, -118.6, -86.5

// readTable calls row for each record of a CSV table whose header is exactly the one given. The codes, in the first
// column, must have the given number of digits and ascend strictly.
func readTable(name string, data []byte, header []string, digits int, row func(rec []string) error) error {
	if !utf8.Valid(data) {
		return fmt.Errorf("%s: not UTF-8", name)
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = len(header)
	r.ReuseRecord = true
	first, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: header: %w", name, err)
	}
	if strings.Join(first, ",") != strings.Join(header, ",") {
		return fmt.Errorf("%s: header is %q, want %q", name, strings.Join(first, ","), strings.Join(header, ","))
	}
	last := ""
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		fail := func(err error) error { return fmt.Errorf("%s line %d: %w", name, line, err) }
		code := rec[0]
		if !isCode(code, digits) {
			return fail(fmt.Errorf("code %q is not %d digits", code, digits))
		}
		if code <= last {
			return fail(fmt.Errorf("code %s does not come after %s", code, last))
		}
		if strings.TrimSpace(rec[1]) != rec[1] || rec[1] == "" {
			return fail(fmt.Errorf("code %s: name %q", code, rec[1]))
		}
		if err := row(rec); err != nil {
			return fail(fmt.Errorf("code %s: %w", code, err))
		}
		last = strings.Clone(code)
	}
	if last == "" {
		return fmt.Errorf("%s: no rows", name)
	}
	return nil
}

func isCode(s string, digits int) bool {
	if len(s) != digits {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// parseGazetteer reads the four tables and checks each against the others.
func parseGazetteer(municipalities, states, zones, localities []byte) (*gazetteer, error) {
	g := &gazetteer{byCode: map[string]int{}}
	stateAt := map[string]int{}
	err := readTable("states.csv", states, []string{"code", "name", "official", "abbreviation", "zone"}, 2, func(rec []string) error {
		if err := checkZone(rec[4]); err != nil {
			return err
		}
		s := FederalState{Code: rec[0], Name: rec[1], Official: rec[2], Abbr: rec[3], Zone: rec[4]}
		if s.Official == "" || s.Abbr == "" {
			return errors.New("official name and abbreviation must not be empty")
		}
		stateAt[s.Code] = len(g.states)
		g.states = append(g.states, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	type exception struct{ name, zone string }
	exceptions := map[string]exception{}
	err = readTable("zone_exceptions.csv", zones, []string{"code", "name", "zone"}, 5, func(rec []string) error {
		exceptions[rec[0]] = exception{rec[1], rec[2]}
		return checkZone(rec[2])
	})
	if err != nil {
		return nil, err
	}
	err = readTable("municipalities.csv", municipalities, []string{"code", "name", "head", "lat", "lon", "population"}, 5, func(rec []string) error {
		si, ok := stateAt[rec[0][:2]]
		if !ok {
			return fmt.Errorf("no state %s", rec[0][:2])
		}
		st := g.states[si]
		a := Area{Code: rec[0], Name: rec[1], Head: rec[2], State: st.Code, StateName: st.Name, Zone: st.Zone}
		if a.Head == "=" { // the head town has the municipality's name, as most do
			a.Head = a.Name
		}
		if x, ok := exceptions[a.Code]; ok {
			if x.name != a.Name {
				return fmt.Errorf("the zone exception calls it %q", x.name)
			}
			a.Zone = x.zone
			delete(exceptions, a.Code)
		}
		var err error
		if a.Population, err = parsePopulation(rec[5]); err != nil {
			return err
		}
		if rec[3] != "" || rec[4] != "" {
			if a.Lat, a.Lon, err = parsePoint(rec[3], rec[4]); err != nil {
				return err
			}
			a.HasPoint = true
		}
		g.byCode[a.Code] = len(g.areas)
		g.areas = append(g.areas, a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for code := range exceptions {
		return nil, fmt.Errorf("zone_exceptions.csv: no municipality %s", code)
	}
	err = readTable("border_localities.csv", localities, []string{"code", "name", "border", "lat", "lon", "population", "counterpart"}, 9, func(rec []string) error {
		l := Locality{Code: rec[0], Name: rec[1], Municipality: rec[0][:5], Border: Border(rec[2]), Counterpart: rec[6]}
		if _, ok := g.byCode[l.Municipality]; !ok {
			return fmt.Errorf("no municipality %s", l.Municipality)
		}
		if l.Border != NorthBorder && l.Border != SouthBorder {
			return fmt.Errorf("border %q is neither north nor south", rec[2])
		}
		var err error
		if l.Lat, l.Lon, err = parsePoint(rec[3], rec[4]); err != nil {
			return err
		}
		if l.Population, err = parsePopulation(rec[5]); err != nil {
			return err
		}
		g.localities = append(g.localities, l)
		return nil
	})
	if err != nil {
		return nil, err
	}
	g.index = indexAreas(g)
	return g, nil
}

// checkZone accepts the shape of Mexico's IANA names; whether the zone exists is for the machine's time zone data to say.
func checkZone(name string) error {
	rest, ok := strings.CutPrefix(name, "America/")
	if !ok || rest == "" || strings.ContainsAny(rest, "/. ") {
		return fmt.Errorf("%q is not an American IANA time zone", name)
	}
	return nil
}

func parsePopulation(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("population: %w", err)
	}
	return int(n), nil
}

func parsePoint(lat, lon string) (float64, float64, error) {
	la, err := strconv.ParseFloat(lat, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("latitude: %w", err)
	}
	lo, err := strconv.ParseFloat(lon, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("longitude: %w", err)
	}
	// Written so that NaN, which compares false with everything, is refused too.
	if !(la >= minLat && la <= maxLat && lo >= minLon && lo <= maxLon) {
		return 0, 0, fmt.Errorf("position %s, %s lies outside Mexico", lat, lon)
	}
	return la, lo, nil
}
