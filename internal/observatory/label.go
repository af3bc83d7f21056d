package observatory

import (
	"strings"

	"amparo/internal/lang"
)

// KeyLabel is the name of a key in the reader's language.
func KeyLabel(tag lang.Tag, key string) string { return lang.T(tag, "code.series_key."+key) }

// UnitLabel is the name of a unit in the reader's language: what is being counted, and what is not.
func UnitLabel(tag lang.Tag, unit string) string { return lang.T(tag, "code.unit."+unit) }

// Label is the name of a code under a key in the reader's language. Years and states are as they are written; a month is "2022-10".
func Label(tag lang.Tag, key, code string) string {
	switch {
	case code == "":
		return ""
	case key == KeyNationality && code != Other:
		return lang.Country(tag, code)
	case key == KeyNationality, key == KeyRegion, key == KeyDemographic, key == KeyAuthority:
		label := lang.T(tag, "code.series_"+key+"."+code)
		if strings.HasPrefix(label, "[") { // a code of another publisher, for which there is no name yet
			return code
		}
		return label
	}
	return code
}
