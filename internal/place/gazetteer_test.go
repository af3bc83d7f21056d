package place

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestMunicipalityKnownCodes(t *testing.T) {
	for _, w := range []struct{ code, name, state, zone string }{
		{"07089", "Tapachula", "Chiapas", "America/Mexico_City"},
		{"30039", "Coatzacoalcos", "Veracruz", "America/Mexico_City"},
		{"28032", "Reynosa", "Tamaulipas", "America/Matamoros"},
		{"28022", "Matamoros", "Tamaulipas", "America/Matamoros"},
		{"28027", "Nuevo Laredo", "Tamaulipas", "America/Matamoros"},
		{"28041", "Victoria", "Tamaulipas", "America/Monterrey"},
		{"05025", "Piedras Negras", "Coahuila", "America/Matamoros"},
		{"05017", "Matamoros", "Coahuila", "America/Monterrey"},
		{"19039", "Monterrey", "Nuevo León", "America/Monterrey"},
		{"19005", "Anáhuac", "Nuevo León", "America/Matamoros"},
		{"27004", "Centro", "Tabasco", "America/Mexico_City"},
		{"27017", "Tenosique", "Tabasco", "America/Mexico_City"},
		{"20327", "San Pedro Tapanatepec", "Oaxaca", "America/Mexico_City"},
		{"02004", "Tijuana", "Baja California", "America/Tijuana"},
		{"02007", "San Felipe", "Baja California", "America/Tijuana"},
		{"08037", "Juárez", "Chihuahua", "America/Ciudad_Juarez"},
		{"08052", "Ojinaga", "Chihuahua", "America/Ojinaga"},
		{"08019", "Chihuahua", "Chihuahua", "America/Chihuahua"},
		{"26043", "Nogales", "Sonora", "America/Hermosillo"},
		{"23005", "Benito Juárez", "Quintana Roo", "America/Cancun"},
		{"18020", "Bahía de Banderas", "Nayarit", "America/Bahia_Banderas"},
		{"18017", "Tepic", "Nayarit", "America/Mazatlan"},
		{"31050", "Mérida", "Yucatán", "America/Merida"},
		{"09007", "Iztapalapa", "Ciudad de México", "America/Mexico_City"},
		{"09015", "Cuauhtémoc", "Ciudad de México", "America/Mexico_City"},
	} {
		a, ok := Municipality(w.code)
		if !ok || a.Name != w.name || a.StateName != w.state || a.Zone != w.zone {
			t.Errorf("Municipality(%s) = %q, %q, %q, %v; want %q, %q, %q", w.code, a.Name, a.StateName, a.Zone, ok, w.name, w.state, w.zone)
		}
	}
	for _, code := range []string{"", "7089", "070890", "99001", "07000", "0708９"} {
		if a, ok := Municipality(code); ok {
			t.Errorf("Municipality(%q) found %q", code, a.Name)
		}
		if _, err := Zone(code); !errors.Is(err, ErrUnknownMunicipality) {
			t.Errorf("Zone(%q): %v, want ErrUnknownMunicipality", code, err)
		}
	}
}

