package policy

// Unstated marks a line of a drafted policy, in a comment, that holds a default: a policy must have it,
// and the text that it was drafted from does not say it. Whoever has put in what is so takes the mark
// away.
const Unstated = "not stated in the text: fill in"
