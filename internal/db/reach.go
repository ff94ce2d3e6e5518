package db

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"clause.dev/clause/internal/fault"
)

// Reach is from where the store can be reached over a network.
type Reach struct {
	File    string      // of a store in one file, which no network reaches; "" for PostgreSQL
	Listens string      // the addresses PostgreSQL listens at, as it has them set; "" for none
	Rules   []Admission // whom it lets try to sign in over a network
}

// Admission is a line of pg_hba.conf that lets somebody try to sign in over a network.
type Admission struct {
	Line int
	From string       // as the line says
	List netip.Prefix // the addresses; invalid where the line names a host or the server's own networks
	All  bool         // every address
}

// Reach says from where the store can be reached. Refused where PostgreSQL does not let the server's role read its
// rules: docs/store.md has the grants.
func (d *DB) Reach(ctx context.Context) (Reach, error) {
	const op = "db.Reach"
	if err := ctx.Err(); err != nil {
		return Reach{}, fault.As(op, fault.Unavailable, err)
	}
	if d.Dialect() == SQLite {
		return Reach{File: d.Path()}, nil
	}
	var r Reach
	var may int64
	err := d.Get(ctx, "", `SELECT current_setting('listen_addresses'),
 CASE WHEN has_table_privilege('pg_hba_file_rules', 'SELECT') AND has_function_privilege('pg_hba_file_rules()', 'EXECUTE') THEN 1 ELSE 0 END`, nil, &r.Listens, &may)
	if err != nil || r.Listens == "" {
		return r, fault.Wrap(op, err)
	}
	if may == 0 {
		return r, fault.New(op, fault.Refused, "the server's role may not read PostgreSQL's rules of who connects").
			WithHint("GRANT SELECT ON pg_hba_file_rules and EXECUTE ON FUNCTION pg_hba_file_rules() to it: docs/store.md")
	}
	err = d.Read(ctx, "", func(tx *Tx) error {
		r.Rules = nil
		return tx.Each(`SELECT line_number, address, COALESCE(netmask, '') FROM pg_hba_file_rules
 WHERE address IS NOT NULL AND auth_method <> 'reject' ORDER BY line_number`, nil, func(scan func(...any) error) error {
			var a Admission
			var line int64
			var mask string
			err := scan(&line, &a.From, &mask)
			a.Line = int(line)
			a.List, a.All = listed(a.From, mask)
			r.Rules = append(r.Rules, a)
			return err
		})
	})
	return r, fault.Wrap(op, err)
}

// listed reads an address and a mask of pg_hba.conf.
func listed(address, mask string) (list netip.Prefix, all bool) {
	if address == "all" {
		return list, true
	}
	at, err := netip.ParseAddr(address)
	if err != nil { // a host's name, samehost, samenet
		return list, false
	}
	bits := at.BitLen()
	if m, err := netip.ParseAddr(mask); err == nil {
		bits, _ = net.IPMask(m.AsSlice()).Size()
	}
	list = netip.PrefixFrom(at, bits)
	return list, list.Bits() == 0
}

// knockWithin bounds a knock.
const knockWithin = 5 * time.Second

// Knock connects to PostgreSQL from an address of this machine, and reports whether it is let try to sign in. Invalid
// unless PostgreSQL is on this machine and listens there: from elsewhere nobody can speak as another address.
func (d *DB) Knock(ctx context.Context, from netip.Addr) (admitted bool, err error) {
	const op = "db.Knock"
	e, ok := d.engine.(*pgEngine)
	if !ok {
		return false, fault.New(op, fault.Invalid, "the store is a file: there is nothing to knock at")
	}
	config, err := local(e.pool.Config().ConnConfig)
	if err != nil {
		return false, fault.Wrap(op, err)
	}
	dialer := &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	config.DialFunc, config.ConnectTimeout = dialer.DialContext, knockWithin
	config.OnNotice = nil
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		return true, fault.As(op, fault.Unavailable, conn.Close(ctx))
	}
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		if errors.Is(err, syscall.EADDRNOTAVAIL) { // not every system has all of 127.0.0.0/8
			return false, fault.New(op, fault.Invalid, "this machine cannot speak from another address of its own")
		}
		return false, fault.New(op, fault.Unavailable, "PostgreSQL cannot be reached from another address of this machine")
	}
	// 28000 with these words is that no line admits; a wrong password, 28P01, that one does.
	return !(said.Code == "28000" && strings.Contains(said.Message, "pg_hba.conf")), nil
}

// local is the configuration for the one of the nodes that is on this machine and listens at an address of its own.
func local(config *pgx.ConnConfig) (*pgx.ConnConfig, error) {
	config = config.Copy()
	nodes := append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}}, config.Fallbacks...)
	config.Fallbacks, config.ValidateConnect = nil, nil
	for _, n := range nodes {
		if at, err := netip.ParseAddr(n.Host); n.Host == "localhost" || err == nil && at.IsLoopback() {
			config.Host, config.Port, config.TLSConfig = n.Host, n.Port, n.TLSConfig
			return config, nil
		}
	}
	return nil, fault.New("db.local", fault.Invalid, "PostgreSQL does not listen at this machine's own address")
}
