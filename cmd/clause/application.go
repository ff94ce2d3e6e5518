package main

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

// applicationCmd holds what an administrator does to applications.
type applicationCmd struct {
	Create applicationCreateCmd `cmd:"" help:"Let a program in: make it a key, bound to tenants, purposes and an environment."`
	List   applicationListCmd   `cmd:"" help:"List the applications, without their keys, which the server does not have."`
	Revoke applicationRevokeCmd `cmd:"" help:"End an application and its keys, from the next request on."`
	Key    applicationKeyCmd    `cmd:"" help:"Keys of an application: give it a new one, list them, end one."`
}

// applicationCreateCmd makes an application.
type applicationCreateCmd struct {
	Title       string   `arg:"" help:"Its name for people."`
	Tenant      []string `placeholder:"ID" help:"A tenant whose data it may ask for; may be repeated."`
	Purpose     []string `placeholder:"ID" help:"A purpose of the policy that it may name; may be repeated."`
	Scope       []string `required:"" enum:"data,subjects,audit,duties,rights,bounces,grants,admin" placeholder:"SCOPE" help:"What it may use: data (records), subjects (create and erase people, consents), audit (ledgers), duties (clocks of what is owed), rights (requests of people), bounces (mail that came back), grants (allow staff to see the customer's data), admin (tenants, applications, probes); may be repeated."`
	Environment string   `default:"production" placeholder:"ID" help:"The one environment it belongs to. Default: ${default}."`
	Expires     string   `placeholder:"TIME" help:"When its key stops working: in 90d or 12h, or at a time as 2027-01-31T00:00:00Z. Default: never."`
	Certificate string   `placeholder:"NAME" help:"The name of its client certificate, a DNS name or a URI: its keys and tokens then work over connections alone that showed it. The server needs --client-ca."`
	KeyTo       string   `placeholder:"FILE" help:"Write the key to this new file, which you alone can read. Without it the key is printed, this once."`
	Server      server   `embed:""`
	JSON        bool     `help:"Print the application as JSON."`
}

// Run makes the application.
func (c *applicationCreateCmd) Run(e *env) error {
	expires, err := timeFrom("--expires", c.Expires, e.Now())
	if err != nil {
		return err
	}
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	app, key, err := handOver(c.KeyTo, func() (api.Application, string, error) {
		return s.CreateApplication(e.Context, api.NewApplication{
			Title: c.Title, Tenants: c.Tenant, Purposes: c.Purpose, Scopes: c.Scope, Environment: c.Environment, Expires: expires, Certificate: c.Certificate,
		})
	}, func(a api.Application) (what, hint string) {
		return "application " + a.ID, "clause application revoke " + a.ID + ", then make it again"
	})
	if err != nil {
		return err
	}
	return c.tell(e, app, key)
}

func (c *applicationCreateCmd) tell(e *env, app api.Application, key string) error {
	if c.JSON {
		return printJSON(e, struct {
			api.Application
			Key string `json:"key,omitempty"`
		}{app, key})
	}
	e.printf("%s  %s, application %s\n", e.paint(good, "created"), app.Title, app.ID)
	if key != "" {
		e.printf("its key, which cannot be shown again:\n%s\n", key)
		return nil
	}
	e.printf("         its key is in %s\n", c.KeyTo)
	return nil
}

// timeFrom reads what a flag says of a time: a span from now, or a time; zero for "".
func timeFrom(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			return now.AddDate(0, 0, n), nil
		}
	}
	if span, err := time.ParseDuration(text); err == nil && span > 0 {
		return now.Add(span), nil
	}
	return time.Time{}, fault.New("clause.application", fault.Invalid, "%s is neither a span nor a time", flag).WithHint("90d, 12h, or 2027-01-31T00:00:00Z")
}

// applicationListCmd lists the applications.
type applicationListCmd struct {
	Server server `embed:""`
	JSON   bool   `help:"Print the applications as JSON."`
}

// Run lists the applications, revoked and expired ones too.
func (c *applicationListCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	all, err := s.Applications(e.Context)
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, api.Applications{Applications: append([]api.Application{}, all...)})
	}
	rows := [][]string{{"APPLICATION", "STATE", "SCOPES", "TENANTS", "PURPOSES", "ENVIRONMENT", "TITLE"}}
	for _, a := range all {
		rows = append(rows, []string{
			a.ID, validity(a, e.Now()), strings.Join(a.Scopes, ","), listOrNone(a.Tenants), listOrNone(a.Purposes), a.Environment, a.Title,
		})
	}
	showTable(e, rows)
	return nil
}

func listOrNone(ids []string) string { return cmp.Or(strings.Join(ids, ","), "-") }

// validity says whether an application's key works.
func validity(a api.Application, now time.Time) string {
	switch {
	case a.Revoked != nil:
		return "revoked"
	case a.Expires.IsZero():
		return "valid"
	case now.After(a.Expires):
		return "expired"
	}
	return "until " + a.Expires.Format("2006-01-02")
}

// applicationRevokeCmd ends an application.
type applicationRevokeCmd struct {
	ID     string `arg:"" help:"The application, as clause application list shows it."`
	Server server `embed:""`
}

// Run revokes the application.
func (c *applicationRevokeCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	if err := s.RevokeApplication(e.Context, c.ID); err != nil {
		return told(err)
	}
	e.printf("%s  %s: its keys are refused from now on\n", e.paint(good, "revoked"), c.ID)
	return nil
}
