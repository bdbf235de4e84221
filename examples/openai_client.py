"""The official `openai` client (`pip install openai`) talks to a character.

python examples/openai_client.py "Who are you?" [MODEL]

MODEL is a character's name or `default`, the one that is open in SillyTavern. The prompt is SillyTavern's own (card,
persona, world info, preset); the chat that is open there is neither shown to the model nor changed.
"""

from __future__ import annotations

import os
import sys

from openai import OpenAI, OpenAIError

text = sys.argv[1] if len(sys.argv) > 1 else "Who are you?"
model = sys.argv[2] if len(sys.argv) > 2 else "default"
url = os.environ.get("TAVERNLINK_URL", "http://127.0.0.1:8001")

try:
    client = OpenAI(base_url=f"{url}/v1", api_key=os.environ["TAVERNLINK_KEY"])
    print("Models:", ", ".join(each.id for each in client.models.list()))
    stream = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": text}], stream=True
    )
    for chunk in stream:
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="", flush=True)
    print()
except KeyError:
    sys.exit("Set TAVERNLINK_KEY to a key of the role app.")
except OpenAIError as error:
    sys.exit(str(error))
