package packs.legal.us_ny_gbl47_test

import data.lib.fixture

# The notices due in US-NY to an adult first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(fixture.law("us.ny.gbl47", fixture.shown(shown, object.union(
	{
		"now": "2026-11-22T20:00:00.000000Z",
		"audience": {"jurisdictions": ["US-NY"]},
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

test_every_three_hours if {
	every minor in ["yes", "no", "unknown"] {
		due({"ai": 10799}, aged(minor)) == set()
		due({"ai": 10800}, aged(minor)) == {"ai_reminder"}
		due({"ai": 20000, "ai_reminder": 10799}, aged(minor)) == set()
		due({"ai": 20000, "ai_reminder": 10800}, aged(minor)) == {"ai_reminder"}
	}
}

test_the_full_notice_once_a_day if {
	due({"ai": 86399, "ai_reminder": 60}, {}) == set()
	due({"ai": 86400, "ai_reminder": 60}, {}) == {"ai"}
	due({"ai": 86400}, {}) == {"ai", "ai_reminder"}
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

test_age_does_not_matter if {
	every minor in ["yes", "no", "unknown"] {
		due({}, aged(minor)) == {"ai"}
	}
}

test_the_day_it_begins if {
	due({}, {"now": "2025-11-04T23:59:59.999999Z"}) == set()
	due({}, {"now": "2025-11-05T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({}, at(["US"])) == {"ai"}
	due({}, at([])) == {"ai"}
	due({}, at(["US-CA"])) == set()
	due({}, at(["DE"])) == set()
}
