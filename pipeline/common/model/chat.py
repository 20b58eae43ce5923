"""The base model's own chat template, applied the same way for rendering, training and evaluation."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from jinja2 import TemplateError

from pipeline.common.control_tokens import Controls, alternatives, controls_of, is_control, neutralise_question, template_marks
from pipeline.common.prompt import Style, messages
from schemas.errors import TrainingError

# Templates that print today's date (Llama 3.2) would give every day another dataset; 3.1's own default stands still.
# Templates of thinking models (Qwen3, SmolLM3) are asked for the answer at once.
TEMPLATE_OPTIONS = {"date_string": "26 Jul 2024", "enable_thinking": False}
PROBE = "zqx"


def special_tokens(tokenizer: Any) -> set[str]:
    """Tokens that a tokenizer calls special, those that were added to it too."""
    return {*tokenizer.all_special_tokens, *(token.content for token in tokenizer.added_tokens_decoder.values() if token.special)}


def control_tokens(tokenizer: Any) -> set[str]:
    """Tokens of a tokenizer that raw text may not hold: the special ones, and added ones that look like one (`<think>`)."""
    added = {token.content for token in tokenizer.added_tokens_decoder.values()}
    return special_tokens(tokenizer) | set(filter(is_control, added))


def token_controls(tokenizer: Any) -> Controls:
    """The same as patterns, for a prompt that isn't written by the template."""
    return Controls(alternatives(control_tokens(tokenizer)))


class ChatFormat:
    """Prompts, and the token that ends an answer, as one tokenizer's chat template writes them.

    `controls` is what raw text may not hold: tokens, and what the template writes between the turns. Raises TrainingError when the
    template can't be used.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        tokens = control_tokens(tokenizer)
        self.special_tokens: tuple[str, ...] = tuple(sorted(special_tokens(tokenizer)))
        self.control_ids = frozenset(tokenizer.convert_tokens_to_ids(list(tokens)))
        self.end_of_turn = self._end_of_turn()
        marks, roles = template_marks(self._probed(), rf"{PROBE}\d")
        self.controls = controls_of([*tokens, *marks], roles)

    def ask(self, question: Mapping[str, Any], style: Style, system_prompt: str) -> tuple[dict[str, Any], str, int]:
        """The question without control tokens, its prompt, and how many were broken."""
        safe, broken = neutralise_question(question, self.controls)
        return safe, self.prompt(messages(safe, style, self.controls.neutralise(system_prompt)[0])), broken

    def prompt(self, messages: Sequence[dict[str, str]]) -> str:
        """The rendered chat up to where the assistant's answer begins; begin-of-text token included where the template has one."""
        return self._apply(messages, add_generation_prompt=True)

    def completion(self, answer: str) -> str:
        """An answer as the model would write it: the text and the end-of-turn token."""
        return answer + self.end_of_turn

    def encode(self, text: str) -> list[int]:
        """Token ids of rendered text, with nothing added (the template has written every special token).

        Prompt and completion are encoded apart and joined, in training and in evaluation, so that no token spans both.
        """
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return ids

    def count_controls(self, text: str) -> int:
        """How many control tokens, roles and other marks of the template a rendered text holds."""
        return sum(token in self.control_ids for token in self.encode(text)) + self.controls.count(text)

    def _probed(self) -> list[str]:
        """Chats of texts that say nothing, with and without a system prompt and the beginning of an answer."""
        turns = [{"role": role, "content": f"{PROBE}{number}"} for number, role in enumerate(("user", "assistant", "user", "assistant"), 1)]
        system = [{"role": "system", "content": f"{PROBE}0"}]
        found = []
        for chat in ([*before, *turns[:end]] for before in ([], system) for end in (1, 2, 3, 4)):
            with suppress(TrainingError):  # a template may refuse a second turn
                found.append(self._apply(chat, add_generation_prompt=chat[-1]["role"] == "user"))
        return found

    def _apply(self, messages: Sequence[dict[str, str]], add_generation_prompt: bool) -> str:
        def apply(chat: Sequence[dict[str, str]]) -> str:
            text: str = self.tokenizer.apply_chat_template(
                list(chat), tokenize=False, add_generation_prompt=add_generation_prompt, **TEMPLATE_OPTIONS
            )
            return text

        try:
            return apply(messages)
        except TemplateError as error:
            if messages[0]["role"] != "system":
                raise TrainingError(f"the chat template of {self.tokenizer.name_or_path!r} fails: {error}") from error
        # Some templates (Gemma 2) refuse a system turn; its text then opens the user's.
        system, user, *rest = messages
        merged = {"role": "user", "content": f"{system['content']}\n\n{user['content']}"}
        return self._apply([merged, *rest], add_generation_prompt)

    def _end_of_turn(self) -> str:
        chat = [{"role": "user", "content": "?"}, {"role": "assistant", "content": PROBE}]
        after = self._apply(chat, add_generation_prompt=False).rpartition(PROBE)[2]
        found = [(after.find(token), token) for token in self.special_tokens if token in after]
        if found:
            return min(found)[1]
        if not self.tokenizer.eos_token:
            raise TrainingError(f"{self.tokenizer.name_or_path!r} has neither an end-of-turn token in its chat template nor an eos token")
        return str(self.tokenizer.eos_token)
