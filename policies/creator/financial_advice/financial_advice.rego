# METADATA
# title: Financial advice
# description: >-
#   What to buy, sell or stake is not the avatar's to say.
# custom:
#   id: creator.financial_advice
#   verdicts: [hold]
package packs.creator.financial_advice

results contains {
	"rule": "creator.financial_advice",
	"text": "The text reads like financial advice. Rewrite it without a recommendation, or let a person release it.",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.financial_advice"
	signal["in"] == "text"
}
