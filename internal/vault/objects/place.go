package objects

import (
	"cmp"
	"net"
	"net/url"
	"strings"

	"clause.dev/clause/internal/fault"
)

// Place says which bucket of which S3-compatible object store, below which prefix, and by whose leave.
type Place struct {
	Endpoint url.URL // https, or http on this machine
	Region   string
	Bucket   string
	Prefix   string // "" or ends with a slash

	AccessKey, SecretKey, SessionToken string
	CA                                 []byte // PEM of the authority to trust; nil for those of the machine
}

const placeHint = "for example s3://bucket/clause?endpoint=https://minio.internal:9000, or s3://bucket/clause?region=eu-central-1 for AWS"

// ParsePlace reads s3://bucket/prefix?endpoint=https://host&region=name. Without endpoint it is AWS's
// of the region. Keys are not part of it.
func ParsePlace(text string) (Place, error) {
	const op = "objects.ParsePlace"
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.Fragment != "" {
		return Place{}, fault.New(op, fault.Invalid, "the address of the object store is malformed").WithHint("%s", placeHint)
	}
	if u.User != nil {
		return Place{}, fault.New(op, fault.Invalid, "the address of the object store holds a key, which all users of this machine could read").
			WithHint("put keys into variables or a file")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Place{}, fault.New(op, fault.Invalid, "the address of the object store is malformed").WithHint("%s", placeHint)
	}
	for name, values := range query {
		if name != "endpoint" && name != "region" || len(values) != 1 {
			return Place{}, fault.New(op, fault.Invalid, "the address of the object store has endpoint and region, each once, and nothing else").
				WithHint("%s", placeHint)
		}
	}
	p := Place{Region: cmp.Or(query.Get("region"), "us-east-1"), Bucket: u.Host}
	if p.Prefix, err = parsePrefix(u.Path); err != nil {
		return Place{}, err
	}
	endpoint := query.Get("endpoint")
	if endpoint == "" && query.Get("region") == "" {
		return Place{}, fault.New(op, fault.Invalid, "the address of the object store names neither endpoint nor region").WithHint("%s", placeHint)
	}
	err = p.reach(cmp.Or(endpoint, "https://s3."+p.Region+".amazonaws.com"))
	return p, err
}

// parsePrefix makes a path end with one slash. Names that some stores would take for folders are refused.
func parsePrefix(path string) (string, error) {
	path = strings.Trim(path, "/")
	if path == "" {
		return "", nil
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsFunc(part, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`\%"<>^{}|`+"`", r) }) {
			return "", fault.New("objects.ParsePlace", fault.Invalid, "the prefix in the object store is malformed").
				WithHint("letters, digits, hyphens and dots, parted by slashes")
		}
	}
	return path + "/", nil
}

// reach sets the endpoint: keys and requests must not travel in the clear.
func (p *Place) reach(endpoint string) error {
	const op = "objects.ParsePlace"
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fault.New(op, fault.Invalid, "the object store's endpoint is malformed").WithHint("scheme, host and port alone: https://minio.internal:9000")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return fault.New(op, fault.Invalid, "the object store must be reached over https").
			WithHint("who sees the requests would see which tenant stores what, and when")
	}
	p.Endpoint = url.URL{Scheme: u.Scheme, Host: u.Host}
	return nil
}
