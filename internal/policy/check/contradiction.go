package check

func contradictionRules() []Rule {
	return []Rule{
		memoryBackedUp(), twoPeriods(), scheduleOutlasts(), findingsOutlast(),
		hiddenProcessor(), modelElsewhere(), recipientOutside(), sharedDespiteNever(),
		deniedAndUsed(), basisMisfit(), irrevocableConsent(),
	}
}
