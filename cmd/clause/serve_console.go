package main

import (
	"context"
	"net"
	"os"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/console"
	"clause.dev/clause/internal/fault"
)

// staffDoor is the console, on a listener of its own.
type staffDoor struct {
	Console string `env:"CLAUSE_CONSOLE" placeholder:"HOST:PORT" help:"Listen here too, for staff: the console (docs/console.md). Keep it off the public network."`
	URL     string `name:"console-url" env:"CLAUSE_CONSOLE_URL" placeholder:"URL" help:"The address staff use; no other host name is answered for. Default: the address listened at."`
	Roles   string `name:"console-roles" env:"CLAUSE_CONSOLE_ROLES" placeholder:"FILE" help:"A JSON file of what members may do there, by role. Without it they see the boards, and nothing else."`

	at net.Listener
}

// config listens, and fills in what the server must know before it opens.
func (s *staffDoor) config(into *app.Config) (err error) {
	const op = "clause.console"
	if s.Console == "" {
		if s.URL != "" || s.Roles != "" {
			return fault.New(op, fault.Invalid, "--console-url and --console-roles need --console")
		}
		return nil
	}
	if s.URL != "" && !isHost(s.URL) {
		return fault.New(op, fault.Invalid, "--console-url is not the address of a server").WithHint("for example https://console.acme.example")
	}
	if host, _, err := net.SplitHostPort(s.Console); err == nil && everywhere(host) && s.URL == "" {
		return fault.New(op, fault.Invalid, "--console does not say by which name staff come").WithHint("--console-url https://console.acme.example")
	}
	if s.Roles != "" {
		src, err := os.ReadFile(s.Roles)
		if err != nil {
			return unreadable(s.Roles, err)
		}
		if into.ConsoleRoles, err = console.ParseRoles(src); err != nil {
			return err
		}
	}
	if s.at, err = listenAt("--console", s.Console); err != nil {
		return err
	}
	into.Networks.Doors = append(into.Networks.Doors, "--console")
	into.ConsoleURL = s.URL
	if s.URL == "" {
		into.ConsoleURL = "https://" + s.at.Addr().String()
	}
	return nil
}

// doors serve the console, if there is one.
func (s *staffDoor) doors(a *app.App, f front) []func(context.Context) error {
	if s.at == nil {
		return nil
	}
	return []func(context.Context) error{func(ctx context.Context) error { return a.ServeConsole(ctx, s.at, f.cert) }}
}
