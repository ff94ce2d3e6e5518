package notify

import "maps"

// Code is the detail that is the id of a code. The outbox keeps the id alone: the code, which opens
// something, is made as the message leaves.
const Code = "code"

// opened is a message with its code in place of the code's id.
func (o *Outbox) opened(d *Dispatch) *Message {
	id := d.Details[Code]
	if id == "" || o.Codes == nil {
		return &d.Message
	}
	m := d.Message
	m.Details = maps.Clone(m.Details)
	m.Details[Code], m.Details["link"] = o.Codes(d.Tenant, m.Template, m.Language, id)
	return &m
}
