package packs.legal.cn_anthro_test

import data.lib.fixture

# The notices due in CN to an adult first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(fixture.law("cn.anthro", fixture.shown(shown, object.union(
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

test_at_the_start_and_after_a_human if {
	due({}, first) == {"ai"}
	due({}, {}) == {"ai", "take_a_break"}
	due({"ai": 60, "take_a_break": 60}, {}) == set()
	due({"ai": 60, "take_a_break": 60}, {"contact": {"human_spoke_s": 59}}) == {"ai"}
	due({"ai": 60, "take_a_break": 60}, {"contact": {"human_spoke_s": 61}}) == set()
}

test_a_break_after_two_hours if {
	due({"ai": 60, "take_a_break": 7199}, {}) == set()
	due({"ai": 60, "take_a_break": 7200}, {}) == {"take_a_break"}
	due({"ai": 60}, {"contact": {"since_first_s": 7199}}) == set()
	due({"ai": 60}, {"contact": {"since_first_s": 7200}}) == {"take_a_break"}
}

test_age_does_not_matter_for_notices if {
	every minor in ["yes", "no", "unknown"] {
		due({"ai": 60, "take_a_break": 7200}, object.union(aged(minor), {"audience": {"minor": minor, "age_from": 14}})) == {"take_a_break"}
	}
}

verdicts(patch) := fixture.verdicts(fixture.law("cn.anthro", fixture.message(object.union(
	{"audience": {"jurisdictions": ["CN"]}, "contact": {"disclosed_s": {"take_a_break": 60}}},
	patch,
))))

test_no_partner_or_relative_for_minors if {
	every list in ["creator.romance", "cn.anthro"] {
		said := {"findings": {"signals": [{"list": list, "source": "en:1", "start": 0, "end": 5, "in": "text"}]}}
		verdicts(said) == set()
		verdicts(object.union(said, {"audience": {"minor": "unknown"}})) == {"block"}
		verdicts(object.union(said, {"audience": {"minor": "yes", "age_from": 17}})) == {"block"}
	}
}

test_under_14_with_a_guardians_consent if {
	verdicts({"audience": {"minor": "yes"}}) == {"hold"}
	verdicts({"audience": {"minor": "yes", "age_from": 13}}) == {"hold"}
	verdicts({"audience": {"minor": "yes", "age_from": 14}}) == set()
	verdicts({"audience": {"minor": "yes", "guardian_consent": true}}) == set()
	verdicts(aged("unknown")) == set()
	verdicts(aged("no")) == set()
}

test_self_harm_calls_the_guardian if {
	every place in ["text", "human"] {
		verdicts({"findings": {"signals": [{"list": "creator.self_harm", "source": "en:1", "start": 0, "end": 5, "in": place}]}}) == {"publish"}
	}
}

test_channels if {
	every channel in ["space", "group", "dm"] {
		due({"take_a_break": 60}, on(channel)) == {"ai"}
	}
	every channel in ["comment", "live"] {
		due({"take_a_break": 60}, on(channel)) == set()
	}
}

test_companions_alone if {
	due({"take_a_break": 60}, {"creator": {"companion": true}}) == {"ai"}
	due({"take_a_break": 60}, {"creator": {"companion": false}}) == set()
}

test_the_day_it_begins if {
	due({"take_a_break": 60}, {"now": "2026-07-14T23:59:59.999999Z"}) == set()
	due({"take_a_break": 60}, {"now": "2026-07-15T00:00:00.000000Z"}) == {"ai"}
}

test_place if {
	due({"take_a_break": 60}, at(["CN", "DE"])) == {"ai"}
	due({"take_a_break": 60}, at([])) == {"ai"}
	due({"take_a_break": 60}, at(["KR"])) == set()
	due({"take_a_break": 60}, at(["US"])) == set()
}
