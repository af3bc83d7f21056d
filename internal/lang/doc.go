// Package lang speaks to people: five catalogues of texts (Spanish first, English, French, Portuguese, Haitian Creole),
// CLDR's plural rules, and numbers, dates, lists, countries and languages as the reader writes them.
//
// Texts live in data/<tag>.json, one key a line, sorted. Spanish is the reference: the other four have exactly its keys
// and its placeholders, and the package does not start otherwise. A text is a string, or one string for each plural form
// that the language has; {name} in it is a placeholder, and the value of {n} chooses the form.
//
// Which default: an unknown tag reads as Spanish. A key that is not there gives the key in brackets; the tests search
// the whole repository for such keys, and for texts that nobody shows.
//
// Haitian Creole was written without a native speaker of the route. The keys whose wording is in doubt are listed in
// data/ht-unconfirmed.json until a speaker has confirmed them; see Unconfirmed. CLDR's own list of country names for
// Haitian Creole is French, so it is not used; see Country.
//
// Everything here is pure and may be used from many goroutines at once.
package lang
