package console

import (
	"net/http"

	"clause.dev/clause/api"
)

// alertsPage is a page of the alerts, the newest first.
type alertsPage struct {
	Alerts []api.Alert
	Next   string
}

func (v *visit) alerts() error {
	all, next, err := v.door.Desks.Alerts.List(v.r.Context(), v.who.Caller, v.tenant, v.query("after"), listed)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "alerts", alertsPage{all, next}, nil)
}

// acknowledge says that who is signed in sees to an alert: it goes to nobody else.
func (v *visit) acknowledge() error {
	_, err := v.door.Desks.Alerts.Acknowledge(v.r.Context(), v.who.Caller, v.tenant, v.r.PathValue("alert"))
	if err != nil {
		return err
	}
	v.redirect("at/" + v.tenant + "/alerts#" + v.r.PathValue("alert"))
	return nil
}
