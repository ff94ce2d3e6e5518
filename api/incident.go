package api

import "time"

// Exposure says through what personal data was exposed: who is affected is worked out of the ledger.
type Exposure struct {
	From       time.Time `json:"from" doc:"Since when."`
	To         time.Time `json:"to" doc:"Until when, this moment not included."`
	Credential string    `json:"credential,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"The application whose key was used; all if left out."`
	DataSet    string    `json:"data_set,omitempty" maxLength:"64"`
	Purpose    string    `json:"purpose,omitempty" maxLength:"64"`
}

// Suspicion is that personal data may have been breached.
type Suspicion struct {
	Nature    []string `json:"nature" nullable:"false" minItems:"1" maxItems:"3" uniqueItems:"true" enum:"confidentiality,integrity,availability" doc:"Whether data was seen by others, altered, or lost."`
	Cause     string   `json:"cause" enum:"stolen-credential,insider,intrusion,malware,lost-device,misdirected,misconfiguration,supplier,unknown"`
	Exposure  Exposure `json:"exposure"`
	Reference string   `json:"reference,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of it. No name or address." example:"ticket-314"`
	Drill     []string `json:"drill,omitempty" nullable:"false" maxItems:"100" uniqueItems:"true" doc:"Of a drill: the made-up people, the only ones whom it finds affected and tells. A drill can be removed."`
}

// Awareness is when the organisation learned of a breach: its clocks run from then.
type Awareness struct {
	At *time.Time `json:"at,omitempty" doc:"Now, if left out."`
}

// Assessment weighs a breach. It can be made again when more is known.
type Assessment struct {
	Risk         string    `json:"risk" enum:"none,risk,high" doc:"To the rights and freedoms of people (GDPR art. 33 and 34)."`
	Reasons      []string  `json:"reasons" nullable:"false" minItems:"1" maxItems:"10" uniqueItems:"true" enum:"unreadable-to-others,keys-not-exposed,already-public,trusted-recipient,restored-from-backup,few-fields,sensitive-data,financial-data,identity-data,vulnerable-people,many-people,known-misuse,hostile-recipient,cannot-be-undone"`
	Consequences []string  `json:"consequences" nullable:"false" maxItems:"10" uniqueItems:"true" enum:"loss-of-confidentiality,identity-theft,fraud,financial-loss,discrimination,damage-to-reputation,loss-of-control,loss-of-access,distress,physical-harm,none-likely" doc:"What is likely to come of it (recitals 75 and 85)."`
	Measures     []string  `json:"measures" nullable:"false" maxItems:"20" uniqueItems:"true" enum:"access-revoked,credentials-replaced,keys-replaced,hole-closed,data-restored,recipient-deleted-data,systems-isolated,monitoring-raised,police-told,people-advised,support-line-opened,access-reviewed,staff-trained" doc:"Taken or decided."`
	Exposure     *Exposure `json:"exposure,omitempty" doc:"What is now known of it; as before if left out."`
}

// AuthorityTold is that the authority was told, in whole or in a phase (GDPR art. 33(4)).
type AuthorityTold struct {
	Receipt string `json:"receipt" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"The id under which the authority took it." example:"dpa-2026-0114"`
	Delay   string `json:"delay,omitempty" enum:"facts-unclear,found-in-pieces,supplier-told-late,police-asked,staff-unavailable" doc:"Why it comes late; needed if it does (GDPR art. 33(1))."`
}

// PeopleTold has the people concerned told, or says that they were told otherwise: with neither member,
// messages are sent.
type PeopleTold struct {
	Called []string `json:"called,omitempty" nullable:"false" maxItems:"1000" uniqueItems:"true" doc:"People of the list of those to be called whom you have spoken to."`
	Public string   `json:"public,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of a public communication, for those whom no message reaches (GDPR art. 34(3)(c))."`
}

// Calls are people who are to be called and were not yet. Their numbers are read as any data is.
type Calls struct {
	Subjects []string `json:"subjects" nullable:"false"`
}

// Closing ends an incident.
type Closing struct {
	Lessons  []string `json:"lessons,omitempty" nullable:"false" maxItems:"50" doc:"Your ids of what follows from it."`
	NoBreach bool     `json:"no_breach,omitempty" doc:"The suspicion was unfounded."`
}

// Affected is whom and what a breach concerns, worked out of the ledger.
type Affected struct {
	People      int            `json:"people" doc:"Those erased since are counted, and cannot be told."`
	Records     int64          `json:"records"`
	Approximate bool           `json:"approximate" doc:"The records are too many to count one by one, or some were shown in lists."`
	Data        []AffectedData `json:"data" nullable:"false"`
	Credentials []string       `json:"credentials" nullable:"false" doc:"Through which applications."`
	Recipients  []string       `json:"recipients" nullable:"false" doc:"To whom the policy's recipients were."`
	First       *time.Time     `json:"first,omitempty"`
	Last        *time.Time     `json:"last,omitempty"`
}

// AffectedData is one data set that a breach concerns.
type AffectedData struct {
	DataSet   string   `json:"data_set"`
	Title     string   `json:"title"`
	Category  string   `json:"category"`
	Sensitive bool     `json:"sensitive"`
	Fields    []string `json:"fields" nullable:"false" doc:"All that the purposes involved can see; fewer may have been seen."`
	People    int      `json:"people"`
}

