"""OpenAI's own client against the moderation endpoint, over real HTTP."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import openai
import pytest

from tests.paths import ROOT
from tests.processes import Serving, serving

GUIDE = (ROOT / "docs/guides/avatar-services.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("openai") / "data") as there:
        yield there


def client(gateway: Serving, key: str | None = None) -> openai.OpenAI:
    token = gateway.headers["Authorization"].removeprefix("Bearer ")
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key or token, max_retries=0)


def test_a_batch_is_moderated(gateway: Serving) -> None:
    with client(gateway) as sdk:
        answer = sdk.moderations.create(
            model="omni-moderation-latest",
            input=["Have a lovely day!", "I will find you and kill you, you worthless idiot"],
        )
    calm, threat = answer.results
    assert answer.model.startswith("avatar-gateway-embedded")
    assert not calm.flagged
    assert threat.flagged
    assert threat.categories.violence is True
    assert threat.categories.harassment_threatening is True
    assert threat.category_scores.violence > 0.5
    assert threat.categories.illicit is None
    assert threat.category_scores.sexual_minors is None
    assert threat.category_applied_input_types.hate == ["text"]


async def test_and_asynchronously_one_text(gateway: Serving) -> None:
    token = gateway.headers["Authorization"].removeprefix("Bearer ")
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=token) as sdk:
        answer = await sdk.moderations.create(input="À vendredi !")
    assert [one.flagged for one in answer.results] == [False]


def test_its_errors_are_the_clients_own(gateway: Serving) -> None:
    with client(gateway) as sdk, pytest.raises(openai.BadRequestError) as wrong:
        sdk.moderations.create(input=["x"] * 33)
    assert wrong.value.code == "invalid_field"
    with client(gateway, key="agk_wrong") as sdk, pytest.raises(openai.AuthenticationError):
        sdk.moderations.create(input="x")


def test_the_guides_example_runs_as_written(gateway: Serving) -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    (example,) = (one for one in blocks if "moderations.create(" in one)
    token = gateway.headers["Authorization"].removeprefix("Bearer ")
    code = example.replace("http://127.0.0.1:8080", gateway.url).replace("agk_…", token)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout == "[False, True]\n", ran.stderr
