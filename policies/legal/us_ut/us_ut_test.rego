package packs.legal.us_ut_test

import data.lib.fixture

# The notices due in US-UT to an adult first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(fixture.law("us.ut", fixture.shown(shown, object.union(
	{
		"now": "2026-11-22T20:00:00.000000Z",
		"audience": {"jurisdictions": ["US-UT"]},
		"contact": {"since_first_s": 36000},
	},
	patch,
))))

first := {"contact": {"first": true, "since_first_s": null, "gap_s": null}}

aged(minor) := {"audience": {"minor": minor}}

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

test_at_the_start_and_after_a_human if {
	due({}, first) == {"ai"}
	due({}, {}) == {"ai"}
	due({"ai": 60}, {}) == set()
	due({"ai": 60}, {"contact": {"human_spoke_s": 59}}) == {"ai"}
	due({"ai": 60}, {"contact": {"human_spoke_s": 61}}) == set()
}

test_again_after_seven_days_without if {
	due({"ai": 9000000}, {"contact": {"gap_s": 604799}}) == set()
	due({"ai": 9000000}, {"contact": {"gap_s": 604800}}) == {"ai"}
}

test_who_asks_is_answered_each_time if {
	asked := {"findings": {"signals": [{"list": "creator.asked_if_human", "source": "en:1", "start": 0, "end": 5, "in": "human"}]}}
	due({"ai": 60, "ai_answer": 0}, asked) == {"ai_answer"}
	due({"ai": 60}, {"findings": {"signals": [{"list": "creator.asked_if_human", "source": "en:1", "start": 0, "end": 5, "in": "text"}]}}) == set()
}

test_channels if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		due({}, on(channel)) == {"ai"}
	}
}

test_age_does_not_matter if {
	every minor in ["yes", "no", "unknown"] {
		due({}, aged(minor)) == {"ai"}
	}
}

test_every_avatar if {
	due({}, {"creator": {"companion": false}}) == {"ai"}
}

test_the_day_it_begins if {
	due({}, {"now": "2025-05-06T23:59:59.999999Z"}) == set()
	due({}, {"now": "2025-05-07T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({}, at(["US"])) == {"ai"}
	due({}, at([])) == {"ai"}
	due({}, at(["US-NV"])) == set()
	due({}, at(["DE"])) == set()
}
