package typed

import (
	"strings"
	"sync"

	"amparo/internal/lang"
	"amparo/internal/match"
)

// demonyms are what registrars type for the nationalities of the route: Spanish, French, Portuguese and English forms, without accents.
const demonyms = `HND hondureno hondurena honduran hondurien hondurienne
GTM guatemalteco guatemalteca guatemalan guatemalteque chapin chapina
SLV salvadoreno salvadorena salvadoran salvadorien salvadorienne
NIC nicaraguense nica nicaraguan nicaraguayen
VEN venezolano venezolana venezuelan venezuelien venezuelano venezuelana
COL colombiano colombiana colombian colombien
ECU ecuatoriano ecuatoriana ecuadorian equatorien equatoriano
PER peruano peruana peruvian peruvien
CUB cubano cubana cuban cubain cubaine
HTI haitiano haitiana haitian haitien haitienne ayisyen ayisyenn ayiti
DOM dominicano dominicana dominican dominicain
BRA brasileno brasilena brasileiro brasileira brazilian bresilien
CHL chileno chilena chilean chilien
MEX mexicano mexicana mexican mexicain
CRI costarricense tico tica
PAN panameno panamena panamanian
CMR camerunes camerunesa cameroonian camerounais
COD congoles congolesa congolese congolais
SEN senegales senegalesa senegalese senegalais
GHA ghanes ghanesa ghanaian
AGO angolano angolana angoleno angolan
AFG afgano afgana afghan
IND indio india indian indien
CHN chino china chinese chinois
RUS ruso rusa russian russe
USA estadounidense gringo gringa american eeuu`

var countryWords = sync.OnceValue(func() map[string]string {
	words := map[string]string{}
	for _, tag := range lang.Tags() {
		for _, c := range lang.Countries(tag) {
			if c.Code == lang.Stateless || c.Code == lang.UnknownCountry {
				continue
			}
			words[strings.ToLower(c.Code)] = c.Code
			if name := match.Plain(c.Name); words[name] == "" {
				words[name] = c.Code
			}
		}
	}
	for line := range strings.Lines(demonyms) {
		f := strings.Fields(line)
		for _, word := range f[1:] {
			words[word] = f[0]
		}
	}
	// Codes that are name parts more often than they are typed as countries.
	for _, name := range []string{"mar", "ben", "guy", "dom", "nic", "tom", "lie", "cod", "and", "are", "per", "can", "pan", "sen", "ala", "lca", "bes", "dma", "mli"} {
		if code := words[name]; strings.EqualFold(code, name) && !onRoute[code] {
			delete(words, name)
		}
	}
	return words
})

// onRoute are countries whose code stays a word although it may be a name: registrars type it all day.
var onRoute = map[string]bool{"PER": true, "NIC": true, "DOM": true, "PAN": true, "SEN": true, "COD": true}

// CountryNamed is the alpha-3 code for the name of a country or of the people who come from it, or the code itself, in lower case
// without accents as match.Plain writes it, in any of the five languages; empty when it is none.
func CountryNamed(word string) string { return countryWords()[word] }
