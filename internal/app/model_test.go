package app_test

import (
	"maps"
	"slices"

	"clause.dev/clause/client"
)

// simple is what a tenant ought to hold: a slow and obvious model of Clesaro's policy.
type simple struct {
	tenant string
	key    string
	client *client.Client
	people map[string]human
	order  []string // their ids, the oldest first; erased ones too
}

// human is a person as the model knows them; it is a value, so that a backup keeps a copy.
type human struct {
	erased, restricted bool
	consent, objected  bool
	name, email        string // of the record identity/main; both "" without one
	spent              map[string]string
}

func (h human) copied() human {
	h.spent = maps.Clone(h.spent)
	return h
}

// snapshot is what a backup made now holds.
func (m *simple) snapshot() map[string]human {
	out := map[string]human{}
	for id, h := range m.people {
		out[id] = h.copied()
	}
	return out
}

// reading is what a read of identity/main for the purpose ought to answer: the status, 0 for success,
// and the fields.
func (h human) reading(purpose string) (status int, name, email string) {
	if h.erased {
		return 404, "", ""
	}
	if h.restricted || purpose == "insights" && !h.consent || purpose == "security" && h.objected {
		return 403, "", ""
	}
	if h.email == "" {
		return 404, "", ""
	}
	switch purpose {
	case "insights":
		return 0, h.name, ""
	case "security":
		return 0, "", h.email
	}
	return 0, h.name, h.email
}

// writing is what a change of the person's data ought to answer, for a purpose of the contract.
func (h human) writing() int {
	switch {
	case h.erased:
		return 404
	case h.restricted:
		return 403
	}
	return 0
}

// standing is what a change of what the person allows ought to answer.
func (h human) standing() int {
	if h.erased {
		return 404
	}
	return 0
}

// taken reports whether another person of the tenant has the email, which is unique.
func (m *simple) taken(email, by string) bool {
	for id, h := range m.people {
		if id != by && !h.erased && h.email == email {
			return true
		}
	}
	return false
}

// purposes are those the model reads identity/main for.
var purposes = []string{"account", "insights", "security"}

// spentOf are the ids of a person's transactions, in a fixed order.
func (h human) spentOf() []string { return slices.Sorted(maps.Keys(h.spent)) }
