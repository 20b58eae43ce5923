"""Chat templates of several families: golden prompts, and turns that end."""

import pytest

from pipeline.common.model import base_model
from pipeline.common.model.chat import ChatFormat
from schemas.config.train import TrainConfig

GOLDEN = """<|im_start|>system
Be brief.<|im_end|>
<|im_start|>user
2 + 2?<|im_end|>
<|im_start|>assistant
"""


def test_the_demo_models_template_is_the_golden_one(models):
    chat = ChatFormat(base_model.load_tokenizer(TrainConfig(), models))
    assert chat.prompt([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}]) == GOLDEN
    assert chat.completion("4") == "4<|im_end|>"
    assert sum(chat.tokenizer.convert_ids_to_tokens(token) in chat.special_tokens for token in chat.encode(GOLDEN)) == 5


LLAMA = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n{{ m['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


GEMMA = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}{% for m in messages %}<start_of_turn>"
    "{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n{{ m['content'] }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


@pytest.mark.parametrize(
    ("template", "specials", "prompt", "end"),
    [
        (
            LLAMA,
            ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
            "<|endoftext|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nQ<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
            "<|eot_id|>",
        ),
        (GEMMA, ["<start_of_turn>", "<end_of_turn>"], "<start_of_turn>user\nS\n\nQ<end_of_turn>\n<start_of_turn>model\n", "<end_of_turn>"),
    ],
)
def test_templates_of_other_families_end_their_turns(template, specials, prompt, end, models):
    tokenizer = base_model.load_tokenizer(TrainConfig(), models)
    tokenizer.add_special_tokens({"additional_special_tokens": specials, "bos_token": "<|endoftext|>"})
    tokenizer.chat_template = template
    chat = ChatFormat(tokenizer)
    assert chat.prompt([{"role": "system", "content": "S"}, {"role": "user", "content": "Q"}]) == prompt
    assert chat.completion("yes") == f"yes{end}"
