"""Graphs to begin with, for six kinds of work: each runs at once, on sample documents or on one's own."""

from collections.abc import Sequence

from agent_runtime.graph import Graph
from agent_runtime.starters import DOCUMENT_QUESTIONS, WAS_FOUND, SampleVault, Starter, a_node, edges

LARGER = (
    "The packaged model is too small for this: it needs one of about 1.5 billion parameters or more, such as "
    "Qwen2.5-1.5B. Add one on the page Models and choose it in the step."
)

SUPPORT_DESK = Starter(
    "support-desk",
    "Support desk",
    "Answers customers from your help pages, and hands over to a person where they ask for one or the pages say "
    "nothing.",
    Graph(
        nodes=[
            a_node("start", "start", "What the customer wrote", 0, 0),
            a_node(
                "sort",
                "sort_by_meaning",
                "Question or a person?",
                260,
                0,
                {
                    "categories": [
                        {
                            "id": "question",
                            "name": "A question",
                            "examples": "How long does delivery take?\nWhat does the warranty cover?\n"
                            "Can I return my order?\nHow much is a repair?",
                        },
                        {
                            "id": "person",
                            "name": "Wants a person",
                            "examples": "I want to talk to a human\nPlease call me back\n"
                            "Connect me with an employee\nThis is a complaint, get me your manager",
                        },
                    ],
                    "margin": 0.1,
                },
            ),
            a_node("search", "search_documents", "Search the help pages", 540, -160),
            a_node(
                "sources",
                "answer_with_sources",
                "Answer from the help pages",
                820,
                -120,
                {"unknown": "Our help pages say nothing about this."},
            ),
            a_node("found", "if_otherwise", "Was it found?", 1100, -120, WAS_FOUND, version=2),
            a_node("answer", "answer", "Answer", 1380, -200),
            a_node(
                "hand_over",
                "answer",
                "Hand over",
                1380,
                120,
                {
                    "text": "A person of our team will answer this. Please write to help@example.org and say: "
                    "“{{question}}”"
                },
            ),
        ],
        edges=edges(
            ("start.question", "sort.value"),
            ("sort.question", "search.question"),
            ("sort.none", "search.question"),
            ("start.question", "sources.question"),
            ("search.passages", "sources.passages"),
            ("sources.answer", "found.value"),
            ("found.then", "answer.value"),
            ("found.otherwise", "hand_over.value"),
            ("sort.person", "hand_over.value"),
        ),
    ),
    picture="support",
    sample_vaults=(
        SampleVault(
            "Radhaus Lindgren, invented (sample)",
            (
                "templates/support-desk/orders-and-returns.md",
                "templates/support-desk/warranty-and-repair.md",
            ),
        ),
    ),
    tests="templates/support-desk.tests.json",
)

POLICY_CHECK = Starter(
    "policy-check",
    "Policy check with approval",
    "Says what your rules say; a request that needs a yes waits in your inbox until you approve, change or reject it.",
    Graph(
        nodes=[
            a_node("start", "start", "Question or request", 0, 0),
            a_node("search", "search_documents", "Search the rules", 260, -120),
            a_node(
                "sources",
                "answer_with_sources",
                "What the rules say",
                540,
                0,
                {"style": "quote", "unknown": "The rules say nothing about this."},
            ),
            a_node(
                "needed",
                "if_otherwise",
                "Is approval asked for?",
                820,
                0,
                {
                    "branches": [
                        {
                            "id": "request",
                            "name": "A request",
                            "match": "any",
                            "rules": [
                                {"value": "question", "comparison": "contains", "other": word}
                                for word in ("please approve", "may i", "i would like to", "request")
                            ],
                        }
                    ]
                },
                version=2,
            ),
            a_node(
                "person",
                "ask_person",
                "Ask a person",
                1100,
                -140,
                {
                    "title": "May this be done?",
                    "instructions": "Somebody asks: {{question}}\n\nWhat your rules say stands below. Approve it as it "
                    "stands, change it into your own words, or reject it with a reason.",
                    "whom": "owner",
                    "may_edit": True,
                },
            ),
            a_node("approved", "answer", "Approved", 1380, -220),
            a_node("rejected", "answer", "Rejected", 1380, -40, {"text": "Not approved. {{text}}"}),
            a_node("answer", "answer", "What the rules say", 1100, 160),
        ],
        edges=edges(
            ("start.question", "search.question"),
            ("start.question", "sources.question"),
            ("search.passages", "sources.passages"),
            ("sources.answer", "needed.value"),
            ("needed.request", "person.value"),
            ("person.approved", "approved.value"),
            ("person.rejected", "rejected.value"),
            ("needed.otherwise", "answer.value"),
        ),
    ),
    picture="approval",
    sample_vaults=(
        SampleVault("Spending policy, invented (sample)", ("templates/policy-check/spending-policy.md",)),
    ),
    tests="templates/policy-check.tests.json",
)

