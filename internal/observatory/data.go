package observatory

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
)

// encountersTitle is the catalogue key of the series' title.
const encountersTitle = "series.cbp_encounters"

var cbpSource = SourceData{
	Source:    "cbp",
	Publisher: "U.S. Customs and Border Protection",
	Title:     "Nationwide Encounters",
	URL:       "https://www.cbp.gov/document/stats/nationwide-encounters",
	Licence:   "US government work, public domain in the United States",
}

var encountersSeries = SeriesData{
	ID:          EncountersID,
	Title:       encountersTitle,
	Unit:        "events",
	Geography:   "USA",
	Source:      cbpSource.Source,
	FiscalStart: int(cbpFiscalStart),
	Importer:    "cbp-encounters",
}

//go:embed data/cbp-nationwide-encounters-fy20-fy23-state.csv.gz
var encountersFile []byte

// Encounters is CBP's file of nationwide encounters by state, fiscal years 2020 to 2023, byte for byte as published: 42,532 rows. See
// data/PROVENANCE.md. A failure to unpack it shows as an error of the first Read.
func Encounters() io.Reader {
	r, err := gzip.NewReader(bytes.NewReader(encountersFile))
	if err != nil {
		return broken{fmt.Errorf("the CBP file in this program is damaged: %w", err)}
	}
	return r
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
