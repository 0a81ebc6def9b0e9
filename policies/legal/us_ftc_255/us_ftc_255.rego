# METADATA
# title: Endorsements disclose the connection (United States)
# description: >-
#   Every message with commercial facts carries the disclosure. Invented experience of a product
#   is creator.product_experience.
# custom:
#   id: us.ftc.255
#   citation: 16 CFR Part 255 (FTC Endorsement Guides)
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.us_ftc_255

import data.lib.law

results contains {
	"rule": "us.ftc.255",
	"text": "The message promotes something for a brand; the disclosure is added (16 CFR Part 255).",
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": rule.params.notice, "position": "start"}}],
} if {
	commercial(input.commercial)
	rule := law.in_reach["us.ftc.255"]
}

commercial(facts) if facts.paid_partnership

commercial(facts) if is_string(facts.brand)
