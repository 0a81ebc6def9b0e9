# METADATA
# title: Sexual content
# description: >-
#   Nothing sexual with a minor, nor with someone of unknown age: by phrase, or by the model's score
#   where it has one. Adults fall under the toxicity thresholds alone.
# custom:
#   id: creator.sexual
#   verdicts: [hold, block]
package packs.creator.sexual

results contains {
	"rule": "creator.sexual",
	"text": "The text is sexual, and the person is a minor. It is not published.",
	"verdict": "block",
	"obligations": [],
} if {
	input.audience.minor == "yes"
	explicit(input.findings)
}

results contains {
	"rule": "creator.sexual",
	"text": "The text is sexual, and nobody knows whether the person is an adult. State audience.minor, or rewrite it.",
	"verdict": "hold",
	"obligations": [],
} if {
	input.audience.minor == "unknown"
	explicit(input.findings)
}

explicit(findings) if {
	some signal in findings.signals
	signal.list == "creator.sexual"
	signal["in"] == "text"
}

explicit(findings) if findings.toxicity.scores.sexual_explicit >= data.creator.sexual.score
