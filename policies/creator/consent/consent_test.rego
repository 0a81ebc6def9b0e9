package packs.creator.consent_test

import data.lib.fixture
import data.packs.creator.consent

verdicts(given, patch) := fixture.verdicts(results) if {
	results := consent.results with input as object.union(fixture.message({"creator": {"consent": given}}), patch)
}

now(moment) := {"now": moment}

test_no_consent_entry_limits_nothing if {
	consent.results == set() with input as fixture.quiet
	verdicts({}, {}) == set()
}

test_channels_inside_and_outside_the_scope if {
	verdicts({"scope": ["dm", "group"]}, {}) == set()
	verdicts({"scope": ["live"]}, {}) == {"block"}
	verdicts({"scope": []}, {}) == {"block"}
}

test_until_the_moment_itself if {
	until := {"until": "2026-12-01T00:00:00Z"}
	verdicts(until, now("2026-11-30T23:59:59.999999Z")) == set()
	verdicts(until, now("2026-12-01T00:00:00.000000Z")) == {"block"}
	verdicts(until, now("2026-12-02T00:00:00.000000Z")) == {"block"}
}

test_until_with_an_offset if {
	until := {"until": "2026-12-01T01:00:00+01:00"}
	verdicts(until, now("2026-11-30T23:59:59.999999Z")) == set()
	verdicts(until, now("2026-12-01T00:00:00.000000Z")) == {"block"}
}

test_both_must_hold if {
	verdicts({"scope": ["dm"], "until": "2026-01-01T00:00:00Z"}, {}) == {"block"}
	verdicts({"scope": ["live"], "until": "2027-01-01T00:00:00Z"}, {}) == {"block"}
	verdicts({"scope": ["dm"], "until": "2027-01-01T00:00:00Z"}, {}) == set()
}
