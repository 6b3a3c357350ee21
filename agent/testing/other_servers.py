"""Imitations of the servers of other makers that speak the Messages API.

Each refuses, in its own words and shape, what the real one refuses, and tells of itself what
the real one tells::

    async with OtherServer("vllm", [says("Hello.")], window=8192) as server:
        client = AsyncAnthropic(api_key="any", base_url=server.base_url)

- **vLLM**: refuses an answer that does not fit beside the prompt, more pictures than it was
  started for, unknown models, and tools where it has no parser for calls.
- **llama.cpp**: takes any model's name; a conversation that is too long is a 500, pictures
  without a projector too; its window is told by ``/props``.
- **Ollama**: refuses tools for models without a template for them; a call comes whole; its
  window is not told, and what does not fit is dropped without a word.
- **LiteLLM**: errors in OpenAI's shape; what stands behind a name is told by
  ``/v1/model/info``. Before a Claude it refuses what Anthropic's service refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tornado.web import RequestHandler

from agent.models.claude.servers import Kind
from agent.testing.messages_accounting import segments
from agent.testing.messages_http import Served
from agent.testing.messages_script import Answerer, Pace, Reply
from agent.testing.messages_server import MessagesServer
from agent.testing.messages_sse import Answer
from agent.testing.messages_wire import Problem, anthropic_problems, count_images, portable_problems

_OWNERS = {"vllm": "vllm", "llama.cpp": "llamacpp", "ollama": "library", "litellm": "openai"}
_WHOLE = Pace(chunk=1_000_000)


class OtherServer(MessagesServer):
    """See the module.

    ``model``: the only one that it has; ``window``: tokens of a conversation; ``pictures``: how
    many it takes in one request; ``tools``: whether it takes any; ``vision``; ``behind``: the
    model of which LiteLLM's is a name.
    """

    def __init__(
        self,
        kind: Kind,
        script: Iterable[Reply] | Answerer,
        *,
        model: str = "qwen3-vl",
        key: str | None = None,
        window: int = 32_768,
        pictures: int | None = None,
        tools: bool = True,
        vision: bool = True,
        behind: str = "",
    ) -> None:
        claude = "claude" in behind
        dialect = "anthropic" if claude else "portable"
        super().__init__(script, key=key, dialect=dialect, vision=vision, window=10**9)  # type: ignore[arg-type]
        self.kind: Kind = kind
        self.asked: list[str] = []
        """Paths by which it was asked of itself, in order."""

        self._model = model
        self._length = window
        self._pictures = pictures
        self._tools = tools
        self._behind = behind or model

    @property
    def headers(self) -> Mapping[str, str]:
        if self.kind == "litellm":
            return {"x-litellm-version": "1.92.0"}
        return {"server": "llama.cpp"} if self.kind == "llama.cpp" else {}

    def routes(self) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
        (messages, *_) = super().routes()
        paths = {
            "vllm": (),
            "llama.cpp": ("/props",),
            "ollama": ("/api/show",),
            "litellm": ("/v1/model/info",),
        }
        told = ("/v1/models", *paths.get(self.kind, ()))
        return [messages, *((path, _About, {"server": self}) for path in told)]

    def knows(self, model: str) -> bool:
        return self.kind == "llama.cpp" or model == self._model

    def error_body(self, problem: Problem) -> dict[str, Any]:
        error: dict[str, Any] = {"message": problem.message, "type": problem.type}
        match self.kind:
            case "litellm":
                return {
                    "error": {**error, "type": "None", "param": "None", "code": str(problem.status)}
                }
            case "llama.cpp":
                return {"error": {**error, "code": problem.status}}
            case _:
                return {"type": "error", "error": error}

    def refuse(self, headers: Mapping[str, str], served: Served) -> Problem | None:
        if problem := self.rejects(headers):
            return self._worded(problem)
        body = served.body
        if not self.knows(str(body.get("model"))):
            return self._no_model(str(body.get("model")))
        real = {**body, "model": self._behind.rpartition("/")[2]}
        if self._dialect == "anthropic":
            betas = frozenset(filter(None, headers.get("anthropic-beta", "").split(",")))
            found = next(anthropic_problems(real, betas), None)
        else:
            found = next(portable_problems(body, headers, vision=self._vision), None)
        problem = found or self._limits(body)
        served.managed = replace(served.managed, prompt=segments(real))
        return None if problem is None else self._worded(problem)

    def answer(self, served: Served, reply: Reply) -> Answer:
        if self.kind == "ollama":
            reply = reply.model_copy(update={"pace": _WHOLE})
        return super().answer(served, reply)

    def about(self, path: str, asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body of what it tells of itself."""
        self.asked.append(path)
        match path:
            case "/v1/models":
                return 200, {"object": "list", "data": [self._entry()]}
            case "/props":
                context = {"n_ctx": self._length}
                sees = {"vision": self._vision, "audio": False}
                return 200, {"default_generation_settings": context, "modalities": sees}
            case "/api/show":
                if asked.get("model") != self._model:
                    return 404, {"error": f"model '{asked.get('model')}' not found"}
                able = {"completion": True, "vision": self._vision, "tools": self._tools}
                return 200, {"capabilities": [name for name, can in able.items() if can]}
            case _:
                return 200, {"data": [self._info()]}

    def _entry(self) -> dict[str, Any]:
        entry = {"id": self._model, "object": "model", "owned_by": _OWNERS[self.kind]}
        if self.kind == "vllm":
            return {**entry, "max_model_len": self._length}
        if self.kind == "llama.cpp":
            return {**entry, "meta": {"n_ctx_train": 10 * self._length}}
        return entry

    def _info(self) -> dict[str, Any]:
        return {
            "model_name": self._model,
            "litellm_params": {"model": self._behind},
            "model_info": {
                "litellm_provider": self._behind.partition("/")[0],
                "supports_vision": self._vision,
                "supports_function_calling": self._tools,
                "max_output_tokens": self._length // 4,
            },
        }

    def _no_model(self, model: str) -> Problem:
        match self.kind:
            case "vllm":
                return Problem(404, "NotFoundError", f"The model `{model}` does not exist.")
            case "litellm":
                said = f"anthropic_messages: Invalid model name passed in model={model}. "
                return Problem(400, "None", f"{said}Call `/v1/models` to view available models.")
            case _:
                return Problem(404, "not_found_error", f"model '{model}' not found")

    def _limits(self, body: Mapping[str, Any]) -> Problem | None:
        prompt = sum(segment.tokens for segment in segments(dict(body)))
        asked, window = int(body["max_tokens"]), self._length
        if body.get("tools") and not self._tools:
            return self._no_tools()
        if self._pictures is not None and count_images(body) > self._pictures:
            return Problem(
                400,
                "BadRequestError",
                f"At most {self._pictures} image(s) may be provided in one prompt.",
            )
        if self.kind == "vllm" and prompt + asked > window:
            return Problem(
                400,
                "BadRequestError",
                f"'max_tokens' or 'max_completion_tokens' is too large: {asked}. This model's "
                f"maximum context length is {window} tokens and your request has {prompt} input "
                f"tokens ({asked} > {window} - {prompt}).",
            )
        if self.kind == "llama.cpp" and prompt > window:
            return Problem(
                500,
                "exceed_context_size_error",
                f"request ({prompt} tokens) exceeds the available context size ({window} tokens), "
                "try increasing it",
            )
        return None

    def _no_tools(self) -> Problem:
        match self.kind:
            case "vllm":
                said = "requires --enable-auto-tool-choice and --tool-call-parser to be set"
                return Problem(400, "BadRequestError", f'"auto" tool choice {said}')
            case "llama.cpp":
                return Problem(500, "server_error", "tools param requires --jinja flag")
            case _:
                name = f"registry.ollama.ai/library/{self._model}"
                return Problem(400, "invalid_request_error", f"{name} does not support tools")

    def _worded(self, problem: Problem) -> Problem:
        """A refusal as the server passes it on."""
        if self.kind != "litellm":
            return problem
        if problem.status == 401:
            said = "Authentication Error, Invalid proxy server token passed."
            return replace(problem, message=said)
        inner = json.dumps({"type": "error", "error": {"message": problem.message}})
        said = f"litellm.BadRequestError: AnthropicException - {inner}. Received Model Group="
        return replace(problem, message=f"{said}{self._model}")


class _About(RequestHandler):
    """What a server tells of itself."""

    def initialize(self, server: OtherServer) -> None:
        self._server = server

    def get(self) -> None:
        self._tell({})

    def post(self) -> None:
        self._tell(json.loads(self.request.body))

    def _tell(self, asked: Mapping[str, Any]) -> None:
        for name, value in self._server.headers.items():
            self.set_header(name, value)
        headers = {name.lower(): value for name, value in self.request.headers.items()}
        if problem := self._server.rejects(headers):
            self.set_status(problem.status)
            self.finish(self._server.error_body(problem))
            return
        status, told = self._server.about(self.request.path, asked)
        self.set_status(status)
        self.finish(told)
