package vault

import "strings"

// A purpose may outgrow the consents given to it: it sees more, or serves others. Then it has an edition,
// which each consent given from then on carries, and those without it count no more. Nothing has to be
// gone through, so that all of them end at one moment.

// editionMark is between a purpose and its edition in a person's standing. No id of a policy holds it.
const editionMark = "@"

// SetEditions says which editions the purposes are in; a purpose that is not named is in its first. It is
// called before the vault serves anybody.
func (v *Vault) SetEditions(editions map[string]string) {
	v.editions = editions
	if v.recent != nil {
		v.recent = &recent{people: map[person]*known{}}
	}
}

// standingConsents are those of the stored consents that cover what their purposes are now, as purposes.
func (v *Vault) standingConsents(stored []string) (purposes []string) {
	for _, s := range stored {
		purpose, edition, _ := strings.Cut(s, editionMark)
		if v.editions[purpose] == edition {
			purposes = with(purposes, purpose)
		}
	}
	return purposes
}

// stamped are consents as they are stored.
func (v *Vault) stamped(purposes []string) []string {
	if len(v.editions) == 0 {
		return purposes
	}
	stored := make([]string, len(purposes))
	for i, purpose := range purposes {
		stored[i] = purpose
		if edition := v.editions[purpose]; edition != "" {
			stored[i] += editionMark + edition
		}
	}
	return stored
}
