package publish

// records are what machines read: security.txt, gpc.json, DPV, ISO/IEC TS 27560, OSCAL, the questionnaire.
func records() []document { return nil }
