"""OpenAI's moderation endpoint: the detectors' scores of a text, which is not published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, StrictStr, StringConstraints

from gateway.api.access import needs
from gateway.api.parsed_json import ParsedJsonRoute
from gateway.api.problems import problem
from gateway.api.request_model import RequestModel
from gateway.api.services import services_of
from gateway.errors import InvalidField, StageFailure
from gateway.model.access import ApiKey, Role
from gateway.model.finding import Detection, Stage
from gateway.pipeline.ids import new_id
from gateway.toxicity.moderation import hold_lines, moderation

MOST_INPUTS: Final = 32  # texts or parts of one request
LONGEST: Final = 20_000  # characters of one text
LONGEST_TOGETHER: Final = 60_000  # characters of one request: some seconds of scoring
SELF_HARM_LIST: Final = "creator.self_harm"
"""Kind of the findings of self-harm phrases, which flag that category with certainty."""

Service = Annotated[ApiKey, Depends(needs(Role.SERVICE))]


class TextPart(RequestModel):
    type: Literal["text"]
    text: StrictStr


class ImageUrl(RequestModel):
    url: StrictStr


class ImagePart(RequestModel):
    type: Literal["image_url"]
    image_url: ImageUrl


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]
Texts = Annotated[tuple[StrictStr, ...], Field(min_length=1, max_length=MOST_INPUTS)]
Parts = Annotated[tuple[Part, ...], Field(min_length=1, max_length=MOST_INPUTS)]


class ModerationIn(RequestModel):
    """A moderation request as OpenAI's clients send it."""

    input: StrictStr | Texts | Parts = Field(
        description=f"A text, up to {MOST_INPUTS} texts (a result for each), or the parts of one "
        f"text (one result). At most {LONGEST} characters each, {LONGEST_TOGETHER} together. "
        "Images are refused: nobody looks at them here.",
        examples=[["Have a lovely day!", "I will find you and hurt you."]],
    )
    model: Annotated[str, StringConstraints(max_length=128)] | None = Field(
        None, description="Taken and not heeded: the gateway's own model answers, and is named."
    )


class ModerationResult(BaseModel):
    flagged: bool = Field(description="Whether any category is true.")
    categories: dict[str, bool | None] = Field(
        description="Null: no model here covers it, so nothing is known."
    )
    category_scores: dict[str, float | None] = Field(description="0..1; null: not covered.")
    category_applied_input_types: dict[str, list[str]] = Field(
        description='["text"] where the category was looked at, else [].'
    )
    scores: dict[str, float | None] = Field(
        description="Not OpenAI's: the scores by the gateway's own categories."
    )


class ModerationOut(BaseModel):
    id: str
    model: str = Field(description="The model that scored.")
    results: list[ModerationResult]


class OpenAiErrorBody(BaseModel):
    message: str
    type: str
    param: str | None
    code: str


class OpenAiErrorOut(BaseModel):
    error: OpenAiErrorBody


def router() -> APIRouter:
    routes = APIRouter(tags=["moderation"], route_class=ParsedJsonRoute)
    meanings: dict[int | str, str] = {
        400: "A field is wrong, or the body is not acceptable JSON.",
        401: "No valid API key.",
        403: "The API key lacks the role.",
        413: "The body is too large.",
        415: "The body must be JSON.",
        429: "Too many requests for this key; see Retry-After.",
        503: "Not scored: nothing is known about the texts. Repeat the question.",
    }
    answers: dict[int | str, dict[str, Any]] = {
        status: {"model": OpenAiErrorOut, "description": meaning}
        # With a default the framework promises no 422: a wrong field is 400 here, as at OpenAI.
        for status, meaning in {**meanings, "default": "Any other error has this form too."}.items()
    }
    routes.add_api_route(
        "/v1/moderations",
        moderate,
        methods=["POST"],
        response_model=ModerationOut,
        responses=answers,
        summary="Ask what a text scores, as OpenAI's clients do",
    )
    return routes


async def moderate(request: Request, body: ModerationIn, key: Service) -> Response:
    """Nothing is recorded, delivered or labelled, and the answer allows nothing: what is to be
    published goes through `POST /v1/messages`. Errors have OpenAI's form.

    A category is flagged at the lowest score at which the baseline pack would hold a message on
    any channel (`data.baseline.toxicity.normal`); its model screens, so it is often wrong.
    """
    services = services_of(request)
    texts = texts_of(body)
    try:
        lines = hold_lines(services.policy_data())
        # One after another: messages that wait to be published come in between.
        findings = [await services.moderator.ask(text) for text in texts]
    except StageFailure as failure:
        return problem(
            503,
            "not-scored",
            "The texts were not scored",
            f"{failure}. Nothing is known about them: repeat the question, and do not take this "
            "for a clean answer.",
            headers={"Retry-After": "1"},
        )
    models = findings[0][Stage.TOXICITY].models
    answer = ModerationOut(
        id=new_id("modr", services.now()),
        model=models[0].id if models else "unknown",
        results=[
            _moderation_result(of_text[Stage.TOXICITY], of_text[Stage.SIGNALS], lines)
            for of_text in findings
        ],
    )
    return JSONResponse(answer.model_dump(mode="json"))


def texts_of(body: ModerationIn) -> tuple[str, ...]:
    """The texts to score. Raises InvalidField."""
    inputs = (body.input,) if isinstance(body.input, str) else body.input
    if any(isinstance(item, ImagePart) for item in inputs):
        raise InvalidField(
            "input", "holds an image", "Send text alone: nobody looks at images here."
        )
    parts = [item.text for item in inputs if isinstance(item, TextPart)]
    whole = tuple(item for item in inputs if isinstance(item, str))
    texts = ("\n".join(parts),) if parts else whole
    _check_texts(texts)
    return texts


def _check_texts(texts: Sequence[str]) -> None:
    for text in texts:
        if not text.strip():
            raise InvalidField("input", "has an empty text", "Send at least one visible character.")
        if len(text) > LONGEST:
            raise InvalidField(
                "input", f"has a text of more than {LONGEST} characters", "Send it in parts."
            )
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise InvalidField("input", "has a lone surrogate", "Send well-formed Unicode.")
    if sum(map(len, texts)) > LONGEST_TOGETHER:
        raise InvalidField(
            "input", f"has more than {LONGEST_TOGETHER} characters", "Ask in several requests."
        )


def _moderation_result(
    toxicity: Detection, signals: Detection, lines: dict[str, float]
) -> ModerationResult:
    self_harm = any(finding.kind == SELF_HARM_LIST for finding in signals.findings)
    judged = moderation(toxicity.scores, lines, self_harm_told=self_harm)
    return ModerationResult(
        flagged=judged.flagged,
        categories=dict(judged.categories),
        category_scores=dict(judged.scores),
        category_applied_input_types={
            name: [] if score is None else ["text"] for name, score in judged.scores.items()
        },
        scores=dict(toxicity.scores),
    )
