# METADATA
# title: Commercial influence is labelled (France)
# description: >-
#   Every message with commercial facts carries the label. A message that reads like an ad but
#   was submitted without commercial facts is held, so that somebody names them.
# custom:
#   id: fr.influ
#   citation: Loi n° 2023-451 du 9 juin 2023 (France), art. 5
#   verdicts: [publish, hold]
#   obligations: [disclose]
package packs.legal.fr_influ

import data.lib.law

results contains {
	"rule": "fr.influ",
	"text": "The message promotes something for a brand; the label \"Publicité\" is added (loi 2023-451, art. 5).",
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": rule.params.notice, "position": "start"}}],
} if {
	commercial(input.commercial)
	rule := law.in_reach["fr.influ"]
}

results contains {
	"rule": "fr.influ",
	"text": "The text reads like an ad (a code, a sponsor, a link to buy), but no commercial facts came with it. State paid_partnership or brand, so that it is labelled, or rewrite it.",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "fr.influ"
	not commercial(input.commercial)
	law.in_reach["fr.influ"]
}

commercial(facts) if facts.paid_partnership

commercial(facts) if {
	is_string(facts.brand)
	facts.brand != ""
}
