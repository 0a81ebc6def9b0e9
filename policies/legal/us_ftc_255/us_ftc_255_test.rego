package packs.legal.us_ftc_255_test

import data.lib.fixture
import data.packs.legal.us_ftc_255

notices(patch) := fixture.notices(results) if {
	ad := {"commercial": {"paid_partnership": true}, "audience": {"jurisdictions": ["US-TX"]}}
	results := us_ftc_255.results with input as fixture.message(object.union(ad, patch))
}

test_every_promotion_is_disclosed if {
	notices({}) == {"ad"}
	notices({"commercial": {"paid_partnership": false, "brand": "Acme"}}) == {"ad"}
	notices({"contact": {"disclosed_s": {"ad": 1}}}) == {"ad"}
}

test_no_commerce_no_disclosure if {
	notices({"commercial": {"paid_partnership": false}}) == set()
}

test_from_the_twenty_sixth_of_july_2023 if {
	notices({"now": "2023-07-25T23:59:59.999999Z"}) == set()
	notices({"now": "2023-07-26T00:00:00.000000Z"}) == {"ad"}
}

test_place if {
	notices({"audience": {"jurisdictions": ["US"]}}) == {"ad"}
	notices({"audience": {"jurisdictions": []}}) == {"ad"}
	notices({"audience": {"jurisdictions": ["CA"]}}) == set()
}
