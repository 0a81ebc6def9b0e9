# METADATA
# title: Toxicity by channel
# description: >-
#   Compares the scores with the thresholds of the channel and of the creator's strictness
#   (`data.baseline.toxicity`). A score of null means that the model does not cover the category:
#   it counts for nothing. No score at all, or no thresholds for the channel, holds the message.
#   Scores of a text that the crisis answer replaces are not looked at, nor is the category
#   obscene where the creator allows profanity.
# custom:
#   id: baseline.toxicity
#   verdicts: [hold, block]
package packs.baseline.toxicity

import data.lib.replacement

results contains {
	"rule": "baseline.toxicity",
	"text": "No toxicity score reached the policies, so the message was not screened. Review it by hand, or submit it again.",
	"verdict": "hold",
	"obligations": [],
} if {
	not scored(input.findings)
}

results contains {
	"rule": "baseline.toxicity",
	"text": message(outcome.verdict, concat(", ", outcome.categories)),
	"verdict": outcome.verdict,
	"obligations": [],
} if {
	highest := max([score | some score in input.findings.toxicity.scores])
	not low(highest)
	scored(input.findings)
	outcome := judged(limits(strictness(input.message.channel)))
	not replacement.crisis
}

scored(findings) if {
	some score in findings.toxicity.scores
	score != null
}

# Null sorts below every number, so what is not covered is the highest only where nothing is.
low(score) if score < data.baseline.toxicity.floor

limits(table) := data.baseline.toxicity[table][input.message.channel]

limits(table) := {} if not data.baseline.toxicity[table][input.message.channel]

judged(lines) := {"verdict": "hold", "categories": ["(no thresholds for this channel)"]} if {
	not lines.hold
} else := {"verdict": "block", "categories": blocked} if {
	blocked := reached(lines.block)
	count(blocked) > 0
} else := {"verdict": "hold", "categories": held} if {
	held := reached(lines.hold)
	count(held) > 0
}

# A category without a line has the line `other`; where that is missing too, no score reaches it.
reached(lines) := sort({category |
	some category, score in input.findings.toxicity.scores
	score != null
	not excused(category)
	score >= object.get(lines, category, object.get(lines, "other", 2))
})

# Who lets the avatar swear does not want each swear word held.
excused("obscene") if input.creator.tone.profanity == "allow"

message("block", categories) := sprintf("The text scores as %s near certainty. It is not published; rewrite it.", [categories])

message("hold", categories) := sprintf("The text scores as %s at or above the threshold of this channel. A person decides: release it if the model is wrong, or rewrite it.", [categories])

strictness(channel) := "strict" if {
	input.creator.strictness[channel] == "strict"
} else := "normal"
