package policy

// Advise says which of the known names was probably meant by one that is not known, or lists them.
func Advise(name string, known []string) string { return advise(name, known) }
