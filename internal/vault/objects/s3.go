package objects

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"clause.dev/clause/internal/fault"
)

// S3 keeps each object in a bucket of an S3-compatible object store.
type S3 struct {
	client    minio.Core
	bucket    string
	prefix    string
	temporary string
}

// attempts is how often a request is sent before the object store counts as down.
const attempts = 3

// OpenS3 checks that the bucket can be reached and forgets what is removed. Uploads gather in files of the
// folder temporary, encrypted as they come.
func OpenS3(ctx context.Context, p Place, temporary string) (*S3, error) {
	const op = "objects.OpenS3"
	transport, err := p.transport()
	if err != nil {
		return nil, err
	}
	core, err := minio.NewCore(p.Endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(p.AccessKey, p.SecretKey, p.SessionToken),
		Secure: p.Endpoint.Scheme == "https", Region: p.Region, MaxRetries: attempts,
		Transport: patient{transport, patience},
	})
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "the address of the object store is malformed").WithHint("%s", placeHint)
	}
	s := &S3{client: *core, bucket: p.Bucket, prefix: p.Prefix, temporary: temporary}
	return s, fault.Wrap(op, s.forgets(ctx))
}

func (p *Place) transport() (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.CA != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(p.CA) {
			return nil, fault.New("objects.OpenS3", fault.Invalid, "the PEM of the object store's certificate authority is malformed")
		}
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute,
		DisableCompression: true, // what is in the bucket is read as it is
	}, nil
}

// forgets refuses a bucket that keeps what is removed from it.
func (s *S3) forgets(ctx context.Context) error {
	const op = "objects.forgets"
	versioning, err := s.client.GetBucketVersioning(ctx, s.bucket)
	if codeOf(err) == minio.NotImplemented {
		return nil
	}
	if err != nil {
		return s3Fault(op, err)
	}
	if versioning.Enabled() {
		return fault.New(op, fault.Invalid, "the bucket keeps old versions of objects, so that nothing could be erased from it").
			WithHint("suspend its versioning, or name a bucket without: --blobs")
	}
	return nil
}

func (s *S3) key(tenant, id string) string { return s.prefix + tenant + "/" + id }

// largestPut is the most that S3 takes in one request. Up to there an object is put whole or not at all; parts
// of a larger one can be left behind.
const largestPut = 5 << 30

// Put gathers what write writes in a file without a name, which goes with this process, and uploads it. The
// object store has all of it when Put returns nil.
func (s *S3) Put(ctx context.Context, tenant, id string, write func(io.Writer) error) (err error) {
	const op = "objects.Put"
	file, err := os.CreateTemp(s.temporary, "upload-")
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	defer file.Close() // it is no more than a copy
	if err := os.Remove(file.Name()); err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	if err := write(file); err != nil {
		return err
	}
	size, err := file.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	return s.upload(ctx, s.key(tenant, id), file, size)
}

func (s *S3) upload(ctx context.Context, key string, file io.Reader, size int64) error {
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: size <= largestPut}
	_, err := s.client.Client.PutObject(ctx, s.bucket, key, file, size, options)
	return s3Fault("objects.Put", err)
}

// Open returns an object, or NotFound.
func (s *S3) Open(ctx context.Context, tenant, id string) (io.ReadCloser, error) {
	return s.open(ctx, s.key(tenant, id))
}

func (s *S3) open(ctx context.Context, key string) (io.ReadCloser, error) {
	body, _, _, err := s.client.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, s3Fault("objects.Open", err)
	}
	return wholly{body}, nil
}

// wholly reads an object to its end. A connection that breaks must not look like the end to anybody, as
// io.ErrUnexpectedEOF does to io.ReadFull's callers.
type wholly struct{ io.ReadCloser }

func (w wholly) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the connection was closed")
	}
	return n, s3Fault("objects.Read", err)
}
