package match

// Nicknames gives, for the sound of a name part (see Sound), the sounds of the parts it may stand for: of a short form the full names and its
// other short forms, of a full name its short forms. The list belongs to the package and must not be changed.
func Nicknames(sound string) []string { return nicknames()[sound] }
