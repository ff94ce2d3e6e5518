package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/second"
)

// A mailed code is an id, by which its row is found, and a secret that the server can make again from the
// id: so neither the store nor the outbox holds what opens an account. It is typed, or carried in a link's
// fragment, which no browser sends: it stands in no address that a log could keep.
const (
	codeIDLetters     = 8  // 40 bits
	codeSecretLetters = 12 // 60 bits
	codeTries         = 10 // wrong secrets for an id before it is void
)

// codeKind is what a code is for.
type codeKind string

const (
	verifyCode  codeKind = "verify"
	recoverCode codeKind = "recover"
)

// lasts is for how long a code holds.
func (k codeKind) lasts() time.Duration {
	if k == recoverCode {
		return 30 * time.Minute
	}
	return verifyWithin
}

// CodeOf is the code with an id, as it is mailed: ABCDE-FGHJK-MNPQR-STVWX.
func (a *Accounts) CodeOf(tenant, id string) string {
	code := id + a.secretOf(tenant, id)
	return code[:5] + "-" + code[5:10] + "-" + code[10:15] + "-" + code[15:]
}

func (a *Accounts) secretOf(tenant, id string) string {
	mac := hmac.New(sha256.New, a.Key[:])
	mac.Write([]byte("mailed code\x00" + tenant + "\x00" + id))
	return second.Letters(mac.Sum(nil)[:codeSecretLetters])
}

// newCode makes a code for a person, the only one of its kind.
func (a *Accounts) newCode(tx *db.Tx, subject string, kind codeKind) (id string, err error) {
	if err := voidCodes(tx, subject, kind); err != nil {
		return "", err
	}
	id = second.Code(codeIDLetters)
	now := tx.Now()
	_, err = tx.Exec(`INSERT INTO account_codes (tenant_id, code_id, subject_id, kind, tries, made_at, until_at) VALUES ($1, $2, $3, $4, 0, $5, $6)`,
		tx.Tenant(), id, subject, string(kind), now.UnixMicro(), now.Add(kind.lasts()).UnixMicro())
	if err != nil {
		return "", err
	}
	return id, tidyLater(tx)
}

func voidCodes(tx *db.Tx, subject string, kind codeKind) error {
	_, err := tx.Exec(`DELETE FROM account_codes WHERE tenant_id = $1 AND subject_id = $2 AND kind = $3`, tx.Tenant(), subject, string(kind))
	return err
}

// lately counts a person's codes of a kind that were made since a time.
func lately(tx *db.Tx, subject string, kind codeKind, since time.Time) (n int64, err error) {
	err = tx.One(`SELECT COUNT(*) FROM account_codes WHERE tenant_id = $1 AND subject_id = $2 AND kind = $3 AND made_at > $4`,
		[]any{tx.Tenant(), subject, string(kind), since.UnixMicro()}, &n)
	return n, err
}

// whose returns the person a code was sent to. What is wrong with it is one fault, Unauthenticated. A wrong
// secret counts, so the transaction must commit where wrong is true.
func (a *Accounts) whose(tx *db.Tx, kind codeKind, typed string) (subject string, wrong bool, err error) {
	code, err := second.Typed(typed, codeIDLetters+codeSecretLetters)
	if err != nil {
		return "", true, nil
	}
	id, secret := code[:codeIDLetters], code[codeIDLetters:]
	var tries, until int64
	err = tx.One(`SELECT subject_id, tries, until_at FROM account_codes WHERE tenant_id = $1 AND code_id = $2 AND kind = $3`+tx.LockRow(),
		[]any{tx.Tenant(), id, string(kind)}, &subject, &tries, &until)
	if fault.Is(err, fault.NotFound) {
		return "", true, nil
	}
	if err != nil {
		return "", false, err
	}
	if tries >= codeTries || tx.Now().UnixMicro() >= until {
		return "", true, nil
	}
	if subtle.ConstantTimeCompare([]byte(a.secretOf(tx.Tenant(), id)), []byte(secret)) != 1 {
		_, err = tx.Exec(`UPDATE account_codes SET tries = tries + 1 WHERE tenant_id = $1 AND code_id = $2`, tx.Tenant(), id)
		return "", true, err
	}
	return subject, false, nil
}

func badCode() error {
	return fault.New("identity.code", fault.Unauthenticated, "the code is not right, was used, or is too old").WithHint("ask for a new one")
}
