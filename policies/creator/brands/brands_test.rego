package packs.creator.brands_test

import data.lib.fixture
import data.packs.creator.brands

verdicts(lists, patch) := fixture.verdicts(results) if {
	results := brands.results with input as object.union(fixture.message({"creator": {"brands": lists}}), patch)
}

promoting(brand) := {"commercial": {"brand": brand}}

saying(text) := {"text": {"submitted": text, "normalised": text, "folded": lower(text)}}

test_no_lists_no_limits if {
	verdicts({}, promoting("Acme")) == set()
	brands.results == set() with input as fixture.quiet
}

test_denied_brands_are_not_promoted if {
	verdicts({"deny": ["Acme"]}, promoting("Acme")) == {"block"}
	verdicts({"deny": ["Acme"]}, promoting("ACMÉ")) == {"block"}
	verdicts({"deny": ["Acme"]}, promoting("Zenith")) == set()
	verdicts({"deny": ["Acme"]}, {}) == set()
}

test_denied_brands_are_not_named if {
	verdicts({"deny": ["Acme"]}, saying("Have you tried acme?")) == {"block"}
	verdicts({"deny": ["L'Été"]}, saying("J'adore l'ete !")) == {"block"}
	verdicts({"deny": ["Acme"]}, saying("The acmeist poets")) == set()
}

test_other_promotions_wait_where_brands_are_allowed if {
	verdicts({"allow": ["Acme"]}, promoting("Acme")) == set()
	verdicts({"allow": ["Acme"]}, promoting("Zenith")) == {"hold"}
	verdicts({"allow": []}, promoting("Zenith")) == {"hold"}
	verdicts({"allow": ["Acme"]}, {}) == set()
}

test_a_paid_message_without_a_brand_waits if {
	verdicts({"allow": ["Acme"]}, {"commercial": {"paid_partnership": true, "brand": null}}) == {"hold"}
}

test_exclusive_contracts if {
	verdicts({"exclusive": ["Acme"]}, promoting("Acme")) == set()
	verdicts({"exclusive": ["Acme"]}, promoting("Zenith")) == {"block"}
	verdicts({"exclusive": ["Acme"], "allow": ["Zenith"]}, promoting("Zenith")) == set()
	verdicts({"exclusive": ["Acme"], "allow": ["Zenith"]}, promoting("Acme")) == set()
	verdicts({"exclusive": []}, promoting("Zenith")) == set()
}

test_deny_wins_over_allow if {
	"block" in verdicts({"allow": ["Acme"], "deny": ["Acme"]}, promoting("Acme"))
}

test_masked_text_is_judged_by_the_facts if {
	masked := {"text": {"submitted": null, "normalised": null, "folded": null}}
	verdicts({"deny": ["Acme"]}, masked) == set()
	verdicts({"deny": ["Acme"]}, object.union(masked, promoting("Acme"))) == {"block"}
}
