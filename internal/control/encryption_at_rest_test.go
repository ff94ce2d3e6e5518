package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
)

func TestEncryptionAtRestCheck(t *testing.T) {
	checks(t, []check{
		{name: "the cipher in use", control: &control.EncryptionAtRest{Algorithm: "aes-256-gcm"}},
		{name: "another", control: &control.EncryptionAtRest{Algorithm: "aes-128-cbc"}, param: "algorithm", finds: []string{"must be aes-256-gcm"}},
	})
}
