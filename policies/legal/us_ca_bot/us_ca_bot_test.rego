package packs.legal.us_ca_bot_test

import data.lib.fixture

# The notices due in US-CA to an adult first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(fixture.law("us.ca.bot", fixture.shown(shown, object.union(
	{
		"now": "2026-11-22T20:00:00.000000Z",
		"audience": {"jurisdictions": ["US-CA"]},
		"contact": {"since_first_s": 36000},
	},
	object.union({"commercial": {"paid_partnership": true}}, patch),
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

test_once_a_day if {
	due({"ai": 86399}, {}) == set()
	due({"ai": 86400}, {}) == {"ai"}
	due({"ai": 90000, "ai_reminder": 60}, {}) == set()
}

test_selling_and_campaigning_alone if {
	due({}, {"commercial": {"paid_partnership": false}}) == set()
	due({}, {"commercial": {"paid_partnership": false, "brand": "Acme"}}) == {"ai"}
	every list in ["fr.influ", "creator.political_advice"] {
		due({}, {
			"commercial": {"paid_partnership": false},
			"findings": {"signals": [{"list": list, "source": "en:1", "start": 0, "end": 5, "in": "text"}]},
		}) == {"ai"}
	}
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
	due({}, {"now": "2019-06-30T23:59:59.999999Z"}) == set()
	due({}, {"now": "2019-07-01T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({}, at(["US-CA"])) == {"ai"}
	due({}, at(["US"])) == {"ai"}
	due({}, at([])) == {"ai"}
	due({}, at(["US-NY"])) == set()
	due({}, at(["US-TX", "US"])) == set()
	due({}, at(["CA"])) == set()
}
