package account

import (
	"net/http"
	"strconv"
)

// The page on which anybody can say that somebody who has an account is too young.

func (v *visit) minorForm() error { return v.show(http.StatusOK, "minor", nil, nil) }

func (v *visit) minor() error {
	err := v.door.Accounts.Report(v.r.Context(), v.door.Tenant, v.field("login"), v.source(), v.door.Desks.ReportMinor)
	if err != nil {
		return v.complain(err, "minor", nil)
	}
	return v.say(http.StatusOK, "minor-told")
}

// Minors reports whether a minor can be reported.
func (p *page) Minors() bool { return p.door.Desks.ReportMinor != nil }

// LeastAge is the age below which nobody has an account.
func (p *page) LeastAge() string { return strconv.Itoa(p.door.MinAge) }
