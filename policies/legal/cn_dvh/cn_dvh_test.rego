package packs.legal.cn_dvh_test

import data.lib.fixture
import data.lib.law

# A draft: off until legal/data.yaml names it.
test_off_as_shipped if {
	every channel in ["space", "live"] {
		here := fixture.message({"message": {"channel": channel}, "audience": {"jurisdictions": ["CN"]}})
		fixture.law("cn.dvh", here) == set()
		not "cn.dvh" in law.in_reach with input as here
	}
}
