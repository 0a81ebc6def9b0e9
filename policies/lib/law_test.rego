package lib.law_test

import data.lib.fixture
import data.lib.law

rule := {
	"id": "x.rule",
	"channels": {"dm": true},
	"spares_minor": "no",
	"spares_companion": false,
	"from": "2026-08-02",
	"until": "2026-12-01",
}

reach(patch) := ids if {
	message := fixture.message(object.union({"audience": {"minor": "unknown"}}, patch))
	ids := law.in_reach with input as message with data.law as {"duties": {}, "rules": {"EU": [rule]}}
}

test_in_reach if {
	reach({}) == {"x.rule"}
	reach({"audience": {"jurisdictions": ["FR", "CN"]}}) == {"x.rule"}
}

test_out_of_reach if {
	every patch in [
		{"now": "2026-08-01T23:59:59.999999Z"},
		{"now": "2026-12-01T00:00:00.000000Z"},
		{"message": {"channel": "live"}},
		{"audience": {"minor": "no"}},
		{"audience": {"jurisdictions": ["CN"]}},
		{"creator": {"companion": false}},
	] {
		reach(patch) == set()
	}
}

test_the_shipped_rules_of_a_place if {
	here := law.in_reach with input as fixture.message({"audience": {"jurisdictions": ["US-OR"]}})
	here == {"us.ftc.255", "us.coppa", "us.tida"}
	then := law.in_reach with input as fixture.message({"now": "2027-01-01T00:00:00.000000Z", "audience": {"jurisdictions": ["US-OR"]}})
	then == {"us.ftc.255", "us.coppa", "us.tida", "us.or.1546"}
}