// The whole table against INEGI's own totals, so that a lost or doubled row is seen.
func TestGazetteerWhole(t *testing.T) {
	areas := Municipalities()
	population, alcaldías, unplaced, border := 0, 0, 0, 0
	for _, a := range areas {
		population += a.Population
		if a.State == "09" {
			alcaldías++
		}
		if !a.HasPoint {
			unplaced++
		} else if a.Lat*100 != math.Round(a.Lat*100) && math.Abs(a.Lat*100-math.Round(a.Lat*100)) > 1e-6 {
			t.Errorf("%s: latitude %v is finer than two decimals", a.Code, a.Lat)
		}
		switch a.Zone {
		case "America/Matamoros", "America/Ciudad_Juarez", "America/Ojinaga":
			border++
		}
		if _, err := Zone(a.Code); err != nil {
			t.Errorf("%s %s: %v", a.Code, a.Name, err)
		}
	}
	if len(areas) != 2478 || population != 126_014_024 || alcaldías != 16 || unplaced != 2 {
		t.Errorf("%d municipalities, %d people, %d alcaldías, %d unplaced; want 2478, 126014024, 16, 2", len(areas), population, alcaldías, unplaced)
	}
	// Ley de los Husos Horarios, art. 4: 22 along Texas on Central time, 8 in Chihuahua.
	if border != 30 {
		t.Errorf("%d municipalities keep a border zone, want 30", border)
	}
	if n := len(FederalStates()); n != 32 {
		t.Errorf("%d states, want 32", n)
	}
	north, south := 0, 0
	for _, l := range BorderLocalities() {
		if _, ok := Municipality(l.Municipality); !ok {
			t.Errorf("%s: no municipality %s", l.Name, l.Municipality)
		}
		if l.Border == NorthBorder {
			north++
		} else {
			south++
		}
	}
	if north != 20 || south != 14 {
		t.Errorf("%d localities north and %d south, want 20 and 14", north, south)
	}
}

// The clock change of 8 March 2026 happens along the border and nowhere else: 36 hours from the same wall time end at
// different wall times.
func TestZoneBorderClockChange(t *testing.T) {
	for _, w := range []struct {
		code string
		hour int
	}{{"28032", 9}, {"28022", 9}, {"08037", 9}, {"08052", 9}, {"02004", 9}, {"07089", 8}, {"09015", 8}, {"26043", 8}, {"23005", 8}, {"05017", 8}} {
		loc, err := Zone(w.code)
		if err != nil {
			t.Fatal(err)
		}
		end := time.Date(2026, 3, 7, 20, 0, 0, 0, loc).Add(36 * time.Hour)
		if end.Hour() != w.hour || end.Day() != 9 {
			t.Errorf("%s: 36 hours from 7 March 20:00 end %s, want 9 March %02d:00", w.code, end, w.hour)
		}
	}
}

func TestSearchMunicipality(t *testing.T) {
	for _, w := range []struct{ query, first string }{
		{"tapachula", "07089"},
		{"TAPÁCHULA", "07089"},
		{"tapach", "07089"},
		{"Reynosa", "28032"},
		{"reynosa, tamps", "28032"},
		{"coatza", "30039"},
		{"matamoros", "28022"},
		{"matamoros coah", "05017"},
		{"guerrero tamaulipas", "28014"},
		{"ciudad juarez", "08037"}, // by a border town's name
		{"juarez chih", "08037"},
		{"villahermosa", "27004"}, // by its head town
		{"tapanatepec", "20327"},
		{"iztapalapa", "09007"},
		{"merida", "31050"},
		{"cuauhtemoc ciudad de mexico", "09015"},
		{"28032", "28032"},
		{"penon blanco", "10021"},
		{"gustavo a madero", "09005"},
	} {
		got := SearchMunicipality(w.query, 5)
		if len(got) == 0 || len(got) > 5 || got[0].Code != w.first {
			t.Errorf("SearchMunicipality(%q) = %v, want %s first", w.query, labels(got), w.first)
		}
	}
	for _, q := range []string{"", "  ", "¡!", "xyzzy", "tapachula sonora"} {
		if got := SearchMunicipality(q, 5); len(got) != 0 {
			t.Errorf("SearchMunicipality(%q) = %v, want nothing", q, labels(got))
		}
	}
	if n := len(SearchMunicipality("07", 0)); n < 120 {
		t.Errorf("the code prefix 07 finds %d, want every municipality of Chiapas", n)
	}
}

func labels(areas []Area) []string {
	var out []string
	for _, a := range areas {
		out = append(out, a.Code+" "+a.Label())
	}
	return out
}

