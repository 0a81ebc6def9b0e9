package packs.legal.us_ca_sb243_test

import data.lib.fixture

# The notices due in US-CA to an adult first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(fixture.law("us.ca.sb243", fixture.shown(shown, object.union(
	{
		"now": "2026-11-22T20:00:00.000000Z",
		"audience": {"jurisdictions": ["US-CA"]},
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

test_a_minor_is_reminded_every_three_hours if {
	every minor in ["yes", "unknown"] {
		due({"ai": 10799, "take_a_break": 60}, aged(minor)) == set()
		due({"ai": 10800, "take_a_break": 60}, aged(minor)) == {"ai_reminder"}
		due({"ai": 30000, "ai_reminder": 10799, "take_a_break": 60}, aged(minor)) == set()
		due({"ai": 60, "take_a_break": 10799}, aged(minor)) == set()
		due({"ai": 60, "take_a_break": 10800}, aged(minor)) == {"take_a_break"}
		due({"ai": 60}, object.union(aged(minor), {"contact": {"since_first_s": 10799}})) == set()
		due({"ai": 60}, object.union(aged(minor), {"contact": {"since_first_s": 10800}})) == {"take_a_break"}
	}
}

test_an_adult_is_not_reminded if {
	due({"ai": 900000, "take_a_break": 900000}, aged("no")) == set()
}

test_no_reminder_beside_the_notice_itself if {
	due({}, aged("yes")) == {"ai", "take_a_break"}
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
	due({}, {"now": "2025-12-31T23:59:59.999999Z"}) == set()
	due({}, {"now": "2026-01-01T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({}, at(["US"])) == {"ai"}
	due({}, at([])) == {"ai"}
	due({}, at(["US-CA", "FR"])) == {"ai"}
	due({}, at(["US-NY"])) == set()
	due({}, at(["US", "US-NY"])) == set()
	due({}, at(["DE"])) == set()
}
