# METADATA
# title: Hidden and garbled text
# description: >-
#   Reading the text removed hidden code points or undid garbling. A few invisible characters
#   alone are cleaned and published. Together with a signal in the text or a raised toxicity
#   score, or in great number, they hold the message.
# custom:
#   id: baseline.evasion
#   verdicts: [publish, hold]
package packs.baseline.evasion

results contains {
	"rule": "baseline.evasion",
	"text": sprintf("The text was written to be misread by a machine (%s), and what it hides is suspect. Review it by hand, or write it plainly.", [listed]),
	"verdict": "hold",
	"obligations": [],
} if {
	input.findings.changes[0]
	suspect
}

results contains {
	"rule": "baseline.evasion",
	"text": sprintf("Hidden characters (%s) were removed; nothing else in the text is suspect.", [listed]),
	"verdict": "publish",
	"obligations": [],
} if {
	some change in input.findings.changes
	change.kind in data.baseline.evasion.hidden
	not suspect
}

listed := concat(", ", sort({change.kind | some change in input.findings.changes}))

suspect if {
	some change in input.findings.changes
	change.count >= data.baseline.evasion.bounds[change.kind]
}

suspect if {
	garbled
	some signal in input.findings.signals
	signal["in"] == "text"
}

suspect if {
	garbled
	some score in input.findings.toxicity.scores
	score >= data.baseline.evasion.suspicion
}

# Repeated letters are how people stress a word.
garbled if {
	some change in input.findings.changes
	change.kind != "repeat"
}
