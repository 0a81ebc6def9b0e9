package packs.legal.us_or_1546_test

import data.lib.fixture

# The notices due in US-OR to an adult first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(fixture.law("us.or.1546", fixture.shown(shown, object.union(
	{
		"now": "2027-03-01T12:00:00.000000Z",
		"audience": {"jurisdictions": ["US-OR"]},
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

test_adults_are_not_reminded if {
	due({"ai": 900000}, {}) == set()
}

test_someone_who_may_be_a_minor_is_reminded_every_hour if {
	every minor in ["yes", "unknown"] {
		due({"ai": 3599}, aged(minor)) == set()
		due({"ai": 3600}, aged(minor)) == {"ai_reminder"}
		due({"ai": 90000, "ai_reminder": 3599}, aged(minor)) == set()
	}
}

test_channels if {
	every channel in ["space", "group", "dm"] {
		due({}, on(channel)) == {"ai"}
	}
	every channel in ["comment", "live"] {
		due({}, on(channel)) == set()
	}
}

test_companions_alone if {
	due({}, {"creator": {"companion": true}}) == {"ai"}
	due({}, {"creator": {"companion": false}}) == set()
}

test_the_day_it_begins if {
	due({}, {"now": "2026-12-31T23:59:59.999999Z"}) == set()
	due({}, {"now": "2027-01-01T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({}, at(["US"])) == {"ai"}
	due({}, at([])) == {"ai"}
	due({}, at(["US-WA"])) == set()
	due({}, at(["DE"])) == set()
}
