package packs.legal.cn_label_test

import data.lib.fixture

# The notices due in CN to an adult first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(fixture.law("cn.label", fixture.shown(shown, object.union(
	{
		"now": "2026-11-22T20:00:00.000000Z",
		"audience": {"jurisdictions": ["CN"]},
		"contact": {"since_first_s": 36000},
	},
	patch,
))))

first := {"contact": {"first": true, "since_first_s": null, "gap_s": null}}

aged(minor) := {"audience": {"minor": minor}}

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

test_every_message_is_labelled if {
	due({"ai": 0}, {}) == {"ai"}
	due({}, first) == {"ai"}
}

test_the_mark_is_gb45438 if {
	some result in fixture.law("cn.label", fixture.message({"audience": {"jurisdictions": ["CN"]}}))
	{"kind": "mark", "params": {"formats": ["gb45438"]}} in result.obligations
	{"kind": "disclose", "params": {"notice": "ai", "position": "start"}} in result.obligations
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
	due({}, {"now": "2025-08-31T23:59:59.999999Z"}) == set()
	due({}, {"now": "2025-09-01T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({}, at([])) == {"ai"}
	due({}, at(["DE", "CN"])) == {"ai"}
	due({}, at(["DE"])) == set()
	due({}, at(["US-CA", "FR"])) == set()
	due({}, at(["TW"])) == set()
}
