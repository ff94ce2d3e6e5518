// Package policy holds the language in which a company's promises are written: the file's model,
// its strict parser, and its checks. It is pure: no clock, no network, no store.
package policy

import "time"

// Policy is a parsed policy file: references resolve, ids are unique, controls know their parameters.
type Policy struct {
	Version      string    // as published, e.g. "2026-02-01"
	Effective    time.Time // the day it takes effect; zero if not said
	Language     string    // of its texts, BCP 47; "en" if not said
	Organisation Organisation
	Products     []Product
	Laws         []Law
	Calendar     string // ISO 3166 code of the national calendar of business days
	Regions      []Region
	Environments []string
	Backups      Backups
	Data         []DataSet
	Subjects     []Subject
	Purposes     []Purpose
	Contacts     Contacts
	Recipients   []Recipient
	Models       []Model
	Cookies      []Cookie
	Attestations []Attestation
	Documents    []Document
	Security     Security
	Clauses      []Clause
	Known        []Known

	File   string // the name it was parsed under
	Source []byte // the file as published, byte for byte
	Digest string // of Source, see [Digest]
}

// Organisation is who publishes the policy.
type Organisation struct {
	Name      string
	Role      string // controller or processor
	Address   string
	Contact   string // where privacy requests go
	Website   string
	Terms     string    // URL of the terms of service
	Guide     string    // URL of the guidelines for sub-processors
	Officer   Party     // the data protection officer, GDPR art. 37; zero if there is none
	Agent     Party     // the representative in the EU, GDPR art. 27; zero if there is none
	Authority Authority // where people can complain
}

// Party is somebody who can be written to.
type Party struct{ Name, Contact string }

// Authority is a supervisory authority.
type Authority struct{ Name, URL string }

// Titles are translations of a title by language, BCP 47.
type Titles map[string]string

// Law is a law the policy names.
type Law struct {
	ID, Title, Citation string
	Titles              Titles
	Pos                 Pos
}

// Region is a place where data is kept: a cluster runs in one.
type Region struct {
	ID, Provider, Place string
	Country             string // ISO 3166-1 alpha-2
	Titles              Titles // of the place
	Pos                 Pos
}

// Backups is the schedule on which erasure rests: a backup can be opened until the epoch it was
// made in is destroyed, at the latest Epoch+Horizon after it was made.
type Backups struct {
	Epoch   time.Duration // how long an epoch key is the newest
	Horizon time.Duration // how long after its epoch ended a backup can still be restored
}

// Storage says where a data set may be kept.
type Storage string

// The storage classes.
const (
	Stored Storage = "stored"
	Memory Storage = "memory-only" // never on a disk, in no backup, gone at restart
)

// DataSet is one kind of record about a subject.
type DataSet struct {
	ID, Title string
	Category  string // identity, financial, derived, technical, usage…
	Sensitive bool   // special categories: GDPR art. 9
	Storage   Storage
	Many      bool          // several records a subject; otherwise one
	Keep      time.Duration // zero: while the account is active
	Subject   string        // whom it is about, an id of Subjects; "" where the policy names none
	Source    Source        // where it comes from
	From      string        // the third party it comes from, GDPR art. 14(2)(f)
	Fields    []Field
	Titles    Titles
	Pos       Pos
}

// Field returns the field with the id.
func (d *DataSet) Field(id string) (*Field, bool) {
	return find(d.Fields, func(f *Field) string { return f.ID }, id)
}

// Source is where a data set comes from.
type Source string

// The sources. The zero Source is the person: what nothing else is said of, people give themselves.
const (
	FromPerson     Source = "person"
	FromDevice     Source = "device"      // observed while the service is used
	FromDerivation Source = "derived"     // worked out of other data
	FromThirdParty Source = "third-party" // GDPR art. 14 asks for more then
)

// Subject is a category of people whose data is processed, GDPR art. 30(1)(c).
type Subject struct {
	ID, Title string
	Titles    Titles
	Pos       Pos
}

// Type is the type of a field's value.
type Type string

// The types. Values travel as JSON: dates as "2006-01-02", money as a decimal string such as
// "1250.00 AED", phones in E.164, blobs by reference.
const (
	Text    Type = "text"
	Date    Type = "date"
	Integer Type = "integer"
	Money   Type = "money"
	Bool    Type = "bool"
	Email   Type = "email"
	Phone   Type = "phone"
	Enum    Type = "enum"
	Blob    Type = "blob"
)

// Field is one item of a data set.
type Field struct {
	ID, Title string
	Type      Type
	Optional  bool
	Find      bool     // can be looked up by its exact value
	Unique    bool     // at most one record of the tenant holds a value; implies Find
	Max       int      // longest text in bytes, largest blob in bytes; zero: the type's default
	Values    []string // of an enum
	Titles    Titles
	Pos       Pos
}

// Basis is the legal ground of a purpose, GDPR art. 6(1).
type Basis string

// The legal bases.
const (
	Contract            Basis = "contract"
	Consent             Basis = "consent"
	LegitimateInterests Basis = "legitimate-interests"
	LegalObligation     Basis = "legal-obligation"
	VitalInterests      Basis = "vital-interests"
	PublicTask          Basis = "public-task"
)

// Action is what a purpose may do to data.
type Action string

