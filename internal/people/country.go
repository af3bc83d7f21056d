package people

import "amparo/internal/people/typed"

// countryNamed is the alpha-3 code for a word in lower case without accents, in any of the five languages; empty when it is none.
func countryNamed(word string) string { return typed.CountryNamed(word) }
