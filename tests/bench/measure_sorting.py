"""How often "Sort by meaning" is right, on sentences in English, German and Chinese, with the packaged embedder.

`python -m tests.bench.measure_sorting` prints for some margins the share of sentences that belong somewhere and get
there, that land elsewhere, and of those that belong nowhere that go to "None of these". The margin that the node
begins with was chosen on these very sentences.
"""

import asyncio

import numpy as np

from agent_runtime.node_kinds.sort_by_meaning import liken
from backend.settings import Settings
from knowledge_vault.embedding import SentenceTransformerEmbedder

CATEGORIES = {
    "Billing": ["I was charged twice this month", "Where is my invoice?", "I want my money back"],
    "Technical problem": [
        "The app crashes when I open it",
        "I cannot log in any more",
        "The page stays empty",
    ],
    "Delivery": ["My parcel has not arrived", "When will it be delivered?", "The package came damaged"],
    "Cancel": ["I want to cancel my subscription", "How do I end the contract?", "Please close my account"],
}
BELONGING = {
    "Billing": [
        "Why is there a second payment on my card?",
        "Can you send me the bill for March?",
        "I'd like a refund please",
        "The amount you took is wrong",
        "Do you accept PayPal for my bill?",
        "Wo ist meine Rechnung?",
        "Warum wurde mir zweimal Geld abgebucht?",
        "我想退款",
    ],
    "Technical problem": [
        "It shows error 500 whenever I click save",
        "My password does not work",
        "The video won't load",
        "Nothing happens when I press the button",
        "The program freezes after the update",
        "Die App stürzt ständig ab",
        "登录不了",
        "The screen is just white",
    ],
    "Delivery": [
        "The courier never came",
        "How long does shipping take?",
        "The box was broken when it arrived",
        "Where is my order now?",
        "Tracking says lost",
        "Wann kommt mein Paket an?",
        "包裹什么时候到？",
        "It was delivered to the wrong address",
    ],
    "Cancel": [
        "Stop my membership",
        "I don't want to renew",
        "Delete my account and data",
        "How can I get out of the contract early?",
        "Unsubscribe me from the premium plan",
        "Ich möchte kündigen",
        "我要取消订阅",
        "Please terminate my plan at the end of the month",
    ],
}
STRANGERS = [
    "What is the capital of France?",
    "Do you hire students?",
    "I love your new logo",
    "What's the weather tomorrow?",
    "Tell me a joke",
    "How do bees find their way home?",
    "Is the shop open on Sunday?",
    "Who founded your company?",
    "Can I speak to the press office?",
    "Which colour does the chair come in?",
    "你好",
    "Wie spät ist es?",
    "asdf qwer",
    "Thank you very much!",
    "What does GDPR mean?",
    "Recommend a book about gardens",
]


async def main() -> None:
    embedder = SentenceTransformerEmbedder(Settings().embedder, threads=1)
    await embedder.load()
    names = list(CATEGORIES)
    examples = [text for name in names for text in (name, *CATEGORIES[name])]
    owners = [number for number, name in enumerate(names) for _ in (name, *CATEGORIES[name])]
    told = [(text, number) for number, name in enumerate(names) for text in BELONGING[name]]
    told += [(text, -1) for text in STRANGERS]
    rows = await embedder.embed_passages(examples)
    asked = await embedder.embed_passages([text for text, _ in told])
    await embedder.close()
    likeness = [liken(vector, rows, owners, len(names)) for vector in asked]
    best = np.array([int(np.argmax(each)) for each in likeness])
    margins = np.array([float(np.diff(np.sort(each)[-2:])[0]) for each in likeness])
    wanted = np.array([number for _, number in told])
    belongs = wanted >= 0
    for margin in (0.0, 0.03, 0.05, 0.06, 0.07, 0.1):
        taken = margins >= margin
        right = np.mean((taken & (best == wanted))[belongs])
        wrong = np.mean((taken & (best != wanted))[belongs])
        nowhere = np.mean(~taken[~belongs])
        print(
            f"margin {margin:.2f}: right {right:.2f}, elsewhere {wrong:.2f}, strangers to none {nowhere:.2f}"
        )


if __name__ == "__main__":
    asyncio.run(main())