// A table that is wrong in one place is refused, and the message names the table.
func TestParseGazetteerRefuses(t *testing.T) {
	const (
		mun    = "code,name,head,lat,lon,population\n07089,Tapachula,=,14.91,-92.26,353706\n"
		sta    = "code,name,official,abbreviation,zone\n07,Chiapas,Chiapas,Chis.,America/Mexico_City\n"
		zon    = "code,name,zone\n07089,Tapachula,America/Mexico_City\n"
		bor    = "code,name,border,lat,lon,population,counterpart\n070890001,Tapachula,south,14.91,-92.26,217550,\n"
		second = "07089,Tapachula,=,14.91,-92.26,353706\n"
	)
	if _, err := parseGazetteer([]byte(mun), []byte(sta), []byte(zon), []byte(bor)); err != nil {
		t.Fatalf("the sound tables: %v", err)
	}
	for _, w := range []struct{ table, old, new string }{
		{mun, "code,name,head", "code,head,name"},
		{mun, "07089,", "7089,"},
		{mun, "07089,", "0708x,"},
		{mun, "07089,", "08089,"},
		{mun, "Tapachula", "Tapachula "},
		{mun, "Tapachula", ""},
		{mun, "14.91", "-14.91"},
		{mun, "14.91", "NaN"},
		{mun, "14.91", ""},
		{mun, "-92.26", "92.26"},
		{mun, "353706", "353,706"},
		{mun, "353706", "-1"},
		{mun, "353706", "1e5"},
		{mun, second, second + second},
		{mun, second, ""},
		{mun, "Tapachula", "Tapach\xffula"},
		{sta, "America/Mexico_City", "Mexico_City"},
		{sta, "America/Mexico_City", "America/../etc"},
		{sta, "Chis.", ""},
		{zon, "07089", "07001"},
		{zon, "Tapachula", "Reynosa"},
		{zon, "America/", "Europe/"},
		{bor, "south", "east"},
		{bor, "070890001", "079990001"},
		{bor, "-92.26", "-9.226"},
		{bor, "217550,", "217550"},
	} {
		tables := []string{mun, sta, zon, bor}
		names := []string{"municipalities.csv", "states.csv", "zone_exceptions.csv", "border_localities.csv"}
		at := -1
		for i := range tables {
			if tables[i] == w.table {
				at = i
				tables[i] = strings.Replace(tables[i], w.old, w.new, 1)
			}
		}
		_, err := parseGazetteer([]byte(tables[0]), []byte(tables[1]), []byte(tables[2]), []byte(tables[3]))
		if err == nil {
			t.Errorf("%s with %q for %q was accepted", names[at], w.new, w.old)
		} else if !strings.Contains(err.Error(), ".csv") {
			t.Errorf("the refusal does not name a table: %v", err)
		}
	}
}

// Whatever a table holds, parsing either refuses it or gives areas that keep the promises of Area.
func FuzzParseGazetteer(f *testing.F) {
	f.Add("code,name,head,lat,lon,population\n07089,Tapachula,=,14.91,-92.26,353706\n")
	f.Add("code,name,head,lat,lon,population\n07001,\"A, B\",,,,0\n07002,C,=,20,-100,1\n")
	sta := []byte("code,name,official,abbreviation,zone\n07,Chiapas,Chiapas,Chis.,America/Mexico_City\n")
	zon := []byte("code,name,zone\n07089,Tapachula,America/Mexico_City\n")
	bor := []byte("code,name,border,lat,lon,population,counterpart\n070890001,Tapachula,south,14.91,-92.26,217550,\n")
	f.Fuzz(func(t *testing.T, municipalities string) {
		g, err := parseGazetteer([]byte(municipalities), sta, zon, bor)
		if err != nil {
			return
		}
		for i, a := range g.areas {
			if len(a.Code) != 5 || a.State != "07" || a.Name == "" || a.Zone == "" || a.Population < 0 || g.byCode[a.Code] != i {
				t.Fatalf("accepted %+v", a)
			}
			if a.HasPoint && !(a.Lat >= minLat && a.Lat <= maxLat && a.Lon >= minLon && a.Lon <= maxLon) {
				t.Fatalf("accepted a position outside Mexico: %+v", a)
			}
		}
	})
}

func BenchmarkSearchMunicipality(b *testing.B) {
	loaded()
	for b.Loop() {
		SearchMunicipality("san jua", 10)
	}
}
