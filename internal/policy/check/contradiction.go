package check

func contradictionRules() []Rule { return nil }
