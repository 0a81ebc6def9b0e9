# METADATA
# title: Romance
# description: >-
#   Nothing romantic with a minor, nor with someone of unknown age. With an adult it is left to the
#   creator's other rules.
# custom:
#   id: creator.romance
#   verdicts: [hold, block]
package packs.creator.romance

results contains {
	"rule": "creator.romance",
	"text": "The text is romantic, and the person is a minor. It is not published.",
	"verdict": "block",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.romance"
	signal["in"] == "text"
	input.audience.minor == "yes"
}

results contains {
	"rule": "creator.romance",
	"text": "The text is romantic, and nobody knows whether the person is an adult. State audience.minor, or rewrite it.",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.romance"
	signal["in"] == "text"
	input.audience.minor == "unknown"
}
