package objects_test

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault/objects"
)

func TestParsePlace(t *testing.T) {
	for text, want := range map[string][4]string{ // endpoint, region, bucket, prefix
		"s3://blobs?region=eu-central-1":                                   {"https://s3.eu-central-1.amazonaws.com", "eu-central-1", "blobs", ""},
		"s3://blobs/?endpoint=https://minio.internal:9000":                 {"https://minio.internal:9000", "us-east-1", "blobs", ""},
		"s3://blobs/clause?endpoint=https://minio.internal/":               {"https://minio.internal", "us-east-1", "blobs", "clause/"},
		"s3://blobs/a/b.c/?endpoint=https%3A%2F%2Fminio.internal&region=x": {"https://minio.internal", "x", "blobs", "a/b.c/"},
		"s3://blobs?endpoint=http://127.0.0.1:9000":                        {"http://127.0.0.1:9000", "us-east-1", "blobs", ""},
		"s3://blobs?endpoint=http://[::1]:9000":                            {"http://[::1]:9000", "us-east-1", "blobs", ""},
		"s3://blobs?endpoint=http://localhost:9000":                        {"http://localhost:9000", "us-east-1", "blobs", ""},
	} {
		p, err := objects.ParsePlace(text)
		if got := [4]string{p.Endpoint.String(), p.Region, p.Bucket, p.Prefix}; err != nil || got != want {
			t.Errorf("%s is %q, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"": "malformed", "blobs": "malformed", "s3://": "malformed", "s3:///prefix": "malformed", "https://blobs?region=x": "malformed",
		"s3://blobs?region=x#y": "malformed", "s3://blobs?region=%zz": "malformed",
		"s3://blobs":                      "neither endpoint nor region",
		"s3://blobs?region=":              "neither endpoint nor region",
		"s3://key:hunter2@blobs?region=x": "holds a key", "s3://hunter2@blobs?region=x": "holds a key",
		"s3://blobs?region=x&secret=hunter2": "nothing else", "s3://blobs?region=x&region=y": "nothing else",
		"s3://blobs/a//b?region=x": "prefix", "s3://blobs/../b?region=x": "prefix", "s3://blobs/a%20b?region=x": "prefix", "s3://blobs/%00?region=x": "prefix",
		"s3://blobs?endpoint=http://minio.internal": "over https", "s3://blobs?endpoint=http://127.0.0.1.example.org": "over https",
		"s3://blobs?endpoint=ftp://127.0.0.1": "over https", "s3://blobs?endpoint=minio.internal": "endpoint is malformed",
		"s3://blobs?endpoint=https://hunter2@minio.internal": "endpoint is malformed", "s3://blobs?endpoint=https://minio.internal/path": "endpoint is malformed",
	} {
		_, err := objects.ParsePlace(text)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