CONTRACT_FIELDS = Starter(
    "contract-fields",
    "Contract fields",
    "Takes parties, dates, price and notice period out of the contract that you name, as values in a fixed form.",
    Graph(
        nodes=[
            a_node("start", "start", "Which contract", 0, 0),
            a_node(
                "search",
                "search_documents",
                "Find the contract",
                260,
                0,
                {"limit": 1, "only_relevant": False},
            ),
            a_node(
                "fields",
                "pull_out_fields",
                "Take out the fields",
                540,
                0,
                {
                    "fields": [
                        {
                            "name": "parties",
                            "type": "list",
                            "description": "the names of the two companies or people that agree",
                        },
                        {"name": "begins", "type": "text", "description": "the day on which it begins"},
                        {"name": "ends", "type": "text", "description": "the day on which it ends"},
                        {"name": "price", "type": "text", "description": "the price or rent a month"},
                        {"name": "notice", "type": "text", "description": "the notice period"},
                    ]
                },
            ),
            a_node(
                "answer",
                "answer",
                "The fields",
                820,
                0,
                {
                    "text": "Parties:\n{{parties}}\nBegins: {{begins}}\nEnds: {{ends}}\n"
                    "Price a month: {{price}}\nNotice: {{notice}}"
                },
            ),
        ],
        edges=edges(
            ("start.question", "search.question"),
            ("search.passages", "fields.text"),
            ("fields.values", "answer.value"),
        ),
    ),
    picture="fields",
    needs=LARGER,
    sample_vaults=(
        SampleVault(
            "Contracts, invented (sample)",
            (
                "templates/contract-fields/lease-old-mill.md",
                "templates/contract-fields/cleaning-service.md",
            ),
        ),
    ),
    tests="templates/contract-fields.tests.json",
)

TRANSLATOR = Starter(
    "translator",
    "Translator with glossary",
    "Translates what you write into German, with the words that your glossary lays down.",
    Graph(
        nodes=[
            a_node("start", "start", "Text to translate", 0, 0),
            a_node(
                "search",
                "search_documents",
                "Look into the glossary",
                260,
                -120,
                {"limit": 4, "only_relevant": False},
            ),
            a_node(
                "translate",
                "ask_model",
                "Translate",
                540,
                0,
                {
                    "role": "You are a careful translator from English into German.",
                    "prompt": "Glossary:\n{{passages}}\n\nTranslate into German with the words of the glossary. Write "
                    "the translation and nothing else.\n\n{{question}}",
                    "max_tokens": 400,
                },
            ),
            a_node("answer", "answer", "Translation", 820, 0),
        ],
        edges=edges(
            ("start.question", "search.question"),
            ("start.question", "translate.text"),
            ("search.passages", "translate.passages"),
            ("translate.text", "answer.value"),
        ),
    ),
    picture="translation",
    needs=LARGER,
    sample_vaults=(SampleVault("Glossary English–German (sample)", ("templates/translator/glossary.csv",)),),
    tests="templates/translator.tests.json",
)

RESEARCH = Starter(
    "research",
    "Research over several vaults",
    "Takes several questions, one a line, looks each up in all the vaults you choose, and puts the answers together.",
    Graph(
        nodes=[
            a_node("start", "start", "Questions, one a line", 0, 0),
            a_node("each", "for_each", "For each question", 260, 0, {"most": 12, "at_once": 2}),
            a_node("search", "search_documents", "Search all vaults", 60, 60, {"limit": 8}, parent="each"),
            a_node(
                "sources",
                "answer_with_sources",
                "Answer with sources",
                340,
                60,
                {"unknown": "About this the vaults say nothing."},
                parent="each",
            ),
            a_node("answer", "answer", "All answers", 1060, 0),
        ],
        edges=edges(
            ("start.question", "each.list"),
            ("each.item", "search.question"),
            ("each.item", "sources.question"),
            ("search.passages", "sources.passages"),
            ("sources.answer", "each.result"),
            ("each.text", "answer.value"),
        ),
    ),
    picture="research",
    sample_vaults=(
        SampleVault(
            "Plans of an invented valley (sample)",
            ("templates/research/plans/river-plan-2026.md", "templates/research/plans/budget-2026.md"),
        ),
        SampleVault(
            "Records of an invented valley (sample)",
            ("templates/research/records/floods.md", "templates/research/records/fish-count.md"),
        ),
    ),
    tests="templates/research.tests.json",
)

ALL: Sequence[Starter] = (
    DOCUMENT_QUESTIONS,
    SUPPORT_DESK,
    POLICY_CHECK,
    CONTRACT_FIELDS,
    TRANSLATOR,
    RESEARCH,
)
"""In the order in which the page shows them; the first is what an agent begins with where nothing is chosen."""
