# METADATA
# title: The message that tests start from
# description: An ordinary German direct message with nothing to complain of; tests change one thing.
package lib.fixture

quiet := {
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
	"creator": {"id": "lea", "display_name": "Léa", "quiet": false},
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

# `quiet` with `patch` laid over it, objects merged, the rest replaced.
message(patch) := object.union(quiet, patch)

# `quiet` on another channel.
on(channel) := message({"message": {"channel": channel}})

# A message that hits the phrase list `list` in the avatar's own text.
said(list, patch) := object.union(
	message({"findings": {"signals": [{"list": list, "source": "en:1", "start": 0, "end": 5, "in": "text"}]}}),
	patch,
)

# A message that answers a human whose words hit `list`.
heard(list, patch) := object.union(
	message({"findings": {"signals": [{"list": list, "source": "en:1", "start": 0, "end": 5, "in": "human"}]}}),
	patch,
)

verdicts(results) := {result.verdict | some result in results}

kinds(results) := {obligation.kind | some result in results; some obligation in result.obligations}

notices(results) := {obligation.params.notice |
	some result in results
	some obligation in result.obligations
	obligation.kind == "disclose"
}
