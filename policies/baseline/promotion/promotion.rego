# METADATA
# title: Promotion is labelled
# description: >-
#   What promotes something for a brand or for pay says so, and what reads like an ad without saying
#   for whom waits for a person, whether or not a law asks for it there.
# custom:
#   id: baseline.promotion
#   verdicts: [publish, hold]
#   obligations: [disclose]
package packs.baseline.promotion

results contains {
	"rule": "baseline.promotion",
	"text": "The message promotes something for a brand; the label is added.",
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": "ad", "position": "start"}}],
} if {
	"promotion" in input.occasions
}

results contains {
	"rule": "baseline.promotion",
	"text": "The text reads like an ad (a code, a sponsor, a link to buy), but no commercial facts came with it. State paid_partnership or brand, so that it is labelled, or rewrite it.",
	"verdict": "hold",
	"obligations": [],
} if {
	"hidden_promotion" in input.occasions
}
