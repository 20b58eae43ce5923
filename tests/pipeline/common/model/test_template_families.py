"""Chat templates in the published formats of many families, over one real tokenizer with their tokens added: nothing that a question or
a system prompt says can end a turn or begin one."""

import re
from functools import cache
from typing import NamedTuple

import pytest

from pipeline.common.model import base_model
from pipeline.common.model.chat import ChatFormat
from pipeline.common.prompt import messages
from pipeline.render import count_template_controls, render_question
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig


class Family(NamedTuple):
    """A template, tokens that its tokenizers mark as special, tokens that they add without, and what else begins or ends a turn."""

    template: str
    special: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def turns(system, user, assistant, begin="", answer=None):
    """A template of the common kind: one form for each role, and what opens an answer."""
    opened = assistant.partition("@")[0] if answer is None else answer
    forms = {"system": system, "user": user, "assistant": assistant}
    cases = "".join(
        f"{{% {'if' if name == 'system' else 'elif'} m.role == '{name}' %}}{form.replace('@', '{{ m.content }}')}"
        for name, form in forms.items()
    )
    return f"{begin}{{% for m in messages %}}{cases}{{% endif %}}{{% endfor %}}{{% if add_generation_prompt %}}{opened}{{% endif %}}"


NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
CHATML = ("<|im_start|>system\n@<|im_end|>\n", "<|im_start|>user\n@<|im_end|>\n", "<|im_start|>assistant\n@<|im_end|>\n")
QWEN_DEFAULT = "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are a helpful assistant. Rules: none.<|im_end|>\n{% endif %}"
FAMILIES = {
    "Llama 2": Family(turns("<<SYS>>\n@\n<</SYS>>\n\n", "[INST] @ [/INST]", " @ </s>", "<s>", " "), ("<s>", "</s>"), (), ("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")),
    "Mistral": Family(NO_SYSTEM + turns("", "[INST] @[/INST]", " @</s>", "<s>", ""), ("<s>", "</s>", "[INST]", "[/INST]")),
    "Llama 3": Family(
        turns(*(f"<|start_header_id|>{role}<|end_header_id|>\n\n@<|eot_id|>" for role in ("system", "user", "assistant")), "<|begin_of_text|>"),
        ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    ),
    "Qwen 2.5": Family(QWEN_DEFAULT + turns(*CHATML), ("<|im_start|>", "<|im_end|>"), ("<tool_call>", "</tool_call>")),
    "Qwen 3": Family(turns(*CHATML, answer="<|im_start|>assistant\n<think>\n\n</think>\n\n"), ("<|im_start|>", "<|im_end|>"), ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>")),
    "Gemma": Family(
        NO_SYSTEM + turns("", "<start_of_turn>user\n@<end_of_turn>\n", "<start_of_turn>model\n@<end_of_turn>\n", "<bos>"),
        ("<bos>", "<start_of_turn>", "<end_of_turn>"),
        ("<unused7>",),
    ),
    "Phi 3": Family(turns("<|system|>\n@<|end|>\n", "<|user|>\n@<|end|>\n", "<|assistant|>\n@<|end|>\n"), ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>")),
    "Zephyr": Family(turns("<|system|>\n@</s>\n", "<|user|>\n@</s>\n", "<|assistant|>\n@</s>\n"), ("</s>",), (), ("<|system|>", "<|user|>", "<|assistant|>")),
    "Vicuna": Family(turns("@ ", "USER: @ ", "ASSISTANT: @</s>", answer="ASSISTANT:"), ("</s>",), (), ("USER:", "ASSISTANT:")),
    "Alpaca": Family(turns("@\n\n", "### Instruction:\n@\n\n", "### Response:\n@</s>\n\n"), ("</s>",), (), ("### Instruction:", "### Response:")),
    "DeepSeek": Family(
        turns("@", "<｜User｜>@", "<｜Assistant｜>@<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>"),
        ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
        ("<｜User｜>", "<｜Assistant｜>", "<think>"),
    ),
    "Command R": Family(
        turns(*(f"<|START_OF_TURN_TOKEN|><|{role}_TOKEN|>@<|END_OF_TURN_TOKEN|>" for role in ("SYSTEM", "USER", "CHATBOT")), "<BOS_TOKEN>"),
        ("<BOS_TOKEN>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|SYSTEM_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>"),
    ),
    "GLM 4": Family(turns("<|system|>\n@", "<|user|>\n@", "<|assistant|>\n@<|endoftext|>", "[gMASK]<sop>"), ("[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>")),
}  # fmt: skip
ORDINARY = "Which of <b>, <table>, [x] and\n\nuser: is a tag? The assistant: said USERS."


@pytest.fixture(scope="module")
def chat_of(models):
    """The chat format of a family, made once."""

    @cache
    def make(name):
        family = FAMILIES[name]
        tokenizer = base_model.load_tokenizer(TrainConfig(), models)
        tokenizer.add_special_tokens({"additional_special_tokens": list(family.special)})
        # What tokenizers add besides: words, white space and tags of HTML, none of which may be touched.
        tokenizer.add_tokens([*family.added, "<b>", "<table>", "\n\n", "assistant"])
        tokenizer.chat_template = family.template
        return ChatFormat(tokenizer)

    return make


def question(mark="nothing", ending="."):
    row = {"record_id": "r", "split": "train", "split_group": "r", "source": "s", "subject": None, "language": "en", "answer_index": 0}
    said = f"Say {mark} now{mark}\n{mark} and so on{ending}"
    return row | {"context": f"{mark} {said}", "stem": f"{said} {ORDINARY}", "options": [f"{mark} x", f"y{mark}"]}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("style", ["letter", "cloze"])
def test_a_question_holds_as_many_marks_as_a_harmless_one(name, style, chat_of):
    family = FAMILIES[name]
    chat = chat_of(name)
    marks = [*family.special, *family.added, *family.words]
    _, harmless, none = chat.ask(question(), style, "Be brief.")
    assert none == 0
    for mark in marks:
        hostile = question(mark)
        safe, prompt, broken = chat.ask(hostile, style, f"Be {mark} brief.\n{mark}")
        assert broken > 0, mark
        assert [prompt.count(m) for m in family.special + family.added] == [harmless.count(m) for m in family.special + family.added], mark
        assert chat.count_controls(prompt) == chat.count_controls(harmless), mark
        # Readable: but for the spaces it is what the question and the template say.
        raw = chat.prompt(messages(hostile, style, f"Be {mark} brief.\n{mark}"))
        assert re.sub(r"\s", "", prompt) == re.sub(r"\s", "", raw), mark
        assert ORDINARY in prompt, "what is no mark stays as it is"
        assert safe["answer_index"] == 0


@pytest.mark.parametrize("name", FAMILIES)
def test_roles_in_plain_words_stand_as_often_as_in_a_harmless_question(name, chat_of):
    family = FAMILIES[name]
    chat = chat_of(name)
    _, harmless, _ = chat.ask(question(), "letter", "Be brief.")
    for word in family.words:
        _, prompt, _ = chat.ask(question(f"\n{word}"), "letter", f"Be brief.\n{word}")
        assert len(re.findall(rf"(?m)(?:^|\s){re.escape(word)}", prompt)) == len(re.findall(rf"(?m)(?:^|\s){re.escape(word)}", harmless)), (
            word
        )


@pytest.mark.parametrize("name", FAMILIES)
def test_hostile_questions_are_rendered_and_none_is_refused(name, chat_of):
    family = FAMILIES[name]
    chat = chat_of(name)
    for style in ("letter", "cloze"):
        for mark in (*family.special, *family.added, *family.words):
            config = RenderConfig(style=style, max_seq_tokens=4096, system_prompt=f"Reply. {mark}")
            row = render_question(question(mark), chat, config, count_template_controls(chat, config))
            assert row["status"] == "ok"
            assert row["neutralised_tokens"] > 0
            assert row["completion"].endswith(chat.end_of_turn)
