package observatory

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"
)

// Other is the residual class of nationality in which a publisher puts everyone it does not list. It is never a country.
const Other = "OTHER"

// The keys by which the rows of a series can be told apart. The first three are read from the month and are there in every series.
const (
	KeyFiscalYear  = "fiscal_year"
	KeyYear        = "year"
	KeyMonth       = "month"
	KeyRegion      = "region"
	KeyState       = "state"
	KeyNationality = "nationality"
	KeyDemographic = "demographic"
	KeyAuthority   = "authority"
)

// Which column of CBP's file gives which key.
const (
	columnRegion      = "Land Border Region"
	columnState       = "State"
	columnDemographic = "Demographic"
	columnCitizenship = "Citizenship"
	columnAuthority   = "Title of Authority"
)

// aliases are other names under which people ask for a key: the publisher's, and short ones.
var aliases = map[string]string{
	"fy": KeyFiscalYear, "calendar_year": KeyYear, "land_border_region": KeyRegion, "border": KeyRegion, "citizenship": KeyNationality,
	"country": KeyNationality, "demographics": KeyDemographic, "title_of_authority": KeyAuthority, "title": KeyAuthority,
}

//go:embed data/cbp-codes.csv
var cbpCodesFile string

// cbpWords gives, for each column of CBP's file, the code of each word that CBP uses in it.
var cbpWords = must(readCodes(cbpCodesFile))

// wordsOfKey gives, for each key, the code of each of CBP's words, folded: people may ask in CBP's own words.
var wordsOfKey = map[string]map[string]string{
	KeyRegion:      folded(cbpWords[columnRegion]),
	KeyDemographic: folded(cbpWords[columnDemographic]),
	KeyNationality: folded(cbpWords[columnCitizenship]),
	KeyAuthority:   folded(cbpWords[columnAuthority]),
	KeyState:       folded(states),
}

// states are the two-letter codes of the United States Postal Service: states, the capital's district, and inhabited territories.
var states = func() map[string]string {
	out := map[string]string{}
	for s := range strings.FieldsSeq(`AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY
		NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI`) {
		out[s] = s
	}
	return out
}()

// readCodes reads a code list: column, word, code. Every word is there once and every column is one of those read here.
func readCodes(text string) (map[string]map[string]string, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("code list: %w", err)
	}
	out := map[string]map[string]string{columnRegion: {}, columnDemographic: {}, columnCitizenship: {}, columnAuthority: {}}
	for i, row := range rows {
		if i == 0 {
			if strings.Join(row, ",") != "column,word,code" {
				return nil, fmt.Errorf("code list: header %q", row)
			}
			continue
		}
		column, word, code := row[0], row[1], row[2]
		words, known := out[column]
		if !known || word == "" || code == "" || words[word] != "" {
			return nil, fmt.Errorf("code list: line %d: %q", i+1, row)
		}
		if column == columnCitizenship && code != Other && len(code) != 3 {
			return nil, fmt.Errorf("code list: line %d: %q is no alpha-3 code", i+1, code)
		}
		words[word] = code
	}
	return out, nil
}

func folded(words map[string]string) map[string]string {
	out := make(map[string]string, len(words))
	for w, code := range words {
		out[fold(w)] = code
	}
	return out
}

// fold makes the ways of writing one word equal: case, blanks, and the signs between words do not count.
func fold(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return r == ' ' || r == '_' || r == '-' || r == '/' || r == '\t'
	}), " ")
}
