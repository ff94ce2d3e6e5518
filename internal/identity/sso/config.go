package sso

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"clause.dev/clause/internal/fault"
)

// Bounds of a configuration.
const (
	maxBytes     = 64 << 10
	maxCA        = 1 << 20
	maxProviders = 20
)

// The file as it is written.
type (
	fileForm struct {
		Providers []providerForm `yaml:"providers"`
	}
	providerForm struct {
		ID          string              `yaml:"id"`
		Title       string              `yaml:"title"`
		Issuer      string              `yaml:"issuer"`
		Client      string              `yaml:"client"`
		Secret      *secretForm         `yaml:"secret"`
		Door        string              `yaml:"door"`
		CA          string              `yaml:"ca"`
		Scopes      []string            `yaml:"scopes"`
		Domains     []string            `yaml:"domains"`
		DomainClaim string              `yaml:"domain-claim"`
		Verified    string              `yaml:"verified-claim"`
		Groups      []string            `yaml:"groups"`
		GroupsClaim string              `yaml:"groups-claim"`
		Factor      factorForm          `yaml:"second-factor"`
		Roles       map[string][]string `yaml:"roles"`
	}
	secretForm struct {
		Env  string `yaml:"env"`
		File string `yaml:"file"`
	}
	factorForm struct {
		ACR    []string `yaml:"acr"`
		AMR    []string `yaml:"amr"`
		Always bool     `yaml:"always"`
	}
)

// Parse reads a file of providers, YAML or JSON, and the secrets it points to.
func Parse(src []byte, env func(string) (string, bool)) ([]Provider, error) {
	const op = "sso.Parse"
	if len(src) > maxBytes {
		return nil, fault.New(op, fault.TooLarge, "the file is larger than 64 KiB")
	}
	var form fileForm
	if err := decode(src, &form); err != nil {
		return nil, fault.New(op, fault.Invalid, "the file cannot be read: %s", firstLine(yaml.FormatError(err, false, false))).WithHint("docs/accounts.md shows what one looks like")
	}
	if len(form.Providers) == 0 || len(form.Providers) > maxProviders {
		return nil, fault.New(op, fault.Invalid, "the file names %d providers", len(form.Providers)).WithHint("list 1 to %d under providers", maxProviders)
	}
	var all []Provider
	for i := range form.Providers {
		p, err := form.Providers[i].read(env)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		if slices.ContainsFunc(all, func(o Provider) bool { return o.ID == p.ID || o.Issuer == p.Issuer && o.Door == p.Door }) {
			return nil, fault.New(op, fault.Invalid, "the provider %s is there twice", p.ID).WithHint("each id once, and each issuer once at a door")
		}
		all = append(all, p)
	}
	return all, nil
}

// decode reads YAML without aliases: one could stand for more than the file holds.
func decode(src []byte, form *fileForm) (err error) {
	defer func() {
		if recover() != nil { // the library is known to panic on some malformed files
			err = errors.New("it is not YAML")
		}
	}()
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return err
	}
	for _, doc := range file.Docs {
		if doc.Body != nil && len(ast.Filter(ast.AliasType, doc.Body)) > 0 {
			return errors.New("aliases are not part of the language")
		}
	}
	return yaml.UnmarshalWithOptions(src, form, yaml.Strict())
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

var (
	idForm     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	domainForm = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
)

func (f *providerForm) read(env func(string) (string, bool)) (p Provider, err error) {
	wrong := func(field, format string, args ...any) (Provider, error) {
		return Provider{}, fault.New("sso.read", fault.Invalid, "the provider %q: %s", f.ID, fmt.Sprintf(format, args...)).WithField(field).WithHint("docs/accounts.md, docs/staff.md")
	}
	p = Provider{
		ID: f.ID, Title: f.Title, Issuer: f.Issuer, Client: f.Client, Door: f.Door, Scopes: f.Scopes,
		Domains: f.Domains, DomainClaim: f.DomainClaim, VerifiedClaim: f.Verified, Groups: f.Groups, GroupsClaim: f.GroupsClaim,
		Factor: Factor{ACR: f.Factor.ACR, AMR: f.Factor.AMR, Always: f.Factor.Always}, Roles: f.Roles,
	}
	switch {
	case !idForm.MatchString(p.ID):
		return wrong("id", "the id is small letters, digits and -, beginning with a letter")
	case p.Title == "" || len(p.Title) > 60:
		return wrong("title", "the title is what people read, in at most 60 bytes")
	case !secure(p.Issuer) || strings.Contains(p.Issuer, "?"):
		return wrong("issuer", "the issuer is an address that begins with https://, as the provider writes it")
	case p.Client == "":
		return wrong("client", "client is the id that the provider gave this server")
	case p.Door != People && p.Door != Staff:
		return wrong("door", "door is %s or %s", People, Staff)
	case len(p.Groups) > 0 && p.GroupsClaim == "", len(p.Roles) > 0 && p.GroupsClaim == "":
		return wrong("groups-claim", "groups-claim says in which claim the groups are")
	case p.Door == Staff && len(p.Roles) == 0:
		return wrong("roles", "roles says what members of staff are, by the groups they are in")
	case p.Door == People && len(p.Roles) > 0:
		return wrong("roles", "roles are for staff")
	case p.DomainClaim != "" && len(p.Domains) == 0:
		return wrong("domains", "domain-claim needs domains")
	case p.Factor.Always && len(p.Factor.ACR)+len(p.Factor.AMR) > 0:
		return wrong("second-factor", "it is always there, or told by acr or amr")
	}
	for _, d := range p.Domains {
		if !domainForm.MatchString(d) {
			return wrong("domains", "%q is no domain", d)
		}
	}
	for group, roles := range p.Roles {
		if group == "" || len(roles) == 0 || slices.Contains(roles, "") {
			return wrong("roles", "each group has a name and makes somebody something")
		}
	}
	if p.Issuer == google && len(p.Domains) > 0 && p.DomainClaim == "" {
		p.DomainClaim = googleHD
	}
	if f.Secret != nil {
		if p.Secret, err = f.Secret.read(env); err != nil {
			return wrong("secret", "%s", fault.Public(err))
		}
	}
	if f.CA != "" {
		if p.CA, err = os.ReadFile(f.CA); err != nil || len(p.CA) > maxCA {
			return wrong("ca", "the file %q cannot be read", f.CA)
		}
	}
	_, err = p.Web()
	return p, err
}

func (f *secretForm) read(env func(string) (string, bool)) (string, error) {
	const op = "sso.secret"
	if (f.Env == "") == (f.File == "") {
		return "", fault.New(op, fault.Invalid, "secret says where it is: {env: VARIABLE} or {file: PATH}")
	}
	if f.Env != "" {
		value, _ := env(f.Env)
		if value = strings.TrimSpace(value); value == "" {
			return "", fault.New(op, fault.Invalid, "the variable %s, which holds the secret, is not set", f.Env)
		}
		return value, nil
	}
	info, err := os.Stat(f.File)
	if err == nil && info.Mode().Perm()&0o007 != 0 {
		return "", fault.New(op, fault.Invalid, "every user can read the secret in %q: chmod 0600", f.File)
	}
	data, err := os.ReadFile(f.File)
	value := strings.TrimSpace(string(data))
	if err != nil || value == "" || len(value) > 4096 || strings.ContainsAny(value, " \t\r\n") {
		return "", fault.New(op, fault.Invalid, "the file %q does not hold a secret and nothing else", f.File)
	}
	return value, nil
}
