package packs.legal.us_or_1546_test

import data.lib.fixture
import data.packs.legal.us_or_1546

# What is due to an adult in US-OR, first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(results) if {
	message := object.union(
		json.remove(fixture.quiet, ["contact/disclosed_s/ai"]),
		{
			"now": "2027-03-01T12:00:00.000000Z",
			"audience": {"jurisdictions": ["US-OR"]},
			"contact": {"since_first_s": 36000, "disclosed_s": shown},
		},
	)
	results := us_or_1546.results with input as object.union(message, patch)
}

aged(minor) := {"audience": {"minor": minor}}

in_places(places) := {"audience": {"jurisdictions": places}}

test_the_first_message if {
	due({}, {"contact": {"first": true, "since_first_s": null}}) == {"ai"}
	due({"ai": 60}, {}) == set()
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

test_private_channels_and_companions_alone if {
	every channel in ["space", "group", "dm"] {
		"ai" in due({}, {"message": {"channel": channel}})
	}
	due({}, {"message": {"channel": "comment"}}) == set()
	due({}, {"message": {"channel": "live"}}) == set()
	due({}, {"creator": {"companion": false}}) == set()
}

test_the_day_it_begins if {
	due({}, {"now": "2026-12-31T23:59:59.999999Z"}) == set()
	"ai" in due({}, {"now": "2027-01-01T00:00:00.000000Z"})
}

test_place if {
	"ai" in due({}, in_places(["US"]))
	"ai" in due({}, in_places([]))
	due({}, in_places(["US-WA"])) == set()
	due({}, in_places(["DE"])) == set()
}
