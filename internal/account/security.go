package account

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/session"
)

// securityPage is what somebody signs in with, and where they are signed in.
type securityPage struct {
	Factors  identity.Factors
	Passkeys passkeysPage
	Sessions []session.Session
	This     string
	Form     string // of the forms on the page, the one that was sent
}

func (v *visit) securityPage(form string) (p securityPage, err error) {
	p.This, p.Form = v.who.ID, form
	if p.Factors, err = v.door.Accounts.Factors(v.r.Context(), v.door.Tenant, v.who); err != nil {
		return p, err
	}
	if p.Passkeys, err = v.passkeysPage(); err != nil {
		return p, err
	}
	p.Sessions, err = v.door.Accounts.List(v.r.Context(), v.door.Tenant, v.who)
	return p, err
}

func (v *visit) security() error {
	p, err := v.securityPage("")
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "security", p, nil)
}

// again shows the page with what was wrong with one of its forms.
func (v *visit) again(form string, wrong error) error {
	p, err := v.securityPage(form)
	if err != nil {
		return err
	}
	return v.complain(wrong, "security", p)
}

func (v *visit) changePassword() error {
	err := v.door.Accounts.ChangePassword(v.r.Context(), v.door.Tenant, v.who, v.field("old"), v.field("password"))
	if err != nil {
		return v.again("password", err)
	}
	return v.say(http.StatusOK, "password-changed")
}

func (v *visit) endSession() error {
	err := v.door.Accounts.EndSession(v.r.Context(), v.door.Tenant, v.who, v.field("session"))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	v.redirect("security")
	return nil
}

// factorPage shows a secret to an authenticator app, this once.
type factorPage struct {
	Secret string
	Code   template.HTML // the QR code, as SVG of our own making
}

func (v *visit) offerFactor() error {
	secret, err := v.door.Accounts.OfferTOTP(v.r.Context(), v.door.Tenant, v.who, v.field("password"))
	if err != nil {
		return v.again("factor", err)
	}
	p := factorPage{Secret: inFours(secret.Text())}
	// The address stands in the vault, and is not read for this: the organisation's name tells accounts apart.
	if p.Code, err = qrCode(secret.URI(v.door.Policy.Organisation.Name, v.phrase("factor.account"))); err != nil {
		return err
	}
	return v.show(http.StatusOK, "factor", p, nil)
}

func (v *visit) confirmFactor() error {
	codes, err := v.door.Accounts.ConfirmTOTP(v.r.Context(), v.door.Tenant, v.who, v.field("code"))
	if err != nil {
		return v.again("factor", err)
	}
	return v.show(http.StatusOK, "recovery", codes, nil)
}

func (v *visit) dropFactor() error {
	if err := v.door.Accounts.DropTOTP(v.r.Context(), v.door.Tenant, v.who, v.field("code")); err != nil {
		return v.again("factor", err)
	}
	v.redirect("security")
	return nil
}

// inFours writes a secret to be typed.
func inFours(text string) string {
	var b strings.Builder
	for i, r := range text {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// qrCode draws a text as one path, a unit for each module, with the quiet zone of four that readers need.
func qrCode(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return "", fault.As("account.qrCode", fault.Other, err)
	}
	const quiet = 4
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				path.WriteString("M" + strconv.Itoa(x+quiet) + " " + strconv.Itoa(y+quiet) + "h1v1h-1z")
			}
		}
	}
	all := strconv.Itoa(size + 2*quiet)
	//nolint:gosec // numbers only
	return template.HTML(`<svg class="qr" viewBox="0 0 ` + all + ` ` + all + `" aria-hidden="true" shape-rendering="crispEdges"><path class="ground" d="M0 0h` + all + `v` + all + `h-` + all + `z"/><path class="dark" d="` + path.String() + `"/></svg>`), nil
}
