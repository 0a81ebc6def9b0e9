package packs.legal.us_ca_sb243_test

import data.lib.fixture
import data.packs.legal.us_ca_sb243

# What is due to a minor in California, for notices shown that many seconds ago.
due(shown, patch) := fixture.notices(results) if {
	here := {"audience": {"jurisdictions": ["US-CA"], "minor": "yes"}}
	message := object.union(
		json.remove(fixture.quiet, ["contact/disclosed_s/ai"]),
		object.union({"contact": {"disclosed_s": shown}}, here),
	)
	results := us_ca_sb243.results with input as object.union(message, patch)
}

aged(minor) := {"audience": {"minor": minor}}

since(first_s) := {"contact": {"since_first_s": first_s}}

test_the_first_message_to_anyone if {
	every minor in ["yes", "no", "unknown"] {
		due({}, object.union(aged(minor), {"contact": {"first": true, "since_first_s": null}})) == {"ai"}
	}
}

test_a_minor_is_reminded_every_three_hours if {
	due({"ai": 10799}, since(10799)) == set()
	due({"ai": 10800}, since(10800)) == {"ai_reminder", "take_a_break"}
	due({"ai": 30000, "ai_reminder": 10799, "take_a_break": 10799}, since(30000)) == set()
	due({"ai": 30000, "ai_reminder": 10800, "take_a_break": 10800}, since(30000)) == {"ai_reminder", "take_a_break"}
}

test_each_reminder_has_its_own_clock if {
	due({"ai": 600, "take_a_break": 10800}, since(30000)) == {"take_a_break"}
	due({"ai": 10800, "take_a_break": 600}, since(30000)) == {"ai_reminder"}
}

test_unknown_age_is_treated_as_a_minor if {
	due({"ai": 10800}, object.union(aged("unknown"), since(10800))) == {"ai_reminder", "take_a_break"}
}

test_an_adult_is_not_reminded if {
	due({"ai": 10800}, object.union(aged("no"), since(10800))) == set()
}

test_no_reminder_beside_the_notice_itself if {
	due({}, since(20000)) == {"ai", "take_a_break"}
}

test_channels if {
	every channel in ["space", "group", "dm"] {
		due({}, {"message": {"channel": channel}}) == {"ai"}
	}
	every channel in ["comment", "live"] {
		due({}, {"message": {"channel": channel}}) == set()
	}
}

test_from_the_first_of_january_2026 if {
	due({}, {"now": "2025-12-31T23:59:59.999999Z"}) == set()
	due({}, {"now": "2026-01-01T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({}, {"audience": {"jurisdictions": ["US"]}}) == {"ai"}
	due({}, {"audience": {"jurisdictions": []}}) == {"ai"}
	due({}, {"audience": {"jurisdictions": ["US-NY"]}}) == set()
	due({"ai": 10800}, object.union(since(10800), {"audience": {"jurisdictions": ["US-NY"]}})) == set()
}

test_companions_alone if {
	due({}, {"creator": {"companion": false}}) == set()
}
