package check

func usageRules() []Rule { return nil }
