package packs.legal.fr_influ_test

import data.lib.fixture
import data.packs.legal.fr_influ

results(patch) := found if {
	found := fr_influ.results with input as fixture.message(object.union({"audience": {"jurisdictions": ["FR"]}}, patch))
}

hit := {"findings": {"signals": [{"list": "fr.influ", "source": "fr:1", "start": 0, "end": 10, "in": "text"}]}}

test_a_partnership_or_a_brand_is_labelled_each_time if {
	every facts in [{"paid_partnership": true, "brand": null}, {"paid_partnership": false, "brand": "Acme"}] {
		found := results({"commercial": facts, "contact": {"disclosed_s": {"ad": 1}}})
		fixture.notices(found) == {"ad"}
		fixture.verdicts(found) == {"publish"}
	}
}

test_no_commerce_no_label if {
	results({}) == set()
	results({"commercial": {"paid_partnership": false, "brand": ""}}) == set()
}

test_an_undisclosed_ad_is_held if {
	found := results(hit)
	fixture.verdicts(found) == {"hold"}
	fixture.notices(found) == set()
}

test_a_disclosed_ad_is_published_with_its_label if {
	found := results(object.union(hit, {"commercial": {"paid_partnership": true}}))
	fixture.verdicts(found) == {"publish"}
	fixture.notices(found) == {"ad"}
}

test_from_the_ninth_of_june_2023 if {
	ad := {"commercial": {"paid_partnership": true}}
	results(object.union(ad, {"now": "2023-06-08T23:59:59.999999Z"})) == set()
	count(results(object.union(ad, {"now": "2023-06-09T00:00:00.000000Z"}))) == 1
}

test_place if {
	ad := {"commercial": {"paid_partnership": true}}
	results(object.union(ad, {"audience": {"jurisdictions": ["DE"]}})) == set()
	results(object.union(hit, {"audience": {"jurisdictions": ["DE"]}})) == set()
	count(results(object.union(ad, {"audience": {"jurisdictions": ["EU"]}}))) == 1
	count(results(object.union(ad, {"audience": {"jurisdictions": []}}))) == 1
	count(results(object.union(hit, {"audience": {"jurisdictions": []}}))) == 1
}
