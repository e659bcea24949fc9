"""The attacks that other products fell to, and the tests that try them here: the source of docs/decisions/attacks.md.

`python -m tests.attacks` prints the table; with `--run` it runs those tests and counts what got through.
"""

from collections.abc import Sequence
from dataclasses import dataclass

CODE = "tests/attacks/test_running_code.py"
FILES = "tests/attacks/test_imported_files.py"
OUT = "tests/attacks/test_ways_out.py"
INJECTED = "tests/attacks/test_injected_documents.py"
ROWS = "tests/attacks/test_forged_rows.py"
HTTP = "tests/backend/test_attacks_over_http.py"
SERVICES = "tests/backend/test_web_services.py"
MCP = "tests/backend/test_mcp_tools.py"
TENANTS = "tests/backend/test_tenants.py"
CHECKPOINTS = "tests/agent_runtime/test_checkpoints.py"


@dataclass(frozen=True)
class Attack:
    name: str
    """Its CVE, or the line of issue 4 that names it."""
    product: str
    how: str
    tests: Sequence[str]
    """`file::test`, each of which exists (a test sees to it)."""


def _cve(name: str, product: str, how: str, *tests: str) -> Attack:
    return Attack(name, product, how, tests)


NO_CODE = f"{CODE}::test_no_line_of_the_product_runs_text_as_code"
POISONED = f"{CODE}::test_poisoned_texts_are_texts_in_every_place"
EXPRESSIONS = f"{CODE}::test_an_expression_that_tries_attributes_loops_or_memory_is_refused_or_ends_soon"
HOSTILE_FILE = f"{FILES}::test_reading_and_checking_a_hostile_file_does_nothing_to_the_world"
DOORS = f"{HTTP}::test_every_route_but_the_front_door_asks_who_is_there"
FOREIGN_IDS = f"{TENANTS}::test_somebody_elses_ids_lead_nowhere"
NO_STEPS = f"{HTTP}::test_whoever_reads_an_answer_sees_no_step_of_it"
WAYS_OUT = f"{OUT}::test_every_way_out_of_the_product_is_known"
INSIDE = f"{OUT}::test_a_step_reaches_no_address_of_the_servers_own_network_however_it_is_written"
ORDERS = f"{INJECTED}::test_two_hundred_orders_in_documents_reach_no_tool_or_address_that_was_not_ticked"
BUILDS = f"{CODE}::test_nothing_is_read_that_can_build_more_than_data_or_templates_that_compute"
STDIO = f"{CODE}::test_there_is_no_stdio_transport_to_switch_on"

