# METADATA
# title: Toxicity by channel
# description: >-
#   Compares the scores with the thresholds of the channel and of the creator's strictness
#   (`data.baseline.toxicity`). A score of null means that the model does not cover the category:
#   it counts for nothing. No score at all, or no thresholds for the channel, holds the message.
# custom:
#   id: baseline.toxicity
#   verdicts: [hold, block]
package packs.baseline.toxicity

results contains {
	"rule": "baseline.toxicity",
	"text": "No toxicity score reached the policies, so the message was not screened. Review it by hand, or submit it again.",
	"verdict": "hold",
	"obligations": [],
} if {
	not scored
}

results contains {
	"rule": "baseline.toxicity",
	"text": message(outcome.verdict, concat(", ", outcome.categories)),
	"verdict": outcome.verdict,
	"obligations": [],
} if {
	raised
	outcome := judged
}

# Null sorts below every number, so it never is the highest unless nothing was scored.
highest := max({score | some score in input.findings.toxicity.scores})

scored if is_number(highest)

raised if {
	scored
	not low
}

low if highest < data.baseline.toxicity.floor

judged := {"verdict": "block", "categories": reached(limits.block)} if {
	count(reached(limits.block)) > 0
} else := {"verdict": "hold", "categories": reached(limits.hold)} if {
	count(reached(limits.hold)) > 0
} else := {"verdict": "hold", "categories": ["(no thresholds for this channel)"]} if {
	not limits.hold
}

limits := data.baseline.toxicity[strictness][input.message.channel]

# A category without a line has the line `other`; where that is missing too, no score reaches it.
reached(lines) := sort({category |
	some category, score in input.findings.toxicity.scores
	is_number(score)
	score >= object.get(lines, category, object.get(lines, "other", 2))
})

message("block", categories) := sprintf("The text scores as %s near certainty. It is not published; rewrite it.", [categories])

message("hold", categories) := sprintf("The text scores as %s at or above the threshold of this channel. A person decides: release it if the model is wrong, or rewrite it.", [categories])

default strictness := "normal"

strictness := "strict" if input.creator.strictness[input.message.channel] == "strict"
