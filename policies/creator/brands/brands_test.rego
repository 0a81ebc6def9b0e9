package packs.creator.brands_test

import data.lib.fixture
import data.packs.creator.brands

# What the rule says with these lists, of a message that promotes `brand`, where `terms` were found.
verdicts(lists, brand, terms) := fixture.verdicts(results) if {
	results := brands.results with input as fixture.message({
		"creator": {"brands": lists},
		"commercial": {"brand": brand},
		"findings": {"terms": terms},
	})
}

found(list, where) := [{"list": list, "term": "Acme", "in": where}]

test_no_lists_no_limits if {
	verdicts({}, "Acme", []) == set()
	brands.results == set() with input as fixture.quiet
}

test_denied_brands_are_neither_promoted_nor_named if {
	verdicts({"deny": ["Acme"]}, "Acme", found("brands.deny", "brand")) == {"block"}
	verdicts({"deny": ["Acme"]}, null, found("brands.deny", "text")) == {"block"}
	verdicts({"deny": ["Acme"]}, "Zenith", []) == set()
	verdicts({"deny": ["Acme"]}, null, []) == set()
}

test_other_promotions_wait_where_brands_are_allowed if {
	verdicts({"allow": ["Acme"]}, "Acme", found("brands.allow", "brand")) == set()
	verdicts({"allow": ["Acme"]}, "Zenith", []) == {"hold"}
	verdicts({"allow": []}, "Zenith", []) == {"hold"}
	verdicts({"allow": ["Acme"]}, null, []) == set()
}

test_naming_an_allowed_brand_does_not_allow_another if {
	verdicts({"allow": ["Acme"]}, "Zenith", found("brands.allow", "text")) == {"hold"}
}

test_a_paid_message_without_a_brand_waits if {
	results := brands.results with input as fixture.message({
		"creator": {"brands": {"allow": ["Acme"]}},
		"commercial": {"paid_partnership": true},
	})
	fixture.verdicts(results) == {"hold"}
}

test_exclusive_contracts if {
	verdicts({"exclusive": ["Acme"]}, "Acme", found("brands.exclusive", "brand")) == set()
	verdicts({"exclusive": ["Acme"]}, "Zenith", []) == {"block"}
	verdicts({"exclusive": ["Zenith"], "allow": ["Acme"]}, "Acme", found("brands.allow", "brand")) == set()
	verdicts({"exclusive": ["Acme"], "allow": ["Zenith"]}, "Acme", found("brands.exclusive", "brand")) == set()
	verdicts({"exclusive": []}, "Zenith", []) == set()
}

test_deny_wins_over_allow if {
	terms := array.concat(found("brands.allow", "brand"), found("brands.deny", "brand"))
	verdicts({"allow": ["Acme"], "deny": ["Acme"]}, "Acme", terms) == {"block"}
}
