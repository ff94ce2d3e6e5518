package main

import (
	"os"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

// tenantOffBoardCmd off-boards a tenant, or tells how far that has come.
type tenantOffBoardCmd struct {
	ID          string `arg:"" help:"The tenant."`
	Yes         bool   `help:"Do not ask for the id again."`
	Certificate string `placeholder:"FILE" help:"Write the certificate there, if it is issued already; the status is 3 until it is."`
	Server      server `embed:""`
	JSON        bool   `help:"Print how far it has come as JSON."`
}

// Run off-boards the tenant, once its id was typed again. Asked again, it tells how far that has come.
func (c *tenantOffBoardCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	if !c.Yes {
		if err := (&tenantEraseCmd{ID: c.ID}).confirm(e); err != nil {
			return err
		}
	}
	o, err := s.OffBoard(e.Context, c.ID)
	if err != nil {
		return told(err)
	}
	if c.JSON {
		err = printJSON(e, o)
	} else {
		c.show(e, &o)
	}
	if err != nil || c.Certificate == "" {
		return err
	}
	if o.Certificate.Issued == nil {
		return notNow
	}
	document, err := s.CertificateDocument(e.Context, c.ID, o.Certificate.ID)
	if err != nil {
		return told(err)
	}
	if err := os.WriteFile(c.Certificate, document, 0o644); err != nil {
		return fault.New("clause.tenant", fault.Invalid, "%q cannot be written: %v", c.Certificate, rootCause(err))
	}
	return nil
}

func (c *tenantOffBoardCmd) show(e *env, o *api.OffBoarding) {
	e.printf("%s  %s: nothing of it can be read any more, nor brought back\n", e.paint(good, "off-boarded"), c.ID)
	switch {
	case o.Certificate.Issued != nil:
		e.printf("             %s removed; certificate %s was issued %s\n", removed(o.Certificate.Removed), o.Certificate.ID, o.Certificate.Issued.UTC().Format(time.RFC3339))
	case len(o.Sweeping) > 0:
		e.printf("             being removed: %s so far; certificate %s follows\n", removed(o.Sweeping), o.Certificate.ID)
	default:
		e.printf("             being removed; certificate %s follows\n", o.Certificate.ID)
	}
	if o.Due != nil && o.Certificate.Issued == nil {
		e.printf("             promised by %s\n", o.Due.UTC().Format(time.RFC3339))
	}
}
