package incident

// Say is a word in a language.
func (d *Desk) Say(word, language string) string {
	return speech{language, d.Policy, d.Engine.Zone}.Say(word)
}