ATTACKS: Sequence[Attack] = (
    _cve(
        "CVE-2025-3248",
        "Langflow",
        "code of a request is executed, without signing in",
        NO_CODE,
        POISONED,
        DOORS,
    ),
    _cve(
        "CVE-2026-33017",
        "Langflow",
        "a public run takes the drawing from the request",
        f"{HTTP}::test_a_graph_that_comes_with_a_question_is_not_run",
        NO_CODE,
        f"{FILES}::test_a_kind_that_is_not_known_is_named_and_never_looked_up",
    ),
    _cve("CVE-2026-27966", "Langflow", "a component runs code", NO_CODE),
    _cve(
        "CVE-2025-34291",
        "Langflow",
        "another site acts with a visitor's cookies",
        f"{HTTP}::test_another_site_is_told_nothing_and_changes_nothing",
        "tests/backend/test_accounts.py::test_another_site_cannot_act_for_a_signed_in_person",
    ),
    _cve(
        "CVE-2026-33497",
        "Langflow",
        "a file name leads to another folder",
        f"{HTTP}::test_the_name_of_a_file_is_a_name_and_leads_nowhere",
        "tests/backend/test_http.py::test_no_path_leads_out_of_the_front_end",
    ),
    _cve(
        "CVE-2026-55423",
        "Langflow",
        "signing out leaves the session alive",
        "tests/backend/test_accounts.py::test_signing_out_ends_the_session_on_the_server",
        f"{HTTP}::test_what_ends_a_key_or_a_session_ends_it_on_every_path",
    ),
    _cve("CVE-2025-59528", "Flowise", "the configuration of an MCP node becomes code", NO_CODE, HOSTILE_FILE),
    _cve(
        "CVE-2026-40933",
        "Flowise",
        "importing a drawing starts a command (stdio MCP)",
        HOSTILE_FILE,
        STDIO,
        f"{MCP}::test_a_server_that_is_a_command_cannot_even_be_named",
        f"{HTTP}::test_an_imported_agent_sends_its_readers_secret_to_no_host_of_its_own",
    ),
    _cve(
        "CVE-2026-56274",
        "Flowise",
        "a list of forbidden flags is got around",
        f"{CODE}::test_a_process_is_started_in_four_places_and_none_of_them_is_near_a_drawing",
        STDIO,
        HOSTILE_FILE,
    ),
    _cve(
        "CVE-2026-41276",
        "Flowise",
        "a token of null is accepted",
        f"{HTTP}::test_a_token_that_is_nothing_signs_nobody_in",
    ),
    _cve("CVE-2026-46444", "Flowise", "a store of vectors is open to everybody", FOREIGN_IDS, DOORS),
    _cve(
        "CVE-2025-56520",
        "Dify",
        "a file is fetched from inside the network, without signing in",
        WAYS_OUT,
        INSIDE,
        f"{OUT}::test_a_server_that_the_operator_named_as_public_is_reached_in_public_only",
        f"{OUT}::test_a_private_server_is_never_where_clouds_hand_out_secrets",
        f"{HTTP}::test_a_page_of_the_servers_own_network_is_not_taken_in",
        "tests/knowledge_vault/test_fetching.py::test_an_address_that_is_not_on_the_public_web_is_refused",
    ),
    _cve(
        "CVE-2026-41947",
        "Dify",
        "tracing is set on another tenant's app",
        NO_STEPS,
        FOREIGN_IDS,
        f"{HTTP}::test_a_secret_is_in_no_export_event_trace_log_or_error",
    ),
    _cve("CVE-2026-41949", "Dify", "a file's id is enough to preview it", NO_STEPS, FOREIGN_IDS),
    _cve("CVE-2026-41950", "Dify", "a chat file's id is enough to read it", NO_STEPS, FOREIGN_IDS),
    _cve(
        "CVE-2026-28288",
        "Dify",
        "the answer tells which accounts exist",
        "tests/backend/test_accounts.py::test_an_unknown_account_and_a_wrong_password_look_the_same",
    ),
    _cve(
        "CVE-2025-69286",
        "RAGFlow",
        "a share link gives the API key away",
        f"{HTTP}::test_an_api_key_says_nothing_about_any_other_secret",
    ),
    _cve(
        "CVE-2026-21858",
        "n8n",
        "a body of another type names a file of the server",
        f"{HTTP}::test_an_upload_is_what_was_sent_and_never_a_path",
    ),
    _cve("CVE-2025-68613", "n8n", "an expression reaches the interpreter", POISONED, EXPRESSIONS),
    _cve("CVE-2026-1470", "n8n", "an expression reaches the interpreter", POISONED, EXPRESSIONS),
    _cve("CVE-2025-68668", "n8n", "a sandbox for Python is left", NO_CODE),
    _cve(
        "CVE-2026-21877",
        "n8n",
        "a file is written where it is run",
        BUILDS,
        f"{HTTP}::test_the_name_of_a_file_is_a_name_and_leads_nowhere",
    ),
    _cve("CVE-2026-45349", "Open WebUI", "a chat's id is enough to read it", FOREIGN_IDS),
    _cve("CVE-2026-45671", "Open WebUI", "a file's id is enough to delete it", FOREIGN_IDS),
    _cve(
        "CVE-2026-45339",
        "Open WebUI",
        "another header skips a key's restriction",
        f"{HTTP}::test_a_key_that_may_use_some_agents_may_use_no_other_however_it_is_sent",
        f"{HTTP}::test_program_keys_neither_see_nor_change_secrets",
    ),
    _cve(
        "CVE-2026-32717",
        "AnythingLLM",
        "a second kind of key outlives its owner's rights",
        f"{HTTP}::test_what_ends_a_key_or_a_session_ends_it_on_every_path",
        "tests/backend/test_accounts.py::test_an_api_key_is_shown_once_and_its_revocation_counts_at_once",
    ),
    _cve(
        "CVE-2025-64439",
        "LangGraph",
        "a forged checkpoint builds objects",
        f"{CHECKPOINTS}::test_a_forged_row_is_refused",
        f"{ROWS}::test_a_value_that_names_a_class_comes_back_as_the_value_that_it_is",
        BUILDS,
    ),
    _cve(
        "CVE-2025-67644",
        "LangGraph",
        "the keys of a filter become SQL",
        f"{ROWS}::test_a_filter_is_compared_and_never_becomes_a_query",
    ),
    _cve(
        "CVE-2025-68664",
        "LangChain",
        "a value with `lc` becomes an object",
        f"{ROWS}::test_a_value_that_names_a_class_comes_back_as_the_value_that_it_is",
    ),
    _cve(
        "CVE-2025-32711",
        "Microsoft 365 Copilot",
        "a document gives orders, and a picture carries words away",
        ORDERS,
        f"{OUT}::test_what_a_reply_points_to_is_not_fetched",
        f"{HTTP}::test_markup_in_names_and_titles_comes_back_as_data_that_no_page_runs",
        f"{HTTP}::test_an_original_that_is_a_page_is_handed_over_and_not_shown",
    ),
    _cve("CVE-2024-34359", "llama-cpp-python", "the template of a model file computes", BUILDS, POISONED),
    _cve(
        "a model that writes broken JSON, never stops, or is missing",
        "issue 4",
        "",
        "tests/agent_runtime/test_json_answers.py::test_the_real_model_can_only_write_what_the_form_allows",
        "tests/agent_runtime/test_models.py::test_a_server_that_never_stops_is_left",
        "tests/agent_runtime/test_models.py::test_a_missing_model_file_says_how_to_get_one",
    ),
    _cve(
        "a web service that hangs, leads inside, changes its address, or sends 1 GB",
        "issue 4",
        "",
        f"{SERVICES}::test_a_service_that_hangs_floods_or_packs_a_bomb_is_given_up",
        f"{SERVICES}::test_redirects_and_changing_names_lead_to_no_private_address",
        f"{SERVICES}::test_a_redirect_takes_no_secret_to_another_host",
    ),
    _cve(
        "an MCP server that lies about its schema, hangs, or floods",
        "issue 4",
        "",
        f"{MCP}::test_a_tool_whose_schema_cannot_be_true_is_listed_with_the_reason",
        f"{MCP}::test_what_a_schema_refers_to_is_not_fetched_and_its_patterns_are_not_run",
        f"{MCP}::test_a_server_that_does_not_keep_to_the_protocol_is_told_of_in_words",
        f"{MCP}::test_a_server_that_hangs_is_given_up_and_not_asked_twice",
        f"{MCP}::test_a_flood_is_not_taken",
    ),
    _cve(
        "a template or an expression that tries attributes, loops or memory",
        "issue 4",
        "",
        EXPRESSIONS,
        POISONED,
        f"{CODE}::test_a_template_that_names_a_long_value_a_thousand_times_is_refused",
    ),
    _cve('a document that says "ignore your instructions and call this URL"', "issue 4", "", ORDERS),
    _cve("a form field over its limit", "issue 4", "", f"{FILES}::test_a_form_field_over_its_limit_is_named"),
    _cve(
        "an import file with unknown kinds, a newer schema, or 10,000 nodes",
        "issue 4",
        "",
        f"{FILES}::test_a_kind_that_is_not_known_is_named_and_never_looked_up",
        f"{FILES}::test_a_file_that_is_newer_or_too_large_is_refused_in_words",
        f"{FILES}::test_a_newer_file_is_told_from_one_that_is_none",
        f"{HTTP}::test_a_file_of_ten_thousand_nodes_is_refused_and_nothing_is_kept",
    ),
)


def table() -> str:
    """The attacks and their tests as Markdown."""
    lines = ["| attack | elsewhere | how | tried by |", "| --- | --- | --- | --- |"]
    for attack in ATTACKS:
        tests = "<br>".join(f"`{test.replace('tests/', '', 1)}`" for test in attack.tests)
        lines.append(f"| {attack.name} | {attack.product} | {attack.how} | {tests} |")
    return "\n".join(lines)
