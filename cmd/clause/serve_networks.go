package main

import (
	"context"
	"net"
	"net/netip"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/gate/network"
)

// networks say from where each listener is reached.
type networks struct {
	Front   []string `name:"admit" env:"CLAUSE_ADMIT" placeholder:"RANGE" help:"The addresses, or ranges of them, from which applications reach the server; that of the server itself must be among them. Default: any."`
	People  []string `name:"admit-people" env:"CLAUSE_ADMIT_PEOPLE" placeholder:"RANGE" help:"From where people reach --people. Default: any."`
	Console []string `name:"admit-console" env:"CLAUSE_ADMIT_CONSOLE" placeholder:"RANGE" help:"From where staff reach --console. Default: any; where the policy promises address rules, this machine alone."`
	Figures []string `name:"admit-metrics" env:"CLAUSE_ADMIT_METRICS" placeholder:"RANGE" help:"From where --metrics is read. Default: this machine alone."`
	Proxies []string `name:"trusted-proxy" env:"CLAUSE_TRUSTED_PROXY" placeholder:"RANGE" help:"Proxies that stand before the server: what they add to X-Forwarded-For or Forwarded says where a request comes from."`
	Metrics string   `env:"CLAUSE_METRICS" placeholder:"HOST:PORT" help:"Listen here too, for the figures an operator needs, in the format of Prometheus (docs/operations.md)."`

	at net.Listener
}

// config listens, and fills in what the server must know before it opens.
func (n *networks) config(into *app.Config) (err error) {
	const op = "clause.networks"
	for _, list := range []struct {
		flag   string
		served bool
		from   []string
		to     *[]netip.Prefix
	}{
		{"--admit", true, n.Front, &into.Networks.Front},
		{"--admit-people", into.PeopleURL != "", n.People, &into.Networks.People},
		{"--admit-console", into.ConsoleURL != "", n.Console, &into.Networks.Console},
		{"--admit-metrics", n.Metrics != "", n.Figures, &into.Networks.Metrics},
		{"--trusted-proxy", true, n.Proxies, &into.Networks.Proxies},
	} {
		if *list.to, err = network.Parse(list.from); err != nil {
			return fault.New(op, fault.Invalid, "%s: %s", list.flag, fault.Public(err)).WithHint("write 192.0.2.7, or the range 192.0.2.0/28")
		}
		if len(list.from) > 0 && !list.served {
			return fault.New(op, fault.Invalid, "%s says who reaches a listener that there is not", list.flag)
		}
	}
	if n.Metrics == "" {
		return nil
	}
	into.Networks.Doors = append(into.Networks.Doors, "--metrics")
	n.at, err = listenAt("--metrics", n.Metrics)
	return err
}

// doors serve the figures, if somebody reads them.
func (n *networks) doors(a *app.App, f front) []func(context.Context) error {
	if n.at == nil {
		return nil
	}
	return []func(context.Context) error{func(ctx context.Context) error { return a.ServeMetrics(ctx, n.at, f.cert) }}
}
