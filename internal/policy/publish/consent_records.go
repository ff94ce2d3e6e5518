package publish

import (
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// The parts of a consent record, ISO/IEC TS 27560:2023, clause 6; its fields are named as there.
type (
	consentFile struct {
		About        string            `json:"about"`
		Placeholders map[string]string `json:"placeholders"`
		Templates    []consentTemplate `json:"templates"`
	}
	consentTemplate struct {
		Purpose string        `json:"purpose_id"`
		Record  consentRecord `json:"record"`
		Receipt consentRecord `json:"receipt"`
	}
	consentRecord struct {
		Header     consentHeader     `json:"header"`
		Processing consentProcessing `json:"processing"`
		Parties    []consentParty    `json:"parties"`
		Events     []consentEvent    `json:"events"`
	}
	consentHeader struct {
		SchemaVersion string `json:"schema_version"`
		RecordID      string `json:"record_id"`
		ReceiptID     string `json:"receipt_id,omitempty"`
		PrincipalID   string `json:"pii_principal_id"`
	}
	consentProcessing struct {
		PrivacyNotice          string       `json:"privacy_notice"`
		Language               string       `json:"language"`
		Purpose                string       `json:"purpose"`
		PurposeType            string       `json:"purpose_type,omitempty"`
		LawfulBasis            string       `json:"lawful_basis"`
		Information            []consentPII `json:"pii_information"`
		Controllers            []string     `json:"pii_controllers"`
		CollectionMethod       []string     `json:"collection_method"`
		ProcessingMethod       []string     `json:"processing_method"`
		StorageLocations       []string     `json:"storage_locations"`
		RetentionPeriod        []string     `json:"retention_period"`
		ProcessingLocations    []string     `json:"processing_locations"`
		GeographicRestrictions []string     `json:"geographic_restrictions,omitempty"`
		Jurisdiction           []string     `json:"jurisdiction"`
		Recipients             []string     `json:"recipient_third_parties"` // empty: nobody
		WithdrawalMethod       []string     `json:"withdrawal_method"`
		PrivacyRights          []string     `json:"privacy_rights,omitempty"`
		Authority              string       `json:"authority_party,omitempty"`
	}
	consentPII struct {
		Type      string `json:"pii_type"`
		Attribute string `json:"pii_attribute_id"`
		Optional  bool   `json:"pii_optional"`
		Special   bool   `json:"special_pii_category"`
	}
	consentParty struct {
		ID      string `json:"party_id"`
		Address string `json:"party_address"`
		Name    string `json:"party_name"`
		Contact string `json:"party_contact"`
		Type    string `json:"party_type"`
		Role    string `json:"party_role"`
		Email   string `json:"party_email,omitempty"`
		URL     string `json:"party_url,omitempty"`
	}
	consentEvent struct {
		Time     string `json:"event_time"`
		Validity string `json:"validity_duration"`
		Entity   string `json:"entity_id"`
		Type     string `json:"event_type"`
		State    string `json:"event_state"`
	}
)

// dpvProfiles is the vocabulary's profiles of ISO/IEC TS 27560.
const dpvProfiles = "https://w3id.org/dpv/schema/dpv-27560#"

// What is filled in when somebody consents. A text of a template in braces is one of these.
const (
	fillRecord, fillReceipt, fillPrincipal, fillTime = "{record_id}", "{receipt_id}", "{pii_principal_id}", "{event_time}"
	fillController, fillName, fillAddress, fillReach = "{controller_id}", "{controller_name}", "{controller_address}", "{controller_contact}"
)

// notStated stands where a format wants something that the policy does not say.
const notStated = "not stated"

// consentRecords writes a template of the record and one of the receipt for each purpose on consent;
// nothing, where no purpose is.
func consentRecords(r *register) ([]byte, error) {
	g, err := newGraph(r)
	if err != nil {
		return nil, err
	}
	file := consentFile{
		About: "Templates of consent records and receipts, ISO/IEC TS 27560:2023. A value in braces is filled in when a person consents; all others stand.",
		Placeholders: map[string]string{
			fillRecord: "the record's own identifier", fillReceipt: "the receipt's own identifier",
			fillPrincipal: "the identifier of the person who consents", fillTime: "when the person consented, RFC 3339",
		},
	}
	if r.Organisation.Role == "processor" {
		file.Placeholders[fillController], file.Placeholders[fillName] = "the identifier of the client, who is the controller", "the client's name"
		file.Placeholders[fillAddress], file.Placeholders[fillReach] = "the client's address", "where the client can be reached"
	}
	for i := range r.Purposes {
		if u := &r.Purposes[i]; u.Basis == policy.Consent {
			file.Templates = append(file.Templates, consentTemplate{u.ID, g.consent(u, false), g.consent(u, true)})
		}
	}
	if len(file.Templates) == 0 {
		return nil, nil
	}
	return encode(file)
}

func (g *graph) consent(u *policy.Purpose, receipt bool) consentRecord {
	header := consentHeader{SchemaVersion: "record", RecordID: fillRecord, PrincipalID: fillPrincipal}
	if receipt {
		header.SchemaVersion, header.ReceiptID = "receipt", fillReceipt
	}
	if g.gdpr {
		header.SchemaVersion += "-eu-gdpr"
	}
	header.SchemaVersion = dpvProfiles + header.SchemaVersion
	return consentRecord{header, g.consentProcessing(u), g.consentParties(u), []consentEvent{{
		Time: fillTime, Validity: "until withdrawn", Entity: fillPrincipal,
		Type: g.iri("dpv:ExpressedConsent"), State: g.iri("dpv:ConsentGiven"),
	}}}
}

func (g *graph) consentProcessing(u *policy.Purpose) consentProcessing {
	basis := g.terms.Bases[u.Basis]
	p := consentProcessing{
		PrivacyNotice: g.noticeName(), Language: g.lang, Purpose: g.titled(u.Title, u.Titles),
		LawfulBasis: g.iri(basis.Any), Controllers: []string{"organisation"}, Jurisdiction: g.jurisdictions(),
		WithdrawalMethod: []string{g.Organisation.Contact}, Recipients: append([]string{}, u.Recipients...), StorageLocations: []string{notStated},
	}
	if term := byWord(g.terms.Purposes, u.ID); term != "" {
		p.PurposeType = g.iri(term)
	}
	if g.gdpr {
		p.LawfulBasis = g.iri(basis.GDPR)
	}
	if g.Organisation.Role == "processor" {
		p.Controllers = []string{fillController}
	}
	for _, term := range g.processing(u) {
		p.ProcessingMethod = append(p.ProcessingMethod, g.iri(term))
	}
	g.consentData(u, &p)
	if homes, _ := g.homes(); len(homes) > 0 {
		p.StorageLocations = g.places(homes)
	}
	p.ProcessingLocations = p.StorageLocations
	for _, id := range u.Recipients {
		c, _ := g.Recipient(id)
		region, _ := g.Region(c.Region)
		p.ProcessingLocations = append(p.ProcessingLocations[:len(p.ProcessingLocations):len(p.ProcessingLocations)], g.places([]policy.Region{*region})...)
	}
	for _, b := range g.keeping("residency") {
		p.GeographicRestrictions = append(p.GeographicRestrictions, g.said(b.clause))
	}
	for _, b := range g.keeping("consent") {
		if slices.Contains(b.list("purposes"), u.ID) {
			p.WithdrawalMethod = append(p.WithdrawalMethod, g.said(b.clause))
		}
	}
	for _, t := range g.rights() {
		p.PrivacyRights = append(p.PrivacyRights, t["dct:title"].(string))
	}
	if g.Organisation.Authority.Name != "" {
		p.Authority = "authority"
	}
	return p
}

// consentData says which data the purpose sees, where it comes from and how long it is kept.
func (g *graph) consentData(u *policy.Purpose, p *consentProcessing) {
	for _, s := range u.Sees {
		d, _ := g.DataSet(s.DataSet)
		for _, id := range s.Fields {
			f, _ := d.Field(id)
			p.Information = append(p.Information, consentPII{g.kind(d, f), d.ID + "." + f.ID, f.Optional, d.Sensitive})
		}
		source := d.Source
		if source == "" {
			source = policy.FromPerson
		}
		p.CollectionMethod = append(p.CollectionMethod, g.iri(g.terms.Sources[source].Source))
		p.RetentionPeriod = append(p.RetentionPeriod, d.ID+": "+storagePeriod(d))
	}
	p.CollectionMethod = sorted(p.CollectionMethod)
	for _, b := range g.keeping("erasure", "retention") {
		p.RetentionPeriod = append(p.RetentionPeriod, g.said(b.clause))
	}
}

// kind is the vocabulary's kind of a field's data, that of its data set where it has none of its own.
func (g *graph) kind(d *policy.DataSet, f *policy.Field) string {
	for _, term := range []string{g.terms.field(*f), g.terms.Categories[d.Category]} {
		if term != "" {
			return g.iri(term)
		}
	}
	return g.iri("dpv:PersonalData")
}

func (g *graph) noticeName() string {
	parts := []string{g.Organisation.Name, g.Version, "sha256:" + g.Digest}
	if g.Organisation.Website != "" {
		parts = append(parts, g.Organisation.Website)
	}
	return strings.Join(parts, ", ")
}

func (g *graph) places(regions []policy.Region) []string {
	var all []string
	for _, region := range regions {
		all = append(all, region.Provider+", "+g.titled(region.Place, region.Titles)+", "+region.Country)
	}
	return all
}

// jurisdictions are those of the laws that the policy names or, where it names none, the countries its
// data is in.
func (g *graph) jurisdictions() []string {
	var all []string
	for _, l := range g.Laws {
		if known, ok := g.known(l); ok {
			all = append(all, g.iri(known.Jurisdiction))
		} else {
			all = append(all, g.titled(l.Title, l.Titles))
		}
	}
	if homes, _ := g.homes(); len(all) == 0 {
		for _, region := range homes {
			all = append(all, g.iri("loc:"+region.Country))
		}
	}
	if len(all) == 0 {
		return []string{notStated}
	}
	return all
}