// The actions.
const (
	Read      Action = "read"
	Write     Action = "write"  // put, patch
	Delete    Action = "delete" // delete a record
	Aggregate Action = "aggregate"
	Disclose  Action = "disclose" // release to a recipient
)

// Purpose is why data is processed, and which of it.
type Purpose struct {
	ID, Title        string
	Basis            Basis
	May              []Action
	Sees             []Sight
	Recipients       []string // recipients the purpose may disclose to
	UnderRestriction bool     // goes on while processing is restricted, GDPR art. 18(2)
	When             string   // a CEL condition of the site, empty for none
	Interest         string   // the legitimate interest pursued, GDPR art. 13(1)(d)
	Duty             string   // the law that obliges, for a legal obligation
	Without          string   // what happens where the data is not given, GDPR art. 13(2)(e)
	Automated        string   // the logic and consequences of decisions made by machines alone, GDPR art. 22; "" for none
	Titles           Titles
	Pos              Pos
}

// Sight is the part of a data set that a purpose may see.
type Sight struct {
	DataSet string
	Fields  []string // never empty: "all" in the file is expanded
	Pos     Pos
}

// Recipient is a party that data may be disclosed to, GDPR art. 4(9).
type Recipient struct {
	ID, Name  string
	Role      string // processor, controller, authority
	Region    string
	Does      string // what it does for the organisation: hosting, payment…
	Safeguard string // the recorded safeguard of a transfer outside: GDPR ch. V, PDPL art. 22
	Titles    Titles // of what it does
	Pos       Pos
}

// Clause is one published promise.
type Clause struct {
	ID, Section, Text string
	Plain             string // the same in one plain sentence, for the summary; "" if not given
	Translations      []Translation
	Statement         bool // promises nothing, must appear in the text
	Keep              []Keep
	Pos               Pos
}

// Translation is a clause in another language.
type Translation struct {
	Language             string // BCP 47
	Section, Text, Plain string
	Pos                  Pos
}

// Keep binds a clause to a control.
type Keep struct {
	Control string
	Params  Params
	Pos     Pos
}

// Params are the parameters of a control by name, already of the declared type: string, int64,
// bool, time.Duration, Term or []string.
type Params map[string]any

// Pos is a place in the file, from 1.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Vocabulary says which controls exist. It is handed in because controls stand above policy.
type Vocabulary interface {
	Control(name string) (ControlSpec, bool)
	Names() []string // sorted
}

// ControlSpec is what the parser knows of a control.
type ControlSpec struct {
	Name, Doc string
	Runs      bool // false: known by name, not built yet; its clauses are unkept
	Params    []Param
	// Check finds parameters that cannot work, alone or with the rest of the policy. May be nil.
	Check func(*Policy, Params) error
}

// ParamType is the type of a control's parameter.
type ParamType string

// The parameter types; those from ParamDataSets on refer to what the same policy declares.
const (
	ParamText         ParamType = "text"
	ParamInteger      ParamType = "integer"
	ParamBool         ParamType = "bool"
	ParamDuration     ParamType = "duration"
	ParamTerm         ParamType = "term"
	ParamTexts        ParamType = "texts"
	ParamDataSets     ParamType = "data-sets"
	ParamFields       ParamType = "fields" // as data-set.field
	ParamPurposes     ParamType = "purposes"
	ParamRegions      ParamType = "regions"
	ParamRecipients   ParamType = "recipients"
	ParamCategories   ParamType = "categories"
	ParamProducts     ParamType = "products"
	ParamModels       ParamType = "models"
	ParamCookies      ParamType = "cookies"
	ParamAttestations ParamType = "attestations"
	ParamDocuments    ParamType = "documents"
	ParamEnvironments ParamType = "environments"
	ParamClauses      ParamType = "clauses"
)

// Param is one parameter of a control.
type Param struct {
	Name, Doc string
	Type      ParamType
	Required  bool
	Values    []string // the values allowed, empty for any
}

// Region returns the region with the id.
func (p *Policy) Region(id string) (*Region, bool) {
	return find(p.Regions, func(r *Region) string { return r.ID }, id)
}

// DataSet returns the data set with the id.
func (p *Policy) DataSet(id string) (*DataSet, bool) {
	return find(p.Data, func(d *DataSet) string { return d.ID }, id)
}

// Purpose returns the purpose with the id.
func (p *Policy) Purpose(id string) (*Purpose, bool) {
	return find(p.Purposes, func(u *Purpose) string { return u.ID }, id)
}

// Recipient returns the recipient with the id.
func (p *Policy) Recipient(id string) (*Recipient, bool) {
	return find(p.Recipients, func(r *Recipient) string { return r.ID }, id)
}

// Attestation returns the attestation with the id.
func (p *Policy) Attestation(id string) (*Attestation, bool) {
	return find(p.Attestations, func(a *Attestation) string { return a.ID }, id)
}

// Clause returns the clause with the id.
func (p *Policy) Clause(id string) (*Clause, bool) {
	return find(p.Clauses, func(c *Clause) string { return c.ID }, id)
}

func find[T any](all []T, id func(*T) string, want string) (*T, bool) {
	for i := range all {
		if id(&all[i]) == want {
			return &all[i], true
		}
	}
	return nil, false
}
