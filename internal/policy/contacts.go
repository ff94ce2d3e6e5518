package policy

import (
	"regexp"
	"slices"
	"strings"
)

// contactsForm reads how people are reached.
func contactsForm(c *Contacts) form {
	return form{what: "contacts", keys: []key{
		{"purpose", name{&c.Purpose, toPurpose}, true, "the purpose in whose name people are reached: it must read and see what is named here"},
		{"name", means{&c.Name, Text, c}, false, "the field of a person's name: data-set.field"},
		{"email", means{&c.Email, Email, c}, false, "the field of the email address"},
		{"phone", means{&c.Phone, Phone, c}, false, "the field of the telephone number"},
		{"address", means{&c.Address, Text, c}, false, "the field of the postal address"},
	}, after: func(r *reader, at func(string) *node) {
		c.Pos = at("").pos
		if c.Email == "" && c.Phone == "" && c.Address == "" {
			r.fail(at(""), MissingKey, "add email, phone or address", "contacts name no way to reach anybody")
		}
	}}
}

// means is a field by which people are reached.
type means struct {
	into     *string
	of       Type
	contacts *Contacts
}

var meansForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}\.[a-z][a-z0-9_-]{0,63}$`)

func (m means) words() text {
	return text{m.into, 130, meansForm, "data-set.field, both declared under data"}
}

func (m means) schema(v Vocabulary) object { return m.words().schema(v) }

func (m means) read(r *reader, key, n *node) {
	m.words().read(r, key, n)
	if meansForm.MatchString(*m.into) {
		r.later = append(r.later, func() { m.check(r, key, n) })
	}
}

// check finds fields that cannot hold what is looked for, and those the purpose may not read.
func (m means) check(r *reader, key, n *node) {
	if !r.resolve(n, toField) {
		return
	}
	id, fieldID, _ := strings.Cut(*m.into, ".")
	set, _ := r.policy.DataSet(id)
	field, _ := set.Field(fieldID)
	if field.Type != m.of {
		r.fail(n, Contradiction, "name a field of type "+string(m.of), "%s of contacts cannot be %s, a field of type %s", key.value, *m.into, field.Type)
	}
	if set.Many {
		r.fail(n, Contradiction, "name a field of a data set of one record", "%s of contacts cannot be %s: a person can have several", key.value, *m.into)
	}
	if purpose, ok := r.policy.Purpose(m.contacts.Purpose); ok && !purpose.reads(id, fieldID) {
		r.fail(n, Contradiction, "let it read and see the field, or name another purpose", "the purpose %q may not read %s", purpose.ID, *m.into)
	}
}

// reads reports whether the purpose may read a field.
func (u *Purpose) reads(set, field string) bool {
	return slices.Contains(u.May, Read) && slices.ContainsFunc(u.Sees, func(s Sight) bool {
		return s.DataSet == set && slices.Contains(s.Fields, field)
	})
}
