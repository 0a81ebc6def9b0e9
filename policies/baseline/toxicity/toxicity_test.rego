package packs.baseline.toxicity_test

import data.lib.fixture
import data.packs.baseline.toxicity

verdicts(scores, patch) := fixture.verdicts(results) if {
	message := object.union(
		object.union(object.remove(fixture.quiet, ["findings"]), {"findings": {
			"pii": [],
			"signals": [],
			"changes": [],
			"toxicity": {"scores": scores},
		}}),
		patch,
	)
	results := toxicity.results with input as message
}

on(channel) := {"message": {"channel": channel}}

strict(channel) := {"message": {"channel": channel}, "creator": {"strictness": {channel: "strict"}}}

test_low_scores_say_nothing if {
	verdicts({"toxicity": 0.01}, {}) == set()
	verdicts({"toxicity": 0}, {}) == set()
}

test_hold_at_the_threshold_not_below if {
	verdicts({"toxicity": 0.75}, on("dm")) == {"hold"}
	verdicts({"toxicity": 0.7499}, on("dm")) == set()
	verdicts({"toxicity": 0.6}, on("comment")) == {"hold"}
	verdicts({"toxicity": 0.5999}, on("comment")) == set()
	verdicts({"toxicity": 0.6}, on("live")) == {"hold"}
	verdicts({"toxicity": 0.7}, on("space")) == {"hold"}
	verdicts({"toxicity": 0.7}, on("group")) == {"hold"}
}

test_toxicity_alone_never_blocks if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		verdicts({"toxicity": 1, "insult": 1, "obscene": 1}, on(channel)) == {"hold"}
	}
}

test_the_gravest_near_certainty_block if {
	verdicts({"threat": 0.98}, on("dm")) == {"block"}
	verdicts({"threat": 0.9799}, on("dm")) == {"hold"}
	verdicts({"threat": 0.97}, on("live")) == {"block"}
	verdicts({"threat": 0.9699}, on("live")) == {"hold"}
	verdicts({"identity_attack": 0.99, "toxicity": 0.99}, on("group")) == {"block"}
}

test_strict_creators_have_lower_thresholds if {
	verdicts({"toxicity": 0.5}, strict("comment")) == {"hold"}
	verdicts({"toxicity": 0.4999}, strict("comment")) == set()
	verdicts({"threat": 0.93}, strict("live")) == {"block"}
	verdicts({"threat": 0.9299}, strict("live")) == {"hold"}
}

test_strictness_is_by_channel if {
	verdicts({"toxicity": 0.5}, {"creator": {"strictness": {"live": "strict"}}}) == set()
	verdicts({"toxicity": 0.6}, {"creator": {"strictness": {"dm": "normal"}}}) == set()
	verdicts({"toxicity": 0.6}, {"creator": {"strictness": {"dm": "strict"}}}) == {"hold"}
}

test_not_covered_is_not_counted if {
	verdicts({"toxicity": 0.1, "threat": null}, {}) == set()
	verdicts({"toxicity": 0.9, "threat": null}, {}) == {"hold"}
}

test_a_category_without_a_line_takes_other if {
	verdicts({"mockery": 0.75}, on("dm")) == {"hold"}
	verdicts({"mockery": 0.74}, on("dm")) == set()
}

test_swearing_that_the_creator_allows_is_not_held if {
	verdicts({"obscene": 0.95}, {}) == {"hold"}
	verdicts({"obscene": 0.95}, {"creator": {"tone": {"profanity": "hold"}}}) == {"hold"}
	verdicts({"obscene": 0.95}, {"creator": {"tone": {"profanity": "allow"}}}) == set()
	verdicts({"obscene": 0.95, "insult": 0.95}, {"creator": {"tone": {"profanity": "allow"}}}) == {"hold"}
}

test_nothing_scored_holds if {
	verdicts({}, {}) == {"hold"}
	verdicts({"toxicity": null}, {}) == {"hold"}
	missing := toxicity.results with input as json.remove(fixture.quiet, ["findings/toxicity"])
	fixture.verdicts(missing) == {"hold"}
}

test_a_channel_without_thresholds_holds if {
	results := toxicity.results with input as fixture.message({"findings": {"toxicity": {"scores": {"toxicity": 0.5}}}})
		with data.baseline.toxicity.normal as {}
	fixture.verdicts(results) == {"hold"}
}

test_without_a_floor_every_score_is_looked_at if {
	results := toxicity.results with input as fixture.message({"findings": {"toxicity": {"scores": {"threat": 0.9}}}})
		with data.baseline.toxicity.floor as null
	fixture.verdicts(results) == {"hold"}
}

test_the_reason_names_the_categories if {
	results := toxicity.results with input as fixture.message({"findings": {"toxicity": {"scores": {"threat": 0.6, "insult": 0.9}}}})
	some result in results
	contains(result.text, "insult, threat")
}

test_no_threshold_is_under_the_floor if {
	every strictness in ["normal", "strict"] {
		every channel in ["space", "group", "dm", "comment", "live"] {
			limits := data.baseline.toxicity[strictness][channel]
			limits.hold.other
			every limit in limits.hold {
				limit >= data.baseline.toxicity.floor
			}
			every category, limit in limits.block {
				limit > object.get(limits.hold, category, limits.hold.other)
			}
		}
	}
}
