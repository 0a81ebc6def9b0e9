# METADATA
# title: Legal advice
# description: >-
#   What someone should do about their rights, contracts or a trial needs a lawyer who answers for
#   it.
# custom:
#   id: creator.legal_advice
#   verdicts: [hold]
package packs.creator.legal_advice

results contains {
	"rule": "creator.legal_advice",
	"text": "The text reads like legal advice. Rewrite it without a recommendation, or let a person release it.",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.legal_advice"
	signal["in"] == "text"
}
