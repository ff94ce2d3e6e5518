package db_test

import (
	"net/netip"
	"testing"

	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
)

func TestReachOfAFile(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	r, err := d.Reach(t.Context())
	if err != nil || r.File == "" || r.Listens != "" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := d.Knock(t.Context(), netip.MustParseAddr("127.83.0.1")); !fault.Is(err, fault.Invalid) {
		t.Errorf("knocking at a file: %v", err)
	}
}

func TestReachOfASocket(t *testing.T) {
	d := dbtest.Open(t, dbtest.Postgres(t))
	r, err := d.Reach(t.Context())
	if err != nil || r.File != "" || r.Listens != "" || len(r.Rules) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := d.Knock(t.Context(), netip.MustParseAddr("127.83.0.1")); !fault.Is(err, fault.Invalid) {
		t.Errorf("knocking at a socket: %v", err)
	}
}

func TestReachOverANetwork(t *testing.T) {
	l := dbtest.NewListening(t)
	d := dbtest.Open(t, l.Config)
	stranger, known := netip.MustParseAddr("127.83.0.1"), netip.MustParseAddr("127.0.0.1")
	knocks := func(from netip.Addr, want bool) {
		t.Helper()
		if admitted, err := d.Knock(t.Context(), from); err != nil || admitted != want {
			t.Errorf("%s is admitted: %t, %v", from, admitted, err)
		}
	}
	r, err := d.Reach(t.Context())
	if err != nil || r.Listens != "127.0.0.1" || len(r.Rules) != 1 || r.Rules[0].All || r.Rules[0].List != netip.MustParsePrefix("127.0.0.1/32") {
		t.Fatalf("%+v, %v", r, err)
	}
	knocks(known, true)
	knocks(stranger, false)
	l.Admit(t, true, "host all all 0.0.0.0/0 scram-sha-256", "hostssl all all ::/0 cert", "host all all all reject", "host reach all samenet md5", "host all all 10.0.0.0 255.255.0.0 md5")
	r, err = d.Reach(t.Context())
	if err != nil || len(r.Rules) != 5 || !r.Rules[1].All || !r.Rules[2].All || r.Rules[3].All || r.Rules[4].List != netip.MustParsePrefix("10.0.0.0/16") || r.Rules[1].Line != 3 {
		t.Fatalf("%+v, %v", r.Rules, err)
	}
	knocks(stranger, true) // it is asked for a password: it was let try
	l.Admit(t, false)
	knocks(stranger, true) // what the file says does not hold yet
	l.Revoke(t)
	if _, err := d.Reach(t.Context()); !fault.Is(err, fault.Refused) || fault.HintOf(err) == "" {
		t.Errorf("rules that may not be read: %v", err)
	}
}
