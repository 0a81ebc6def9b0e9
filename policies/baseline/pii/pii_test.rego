package packs.baseline.pii_test

import data.lib.fixture
import data.packs.baseline.pii

finding(kind) := {"kind": kind, "score": 0.9, "start": 0, "end": 5, "checked": true, "advisory": false}

advisory(kind) := object.union(finding(kind), {"advisory": true})

# What the rule says of a message with `findings` on `channel`.
found(findings, channel) := results if {
	results := pii.results with input as fixture.message({"findings": {"pii": findings}, "message": {"channel": channel}})
}

test_nothing_found_says_nothing if {
	found([], "dm") == set()
}

test_kinds_are_redacted_on_every_channel if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		every kind in ["EMAIL_ADDRESS", "CREDIT_CARD", "FR_NIR", "SECRET", "BRAND_NEW_KIND"] {
			results := found([finding(kind)], channel)
			fixture.verdicts(results) == {"publish"}
			some result in results
			result.obligations[0].kind == "redact"
			result.obligations[0].params.kinds == [kind]
		}
	}
}

test_mode_by_channel if {
	modes := {"space": "pseudonym", "group": "pseudonym", "dm": "placeholder", "comment": "placeholder", "live": "placeholder"}
	every channel, mode in modes {
		some result in found([finding("EMAIL_ADDRESS")], channel)
		result.obligations[0].params.mode == mode
	}
}

test_kinds_are_sorted_and_listed_once if {
	some result in found([finding("PHONE_NUMBER"), finding("EMAIL_ADDRESS"), finding("PHONE_NUMBER")], "dm")
	result.obligations == [{"kind": "redact", "params": {"kinds": ["EMAIL_ADDRESS", "PHONE_NUMBER"], "mode": "placeholder"}}]
}

test_links_and_dates_stay if {
	found([finding("URL"), finding("DATE_TIME")], "dm") == set()
}

test_advisory_findings_are_left_alone if {
	found([advisory("PERSON")], "dm") == set()
	some result in found([advisory("PERSON"), finding("EMAIL_ADDRESS")], "dm")
	result.obligations[0].params.kinds == ["EMAIL_ADDRESS"]
}

test_many_findings_hold if {
	four := [finding("EMAIL_ADDRESS") | some _ in numbers.range(1, 4)]
	fixture.verdicts(found(four, "dm")) == {"publish"}
	fixture.verdicts(found(array.concat(four, [finding("PHONE_NUMBER")]), "dm")) == {"publish", "hold"}
	fixture.verdicts(found(array.concat(four, [finding("URL")]), "dm")) == {"publish"}
	fixture.verdicts(found(array.concat(four, [advisory("PERSON")]), "dm")) == {"publish"}
}

test_data_may_hold_or_block_a_kind if {
	message := fixture.message({"findings": {"pii": [finding("CREDIT_CARD"), finding("EMAIL_ADDRESS")]}})
	held := pii.results with input as message
		with data.baseline.pii.actions.dm as {"other": "redact", "CREDIT_CARD": "hold"}
	fixture.verdicts(held) == {"publish", "hold"}
	blocked := pii.results with input as message
		with data.baseline.pii.actions.dm as {"other": "publish", "CREDIT_CARD": "block"}
	fixture.verdicts(blocked) == {"block"}
}

test_without_data_everything_is_redacted if {
	results := pii.results with input as fixture.message({"findings": {"pii": [finding("URL")]}})
		with data.baseline.pii as {}
	some result in results
	result.obligations[0].params == {"kinds": ["URL"], "mode": "placeholder"}
}

test_an_action_nobody_knows_holds if {
	results := pii.results with input as fixture.message({"findings": {"pii": [finding("URL")]}})
		with data.baseline.pii as {"actions": {"dm": {"other": "redcat"}}}
	fixture.verdicts(results) == {"hold"}
}
