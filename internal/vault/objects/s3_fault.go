package objects

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"

	"clause.dev/clause/internal/fault"
)

func codeOf(err error) string { return minio.ToErrorResponse(err).Code }

// s3Fault says what an answer means. The object store's own words are not passed on: they may hold the request,
// and with it keys and names.
func s3Fault(op string, err error) error {
	if err == nil {
		return nil
	}
	answer := minio.ToErrorResponse(err)
	switch answer.Code {
	case "":
		if unread(err) {
			return strange(op)
		}
		return &fault.Error{Op: op, Kind: fault.Unavailable, Msg: "the object store cannot be reached", Err: unreached(err),
			Hint: "check its address, its certificate and that it is running"}
	case minio.NoSuchKey, minio.NoSuchUpload:
		return fault.New(op, fault.NotFound, "the object store has no such object")
	case minio.NoSuchBucket:
		return fault.New(op, fault.Unavailable, "the object store has no such bucket").WithHint("make it, or name another with --blobs")
	case minio.AccessDenied, "AllAccessDisabled", "AccountProblem":
		return fault.New(op, fault.Unavailable, "the object store refuses access to the bucket").
			WithHint("the key needs the permissions that docs/operations.md names")
	case minio.InvalidAccessKeyID, "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "ExpiredTokenException":
		return fault.New(op, fault.Unavailable, "the object store refuses the key").WithHint("check access key and secret key; a session's end with it")
	case "RequestTimeTooSkewed":
		return fault.New(op, fault.Unavailable, "the clocks of this machine and of the object store differ").WithHint("set them by NTP")
	case "AuthorizationHeaderMalformed", minio.InvalidRegion, "PermanentRedirect":
		return fault.New(op, fault.Unavailable, "the bucket is in another region").WithHint("name it in --blobs: region=…")
	}
	switch answer.StatusCode {
	case http.StatusPreconditionFailed:
		return fault.New(op, fault.Conflict, "the object store has such an object already")
	case 0:
		return strange(op)
	}
	return fault.New(op, fault.Unavailable, "the object store answered with status %d", answer.StatusCode)
}

// unread reports that an answer could not be understood. What it held is not passed on either.
func unread(err error) bool {
	var syntax *xml.SyntaxError
	var shape xml.UnmarshalError
	return errors.As(err, &syntax) || errors.As(err, &shape) || err == io.EOF
}

func strange(op string) error {
	return fault.New(op, fault.Unavailable, "the object store answered something else than S3 does").WithHint("is the address in --blobs that of its S3 interface?")
}

// unreached keeps of a failed call what says why, without the address.
func unreached(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	if strings.Contains(err.Error(), "://") {
		return errors.New("the connection was closed")
	}
	return err
}
