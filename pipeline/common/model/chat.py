"""The base model's own chat template, applied the same way for rendering, training and evaluation."""

from collections.abc import Sequence
from typing import Any

from jinja2 import TemplateError

from schemas.errors import TrainingError

# Templates that print today's date (Llama 3.2) would give every day another dataset; 3.1's own default stands still.
# Templates of thinking models (Qwen3, SmolLM3) are asked for the answer at once.
TEMPLATE_OPTIONS = {"date_string": "26 Jul 2024", "enable_thinking": False}
PROBE = "zqx"


class ChatFormat:
    """Prompts, and the token that ends an answer, as one tokenizer's chat template writes them.

    `special_tokens` are the strings that raw text may not hold. Raises TrainingError when the template can't be used.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        added = tokenizer.added_tokens_decoder.values()
        self.special_tokens: tuple[str, ...] = tuple(
            sorted({*tokenizer.all_special_tokens, *(token.content for token in added if token.special)})
        )
        self.special_ids = frozenset(tokenizer.convert_tokens_to_ids(list(self.special_tokens)))
        self.end_of_turn = self._end_of_turn()

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

    def count_special(self, ids: Sequence[int]) -> int:
        """How many of these token ids are special."""
        return sum(token in self.special_ids for token in ids)

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
