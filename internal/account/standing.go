package account

import "clause.dev/clause/internal/fault"

// inForce is what somebody's rights hold up now.
type inForce struct {
	Restricted bool
	Objections []purposeView
}

// Any reports whether there is anything that can be ended.
func (f inForce) Any() bool { return f.Restricted || len(f.Objections) > 0 }

func (v *visit) inForce() (f inForce, err error) {
	k := &v.door.Desks
	who, err := k.Vault.Standing(v.r.Context(), k.Caller, v.door.Tenant, v.who.Subject)
	f.Restricted = who.Restricted
	for _, id := range who.Objections {
		f.Objections = append(f.Objections, purposeView{ID: id, Title: v.purpose(id)})
	}
	return f, err
}

// lift ends a restriction, or an objection to a purpose: it was the person's to ask for, and is theirs to end.
func (v *visit) lift() error {
	k, ctx := &v.door.Desks, v.r.Context()
	var err error
	switch v.field("what") {
	case "restriction":
		err = k.Vault.SetRestriction(ctx, k.Caller, v.door.Tenant, v.who.Subject, false)
	case "objection":
		err = k.Vault.SetObjection(ctx, k.Caller, v.door.Tenant, v.who.Subject, v.field("purpose"), false)
	default:
		err = fault.New("account.lift", fault.Invalid, "there is nothing of that kind")
	}
	if err != nil {
		return err
	}
	v.redirect("requests")
	return nil
}
