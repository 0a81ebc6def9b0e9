package packs.legal.eu_cop_test

import data.lib.fixture
import data.lib.law

# A voluntary code: off until legal/data.yaml names it.
test_off_as_shipped if {
	fixture.law("eu.cop", fixture.message({"audience": {"jurisdictions": []}})) == set()
	not "eu.cop" in law.in_reach with input as fixture.message({"audience": {"jurisdictions": []}})
}
