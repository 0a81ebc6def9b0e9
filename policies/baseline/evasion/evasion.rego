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
	"text": sprintf("The text was written to be misread by a machine (%s), and what it hides is suspect. Review it by hand, or write it plainly.", [listed(input.findings.changes)]),
	"verdict": "hold",
	"obligations": [],
} if {
	input.findings.changes[0]
	suspect(input.findings)
}

results contains {
	"rule": "baseline.evasion",
	"text": sprintf("Hidden characters (%s) were removed; nothing else in the text is suspect.", [listed(input.findings.changes)]),
	"verdict": "publish",
	"obligations": [],
} if {
	some change in input.findings.changes
	change.kind in data.baseline.evasion.hidden
	not suspect(input.findings)
}

listed(changes) := concat(", ", sort({change.kind | some change in changes}))

suspect(findings) if {
	some change in findings.changes
	change.count >= data.baseline.evasion.bounds[change.kind]
}

suspect(findings) if {
	garbled(findings)
	some signal in findings.signals
	signal["in"] == "text"
}

suspect(findings) if {
	garbled(findings)
	some score in findings.toxicity.scores
	score >= data.baseline.evasion.suspicion
}

# Repeated letters are how people stress a word.
garbled(findings) if {
	some change in findings.changes
	change.kind != "repeat"
}
