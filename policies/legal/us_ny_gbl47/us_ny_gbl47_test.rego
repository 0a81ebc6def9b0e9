package packs.legal.us_ny_gbl47_test

import data.lib.fixture
import data.packs.legal.us_ny_gbl47

# What is due in New York, for notices shown that many seconds ago.
due(shown, patch) := fixture.notices(results) if {
	here := {"audience": {"jurisdictions": ["US-NY"]}}
	message := object.union(
		json.remove(fixture.quiet, ["contact/disclosed_s/ai"]),
		object.union({"contact": {"disclosed_s": shown}}, here),
	)
	results := us_ny_gbl47.results with input as object.union(message, patch)
}

test_at_the_start if {
	due({}, {"contact": {"first": true, "since_first_s": null}}) == {"ai"}
	due({}, {}) == {"ai"}
}

test_every_three_hours if {
	due({"ai": 10799}, {}) == set()
	due({"ai": 10800}, {}) == {"ai_reminder"}
	due({"ai": 20000, "ai_reminder": 10799}, {}) == set()
	due({"ai": 20000, "ai_reminder": 10800}, {}) == {"ai_reminder"}
}

test_the_full_notice_once_a_day if {
	due({"ai": 86399}, {}) == {"ai_reminder"}
	due({"ai": 86400}, {}) == {"ai"}
	due({"ai": 86400, "ai_reminder": 60}, {}) == {"ai"}
}

test_channels if {
	every channel in ["space", "group", "dm"] {
		due({}, {"message": {"channel": channel}}) == {"ai"}
	}
	every channel in ["comment", "live"] {
		due({}, {"message": {"channel": channel}}) == set()
	}
}

test_from_the_fifth_of_november_2025 if {
	due({}, {"now": "2025-11-04T23:59:59.999999Z"}) == set()
	due({}, {"now": "2025-11-05T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({}, {"audience": {"jurisdictions": ["US"]}}) == {"ai"}
	due({}, {"audience": {"jurisdictions": []}}) == {"ai"}
	due({}, {"audience": {"jurisdictions": ["US-CA"]}}) == set()
	due({}, {"audience": {"jurisdictions": ["DE"]}}) == set()
}

test_all_ages if {
	every minor in ["yes", "no", "unknown"] {
		due({"ai": 10800}, {"audience": {"minor": minor}}) == {"ai_reminder"}
	}
}

test_companions_alone if {
	due({}, {"creator": {"companion": true}}) == {"ai"}
	due({}, {"creator": {"companion": false}}) == set()
}
