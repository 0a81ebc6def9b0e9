package packs.legal.reminders_test

import data.lib.fixture
import data.packs.legal.reminders

# The notices due by rule, to someone of that age in that place, for notices shown that many
# seconds ago and a first message ten hours ago.
due(place, minor, shown, patch) := {result.rule: notices |
	message := object.union(
		json.remove(fixture.quiet, ["contact/disclosed_s/ai"]),
		{
			"now": "2027-03-01T12:00:00.000000Z",
			"audience": {"jurisdictions": [place], "minor": minor},
			"contact": {"since_first_s": 36000, "disclosed_s": shown},
		},
	)
	results := reminders.results with input as object.union(message, patch)
	some result in results
	notices := fixture.notices({result})
}

test_first_message if {
	every place, rules in {
		"US-WA": {"us.wa.2225"},
		"US-OR": {"us.or.1546"},
		"US-ME": {"us.me"},
		"KR": {"kr.31"},
	} {
		due(place, "no", {}, {"contact": {"first": true, "since_first_s": null}}) == {rule: {"ai"} | some rule in rules}
		due(place, "no", {"ai": 60}, {}) == {}
	}
}

test_washington_reminds_adults_every_three_hours if {
	due("US-WA", "no", {"ai": 10799}, {}) == {}
	due("US-WA", "no", {"ai": 10800}, {}) == {"us.wa.2225": {"ai_reminder"}}
	due("US-WA", "no", {"ai": 90000, "ai_reminder": 10799}, {}) == {}
}

test_washington_and_oregon_remind_minors_every_hour if {
	every place, rule in {"US-WA": "us.wa.2225", "US-OR": "us.or.1546"} {
		every minor in ["yes", "unknown"] {
			due(place, minor, {"ai": 3599}, {}) == {}
			due(place, minor, {"ai": 3600}, {}) == {rule: {"ai_reminder"}}
		}
	}
}

test_oregon_does_not_remind_adults if {
	due("US-OR", "no", {"ai": 90000}, {}) == {}
}

test_both_begin_with_2027 if {
	last := {"now": "2026-12-31T23:59:59.999999Z"}
	first := {"now": "2027-01-01T00:00:00.000000Z"}
	every place, rule in {"US-WA": "us.wa.2225", "US-OR": "us.or.1546"} {
		due(place, "no", {}, last) == {}
		due(place, "no", {}, first) == {rule: {"ai"}}
	}
}

test_maine_begins_in_september_2025 if {
	due("US-ME", "no", {}, {"now": "2025-09-23T23:59:59.999999Z"}) == {}
	due("US-ME", "no", {}, {"now": "2025-09-24T00:00:00.000000Z"}) == {"us.me": {"ai"}}
}

test_korea_begins_in_january_2026 if {
	due("KR", "no", {}, {"now": "2026-01-21T23:59:59.999999Z"}) == {}
	due("KR", "no", {}, {"now": "2026-01-22T00:00:00.000000Z"}) == {"kr.31": {"ai"}}
}

test_china_suggests_a_break_after_two_hours if {
	due("CN", "no", {"ai": 60, "take_a_break": 7199}, {}) == {}
	due("CN", "no", {"ai": 60, "take_a_break": 7200}, {}) == {"cn.anthro": {"take_a_break"}}
	due("CN", "no", {"ai": 60}, {"contact": {"since_first_s": 7199}}) == {}
	due("CN", "no", {"ai": 60}, {"contact": {"since_first_s": 7200}}) == {"cn.anthro": {"take_a_break"}}
	due("CN", "no", {}, {}) == {"cn.anthro": {"ai", "take_a_break"}}
}

test_china_begins_in_july_2026 if {
	due("CN", "no", {}, {"now": "2026-07-14T23:59:59.999999Z"}) == {}
	due("CN", "no", {"take_a_break": 1}, {"now": "2026-07-15T00:00:00.000000Z"}) == {"cn.anthro": {"ai"}}
}

test_companion_laws_leave_other_avatars_and_public_channels_alone if {
	every place in ["US-WA", "US-OR", "CN"] {
		due(place, "no", {}, {"creator": {"companion": false}}) == {}
		due(place, "no", {}, {"message": {"channel": "live"}}) == {}
	}
	due("KR", "no", {}, {"creator": {"companion": false}, "message": {"channel": "live"}}) == {"kr.31": {"ai"}}
}

test_elsewhere_nothing_is_due if {
	due("DE", "unknown", {}, {}) == {}
}

test_unknown_place_takes_them_all if {
	unknown := {"audience": {"jurisdictions": []}}
	object.keys(due("", "no", {}, unknown)) == {"cn.anthro", "kr.31", "us.me", "us.or.1546", "us.wa.2225"}
}
