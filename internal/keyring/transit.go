package keyring

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	bao "github.com/openbao/openbao/api/v2"

	"clause.dev/clause/internal/fault"
)

// transitRoot keeps the root key in OpenBao's transit engine, which seals and opens for whoever holds a
// token that may update <mount>/encrypt/<key> and <mount>/decrypt/<key>.
type transitRoot struct {
	client  *bao.Client
	mount   string
	key     string
	timeout time.Duration
}

// TransitOption changes what TransitRoot assumes.
type TransitOption func(*transitSettings)

type transitSettings struct {
	namespace string
	timeout   time.Duration
	ca        []byte
}

// TransitNamespace is the OpenBao namespace the mount is in; none by default.
func TransitNamespace(name string) TransitOption {
	return func(s *transitSettings) { s.namespace = name }
}

// TransitTimeout bounds each call, its retries included; 10 seconds by default.
func TransitTimeout(d time.Duration) TransitOption {
	return func(s *transitSettings) { s.timeout = d }
}

// TransitCA is the certificate authority, in PEM, that OpenBao's certificate must come from, in place of
// the machine's own list.
func TransitCA(pem []byte) TransitOption {
	return func(s *transitSettings) { s.ca = pem }
}

// TransitRoot returns a root whose key is in OpenBao's transit secrets engine, of an AEAD type such as
// aes256-gcm96, not derived. addr is https://host:port; http is Invalid except to this machine, because
// keys would travel in the clear. Nothing is asked yet, and no environment variable is read.
func TransitRoot(addr, token, mount, key string, options ...TransitOption) (Root, error) {
	const op = "keyring.TransitRoot"
	settings := transitSettings{timeout: 10 * time.Second}
	for _, option := range options {
		option(&settings)
	}
	if err := checkAddress(addr); err != nil {
		return nil, err
	}
	mount = strings.Trim(mount, "/")
	if mount == "" || key == "" || strings.ContainsAny(key, "/?#%") || strings.ContainsAny(mount, "?#%") {
		return nil, fault.New(op, fault.Invalid, "the mount or the key's name is malformed").
			WithHint("for example mount \"transit\" and key \"clause\"")
	}
	config := bao.NewConfig()
	config.Address = addr
	config.MinRetryWait, config.MaxRetryWait = 50*time.Millisecond, time.Second
	if settings.ca != nil {
		if err := config.ConfigureTLS(&bao.TLSConfig{CACertBytes: settings.ca}); err != nil {
			return nil, fault.New(op, fault.Invalid, "the certificate authority's PEM is malformed")
		}
	}
	client, err := bao.NewClient(config)
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "OpenBao's address is malformed")
	}
	client.SetToken(token)
	if settings.namespace != "" {
		client.SetNamespace(settings.namespace)
	}
	return &transitRoot{client: client, mount: mount, key: key, timeout: settings.timeout}, nil
}

func checkAddress(addr string) error {
	const op = "keyring.TransitRoot"
	u, err := url.Parse(addr)
	if err != nil || u.Host == "" || u.User != nil {
		return fault.New(op, fault.Invalid, "OpenBao's address is malformed").WithHint("for example https://bao.internal:8200")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return fault.New(op, fault.Invalid, "OpenBao must be reached over https").
			WithHint("keys and the token would travel in the clear")
	}
	return nil
}

func (t *transitRoot) Seal(ctx context.Context, plain, bound []byte) ([]byte, error) {
	sealed, err := t.ask(ctx, "encrypt", "ciphertext", map[string]any{
		"plaintext":       base64.StdEncoding.EncodeToString(plain),
		"associated_data": base64.StdEncoding.EncodeToString(bound),
	})
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(sealed, "vault:v") {
		return nil, strange()
	}
	return []byte(sealed), nil
}

func (t *transitRoot) Open(ctx context.Context, sealed, bound []byte) ([]byte, error) {
	text, err := t.ask(ctx, "decrypt", "plaintext", map[string]any{
		"ciphertext":      string(sealed),
		"associated_data": base64.StdEncoding.EncodeToString(bound),
	})
	if err != nil {
		return nil, err
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, strange()
	}
	return plain, nil
}

func strange() error {
	return fault.New("keyring.transit", fault.Unavailable, "OpenBao answered something else than its transit engine does").
		WithHint("is the address that of OpenBao, and the mount a transit engine?")
}

// ask calls the engine and returns one field of its answer.
func (t *transitRoot) ask(ctx context.Context, action, field string, body map[string]any) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	secret, err := t.client.Logical().WriteWithContext(ctx, t.mount+"/"+action+"/"+t.key, body)
	if err != nil {
		return "", transitFault(err)
	}
	if secret == nil {
		return "", strange()
	}
	text, ok := secret.Data[field].(string)
	if !ok {
		return "", strange()
	}
	return text, nil
}

// transitFault says what an answer means. OpenBao's own words are not passed on: a proxy before it may
// put the request, and so the token or the key, into its error page.
func transitFault(err error) error {
	const op = "keyring.transit"
	var answer *bao.ResponseError
	if !errors.As(err, &answer) {
		return &fault.Error{Op: op, Kind: fault.Unavailable, Msg: "OpenBao cannot be reached", Err: unreached(err),
			Hint: "check its address, its certificate and that it is running"}
	}
	switch answer.StatusCode {
	case http.StatusBadRequest:
		return badRequest(strings.Join(answer.Errors, " "))
	case http.StatusForbidden:
		return fault.New(op, fault.Unavailable, "OpenBao refuses the token").
			WithHint("the token has expired, or its policy does not allow update on encrypt/ and decrypt/ of this key")
	case http.StatusNotFound:
		return fault.New(op, fault.Unavailable, "OpenBao has no transit engine at this mount")
	case http.StatusServiceUnavailable:
		return fault.New(op, fault.Unavailable, "OpenBao is sealed or in maintenance").WithHint("unseal it, then try again")
	}
	return fault.New(op, fault.Unavailable, "OpenBao answered with status %d", answer.StatusCode)
}

// badRequest tells the one answer that means "another key" from those that a change in OpenBao mends.
// The texts are those of OpenBao's sdk/helper/keysutil/policy.go and builtin/logical/transit.
func badRequest(said string) error {
	const op = "keyring.transit"
	switch {
	case strings.Contains(said, "key not found"):
		return fault.New(op, fault.Unavailable, "OpenBao has no key of this name").
			WithHint("bao write -f <mount>/keys/<key> for a new store; for an old one name the key it was made with")
	case strings.Contains(said, "too old"), strings.Contains(said, "too new"):
		return fault.New(op, fault.Unavailable, "OpenBao does not hold the version of its key that sealed this").
			WithHint("lower min_decryption_version of the key, or restore it whole")
	case strings.Contains(said, "message authentication failed"), strings.Contains(said, "invalid ciphertext"):
		return fault.New(op, fault.Invalid, "not sealed by this OpenBao key")
	}
	return fault.New(op, fault.Unavailable, "OpenBao refuses the request as malformed").
		WithHint("is the key of type aes256-gcm96, and not derived?")
}

// unreached keeps of a failed call what says why, without the address.
func unreached(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
