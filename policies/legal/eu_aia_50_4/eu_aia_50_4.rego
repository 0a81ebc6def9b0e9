# METADATA
# title: Label generated text on matters of public interest (EU)
# description: >-
#   Public text on a matter of public interest is labelled unless a person reviewed it and an
#   editor answers for it; one of the two alone does not lift the duty.
# custom:
#   id: eu.aia.50.4
#   citation: Regulation (EU) 2024/1689 (AI Act), Art. 50(4), second subparagraph
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.eu_aia_50_4

import data.lib.contact
import data.lib.law

results contains {
	"rule": "eu.aia.50.4",
	"text": "Generated text on a matter of public interest, without both human review and an editor who answers for it; the label is added (AI Act, Art. 50(4)). To publish without it, name reviewed_by and editor.",
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": "ai_public", "position": "start"}}],
} if {
	input.editorial.public_interest
	not answered_for(input.editorial)
	rule := law.in_reach["eu.aia.50.4"]
	due(rule.params)
}

answered_for(editorial) if {
	named(editorial.reviewed_by)
	named(editorial.editor)
}

named(person) if {
	is_string(person)
	trim_space(person) != ""
}

due(_) if not contact.shown.ai_public

due(params) if contact.due_again(["ai_public"], object.get(params.repeat_s, input.message.channel, 0))
