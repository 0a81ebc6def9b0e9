# METADATA
# title: The message that tests start from
# description: An ordinary German direct message with nothing to complain of; tests change one thing.
package lib.fixture

import data.packs.legal.duties

plain := {
	"now": "2026-11-22T20:00:00.000000Z",
	"message": {
		"id": "m-1",
		"tenant": "studio",
		"channel": "dm",
		"route": "sandbox",
		"language": "en",
		"dry_run": false,
		"conversation": "c-1",
		"avatar": "lea-ai",
	},
	"text": {
		"submitted": "Thanks for watching, see you on stream.",
		"normalised": "Thanks for watching, see you on stream.",
		"folded": "thanks for watching, see you on stream.",
		"lower": "thanks for watching, see you on stream.",
		"shouted": false,
		"length": 39,
	},
	"human": {"present": true, "text": "Great show yesterday!"},
	"audience": {"known": true, "minor": "no", "jurisdictions": ["DE"]},
	"creator": {"id": "lea", "display_name": "Léa", "companion": true, "quiet": false},
	"commercial": {"paid_partnership": false, "brand": null},
	"generator": {"model": "model-1", "provider": null, "upstream_marking": null},
	"editorial": {"public_interest": false, "reviewed_by": null, "editor": null},
	"media": [],
	"findings": {
		"pii": [],
		"toxicity": {"scores": {
			"toxicity": 0.01,
			"severe_toxicity": 0.0,
			"obscene": 0.01,
			"threat": 0.0,
			"insult": 0.01,
			"identity_attack": null,
			"sexual_explicit": null,
		}},
		"signals": [],
		"changes": [],
		"terms": [],
	},
	"contact": {"first": false, "since_first_s": 3600, "gap_s": 60, "disclosed_s": {"ai": 3600}},
	"route": {"max_length": 10000, "unit": "characters", "c2pa": false},
	"unavailable": [],
}

quiet := whole(plain)

# The plain message with `patch` laid over it, objects merged, the rest replaced.
message(patch) := whole(object.union(plain, patch))

# The plain message with `patch` laid over it, to a person who was shown these notices alone, that
# many seconds ago.
shown(notices, patch) := whole(object.union(json.remove(plain, ["contact/disclosed_s/ai"]), object.union({"contact": {"disclosed_s": notices}}, patch)))

# What one legal rule says about `message`.
law(rule, message) := {result |
	some result in duties.results with input as message
	result.rule == rule
}

# The facts that the gateway derives for legal rules (gateway/policy/packs/circumstances.py), put
# plainly.
whole(message) := object.union(message, {
	"occasions": sort(occasions(message)),
	"audience": {"places": places(message.audience.jurisdictions)},
	"contact": {"since_s": since(message.contact)},
})

places([]) := ["*"]

places(codes) := sort(union({named, unions, wholes})) if {
	count(codes) > 0
	named := {place | some code in codes; some place in {code, substring(code, 0, 2)}}
	unions := {"EU" | some code in codes; substring(code, 0, 2) in members}
	wholes := somewhere_in_the_union(codes) | somewhere_in_the_states(codes)
}

# A union without one of its members stands for all of them.
somewhere_in_the_union(codes) := {"EU-*" |
	"EU" in codes
	every code in codes {
		not substring(code, 0, 2) in members
	}
}

somewhere_in_the_states(codes) := {"US-*" |
	"US" in codes
	every code in codes {
		not startswith(code, "US-")
	}
}

members := {
	"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
	"IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
}

occasions(message) := found if {
	said_or_heard := {concat(":", [signal["in"], signal.list]) | some signal in message.findings.signals}
	states := {
		"always": true,
		"promotion": promotes(message.commercial),
		"hidden_promotion": all_true([not_true(promotes(message.commercial)), "text:fr.influ" in said_or_heard]),
		"unmarked": message.generator.upstream_marking == null,
		"public_interest": all_true([message.editorial.public_interest, not_true(answered_for(message.editorial))]),
		"under_13": child(message.audience, 13),
		"under_14": child(message.audience, 14),
	}
	found := said_or_heard | {name | some name, true in states}
}

promotes(facts) if {
	facts.paid_partnership
} else := facts.brand != null

answered_for(editorial) if {
	is_string(editorial.reviewed_by)
	is_string(editorial.editor)
	trim_space(editorial.reviewed_by) != ""
	trim_space(editorial.editor) != ""
} else := false

child(audience, years) if {
	audience.minor == "yes"
	not object.get(audience, "guardian_consent", false)
	object.get(audience, "age_from", 0) < years
} else := false

not_true(value) := value == false

all_true(values) := count([value | some value in values; value == true]) == count(values)

since(contact) := {
	"each": 0,
	"start": 0,
	"told": -1,
	"ai": -1,
	"take_a_break": -1,
	"ai_public": 1000000000,
	"gap": -1,
} if {
	contact.first
} else := {
	"each": 0,
	"start": start(contact),
	"told": told(contact.disclosed_s),
	"ai": object.get(contact.disclosed_s, "ai", -1),
	"take_a_break": object.get(contact.disclosed_s, "take_a_break", contact.since_first_s),
	"ai_public": object.get(contact.disclosed_s, "ai_public", 1000000000),
	"gap": contact.gap_s,
}

start(contact) := 0 if {
	not contact.disclosed_s.ai
} else := 0 if {
	contact.human_spoke_s < told(contact.disclosed_s)
} else := -1

told(notices) := min([age | some name in ["ai", "ai_reminder", "ai_answer"]; age := notices[name]]) if {
	notices.ai
} else := -1

# `quiet` on another channel.
on(channel) := message({"message": {"channel": channel}})

# A message that hits the phrase list `list` in the avatar's own text.
said(list, patch) := message(object.union(
	{"findings": {"signals": [{"list": list, "source": "en:1", "start": 0, "end": 5, "in": "text"}]}},
	patch,
))

# A message that answers a human whose words hit `list`.
heard(list, patch) := message(object.union(
	{"findings": {"signals": [{"list": list, "source": "en:1", "start": 0, "end": 5, "in": "human"}]}},
	patch,
))

verdicts(results) := {result.verdict | some result in results}

kinds(results) := {obligation.kind | some result in results; some obligation in result.obligations}

notices(results) := {obligation.params.notice |
	some result in results
	some obligation in result.obligations
	obligation.kind == "disclose"
}
