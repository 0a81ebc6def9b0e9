package packs.legal.eu_aia_50_1_test

import data.lib.fixture

# The notices due in DE to an adult first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(fixture.law("eu.aia.50.1", fixture.shown(shown, object.union(
	{
		"now": "2026-11-22T20:00:00.000000Z",
		"audience": {"jurisdictions": ["DE"]},
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

test_live_is_labelled_every_quarter_of_an_hour if {
	due({"ai": 899}, on("live")) == set()
	due({"ai": 900}, on("live")) == {"ai"}
	due({"ai": 9000, "ai_reminder": 899}, on("live")) == set()
	due({"ai": 900}, on("dm")) == set()
	due({"ai": 100000000}, on("dm")) == set()
}

test_it_never_keeps_a_message_back if {
	fixture.verdicts(fixture.law("eu.aia.50.1", fixture.shown({}, {}))) == {"publish"}
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
	due({}, {"now": "2026-08-01T23:59:59.999999Z"}) == set()
	due({}, {"now": "2026-08-02T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({}, at(["FR"])) == {"ai"}
	due({}, at(["FR-75"])) == {"ai"}
	due({}, at(["EU"])) == {"ai"}
	due({}, at([])) == {"ai"}
	due({}, at(["US-NY", "SE"])) == {"ai"}
	due({}, at(["US-NY"])) == set()
	due({}, at(["CH"])) == set()
	due({}, at(["GB"])) == set()
}
