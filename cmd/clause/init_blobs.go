package main

import (
	"os"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault/objects"
)

// blobs says where blobs are, if not in the data folder: flags of place.
type blobs struct {
	Blobs        string `env:"CLAUSE_BLOBS" placeholder:"URL" help:"Keep blobs in an S3-compatible object store, not in the data folder: s3://bucket/prefix?endpoint=https://host&region=name. Without endpoint it is AWS. Chosen once, at init or restore."`
	BlobsKeyFile string `env:"CLAUSE_BLOBS_KEY_FILE" placeholder:"FILE" help:"A file that holds the access key and the secret key for it, each on a line. Default: the variables CLAUSE_S3_ACCESS_KEY and CLAUSE_S3_SECRET_KEY, or those of AWS."`
	BlobsCA      string `name:"blobs-ca" env:"CLAUSE_BLOBS_CA" placeholder:"FILE" help:"A PEM file of the authority that signed the object store's certificate."`
}

// bucket returns the place of the bucket, nil if blobs are in the data folder.
func (b *blobs) bucket() (*objects.Place, error) {
	if b.Blobs == "" {
		return nil, nil
	}
	p, err := objects.ParsePlace(b.Blobs)
	if err != nil {
		return nil, err
	}
	if b.BlobsKeyFile != "" {
		err = readKeys(&p, b.BlobsKeyFile)
	} else {
		err = keysOf(&p, os.Getenv)
	}
	if err != nil {
		return nil, err
	}
	if b.BlobsCA != "" {
		if p.CA, err = os.ReadFile(b.BlobsCA); err != nil {
			return nil, unreadable(b.BlobsCA, err)
		}
	}
	return &p, nil
}

// readKeys takes the keys from a file: access key, secret key and, of a session, its token.
func readKeys(p *objects.Place, path string) error {
	words, err := readWords("the keys for the object store", path)
	if err != nil {
		return err
	}
	if len(words) < 2 || len(words) > 3 {
		return fault.New("clause.place", fault.Invalid, "%q does not hold an access key and a secret key and nothing else", path).
			WithHint("each on a line; a session's token on the third")
	}
	p.AccessKey, p.SecretKey = words[0], words[1]
	p.SessionToken = strings.Join(words[2:], "")
	return nil
}

// keysOf takes the keys from variables, all of one family: a key of one and a secret of another fit nothing.
func keysOf(p *objects.Place, variable func(string) string) error {
	p.AccessKey, p.SecretKey, p.SessionToken = variable("CLAUSE_S3_ACCESS_KEY"), variable("CLAUSE_S3_SECRET_KEY"), variable("CLAUSE_S3_SESSION_TOKEN")
	if p.AccessKey == "" && p.SecretKey == "" {
		p.AccessKey, p.SecretKey, p.SessionToken = variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"), variable("AWS_SESSION_TOKEN")
	}
	if p.AccessKey == "" || p.SecretKey == "" {
		return fault.New("clause.place", fault.Invalid, "there is no key for the object store").
			WithHint("set CLAUSE_S3_ACCESS_KEY and CLAUSE_S3_SECRET_KEY, or name a file that holds them: --blobs-key-file")
	}
	return nil
}
