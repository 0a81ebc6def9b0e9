# METADATA
# title: AI companions say that no human is there (New York)
# description: >-
#   The full notice opens the first interaction, and the first of each day; in between a reminder
#   is due every three hours. Any statement that an AI is talking restarts the three hours.
# custom:
#   id: us.ny.gbl47
#   citation: New York General Business Law, Art. 47, §§ 1700-1704
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.us_ny_gbl47

import data.lib.contact
import data.lib.law

results contains {
	"rule": "us.ny.gbl47",
	"text": sprintf("A companion tells at the start and every three hours that no human is talking; the notice '%s' is due (New York GBL Art. 47).", [notice]),
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": notice, "position": "start"}}],
} if {
	rule := law.in_reach["us.ny.gbl47"]
	notice := due(rule.params)
}

due(params) := "ai" if {
	opening(params.start_every_s)
} else := "ai_reminder" if {
	contact.due_again(["ai", "ai_reminder"], params.interval_s)
}

opening(_) if not contact.shown.ai

opening(start_every_s) if contact.due_again(["ai"], start_every_s)
