package packs.legal.kr_31_test

import data.lib.fixture

# The notices due in KR to an adult first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(fixture.law("kr.31", fixture.shown(shown, object.union(
	{
		"now": "2026-11-22T20:00:00.000000Z",
		"audience": {"jurisdictions": ["KR"]},
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

test_the_output_is_marked if {
	fixture.kinds(fixture.law("kr.31", fixture.shown({}, at(["KR"])))) == {"disclose", "mark"}
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
	due({}, {"now": "2026-01-21T23:59:59.999999Z"}) == set()
	due({}, {"now": "2026-01-22T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({}, at([])) == {"ai"}
	due({}, at(["KR", "US"])) == {"ai"}
	due({}, at(["KP"])) == set()
	due({}, at(["US"])) == set()
	due({}, at(["DE"])) == set()
}