// AuthorityPhase is one report to the authority.
type AuthorityPhase struct {
	Phase   int                `json:"phase"`
	Receipt string             `json:"receipt"`
	At      time.Time          `json:"at"`
	Delay   string             `json:"delay,omitempty"`
	Told    BreachNotification `json:"told" doc:"What was known then."`
}

// PeopleReached is how far the people concerned were told.
type PeopleReached struct {
	People   int            `json:"people" doc:"Whom messages are for: those affected and not erased."`
	Reached  int            `json:"reached" doc:"Whom a message has reached."`
	Channels []ChannelTally `json:"channels" nullable:"false"`
	Public   string         `json:"public,omitempty" doc:"The public communication."`
	At       *time.Time     `json:"at,omitempty" doc:"Since when messages have been with everyone; missing while they are being written."`
}

// Unreached is a page of the people concerned whom no message has reached so far.
type Unreached struct {
	People []UnreachedPerson `json:"people" nullable:"false"`
	Next   string            `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// UnreachedPerson is somebody whom no message has reached, and what became of each.
type UnreachedPerson struct {
	Subject string       `json:"subject"`
	Ways    []MessageWay `json:"ways" nullable:"false"`
}

// MessageWay is what became of a message by one channel.
type MessageWay struct {
	Channel string `json:"channel" example:"email"`
	State   string `json:"state" example:"failed"`
	Reason  string `json:"reason,omitempty" example:"bounced-5.1.1"`
}

// ChannelTally is how many messages of a channel are in a state.
type ChannelTally struct {
	Channel string `json:"channel"`
	State   string `json:"state"`
	Count   int    `json:"count"`
}

// Incident is a breach of personal data, from suspicion to lessons.
type Incident struct {
	ID        string   `json:"id"`
	State     string   `json:"state" enum:"suspected,aware,assessed,closed"`
	Drill     bool     `json:"drill"`
	Nature    []string `json:"nature" nullable:"false"`
	Cause     string   `json:"cause"`
	Reference string   `json:"reference,omitempty"`
	Exposure  Exposure `json:"exposure"`

	Suspected time.Time  `json:"suspected"`
	Aware     *time.Time `json:"aware,omitempty"`
	Assessed  *time.Time `json:"assessed,omitempty"`
	Closed    *time.Time `json:"closed,omitempty"`

	Risk         string           `json:"risk,omitempty" enum:"none,risk,high"`
	Reasons      []string         `json:"reasons,omitempty"`
	Consequences []string         `json:"consequences,omitempty"`
	Measures     []string         `json:"measures,omitempty"`
	Affected     *Affected        `json:"affected,omitempty" doc:"As of the last assessment."`
	Authority    []AuthorityPhase `json:"authority,omitempty"`
	People       *PeopleReached   `json:"people,omitempty"`
	Lessons      []string         `json:"lessons,omitempty"`
	NoBreach     bool             `json:"no_breach,omitempty"`
	Clocks       []Clock          `json:"clocks" nullable:"false"`
}

// Incidents is a page of incidents, the newest first.
type Incidents struct {
	Incidents []Incident `json:"incidents" nullable:"false"`
	Next      string     `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// BreachNotification is what the authority is told, GDPR art. 33(3).
type BreachNotification struct {
	Incident  string `json:"incident"`
	Drill     bool   `json:"drill"`
	Phase     int    `json:"phase" doc:"The number of the report that this would be, from 1."`
	Authority Party  `json:"authority"`

	Organisation string   `json:"organisation"`
	Role         string   `json:"role"`
	Address      string   `json:"address,omitempty"`
	Contact      Party    `json:"contact" doc:"The data protection officer, or where privacy requests go (art. 33(3)(b))."`
	Laws         []string `json:"laws" nullable:"false"`

	Suspected time.Time  `json:"suspected"`
	Aware     *time.Time `json:"aware,omitempty"`
	Due       *time.Time `json:"due,omitempty" doc:"By when the policy promises to tell the authority."`
	Limit     string     `json:"limit,omitempty" example:"72 hours"`
	Late      bool       `json:"late"`

	Nature           []string `json:"nature" nullable:"false" doc:"Art. 33(3)(a)."`
	Cause            string   `json:"cause"`
	Exposure         Exposure `json:"exposure"`
	PeopleCategories []string `json:"people_categories" nullable:"false"`
	Affected         Affected `json:"affected"`
	Risk             string   `json:"risk,omitempty"`
	Reasons          []string `json:"reasons,omitempty"`
	Consequences     []string `json:"consequences" nullable:"false" doc:"Art. 33(3)(c)."`
	Measures         []string `json:"measures" nullable:"false" doc:"Art. 33(3)(d)."`
	PeopleTold       int      `json:"people_told" doc:"How many of the people concerned a message has reached."`
	Missing          []string `json:"missing" nullable:"false" doc:"What is to follow in a later phase (art. 33(4))." `
}

// Party is somebody who can be reached.
type Party struct {
	Name    string `json:"name"`
	Contact string `json:"contact,omitempty"`
}
