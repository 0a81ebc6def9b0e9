# METADATA
# title: Medical advice
# description: >-
#   Doses, stopping or starting medicine, diagnoses: a person decides. Where the crisis answer
#   replaces the text, there is nothing left to hold.
# custom:
#   id: creator.medical_advice
#   verdicts: [hold]
package packs.creator.medical_advice

import data.lib.replacement

results contains {
	"rule": "creator.medical_advice",
	"text": "The text reads like medical advice. Rewrite it to point to a doctor or pharmacist, or let a person release it.",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.medical_advice"
	signal["in"] == "text"
	not replacement.crisis
}
